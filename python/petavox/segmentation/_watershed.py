"""Watersheds."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._either import Either
from .._open import from_array
from ..image import Image
from ..morphology._flooding import neighbourhood

__all__ = ["watershed"]


def watershed(
    image: Any,
    markers: Any = None,
    connectivity: Any = 1,
    offset: Any = None,
    mask: Any = None,
    compactness: float = 0,
    watershed_line: bool = False,
) -> Any:
    """Flood an image from markers: every sample gets the label of the basin that it lies in (skimage.segmentation.watershed).

    Parameters
    ----------
    image : array or Image
        Lowest values are flooded first.
    markers : array or Image of int, int, or None
        Labels where basins begin, 0 elsewhere; or about how many markers on a regular grid; or the local minima.
    connectivity : int or array
        Which neighbours water flows to: 1 for faces, or a footprint.
    offset : array, optional
        Place of the footprint's centre; only the middle is there.
    mask : array or Image, optional
        Where to flood.
    compactness : float
        How much the distance from its marker counts in a sample's height: the greater, the more regular basins are. With arrays only.
    watershed_line : bool
        Samples where two floods meet get 0. With arrays only.

    Returns
    -------
    numpy.ndarray or Image
        Of the markers' dtype; 0 where no water comes.

    Raises
    ------
    ValueError
        If shapes differ.
    NotImplementedError
        For compact watersheds and watershed lines of images, which depend on the order of flooding.

    Notes
    -----
    The basins are the cut of a minimum spanning forest: samples are ordered by value and, where values are equal, by raster order, and
    each belongs to the marker from which the lowest pass leads to it. Where no two values are equal this is scikit-image's result, sample
    for sample. On plateaus it differs: scikit-image gives them to the marker whose flood arrives first, step by step; here the raster order
    decides, so that the result does not depend on chunks or threads. Compact watersheds and those with lines are done in scikit-image's
    order; there only markers of equal value may come in another order.

    References
    ----------
    J. Cousty, G. Bertrand, L. Najman and M. Couprie, "Watershed cuts: minimum spanning forests and the drop of water principle", IEEE
    Trans. PAMI 31, 2009.

    Examples
    --------
    >>> import numpy as np
    >>> watershed(np.array([1, 2, 9, 3, 1]), np.array([1, 0, 0, 0, 2])).tolist()
    [1, 1, 1, 2, 2]
    """
    either = Either(image)
    grey = either.image
    limits = []
    if mask is not None:
        limit = from_array(mask)
        either.is_image |= isinstance(mask, Image)
        if limit.shape != grey.shape:
            raise ValueError(f"`mask` (shape {limit.shape}) must have same shape as `image` (shape {grey.shape})")
        limits = [limit if limit.dtype == bool else limit != 0]
    is_hops = isinstance(connectivity, int | np.integer)
    near = neighbourhood(None if is_hops else connectivity, connectivity if is_hops else None, grey.ndim)
    if offset is not None and not is_hops and list(offset) != [n // 2 for n in np.shape(connectivity)]:
        raise NotImplementedError("watershed: the offset must be the footprint's middle: only mutual neighbours give a result free of order")
    if compactness or watershed_line:
        if either.is_image or isinstance(markers, Image):
            raise NotImplementedError(
                "watershed: compactness and watershed_line take arrays only, because they depend on the order of flooding; use compute()"
            )
        near |= {"compactness": float(compactness), "watershed_line": bool(watershed_line)}
    if markers is None:
        return either.result(grey.apply("watershed", *limits, minima=True, **near))
    if isinstance(markers, int | np.integer):
        names = from_array(_regular(grey.shape, int(markers), limits))
    else:
        names = from_array(markers)
        either.is_image |= isinstance(markers, Image)
        if names.shape != grey.shape:
            raise ValueError(f"`markers` (shape {names.shape}) must have same shape as `image` (shape {grey.shape})")
    return either.result(grey.apply("watershed", names, *limits, **near))


def _regular(shape: tuple[int, ...], n: int, limits: list[Image]) -> np.ndarray:
    """About `n` labels on a regular grid, so many more that the mask keeps about `n`."""
    inside = float(limits[0].mean().compute()) if limits else 1.0
    n = int(n / inside) if inside else n
    seeds = np.zeros(shape, np.int64)
    slices = _grid(shape, n)
    points = seeds[slices].shape
    seeds[slices] = 1 + np.arange(np.prod(points, dtype=int)).reshape(points)
    return seeds


def _grid(shape: tuple[int, ...], n: int) -> tuple[slice, ...]:
    """Slices of a regular grid of about `n` points, with steps as equal as the shape allows (skimage.util.regular_grid)."""
    extents = np.array(shape)
    order = np.argsort(np.argsort(extents))
    sizes = np.sort(extents)
    total = float(np.prod(sizes))
    if total <= n:
        return (slice(None),) * len(shape)
    steps = np.full(len(shape), (total / n) ** (1.0 / len(shape)))
    if (sizes < steps).any():
        for axis in range(len(shape)):
            steps[axis] = sizes[axis]
            rest = float(np.prod(sizes[axis + 1 :]))
            steps[axis + 1 :] = (rest / n) ** (1.0 / max(len(shape) - axis - 1, 1))
            if (sizes >= steps).all():
                break
    starts = (steps // 2).astype(int)
    steps = np.round(steps).astype(int)
    slices = [slice(int(start), None, int(step)) for start, step in zip(starts, steps, strict=True)]
    return tuple(slices[i] for i in order)
