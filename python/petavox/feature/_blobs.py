"""Blobs: bright places of any size, found in a stack of scales."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import config, ndimage
from .._floats import as_float, float_dtype
from .._open import from_array
from ..image import Image
from ._overlap import pruned

__all__ = ["blob_dog", "blob_doh", "blob_log"]


def blob_log(
    image: Any,
    min_sigma: Any = 1,
    max_sigma: Any = 50,
    num_sigma: int = 10,
    threshold: float | None = 0.2,
    overlap: float = 0.5,
    log_scale: bool = False,
    *,
    threshold_rel: float | None = None,
    exclude_border: Any = False,
) -> np.ndarray:
    """Bright blobs, as maxima of the Laplacian of Gaussian over places and scales (skimage.feature.blob_log).

    Parameters
    ----------
    image : array or Image
        Any number of axes; integers become floats between 0 and 1. Of a lazy image the stack of scales is made block by block and
        never held; the blobs themselves are.
    min_sigma, max_sigma : float or sequence of float
        The smallest and the largest standard deviation, one or one per axis.
    num_sigma : int
        How many scales there are.
    threshold : float or None
        Blobs are higher than this in the stack.
    overlap : float
        Of two blobs that have more than this share of the smaller one's area or volume in common, the smaller goes.
    log_scale : bool
        Whether scales are equal factors apart, not equal differences.
    threshold_rel : float, optional
        Blobs are higher than this share of the highest sample of the stack.
    exclude_border : False, int or tuple of int
        Blobs this near to the border are left out.

    Returns
    -------
    numpy.ndarray
        A row for each blob: its place, and its sigma, or one per axis if they were given so. The radius is about
        ``sqrt(ndim) * sigma``.

    Notes
    -----
    Overlapping pairs are gone through in the order of the blobs, highest first. scikit-image goes through them in the order of a hash
    table, which can leave others of three or more blobs that overlap in a row, such as those on a saturated plateau.

    Examples
    --------
    >>> import numpy as np
    >>> y, x = np.mgrid[:40, :40]
    >>> blob_log(np.exp(-((y - 20.0) ** 2 + (x - 12.0) ** 2) / 50), max_sigma=10).tolist()
    [[20.0, 12.0, 5.0]]
    """
    made, low, high, is_scalar = _prepared(image, min_sigma, max_sigma)
    if log_scale:
        sigmas = np.logspace(np.log10(low), np.log10(high), num_sigma)
    else:
        sigmas = np.linspace(low, high, num_sigma)
    scales = [-ndimage.gaussian_laplace(made, s.tolist()) * made.dtype.type(np.mean(s) ** 2) for s in sigmas]
    return _blobs(scales, sigmas, is_scalar, threshold, threshold_rel, overlap, _border(made.ndim, exclude_border))


def blob_dog(
    image: Any,
    min_sigma: Any = 1,
    max_sigma: Any = 50,
    sigma_ratio: float = 1.6,
    threshold: float | None = 0.5,
    overlap: float = 0.5,
    *,
    threshold_rel: float | None = None,
    exclude_border: Any = False,
) -> np.ndarray:
    """Bright blobs, as maxima of differences of Gaussians over places and scales (skimage.feature.blob_dog).

    Parameters
    ----------
    image : array or Image
        As for `blob_log`.
    min_sigma, max_sigma : float or sequence of float
        The smallest and the largest standard deviation, one or one per axis.
    sigma_ratio : float
        From one scale to the next.
    threshold, overlap, threshold_rel, exclude_border
        As for `blob_log`.

    Returns
    -------
    numpy.ndarray
        As `blob_log`'s.

    Raises
    ------
    ValueError
        For a ratio of 1 or less.
    """
    made, low, high, is_scalar = _prepared(image, min_sigma, max_sigma)
    if sigma_ratio <= 1.0:
        raise ValueError("sigma_ratio must be > 1.0")
    n = int(np.mean(np.log(high / low) / np.log(sigma_ratio) + 1))
    sigmas = np.array([low * sigma_ratio**i for i in range(n + 1)])
    smooth = [ndimage.gaussian_filter(made, s.tolist(), mode="reflect") for s in sigmas]
    factor = made.dtype.type(1 / (sigma_ratio - 1))
    scales = [(a - b) * factor for a, b in zip(smooth[:-1], smooth[1:], strict=True)]
    return _blobs(scales, sigmas, is_scalar, threshold, threshold_rel, overlap, _border(made.ndim, exclude_border))


def blob_doh(
    image: Any,
    min_sigma: float = 1,
    max_sigma: float = 30,
    num_sigma: int = 10,
    threshold: float | None = 0.01,
    overlap: float = 0.5,
    log_scale: bool = False,
    *,
    threshold_rel: float | None = None,
) -> np.ndarray:
    """Bright and dark blobs, as maxima of the determinant of the Hessian over places and scales (skimage.feature.blob_doh).

    Parameters
    ----------
    image : array or Image
        Two axes; integers become floats between 0 and 1.
    min_sigma, max_sigma : float
        The smallest and the largest standard deviation.
    num_sigma, threshold, overlap, log_scale, threshold_rel
        As for `blob_log`.

    Returns
    -------
    numpy.ndarray
        A row for each blob: its place and its sigma, which is about its radius.

    Raises
    ------
    ValueError
        For another number of axes.
    """
    made = _floats(from_array(image))
    if made.ndim != 2:
        raise ValueError("The parameter `image` must be a 2-dimensional array")
    if log_scale:
        sigmas = np.logspace(math.log(min_sigma, 10), math.log(max_sigma, 10), num_sigma)
    else:
        sigmas = np.linspace(min_sigma, max_sigma, num_sigma)
    wide = made.astype(np.float64)
    scales = [wide.apply("hessian_matrix_det", sigma=float(s)).astype(made.dtype) for s in sigmas]
    return _blobs(scales, sigmas[:, None], True, threshold, threshold_rel, overlap, (0, 0, 0))


def _floats(image: Image) -> Image:
    made = as_float(image)
    return made.astype(float_dtype(made))


def _prepared(image: Any, min_sigma: Any, max_sigma: Any) -> tuple[Image, np.ndarray, np.ndarray, bool]:
    made = _floats(from_array(image))
    low, high = (np.broadcast_to(np.asarray(s, made.dtype), (made.ndim,)) for s in (min_sigma, max_sigma))
    return made, low, high, bool(np.isscalar(min_sigma) and np.isscalar(max_sigma))


def _border(ndim: int, exclude: Any) -> tuple[int, ...]:
    if isinstance(exclude, tuple):
        if len(exclude) != ndim:
            raise ValueError("`exclude_border` should have the same length as the dimensionality of the image.")
        if not all(isinstance(width, int) for width in exclude):
            raise ValueError("exclude border, when expressed as a tuple, must only contain ints.")
        return (*exclude, 0)
    if exclude is True:
        raise ValueError("exclude_border cannot be True")
    if isinstance(exclude, int):
        return (int(exclude),) * ndim + (0,)
    raise ValueError(f"Unsupported value ({exclude}) for exclude_border")


def _blobs(
    scales: list[Image],
    sigmas: np.ndarray,
    is_scalar: bool,
    threshold: float | None,
    threshold_rel: float | None,
    overlap: float,
    border: tuple[int, ...],
) -> np.ndarray:
    """The maxima of a stack of scales, pruned."""
    ndim = scales[0].ndim
    n_sigmas = 1 if is_scalar else ndim
    cube: Any = np.stack(scales, axis=-1)
    peaks = _maxima(cube, threshold, threshold_rel, border)
    if not len(peaks):
        return np.empty((0, ndim + n_sigmas))
    dtype = scales[0].dtype if sigmas.dtype == scales[0].dtype else np.float64
    found = np.hstack([peaks[:, :-1].astype(dtype), sigmas[peaks[:, -1]][:, :n_sigmas]])
    return pruned(found, overlap, n_sigmas)


def _maxima(cube: Image, threshold: float | None, threshold_rel: float | None, border: tuple[int, ...]) -> np.ndarray:
    """The samples that are highest among their neighbours, the highest first; of equal ones, the first in raster order."""
    if min(cube.shape, default=0) == 0:
        return np.empty((0, cube.ndim), np.int64)
    above = float(cube.min().compute()) if threshold is None else threshold
    if threshold_rel is not None:
        above = max(above, threshold_rel * float(cube.max().compute()))
    mask = (cube == ndimage.maximum_filter(cube, size=3, mode="nearest")) & (cube > above)
    ranks, heights = mask._lazy.points(cube._lazy, config.settings())
    if len(ranks) == cube.size:
        # The same everywhere: no sample is higher than another.
        return np.empty((0, cube.ndim), np.int64)
    places = np.transpose(np.unravel_index(np.asarray(ranks).astype(np.int64), cube.shape))
    inside = np.ones(len(places), bool)
    for axis, width in enumerate(border):
        inside &= (places[:, axis] >= width) & (places[:, axis] < cube.shape[axis] - width)
    places, heights = places[inside], np.asarray(heights)[inside]
    return places[np.argsort(-heights, kind="stable")]
