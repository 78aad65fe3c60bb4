"""Convex hulls."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from .._block_info import BlockInfo
from .._either import Either
from .._made import from_places
from .._open import from_array

__all__ = ["convex_hull_image", "convex_hull_object"]


#: What a hull leaves of every line along the last axis: the first sample and the last.
Bounds = tuple[np.ndarray, np.ndarray]


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


def _between(shape: tuple[int, ...], bounds: Bounds) -> Any:
    """The mask of the samples of every line along the last axis from the first bound to the second."""
    x: Any = from_array(np.arange(shape[-1], dtype=np.int64).reshape((1,) * (len(shape) - 1) + (-1,)))
    low, high = (from_array(one[..., None]) for one in bounds)
    return (x >= low) & (x <= high)


def _in_polygon(points: np.ndarray, shape: tuple[int, ...], offset: bool, borders: bool) -> Bounds | None:
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
    return low, high


def _in_solid(points: np.ndarray, shape: tuple[int, ...], offset: bool, tolerance: float) -> Bounds | None:
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
    return np.ceil(low).astype(np.int64), np.floor(high).astype(np.int64)


def convex_mask(mask: np.ndarray) -> np.ndarray:
    """The hull of a mask that is small, in memory (`convex_hull_image`)."""
    lines = np.argwhere(mask.any(axis=-1))
    last = mask.shape[-1] - 1 - np.flip(mask, -1).argmax(axis=-1)
    ends = [np.column_stack([lines, x[tuple(lines.T)]]) for x in (mask.argmax(axis=-1), last)]
    points = np.unique(np.concatenate(ends).astype(np.int64), axis=0)
    found = _in_polygon(points, mask.shape, True, True) if mask.ndim == 2 else _in_solid(points, mask.shape, True, 1e-10)
    if found is None:
        return np.zeros(mask.shape, bool)
    x = np.arange(mask.shape[-1])
    return (x >= found[0][..., None]) & (x <= found[1][..., None])


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
    ValueError
        For fewer than two axes.
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
    if mask.ndim < 2:
        raise ValueError(f"convex_hull_image: got {mask.ndim} axes, expected 2 or more")
    points = _ends(mask) if mask.size else np.zeros((0, mask.ndim), np.int64)
    found: Bounds | None = None
    if not len(points):
        warnings.warn("Input image is entirely zero, no valid convex hull. Returning empty image", UserWarning, stacklevel=2)
    elif mask.ndim == 2:
        found = _in_polygon(points, mask.shape, offset_coordinates, include_borders)
    else:
        found = _in_solid(points, mask.shape, offset_coordinates, tolerance)
    hull: Any = np.zeros_like(mask, dtype=bool) if found is None else _between(mask.shape, found)
    return either.result(hull)


def convex_hull_object(image: Any, *, connectivity: int = 2) -> Any:
    """The convex hulls of the components of a 2-D mask, together (skimage.morphology.convex_hull_object).

    Parameters
    ----------
    image : array or Image
        Two axes; every sample other than 0 is foreground.
    connectivity : {1, 2}
        What a component is.

    Returns
    -------
    numpy.ndarray or Image
        bool.

    Raises
    ------
    ValueError
        For other numbers of axes, and connectivities.

    Notes
    -----
    The first and the last sample of every component in every row are found at once, and held in memory; the mask of an image is
    made when it is computed.

    Examples
    --------
    >>> import numpy as np
    >>> convex_hull_object(np.array([[1, 0, 1, 0, 1], [1, 1, 1, 0, 1]])).astype(int).tolist()
    [[1, 1, 1, 0, 1], [1, 1, 1, 0, 1]]
    """
    either = Either(image)
    mask: Any = either.image if either.image.dtype == bool else either.image != 0
    if mask.ndim != 2:
        raise ValueError("Input must be a 2D image")
    if connectivity not in (1, 2):
        raise ValueError("`connectivity` must be either 1 or 2.")
    parts = mask.apply("label", connectivity=connectivity)
    runs = _runs(parts)
    spans = []
    for label in np.split(runs, np.flatnonzero(np.diff(runs[:, 0])) + 1) if len(runs) else ():
        # Hulls do not leave the box of their component.
        rows, first, last = label[:, 1], label[:, 2], label[:, 3]
        y, x = rows[0], first.min()
        ends = np.concatenate([np.column_stack([rows - y, first - x]), np.column_stack([rows - y, last - x])])
        bounds = _in_polygon(np.unique(ends, axis=0), (int(rows[-1] - y + 1), int(last.max() - x + 1)), True, True)
        if bounds is not None:
            spans.append(np.column_stack([rows, bounds[0] + x, bounds[1] + x]))
    return either.result(_filled(np.concatenate(spans) if spans else np.zeros((0, 3), np.int64), mask.shape))


def _runs(labels: Any) -> np.ndarray:
    """Label, row, first and last column of every label in every row, by label and row."""

    def of_block(block: np.ndarray, block_info: BlockInfo) -> dict[str, np.ndarray]:
        rows, columns = np.nonzero(block)
        # Along a row columns rise, so that the first and the last of equal keys are the ends.
        keys = np.column_stack([block[rows, columns].astype(np.int64), rows])
        order = np.lexsort((columns, keys[:, 1], keys[:, 0]))
        keys, columns = keys[order], columns[order]
        begins = np.ones(len(keys) + 1, bool)
        begins[1:-1] = (keys[1:] != keys[:-1]).any(axis=1)
        if not len(keys):
            begins = np.zeros(1, bool)
        y, x = block_info.start
        starts, ends = np.flatnonzero(begins[:-1]), np.flatnonzero(begins[1:])
        return {"label": keys[starts, 0], "row": keys[starts, 1] + y, "first": columns[starts] + x, "last": columns[ends] + x}

    if not labels.size:
        return np.zeros((0, 4), np.int64)
    table = labels.rechunk("auto").map_blocks(of_block, returns="table").compute()
    runs = np.column_stack([np.asarray(table[name]).astype(np.int64) for name in ("label", "row", "first", "last")])
    runs = runs[np.lexsort((runs[:, 1], runs[:, 0]))]
    if not len(runs):
        return runs
    begins = np.flatnonzero(np.concatenate([[True], (runs[1:, :2] != runs[:-1, :2]).any(axis=1)]))
    return np.column_stack([runs[begins, :2], np.minimum.reduceat(runs[:, 2], begins), np.maximum.reduceat(runs[:, 3], begins)])


def _filled(spans: np.ndarray, shape: tuple[int, ...]) -> Any:
    """The mask of spans: a row, the first column and the last."""
    spans = spans[np.argsort(spans[:, 0], kind="stable")]

    def part(at: tuple[slice, ...]) -> np.ndarray:
        rows, columns = at
        near = spans[slice(*np.searchsorted(spans[:, 0], [rows.start, rows.stop]))]
        n, width = rows.stop - rows.start, columns.stop - columns.start
        low = np.clip(near[:, 1] - columns.start, 0, width)
        steps = np.zeros((n, width + 1), np.int32)
        np.add.at(steps, (near[:, 0] - rows.start, low), 1)
        np.add.at(steps, (near[:, 0] - rows.start, np.clip(near[:, 2] + 1 - columns.start, low, width)), -1)
        return np.cumsum(steps, axis=1)[:, :width] > 0

    return from_places(part, shape, bool)
