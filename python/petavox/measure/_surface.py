"""Surfaces of triangles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import config
from .._open import from_array

__all__ = ["marching_cubes", "mesh_surface_area"]


def marching_cubes(
    volume: Any,
    level: float | None = None,
    *,
    spacing: Sequence[float] = (1.0, 1.0, 1.0),
    gradient_direction: str = "descent",
    step_size: int = 1,
    allow_degenerate: bool = True,
    method: str = "lewiner",
    mask: Any = None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The surface on which a volume has one value, as triangles (skimage.measure.marching_cubes).

    Parameters
    ----------
    volume : array or Image
        Three axes; taken as float32. Of a lazy image, blocks are looked at, whose pieces are welded across their borders; the mesh is
        held in memory, and is the same whatever the blocks.
    level : float, optional
        The value; the middle between the lowest and the highest sample by default.
    spacing : sequence of float
        Size of a sample along each axis.
    gradient_direction : {"descent", "ascent"}
        Whether objects are brighter than what is around them, or darker; turns the triangles.
    step_size : int
        Only every so many samples are looked at.
    allow_degenerate : bool
        Whether triangles without an area stay, which are made where samples have the level itself.
    method : {"lewiner", "lorensen"}
        Whether ambiguous faces of cubes are decided by what their samples say, or always keep bright corners apart.
    mask : array or Image, optional
        Cubes whose last corner is False are left out.

    Returns
    -------
    verts : numpy.ndarray
        A row for each vertex, its place along the axes.
    faces : numpy.ndarray
        A row for each triangle, the numbers of its vertices.
    normals : numpy.ndarray
        The direction down the gradient at each vertex.
    values : numpy.ndarray
        The largest difference between samples around each vertex.

    Raises
    ------
    ValueError
        For another number of axes, fewer than two samples along one, a level outside the volume's range, and unknown words.
    RuntimeError
        If there is no surface.

    Notes
    -----
    Vertices are scikit-image's; they are numbered by the raster order of the edges between samples that they lie on, and triangles are in
    the raster order of their cubes. Where more than three edges of a cube are cut in a row, the triangles are those with the shortest
    sides, not a table's; scikit-image's may lie on the other diagonals. ``"lewiner"`` decides faces as there, but does not look for
    tunnels inside cubes and adds no vertices in their middles.

    Examples
    --------
    >>> import numpy as np
    >>> volume = np.zeros((3, 3, 3))
    >>> volume[1, 1, 1] = 1
    >>> verts, faces, normals, values = marching_cubes(volume, 0.5)
    >>> verts.shape, faces.shape
    ((6, 3), (8, 3))
    """
    if method not in ("lewiner", "lorensen"):
        raise ValueError("method should be either 'lewiner' or 'lorensen'")
    if gradient_direction not in ("descent", "ascent"):
        raise ValueError(f"Incorrect input {gradient_direction} in `gradient_direction`, see docstring.")
    made = from_array(volume)
    if made.ndim != 3:
        raise ValueError("Input volume should be a 3D numpy array.")
    if min(made.shape) < 2:
        raise ValueError("Input array must be at least 2x2x2.")
    if len(spacing) != 3:
        raise ValueError("`spacing` must consist of three floats.")
    step = int(step_size)
    if step < 1:
        raise ValueError("step_size must be at least one.")
    low, high = float(made.min().compute()), float(made.max().compute())
    if level is None:
        level = 0.5 * (low + high)
    elif level < low or level > high:
        raise ValueError("Surface level must be within volume data range.")
    marks = None if mask is None else from_array(mask)
    if marks is not None and marks.shape != made.shape:
        raise ValueError("volume and mask must have the same shape.")
    every = (slice(None, None, step),) * 3
    if step > 1:
        made, marks = made[every], None if marks is None else marks[every]
    if min(made.shape) < 2:
        raise RuntimeError("No surface found at the given iso value.")
    marks = None if marks is None else (marks if marks.dtype == np.bool_ else marks != 0)
    verts, faces, normals, values = made._lazy.marching_cubes(
        float(level), step, method == "lewiner", config.settings(), None if marks is None else marks._lazy
    )
    verts, normals = np.asarray(verts).reshape(-1, 3), np.asarray(normals).reshape(-1, 3)
    faces = np.asarray(faces).reshape(-1, 3).astype(np.int32 if len(verts) < 2**31 else np.int64)
    if not len(verts):
        raise RuntimeError("No surface found at the given iso value.")
    if gradient_direction == "descent":
        faces = faces[:, ::-1]
    if not np.array_equal(spacing, (1, 1, 1)):
        verts = verts * np.asarray(spacing, np.float64)
    if allow_degenerate:
        return verts, faces, normals, np.asarray(values)
    joined = _without_degenerate(verts.astype(np.float32), faces, normals, np.asarray(values))
    return joined[0], joined[1], joined[2], joined[3]


def _without_degenerate(
    verts: np.ndarray, faces: np.ndarray, *arrays: np.ndarray
) -> tuple[np.ndarray, ...]:
    """The mesh with the vertices of a triangle that are in one place as one, and without such triangles."""
    sides = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [0, 2]]])
    met = sides[(verts[sides[:, 0]] == verts[sides[:, 1]]).all(axis=1)]
    first = np.arange(len(verts))
    while True:
        least = np.minimum(first[met[:, 0]], first[met[:, 1]])
        before = first.copy()
        np.minimum.at(first, met[:, 0], least)
        np.minimum.at(first, met[:, 1], least)
        if np.array_equal(before, first):
            break
    stays = first == np.arange(len(verts))
    number = np.cumsum(stays) - 1
    joined = first[faces]
    whole = (joined[:, 0] != joined[:, 1]) & (joined[:, 1] != joined[:, 2]) & (joined[:, 0] != joined[:, 2])
    return (verts[stays], number[joined[whole]].astype(faces.dtype), *(one[stays] for one in arrays))


def mesh_surface_area(verts: np.ndarray, faces: np.ndarray) -> float:
    """The area of a surface of triangles (skimage.measure.mesh_surface_area).

    Parameters
    ----------
    verts : array
        A row for each vertex, as from `marching_cubes`.
    faces : array
        A row for each triangle, the numbers of its vertices.

    Returns
    -------
    float
        In the square of the unit of `verts`.

    Examples
    --------
    >>> import numpy as np
    >>> round(mesh_surface_area(np.eye(3), np.array([[0, 1, 2]])) ** 2, 6)
    0.75
    """
    corners = np.asarray(verts)[np.asarray(faces)]
    a, b = corners[:, 0] - corners[:, 1], corners[:, 0] - corners[:, 2]
    return float(np.sqrt((np.cross(a, b) ** 2).sum(axis=1)).sum() / 2.0)
