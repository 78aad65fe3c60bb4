"""Local maxima."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import config
from .._open import from_array
from ..image import Image

__all__ = ["peak_local_max"]


def peak_local_max(
    image: Any,
    min_distance: int = 1,
    threshold_abs: float | None = None,
    threshold_rel: float | None = None,
    exclude_border: bool | int | tuple[int, ...] = True,
    num_peaks: float = np.inf,
    footprint: Any = None,
    labels: Any = None,
    num_peaks_per_label: float = np.inf,
    p_norm: float = np.inf,
) -> np.ndarray:
    """Coordinates of local maxima, the highest first (skimage.feature.peak_local_max).

    Parameters
    ----------
    image : array or Image
        Of a lazy image, blocks with a halo are looked at; the peaks themselves are held in memory.
    min_distance : int
        Peaks are this far from each other.
    threshold_abs, threshold_rel : float, optional
        Peaks are higher than this, and than this share of the highest sample.
    exclude_border : bool, int or tuple of int
        Samples along the border that are no peaks; `min_distance` for True.
    num_peaks : int
        The most peaks that are returned.
    footprint : array, optional
        Where a peak is the highest sample, instead of a box of `min_distance` around it.
    labels : array or Image, optional
        Not there yet.
    num_peaks_per_label : int
        Not there yet.
    p_norm : float
        Which norm tells distances: infinity for boxes, 2 for balls.

    Returns
    -------
    numpy.ndarray
        A row for each peak; of equal ones, the first in raster order comes first.

    Raises
    ------
    NotImplementedError
        For `labels`.
    ValueError
        For an `exclude_border` that fits nothing.
    TypeError
        For an `exclude_border` of another type.

    Examples
    --------
    >>> import numpy as np
    >>> image = np.zeros((7, 7))
    >>> image[3, 4], image[1, 1] = 2, 1
    >>> peak_local_max(image).tolist()
    [[3, 4], [1, 1]]
    """
    if labels is not None:
        raise NotImplementedError("peak_local_max: labels are not there yet")
    from ..ndimage import maximum_filter

    lazy = from_array(image)
    ndim = lazy.ndim
    border = _border(ndim, min_distance, exclude_border)
    marks = np.ones((2 * min_distance + 1,) * ndim, bool) if footprint is None else np.asarray(footprint, bool)
    samples = from_array(image.persist()) if isinstance(image, Image) else lazy
    threshold = threshold_abs if threshold_abs is not None else samples.min().compute()
    if threshold_rel is not None:
        threshold = max(threshold, threshold_rel * samples.max().compute())
    above = samples > threshold
    if marks.size == 1 or samples.size == 1:
        mask = above
    else:
        highest = maximum_filter(samples, size=marks.shape, mode="nearest") if marks.all() else maximum_filter(samples, footprint=marks, mode="nearest")
        mask = (samples == highest) & above
        # An image that is the same everywhere has no peaks, wherever the threshold is.
        if samples.min().compute() == samples.max().compute():
            return np.zeros((0, ndim), np.int64)
    ranks, heights = mask._lazy.points(samples._lazy, config.settings())
    places = np.transpose(np.unravel_index(np.asarray(ranks).astype(np.int64), lazy.shape)).reshape(-1, ndim)
    heights = np.asarray(heights)
    inside = np.ones(len(places), bool)
    for axis, width in enumerate(border):
        inside &= (places[:, axis] >= width) & (places[:, axis] < lazy.shape[axis] - width)
    places, heights = places[inside], heights[inside]
    places = places[np.argsort(-heights, kind="stable")]
    most = None if np.isinf(num_peaks) else int(num_peaks)
    if min_distance > 1:
        places = _spaced(places, min_distance, p_norm, most)
    return places if most is None else places[:most]


def _border(ndim: int, min_distance: int, exclude_border: Any) -> tuple[int, ...]:
    if isinstance(exclude_border, bool):
        return (min_distance if exclude_border else 0,) * ndim
    if isinstance(exclude_border, int):
        if exclude_border < 0:
            raise ValueError("`exclude_border` cannot be a negative value")
        return (exclude_border,) * ndim
    if not isinstance(exclude_border, tuple):
        raise TypeError("`exclude_border` must be bool, int, or tuple with the same length as the dimensionality of the image.")
    if len(exclude_border) != ndim:
        raise ValueError("`exclude_border` should have the same length as the dimensionality of the image.")
    if not all(isinstance(width, int) and width >= 0 for width in exclude_border):
        raise ValueError("`exclude_border`, when expressed as a tuple, must only contain ints of 0 and more.")
    return exclude_border


def _spaced(places: np.ndarray, spacing: float, p_norm: float, most: int | None) -> np.ndarray:
    """Of points in their order, those that are not nearer than `spacing` to one taken before."""
    taken: dict[tuple[int, ...], list[np.ndarray]] = {}
    kept = []
    cells = np.floor_divide(places, spacing).astype(np.int64)
    around = list(np.ndindex((3,) * places.shape[1]))
    for place, cell in zip(places, cells.tolist(), strict=True):
        near = [q for offset in around for q in taken.get(tuple(c + o - 1 for c, o in zip(cell, offset, strict=True)), ())]
        if near and (np.linalg.norm(np.abs(np.array(near) - place), ord=p_norm, axis=1) < spacing).any():
            continue
        taken.setdefault(tuple(cell), []).append(place)
        kept.append(place)
        if most is not None and len(kept) >= most:
            break
    return np.array(kept, np.int64).reshape(-1, places.shape[1])
