"""Neighbourhoods, as scikit-image makes them: arrays, or sequences of smaller ones with how often each is applied."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = [
    "ball",
    "cube",
    "diamond",
    "disk",
    "ellipse",
    "footprint_from_sequence",
    "footprint_rectangle",
    "mirror_footprint",
    "octagon",
    "octahedron",
    "pad_footprint",
    "rectangle",
    "square",
    "star",
]

Footprint = Any
_INSTEAD = "footprints are decomposed where they are used, so give the whole footprint"


def is_sequence(footprint: Footprint) -> bool:
    """Whether a footprint is given as smaller ones with their numbers."""
    if hasattr(footprint, "__array_interface__"):
        return False
    if not isinstance(footprint, Sequence):
        raise ValueError("footprint must be either an ndarray or Sequence")
    for one in footprint:
        if not (isinstance(one, Sequence) and len(one) == 2 and hasattr(one[0], "__array_interface__") and int(one[1]) == one[1]):
            raise ValueError("footprint: a sequence has to hold pairs of an array and how often it is applied")
    return True


def _unknown(decomposition: Any) -> ValueError:
    return ValueError(f"Unrecognized decomposition: {decomposition}")


def _distances(radius: float, ndim: int) -> list[np.ndarray]:
    """Distances from the centre along each axis."""
    line = np.linspace(-radius, radius, int(2 * radius + 1))
    return list(np.meshgrid(*[line] * ndim, indexing="ij", sparse=True))


def footprint_rectangle(shape: Sequence[int], *, dtype: npt.DTypeLike = np.uint8, decomposition: str | None = None) -> Footprint:
    """A box of ones (skimage.morphology.footprint_rectangle).

    Parameters
    ----------
    shape : sequence of int
        Samples along each axis.
    dtype : dtype
        Type of the samples.
    decomposition : {None, "separable", "sequence"}
        The whole box, lines along each axis, or cubes of three samples and lines.

    Returns
    -------
    numpy.ndarray or tuple

    Raises
    ------
    ValueError
        For another decomposition.

    Examples
    --------
    >>> footprint_rectangle((2, 3)).tolist()
    [[1, 1, 1], [1, 1, 1]]
    """

    def line(axis: int, length: int) -> tuple[np.ndarray, int]:
        return np.ones([length if a == axis else 1 for a in range(len(shape))], dtype), 1

    if decomposition is None:
        return np.ones(shape, dtype)
    if decomposition not in ("separable", "sequence"):
        raise _unknown(decomposition)
    even = any(length % 2 == 0 for length in shape)
    if decomposition == "sequence" and even:
        warnings.warn("decomposition='sequence' takes odd lengths only; these become lines", stacklevel=2)
    if decomposition == "separable" or even:
        return tuple(line(axis, length) for axis, length in enumerate(shape))
    least = min(shape)
    cubes = (np.ones((3,) * len(shape), dtype), 1 + (least - 3) // 2)
    longer = (line(axis, length - least + 1) for axis, length in enumerate(shape) if length > least)
    return (cubes, *longer)


def square(width: int, dtype: npt.DTypeLike = np.uint8, *, decomposition: str | None = None) -> Footprint:
    """A square (skimage.morphology.square); see `footprint_rectangle`.

    Parameters
    ----------
    width : int
        Samples along each axis.
    dtype, decomposition
        As for `footprint_rectangle`.

    Returns
    -------
    numpy.ndarray or tuple
    """
    return footprint_rectangle((width, width), dtype=dtype, decomposition=decomposition)


def rectangle(nrows: int, ncols: int, dtype: npt.DTypeLike = np.uint8, *, decomposition: str | None = None) -> Footprint:
    """A rectangle (skimage.morphology.rectangle); see `footprint_rectangle`.

    Parameters
    ----------
    nrows, ncols : int
        Samples along each axis.
    dtype, decomposition
        As for `footprint_rectangle`.

    Returns
    -------
    numpy.ndarray or tuple
    """
    return footprint_rectangle((nrows, ncols), dtype=dtype, decomposition=decomposition)


def cube(width: int, dtype: npt.DTypeLike = np.uint8, *, decomposition: str | None = None) -> Footprint:
    """A cube (skimage.morphology.cube); see `footprint_rectangle`.

    Parameters
    ----------
    width : int
        Samples along each axis.
    dtype, decomposition
        As for `footprint_rectangle`.

    Returns
    -------
    numpy.ndarray or tuple
    """
    return footprint_rectangle((width, width, width), dtype=dtype, decomposition=decomposition)


def _hops(radius: int, ndim: int, dtype: npt.DTypeLike, decomposition: str | None) -> Footprint:
    if decomposition == "sequence":
        return ((_hops(1, ndim, dtype, None), radius),)
    if decomposition is not None:
        raise _unknown(decomposition)
    total: Any = 0
    for distance in _distances(radius, ndim):
        total = total + np.abs(distance)
    return np.asarray(total <= radius, dtype)


def diamond(radius: int, dtype: npt.DTypeLike = np.uint8, *, decomposition: str | None = None) -> Footprint:
    """All that `radius` steps along axes lead to, in 2-D (skimage.morphology.diamond).

    Parameters
    ----------
    radius : int
        Steps.
    dtype : dtype
        Type of the samples.
    decomposition : {None, "sequence"}
        Whole, or crosses of three samples.

    Returns
    -------
    numpy.ndarray or tuple
    """
    return _hops(radius, 2, dtype, decomposition)


def octahedron(radius: int, dtype: npt.DTypeLike = np.uint8, *, decomposition: str | None = None) -> Footprint:
    """All that `radius` steps along axes lead to, in 3-D (skimage.morphology.octahedron).

    Parameters
    ----------
    radius : int
        Steps.
    dtype : dtype
        Type of the samples.
    decomposition : {None, "sequence"}
        Whole, or crosses of three samples.

    Returns
    -------
    numpy.ndarray or tuple
    """
    return _hops(radius, 3, dtype, decomposition)


def _round(radius: float, ndim: int, dtype: npt.DTypeLike, strict_radius: bool) -> np.ndarray:
    total: Any = 0
    for distance in _distances(radius, ndim):
        total = total + distance**2
    return np.asarray(total <= (radius if strict_radius else radius + 0.5) ** 2, dtype)


def disk(
    radius: int, dtype: npt.DTypeLike = np.uint8, *, strict_radius: bool = True, decomposition: str | None = None
) -> Footprint:
    """All within `radius`, in 2-D (skimage.morphology.disk).

    Parameters
    ----------
    radius : int
        In samples.
    dtype : dtype
        Type of the samples.
    strict_radius : bool
        Half a sample more if false.
    decomposition : {None, "crosses", "sequence"}
        Whole, or crosses that approximate it. Sequences of small footprints approximate it too; they are not there yet.

    Returns
    -------
    numpy.ndarray or tuple

    Raises
    ------
    NotImplementedError
        For sequences.

    Examples
    --------
    >>> disk(1).tolist()
    [[0, 1, 0], [1, 1, 1], [0, 1, 0]]
    """
    if decomposition == "sequence" and radius == 1:
        return ((_round(1, 2, dtype, False), 1),)
    if decomposition == "sequence":
        raise NotImplementedError(f"disk: scikit-image's sequences are tables found by search, not here; {_INSTEAD}")
    whole = _round(radius, 2, dtype, strict_radius)
    return _crosses(whole, dtype) if decomposition == "crosses" else whole


def ball(
    radius: int, dtype: npt.DTypeLike = np.uint8, *, strict_radius: bool = True, decomposition: str | None = None
) -> Footprint:
    """All within `radius`, in 3-D (skimage.morphology.ball).

    Parameters
    ----------
    radius : int
        In samples.
    dtype : dtype
        Type of the samples.
    strict_radius : bool
        Half a sample more if false.
    decomposition : {None, "sequence"}
        Whole. Sequences of small footprints only approximate it; they are not there yet.

    Returns
    -------
    numpy.ndarray

    Raises
    ------
    NotImplementedError
        For sequences.
    ValueError
        For another decomposition.
    """
    if decomposition == "sequence" and radius == 1:
        return ((_round(1, 3, dtype, False), 1),)
    if decomposition == "sequence":
        raise NotImplementedError(f"ball: scikit-image's sequences are tables found by search, not here; {_INSTEAD}")
    if decomposition is not None:
        raise _unknown(decomposition)
    return _round(radius, 3, dtype, strict_radius)


def ellipse(width: int, height: int, dtype: npt.DTypeLike = np.uint8, *, decomposition: str | None = None) -> Footprint:
    """An ellipse (skimage.morphology.ellipse).

    Parameters
    ----------
    width, height : int
        Half axes along the columns and along the rows.
    dtype : dtype
        Type of the samples.
    decomposition : {None, "crosses"}
        Whole, or crosses that approximate it.

    Returns
    -------
    numpy.ndarray or tuple
    """
    rows, columns = np.ogrid[-height : height + 1, -width : width + 1]
    whole = np.asarray((rows / (height + 1)) ** 2 + (columns / (width + 1)) ** 2 < 1, dtype)
    return _crosses(whole, dtype) if decomposition == "crosses" else whole


def _crosses(footprint: np.ndarray, dtype: npt.DTypeLike) -> tuple[tuple[np.ndarray, int], ...]:
    """Crosses whose successive dilation gives the footprint: each step of its outline in a quadrant is a cross of that step's extents.

    D. Li and G. X. Ritter, "Decomposition of separable and symmetric convex templates", SPIE 1350, 1990.
    """
    quadrant = footprint[footprint.shape[0] // 2 :, footprint.shape[1] // 2 :]
    heights = [*quadrant.sum(0, dtype=int).tolist(), 0]
    steps: dict[tuple[int, int], int] = {}
    before, total = 0, 0
    for at in range(1, len(heights) - 1):
        if heights[at] > heights[at + 1]:
            step = (heights[before] - heights[at], at - before)
            steps[step] = steps.get(step, 0) + 1
            total += step[0]
            before = at
    rest = quadrant.shape[0] - 1 - total
    if rest > 0:
        steps[rest, 0] = steps.get((rest, 0), 0) + 1

    def cross(up: int, across: int) -> np.ndarray:
        made = np.zeros((2 * up + 1, 2 * across + 1), dtype)
        if across:
            made[up, :] = 1
        if up:
            made[:, across] = 1
        return made

    return tuple((cross(*step), n) for step, n in steps.items())


def octagon(m: int, n: int, dtype: npt.DTypeLike = np.uint8, *, decomposition: str | None = None) -> Footprint:
    """An octagon (skimage.morphology.octagon).

    Parameters
    ----------
    m : int
        Samples of its upright sides.
    n : int
        Samples of its slanted sides.
    dtype : dtype
        Type of the samples.
    decomposition : {None, "sequence"}
        Whole, or squares and crosses of three samples.

    Returns
    -------
    numpy.ndarray or tuple

    Raises
    ------
    ValueError
        For an octagon without samples, or another decomposition.
    """
    if m == n == 0:
        raise ValueError("m and n cannot both be zero")
    if decomposition is None:
        end = m + 2 * n - 1
        rows, columns = np.ogrid[: end + 1, : end + 1]
        cut = min(n, n + m - 1)
        inside: Any = True
        for row in (rows, end - rows):
            for column in (columns, end - columns):
                inside = inside & (row + column >= cut)
        return np.asarray(inside, dtype)
    if decomposition != "sequence":
        raise _unknown(decomposition)
    if m <= 2 and n <= 2:
        return ((octagon(m, n, dtype), 1),)
    if m == 0:
        m, n = 2, n - 1
    squares = footprint_rectangle((m, m), dtype=dtype, decomposition="sequence") if m > 1 else ()
    return (*squares, *(((diamond(1, dtype), n),) if n > 0 else ()))


def star(a: int, dtype: npt.DTypeLike = np.uint8) -> np.ndarray:
    """A star of eight points: a square and the same on its tip (skimage.morphology.star).

    Parameters
    ----------
    a : int
        Size of the square: ``2 * a + 1`` samples.
    dtype : dtype
        Type of the samples.

    Returns
    -------
    numpy.ndarray
    """
    if a == 1:
        return np.ones((3, 3), dtype)
    margin = a // 2
    middle = a + margin
    rows, columns = np.ogrid[-middle : middle + 1, -middle : middle + 1]
    upright = (np.abs(rows) <= a) & (np.abs(columns) <= a)
    return np.asarray(upright | (np.abs(rows) + np.abs(columns) <= middle), dtype)


def footprint_from_sequence(footprints: Footprint) -> np.ndarray:
    """The footprint that a sequence of footprints is together (skimage.morphology.footprint_from_sequence).

    Parameters
    ----------
    footprints : sequence of pairs
        Arrays, and how often each is applied.

    Returns
    -------
    numpy.ndarray
        bool.

    Raises
    ------
    ValueError
        For what is not such a sequence.

    Examples
    --------
    >>> footprint_from_sequence(diamond(2, decomposition="sequence")).astype(int)[1].tolist()
    [0, 1, 1, 1, 0]
    """
    from ._grey import dilation

    if not is_sequence(footprints):
        raise ValueError("expected a sequence of footprints")
    extents = [sum(n * (np.shape(one)[axis] - 1) for one, n in footprints) + 1 for axis in range(np.ndim(footprints[0][0]))]
    dot = np.zeros(extents, bool)
    dot[tuple(n // 2 for n in extents)] = True
    return dilation(dot, footprints)


def mirror_footprint(footprint: Footprint) -> Footprint:
    """The footprint mirrored along every axis (skimage.morphology.mirror_footprint).

    Parameters
    ----------
    footprint : array or sequence of pairs
        A footprint.

    Returns
    -------
    numpy.ndarray or tuple
    """
    if is_sequence(footprint):
        return tuple((np.flip(one), n) for one, n in footprint)
    return np.flip(np.asarray(footprint))


def pad_footprint(footprint: Footprint, *, pad_end: bool = True) -> Footprint:
    """The footprint with a row of zeros along each axis that has an even length (skimage.morphology.pad_footprint).

    Parameters
    ----------
    footprint : array or sequence of pairs
        A footprint.
    pad_end : bool
        Rows go to the ends, or else to the beginnings.

    Returns
    -------
    numpy.ndarray or tuple
    """
    if is_sequence(footprint):
        return tuple((pad_footprint(one, pad_end=pad_end), n) for one, n in footprint)
    footprint = np.asarray(footprint)
    more = (0, 1) if pad_end else (1, 0)
    return np.pad(footprint, [(0, 0) if n % 2 else more for n in footprint.shape])
