"""Where corners lie between samples, and which way they point: what is around each is read, no more."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._either import Either
from .._floats import as_float, float_dtype

__all__ = ["corner_orientations", "corner_subpix"]


def _around(image: Any, corner: np.ndarray, low: int, shape: tuple[int, int]) -> np.ndarray:
    """The samples of a box that begins `low` samples before a corner, 0 outside the image."""
    found = np.zeros(shape, image.dtype)
    start = corner - low
    here = tuple(slice(max(0, s), max(0, min(n, s + m))) for s, n, m in zip(start.tolist(), image.shape, shape, strict=True))
    if all(side.start < side.stop for side in here):
        there = tuple(slice(side.start - s, side.stop - s) for side, s in zip(here, start.tolist(), strict=True))
        found[there] = image[here].compute()
    return found


def _plane(image: Any, corners: Any) -> tuple[Any, np.ndarray]:
    made = Either(image).image
    points = np.asarray(corners)
    if made.ndim != 2:
        raise ValueError(f"image: got {made.ndim} axes, expected 2")
    if points.size and (points.ndim != 2 or points.shape[1] != 2 or not np.array_equal(points, np.round(points))):
        raise ValueError(f"corners: got the shape {points.shape}, expected a row and a column, whole numbers, for each corner")
    return made, points.reshape(-1, 2).astype(np.int64)


def _slopes(window: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sobel's derivatives along rows and columns of all but the border."""

    def smooth(a: np.ndarray) -> np.ndarray:
        return (a[:-2] + 2 * a[1:-1] + a[2:]) / 4

    down = smooth(((window[2:] - window[:-2]) / 2).T).T
    along = smooth((window[:, 2:] - window[:, :-2]) / 2)
    return down, along


def corner_subpix(image: Any, corners: Any, window_size: int = 11, alpha: float = 0.99) -> np.ndarray:
    """Where corners lie, to fractions of a sample (skimage.feature.corner_subpix).

    Parameters
    ----------
    image : array or Image
        Two axes.
    corners : array
        Row and column of each corner, as `corner_peaks` finds them.
    window_size : int
        Samples around a corner that are looked at.
    alpha : float
        How sure it has to be whether something is a corner of edges or a dot.

    Returns
    -------
    numpy.ndarray
        A row for each corner; NaN where neither fits.

    Raises
    ------
    ValueError
        For other numbers of axes, and corners that are no pairs of whole numbers.

    References
    ----------
    W. Foerstner and E. Guelch, "A fast operator for detection and precise location of distinct points, corners and centres of circular
    features", ISPRS 1987.
    """
    from scipy.stats import f

    made, points = _plane(image, corners)
    dtype = float_dtype(made)
    made = made.astype(dtype)
    half = (int(window_size) - 1) // 2
    free = int(window_size) ** 2 - 2
    least, most = f.isf(alpha, free, free), f.isf(1 - alpha, free, free)
    y, x = np.mgrid[-half : half + 1, -half : half + 1]
    found = np.full((len(points), 2), np.nan, dtype)
    for k, corner in enumerate(points):
        down, along = _slopes(_around(made, corner, half + 1, (2 * half + 3,) * 2))
        xx, xy, yy = along * along, along * down, down * down
        straight = np.array([[xx.sum(), -xy.sum()], [-xy.sum(), yy.sum()]])
        turned = np.array([[yy.sum(), xy.sum()], [xy.sum(), xx.sum()]])
        try:
            dot = np.linalg.solve(straight, [(xx * y).sum() - (xy * x).sum(), (yy * x).sum() - (xy * y).sum()])
            edge = np.linalg.solve(turned, [(yy * y).sum() + (xy * x).sum(), (xx * x).sum() + (xy * y).sum()])
        except np.linalg.LinAlgError:
            continue
        (ry, rx), (sy, sx) = (y - dot[0], x - dot[1]), (y - edge[0], x - edge[1])
        of_dot = (xx * ry * ry - 2 * xy * rx * ry + yy * rx * rx).sum()
        of_edge = (yy * sy * sy + 2 * xy * sx * sy + xx * sx * sx).sum()
        if of_dot < np.spacing(1) and of_edge < np.spacing(1):
            continue
        ratio = np.inf if of_dot == 0 else of_edge / of_dot
        if ratio > most:
            found[k] = corner + dot
        elif ratio < least:
            found[k] = corner + edge
    return found


def corner_orientations(image: Any, corners: Any, mask: Any) -> np.ndarray:
    """Which way corners point: from each to the centre of the brightness around it (skimage.feature.corner_orientations).

    Parameters
    ----------
    image : array or Image
        Two axes; integers become floats between 0 and 1.
    corners : array
        Row and column of each corner.
    mask : array
        The samples around a corner that count; of odd extents.

    Returns
    -------
    numpy.ndarray
        Angles in radians, from -pi to pi.

    Raises
    ------
    ValueError
        For other numbers of axes, and masks of even extents.

    References
    ----------
    P. L. Rosin, "Measuring corner properties", Computer Vision and Image Understanding 73, 1999.
    """
    made, points = _plane(image, corners)
    counts = np.asarray(mask) != 0
    if counts.ndim != 2 or any(n % 2 == 0 for n in counts.shape):
        raise ValueError(f"mask: got the shape {counts.shape}, expected two odd extents")
    made = as_float(made).astype(float_dtype(made))
    half = np.array(counts.shape) // 2
    rows, columns = np.mgrid[-half[0] : half[0] + 1, -half[1] : half[1] + 1]
    angles = np.zeros(len(points))
    for k, corner in enumerate(points):
        # A box wide enough for both extents, cut to the mask's.
        reach = int(half.max())
        box = _around(made, corner, reach, (2 * reach + 1,) * 2).astype(np.float64)
        box = box[tuple(slice(reach - h, reach + h + 1) for h in half.tolist())] * counts
        angles[k] = np.arctan2((box * rows).sum(), (box * columns).sum())
    return angles
