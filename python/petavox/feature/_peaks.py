"""Local maxima."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import _core, config
from .._open import from_array
from .._persist import compute
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
        Integers: peaks are looked for in each label by itself, as if nothing were around it, those of label 1 first. Of lazy images
        the boxes around labels are computed one after another.
    num_peaks_per_label : int
        The most peaks of one label.
    p_norm : float
        Which norm tells distances: infinity for boxes, 2 for balls.

    Returns
    -------
    numpy.ndarray
        A row for each peak; of equal ones, the first in raster order comes first.

    Raises
    ------
    ValueError
        For an `exclude_border` that fits nothing, and labels that do not fit the image.
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
    lazy = from_array(image)
    ndim = lazy.ndim
    border = _border(ndim, min_distance, exclude_border)
    marks = np.ones((2 * min_distance + 1,) * ndim, bool) if footprint is None else np.asarray(footprint, bool)
    samples = from_array(image.persist()) if isinstance(image, Image) else lazy
    most = None if np.isinf(num_peaks) else int(num_peaks)
    least, highest = compute(samples.min(), samples.max())
    threshold: Any = threshold_abs if threshold_abs is not None else least
    if threshold_rel is not None:
        threshold = max(threshold, threshold_rel * highest)
    if labels is None:
        places, heights = _highest(samples, marks, threshold, least == highest)
        inside = np.ones(len(places), bool)
        for axis, width in enumerate(border):
            inside &= (places[:, axis] >= width) & (places[:, axis] < lazy.shape[axis] - width)
        return _chosen(places[inside], heights[inside], min_distance, p_norm, most)
    per_label = None if np.isinf(num_peaks_per_label) else int(num_peaks_per_label)
    array = samples if isinstance(image, Image) else np.asarray(image)
    numbers = labels if isinstance(labels, Image) else np.asarray(labels)
    found, heights = _of_labels(array, numbers, border, marks, threshold, lambda p, h: _chosen(p, h, min_distance, p_norm, per_label))
    if most is None or len(found) <= most:
        return found
    order = np.lexsort(tuple(reversed(found.T)))
    return _chosen(found[order], heights[order], min_distance, p_norm, most)


def _of_labels(
    image: Any, labels: Any, border: tuple[int, ...], marks: np.ndarray, threshold: float, choose: Any
) -> tuple[np.ndarray, np.ndarray]:
    """Peaks of every label by itself, label after label, and how high they are."""
    from ..ndimage import find_objects

    if labels.shape != image.shape or labels.dtype.kind not in "bui":
        raise ValueError(f"labels: got {labels.dtype} of shape {labels.shape}, expected integers of shape {image.shape}")
    within = tuple(slice(width, max(width, n - width)) for width, n in zip(border, labels.shape, strict=True))
    dtype = np.dtype(image.dtype)
    lowest = dtype.type(np.finfo(dtype).min if dtype.kind == "f" else np.iinfo(dtype).min)
    rows, tops = [np.zeros((0, image.ndim), np.int64)], [np.zeros(0, dtype)]
    inner = labels[within]
    for k, box in enumerate(find_objects(inner.astype(np.uint8) if inner.dtype == bool else inner)):
        if box is None:
            continue
        # The box around what lies off the border; what else of the label is in it counts too.
        box = tuple(slice(side.start + cut.start, side.stop + cut.start) for side, cut in zip(box, within, strict=True))
        own, grey = (np.asarray(one[box].compute() if isinstance(one, Image) else one[box]) for one in (labels, image))
        own = own == k + 1
        part = np.where(own, grey, lowest)
        # An object that fills its box may be the same everywhere.
        kept = choose(*_highest(from_array(part), marks, threshold, bool(own.all()) and part.min() == part.max()))
        rows.append(kept + np.array([side.start for side in box]))
        tops.append(part[tuple(kept.T)])
    return np.concatenate(rows), np.concatenate(tops)


def _highest(samples: Image, marks: np.ndarray, threshold: float, is_flat: bool) -> tuple[np.ndarray, np.ndarray]:
    """The samples that are the highest around them and above a threshold: places in raster order, and heights."""
    from ..ndimage import maximum_filter

    ndim = samples.ndim
    above = samples > threshold
    if marks.size == 1 or samples.size == 1:
        mask = above
    else:
        highest = maximum_filter(samples, size=marks.shape, mode="nearest") if marks.all() else maximum_filter(samples, footprint=marks, mode="nearest")
        mask = (samples == highest) & above
        # An image that is the same everywhere has no peaks, wherever the threshold is.
        if is_flat:
            return np.zeros((0, ndim), np.int64), np.zeros(0)
    ranks, heights = mask._lazy.points(samples._lazy, config.settings())
    places = np.transpose(np.unravel_index(np.asarray(ranks).astype(np.int64), samples.shape)).reshape(-1, ndim)
    return places, np.asarray(heights)


def _chosen(places: np.ndarray, heights: np.ndarray, min_distance: int, p_norm: float, most: int | None) -> np.ndarray:
    """The highest of peaks that come in raster order, those too near to a higher one left out."""
    places = places[np.argsort(-heights, kind="stable")]
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
    return places[_core.spaced(np.ascontiguousarray(places, np.int64), spacing, p_norm, most)]
