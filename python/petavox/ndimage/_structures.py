"""Neighbourhoods."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ._arguments import per_axis

__all__ = ["generate_binary_structure", "iterate_structure"]


def generate_binary_structure(rank: int, connectivity: int) -> np.ndarray:
    """The neighbourhood of one sample: those that at most `connectivity` steps along axes lead to.

    Parameters
    ----------
    rank : int
        Number of axes.
    connectivity : int
        1 for faces, up to `rank` for corners too.

    Returns
    -------
    numpy.ndarray
        bool, of shape ``(3,) * rank``.

    Examples
    --------
    >>> generate_binary_structure(2, 1).astype(int).tolist()
    [[0, 1, 0], [1, 1, 1], [0, 1, 0]]
    """
    if rank < 1:
        return np.array(True, dtype=bool)
    steps = np.abs(np.indices((3,) * rank) - 1).sum(0)
    return steps <= max(connectivity, 1)


def iterate_structure(structure: Any, iterations: int, origin: None | int | Sequence[int] = None) -> Any:
    """The neighbourhood that a structure makes when it is dilated by itself (scipy.ndimage.iterate_structure).

    Parameters
    ----------
    structure : array
        A neighbourhood.
    iterations : int
        How often it is applied; below 2 it stays as it is.
    origin : int or sequence of int, optional
        If given, the origin that goes with the result is returned too.

    Returns
    -------
    numpy.ndarray, or (numpy.ndarray, list of int)

    Examples
    --------
    >>> iterate_structure(np.ones(3, bool), 2).shape
    (5,)
    """
    structure = np.asarray(structure)
    if iterations < 2:
        return structure.copy()
    more = iterations - 1
    grown = np.zeros([n + more * (n - 1) for n in structure.shape], bool)
    grown[tuple(slice(more * (n // 2), more * (n // 2) + n) for n in structure.shape)] = structure != 0
    from ._binary import binary_dilation

    grown = binary_dilation(grown, structure, iterations=more)
    if origin is None:
        return grown
    return grown, [iterations * one for one in per_axis(origin, structure.ndim, "origin")]


def connectivity_of(structure: Any, ndim: int) -> int:
    """The connectivity whose neighbourhood `structure` is."""
    structure = np.asarray(structure, dtype=bool)
    if structure.ndim != ndim:
        raise RuntimeError("structure and input must have equal rank")
    for connectivity in range(1, ndim + 1):
        if np.array_equal(structure, generate_binary_structure(ndim, connectivity)):
            return connectivity
    raise ValueError("structure: expected generate_binary_structure(ndim, connectivity); other neighbourhoods are not there yet")
