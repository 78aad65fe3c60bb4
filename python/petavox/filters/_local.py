"""Filters and thresholds from the neighbourhood of each sample."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import ndimage
from .._either import Either
from .._floats import float_dtype
from ..image import Image
from ._gaussian import gaussian

__all__ = ["apply_hysteresis_threshold", "median", "threshold_local", "threshold_niblack", "threshold_sauvola"]


def median(
    image: Any, footprint: Any = None, out: Any = None, mode: str = "nearest", cval: float = 0.0, behavior: str = "ndimage"
) -> Any:
    """The median of each neighbourhood (skimage.filters.median).

    Parameters
    ----------
    image : array or Image
        Any number of axes.
    footprint : array, optional
        The neighbourhood; by default three samples along each axis.
    out : array, optional
        Where the result goes.
    mode, cval
        As for `petavox.ndimage.median_filter`.
    behavior : {"ndimage", "rank"}
        With ``rank``, what lies outside the image is left out instead.

    Returns
    -------
    numpy.ndarray or Image

    Examples
    --------
    >>> import numpy as np
    >>> median(np.array([4, 2, 7, 8, 5])).tolist()
    [4, 4, 7, 7, 5]
    """
    either = Either(image)
    if behavior == "rank":
        from . import rank

        return rank.median(image, footprint, out)
    if footprint is None:
        footprint = ndimage.generate_binary_structure(either.image.ndim, either.image.ndim)
    return ndimage.median_filter(image, footprint=footprint, output=out, mode=mode, cval=cval)


def threshold_local(
    image: Any,
    block_size: int | Sequence[int] = 3,
    method: str = "gaussian",
    offset: float = 0,
    mode: str = "reflect",
    param: Any = None,
    cval: float = 0,
) -> Any:
    """A threshold around each sample: a mean of its neighbourhood, less `offset` (skimage.filters.threshold_local).

    Parameters
    ----------
    image : array or Image
        Grey values.
    block_size : int or sequence of int
        Odd extents of the neighbourhood.
    method : {"gaussian", "mean", "median", "generic"}
        How the neighbourhood is averaged.
    offset : float
        What is taken off.
    mode, cval
        As for `petavox.ndimage.gaussian_filter`.
    param : float or callable, optional
        The standard deviation for ``gaussian``, a sixth of the neighbourhood by default; the function for ``generic``.

    Returns
    -------
    numpy.ndarray or Image
        float32 for float32, else float64.

    Raises
    ------
    ValueError
        For even extents, or an unknown method.
    """
    either = Either(image)
    made = either.image.astype(float_dtype(either.image))
    size = tuple(block_size) if isinstance(block_size, Sequence) else (block_size,) * made.ndim
    if len(size) != made.ndim:
        raise ValueError("len(block_size) must equal image.ndim.")
    if any(n % 2 == 0 for n in size):
        raise ValueError(f"block_size must be odd! Given block_size {size} contains even values.")
    if method == "gaussian":
        sigma = tuple((n - 1) / 6.0 for n in size) if param is None else param
        found: Image = gaussian(made, sigma=sigma, mode=mode, cval=cval)
    elif method == "mean":
        found = ndimage.uniform_filter(made, size, mode=mode, cval=cval)
    elif method == "median":
        found = ndimage.median_filter(made, size, mode=mode, cval=cval)
    elif method == "generic":
        found = ndimage.generic_filter(made, param, size, mode=mode, cval=cval)
    else:
        raise ValueError("Invalid method specified. Please use `generic`, `gaussian`, `mean`, or `median`.")
    return either.result(found - offset)


def _boxed(name: str, image: Any, window_size: int | Sequence[int], **params: float) -> Any:
    either = Either(image)
    size = list(window_size) if isinstance(window_size, Sequence) else window_size
    return either.result(either.image.apply(name, window_size=size, **params))


def threshold_niblack(image: Any, window_size: int | Sequence[int] = 15, k: float = 0.2) -> Any:
    """Niblack's threshold around each sample: mean less `k` deviations of a box (skimage.filters.threshold_niblack).

    Parameters
    ----------
    image : array or Image
        Grey values.
    window_size : int or sequence of int
        Odd extents of the box.
    k : float
        The weight of the deviation.

    Returns
    -------
    numpy.ndarray or Image
        float32 for float32, else float64.

    Notes
    -----
    Sums are made box by box, exactly for integers of up to 16 bits, where scikit-image takes differences of sums over the whole image.

    References
    ----------
    W. Niblack, "An introduction to digital image processing", Prentice-Hall, 1986.
    """
    return _boxed("threshold_niblack", image, window_size, k=float(k))


def threshold_sauvola(image: Any, window_size: int | Sequence[int] = 15, k: float = 0.2, r: float | None = None) -> Any:
    """Sauvola's threshold around each sample (skimage.filters.threshold_sauvola).

    Parameters
    ----------
    image : array or Image
        Grey values.
    window_size : int or sequence of int
        Odd extents of the box.
    k : float
        The weight of the deviation.
    r : float, optional
        The greatest deviation there can be; half of the dtype's range by default, 1 for floats.

    Returns
    -------
    numpy.ndarray or Image
        float32 for float32, else float64.

    References
    ----------
    J. Sauvola and M. Pietikainen, "Adaptive document image binarization", Pattern Recognition 33, 2000.
    """
    return _boxed("threshold_sauvola", image, window_size, k=float(k), **({} if r is None else {"r": float(r)}))


def apply_hysteresis_threshold(image: Any, low: Any, high: Any) -> Any:
    """What lies above `low` and is connected to what lies above `high` (skimage.filters.apply_hysteresis_threshold).

    Parameters
    ----------
    image : array or Image
        Grey values.
    low, high : number
        The two thresholds; `low` is not taken above `high`.

    Returns
    -------
    numpy.ndarray or Image
        bool.

    Examples
    --------
    >>> import numpy as np
    >>> apply_hysteresis_threshold(np.array([1, 3, 2, 1, 2, 1]), 1.5, 2.5).astype(int).tolist()
    [0, 1, 1, 0, 0, 0]
    """
    either = Either(image)
    low = np.clip(low, a_min=None, a_max=high)
    return either.result(ndimage.binary_propagation(either.image > high, mask=either.image > low))
