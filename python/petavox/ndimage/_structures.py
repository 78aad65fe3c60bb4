"""Neighbourhoods."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["generate_binary_structure"]


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


def connectivity_of(structure: Any, ndim: int) -> int:
    """The connectivity whose neighbourhood `structure` is."""
    structure = np.asarray(structure, dtype=bool)
    if structure.ndim != ndim:
        raise RuntimeError("structure and input must have equal rank")
    for connectivity in range(1, ndim + 1):
        if np.array_equal(structure, generate_binary_structure(ndim, connectivity)):
            return connectivity
    raise ValueError("structure: expected generate_binary_structure(ndim, connectivity); other neighbourhoods are not there yet")
