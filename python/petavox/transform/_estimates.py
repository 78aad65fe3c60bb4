"""Transformations from pairs of points, by least squares."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__: list[str] = []


def _points(src: Any, dst: Any) -> tuple[np.ndarray, np.ndarray]:
    first, second = (np.asarray(p, dtype=np.float64) for p in (src, dst))
    if first.ndim != 2 or first.shape != second.shape:
        raise ValueError(f"src, dst: got the shapes {first.shape} and {second.shape}, expected one row per pair of points")
    return first, second


def rigid(src: Any, dst: Any, scales: bool) -> np.ndarray:
    """The matrix that turns and moves points (and scales them, if `scales`) nearest to others; NaN if the points do not decide it.

    S. Umeyama, "Least-squares estimation of transformation parameters between two point patterns", IEEE Trans. PAMI 13, 1991.
    """
    first, second = _points(src, dst)
    n, dim = first.shape
    middles = first.mean(axis=0), second.mean(axis=0)
    first, second = first - middles[0], second - middles[1]
    together = second.T @ first / n
    left, spread, right = np.linalg.svd(together)
    rank = np.count_nonzero(spread > spread.max() * dim * np.finfo(float).eps)
    if rank == 0:
        return np.full((dim + 1, dim + 1), np.nan)
    # Turns only, no reflections.
    signs = np.ones(dim)
    signs[-1] = -1 if np.linalg.det(together) < 0 else 1
    turn = signs.copy()
    if rank == dim - 1:
        turn[-1] = 1 if np.linalg.det(left) * np.linalg.det(right) > 0 else -1
    rotation = left @ np.diag(turn) @ right
    scale = (spread @ signs) / first.var(axis=0).sum() if scales else 1.0
    matrix = np.eye(dim + 1)
    matrix[:dim, :dim] = scale * rotation
    matrix[:dim, dim] = middles[1] - scale * (rotation @ middles[0])
    return matrix


def _normalized(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A matrix that moves points around the origin, at a distance of 1 per axis in the mean, and the points there."""
    dim = points.shape[1]
    middle = points.mean(axis=0)
    far = np.sqrt(((points - middle) ** 2).sum() / len(points))
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = np.sqrt(dim) / far
        matrix = np.diag([scale] * dim + [1.0])
        matrix[:dim, dim] = -scale * middle
        return matrix, (points - middle) * scale


def linear(src: Any, dst: Any, weights: Any, projective: bool) -> np.ndarray:
    """The matrix that takes points nearest to others, of an affine transformation or any; NaN if the points do not decide it.

    Direct linear transformation of normalized points: R. Hartley, "In defense of the eight-point algorithm", IEEE Trans. PAMI 19, 1997.
    """
    first, second = _points(src, dst)
    n, dim = first.shape
    nothing = np.full((dim + 1, dim + 1), np.nan)
    before, first = _normalized(first)
    after, second = _normalized(second)
    if not np.isfinite(before + after).all():
        return nothing
    ahead = np.hstack([first, np.ones((n, 1))])
    rows = np.zeros((dim, n, dim + 1, dim + 1))
    for axis in range(dim):
        rows[axis, :, axis] = ahead
        # The last row of the matrix; its last element, 1, stands for what the points are taken to.
        rows[axis, :, dim] = -second[:, axis, None] * ahead
        rows[axis, :, dim, dim] = second[:, axis]
    kept = [*range(dim * (dim + 1) + (dim if projective else 0)), (dim + 1) ** 2 - 1]
    system = rows.reshape(dim * n, (dim + 1) ** 2)[:, kept]
    if weights is not None:
        share = np.sqrt(np.asarray(weights, dtype=np.float64) / np.max(weights))
        system = np.tile(share, dim)[:, None] * system
    least = np.linalg.svd(system)[2][-1]
    if np.isclose(least[-1], 0):
        return nothing
    found = np.zeros((dim + 1) ** 2)
    found[kept] = -least / least[-1]
    matrix = found.reshape(dim + 1, dim + 1)
    matrix[dim, dim] = 1
    matrix = np.linalg.inv(after) @ matrix @ before
    result: np.ndarray = matrix / matrix[-1, -1]
    return result
