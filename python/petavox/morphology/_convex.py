"""Convex hulls."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from .._either import Either
from .._open import from_array
from ..image import Image

__all__ = ["convex_hull_image", "convex_hull_object"]


def _ends(mask: Any) -> np.ndarray:
    """The first and the last foreground sample of every line along the last axis, a row of coordinates each."""
    n = mask.shape[-1]
    hit, first, last = (np.asarray(a.compute()) for a in (mask.any(axis=-1), mask.argmax(axis=-1), np.flip(mask, -1).argmax(axis=-1)))
    lines = np.argwhere(hit)
    ends = [np.column_stack([lines, x[hit]]) for x in (first, n - 1 - last)]
    return np.unique(np.concatenate(ends).astype(np.int64), axis=0)


def _polygon(points: np.ndarray) -> np.ndarray:
    """The corners of the convex hull of points in a plane, in order (A. M. Andrew's monotone chain)."""
    sides = []
    for ordered in (points.tolist(), points[::-1].tolist()):
        side: list[list[int]] = []
        for y, x in ordered:
            while len(side) > 1:
                (y0, x0), (y1, x1) = side[-2:]
                if (y1 - y0) * (x - x0) - (x1 - x0) * (y - y0) > 0:
                    break
                side.pop()
            side.append([y, x])
        sides += side[:-1]
    return np.array(sides, np.int64)


def _between(shape: tuple[int, ...], low: np.ndarray, high: np.ndarray) -> Any:
    """The mask of the samples of every line along the last axis from `low` to `high`."""
    x: Any = from_array(np.arange(shape[-1], dtype=np.int64).reshape((1,) * (len(shape) - 1) + (-1,)))
    return (x >= from_array(low[..., None])) & (x <= from_array(high[..., None]))


def _in_polygon(points: np.ndarray, shape: tuple[int, ...], offset: bool, borders: bool) -> Any:
    """Whole numbers all through: coordinates are doubled, so that the middles of edges are whole too."""
    points = 2 * points
    if offset:
        steps = np.array([[-1, 0], [1, 0], [0, -1], [0, 1]])
        points = np.unique((points[:, None] + steps).reshape(-1, 2), axis=0)
    corners = _polygon(points)
    if len(corners) < 3:
        warnings.warn("Failed to get convex hull image: it has no area. Returning empty image", UserWarning, stacklevel=4)
        return None
    y = 2 * np.arange(shape[0], dtype=np.int64)
    low, high = np.zeros(shape[0], np.int64), np.full(shape[0], shape[1] - 1, np.int64)
    least = 0 if borders else 1
    for (y0, x0), (y1, x1) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        # Inside: (y1 - y0) * (2 * x - x0) - (x1 - x0) * (y - y0) >= least
        slope, rest = 2 * (y1 - y0), least + (y1 - y0) * x0 + (x1 - x0) * (y - y0)
        if slope > 0:
            low = np.maximum(low, -(-rest // slope))
        elif slope < 0:
            high = np.minimum(high, rest // slope)
        else:
            high = np.where(rest > 0, -1, high)
    return _between(shape, low, high)


def _in_solid(points: np.ndarray, shape: tuple[int, ...], offset: bool, tolerance: float) -> Any:
    try:
        from scipy.spatial import ConvexHull, QhullError
    except ImportError as error:
        raise ImportError("convex_hull_image of more than two axes uses scipy.spatial.ConvexHull: install scipy") from error
    ndim = len(shape)
    try:
        if offset:
            points = points[ConvexHull(points).vertices]
            steps = np.concatenate([np.eye(ndim), -np.eye(ndim)]) / 2
            points = np.unique((points[:, None] + steps).reshape(-1, ndim), axis=0)
        planes = np.unique(ConvexHull(points).equations, axis=0)
    except QhullError as error:
        warnings.warn(f"Failed to get convex hull image. Returning empty image, see error message below:\n{error}", UserWarning, stacklevel=4)
        return None
    lines = np.indices(shape[:-1], sparse=True)
    low, high = np.zeros(shape[:-1]), np.full(shape[:-1], shape[-1] - 1.0)
    for plane in planes:
        rest: Any = tolerance - plane[ndim]
        for a, line in enumerate(lines):
            rest = rest - plane[a] * line
        slope = plane[ndim - 1]
        if slope > 0:
            high = np.minimum(high, rest / slope)
        elif slope < 0:
            low = np.maximum(low, rest / slope)
        else:
            high = np.where(rest > 0, high, -1.0)
    return _between(shape, np.ceil(low).astype(np.int64), np.floor(high).astype(np.int64))


def convex_hull_image(image: Any, offset_coordinates: bool = True, tolerance: float = 1e-10, include_borders: bool = True) -> Any:
    """The convex hull of all foreground, as a mask (skimage.morphology.convex_hull_image).

    Parameters
    ----------
    image : array or Image
        Every sample other than 0 is foreground.
    offset_coordinates : bool
        Let samples reach to their edges: half a sample along every axis; else they are points.
    tolerance : float
        For more than two axes, how far outside a sample may lie. In a plane whole numbers decide.
    include_borders : bool
        For two axes, whether what lies on the hull belongs to it.

    Returns
    -------
    numpy.ndarray or Image
        bool; empty, with a warning, if there is no foreground, or a hull without extent.

    Raises
    ------
    ImportError
        For more than two axes, if scipy is not there.

    Notes
    -----
    The ends of every line are found at once; the mask of an image is made when it is computed.

    Examples
    --------
    >>> import numpy as np
    >>> convex_hull_image(np.array([[1, 0, 0], [0, 0, 0], [1, 0, 1]])).astype(int).tolist()
    [[1, 0, 0], [1, 1, 0], [1, 1, 1]]
    """
    either = Either(image)
    mask: Any = either.image if either.image.dtype == bool else either.image != 0
    points = _ends(mask) if mask.size else np.zeros((0, mask.ndim), np.int64)
    found: Any = None
    if not len(points):
        warnings.warn("Input image is entirely zero, no valid convex hull. Returning empty image", UserWarning, stacklevel=2)
    elif mask.ndim == 2:
        found = _in_polygon(points, mask.shape, offset_coordinates, include_borders)
    else:
        found = _in_solid(points, mask.shape, offset_coordinates, tolerance)
    if found is None:
        found = np.zeros_like(mask, dtype=bool)
    return either.result(found)


def convex_hull_object(image: Any, *, connectivity: int = 2) -> Any:
    """The convex hulls of the components of a 2-D mask, together (skimage.morphology.convex_hull_object); arrays only.

    Parameters
    ----------
    image : array
        Two axes; every sample other than 0 is foreground.
    connectivity : {1, 2}
        What a component is.

    Returns
    -------
    numpy.ndarray
        bool.

    Raises
    ------
    ValueError
        For other numbers of axes, and connectivities.
    NotImplementedError
        For images: every component has a hull of its own, so use ``compute()``.
    """
    from .. import ndimage

    if isinstance(image, Image):
        raise NotImplementedError("convex_hull_object takes arrays only, because every component has its own hull; use compute()")
    array = np.asarray(image) != 0
    if array.ndim > 2:
        raise ValueError("Input must be a 2D image")
    if connectivity not in (1, 2):
        raise ValueError("`connectivity` must be either 1 or 2.")
    labels, _ = ndimage.label(array, ndimage.generate_binary_structure(2, connectivity))
    found = np.zeros(array.shape, bool)
    for number, part in enumerate(ndimage.find_objects(labels), 1):
        # Hulls do not leave the box of their component.
        found[part] |= convex_hull_image(labels[part] == number)
    return found
