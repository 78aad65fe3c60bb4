"""What a function that works on blocks may know of its block."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class BlockInfo:
    """Where a block lies; given to functions of `map_blocks` and `map_overlap` that have a parameter ``block_info``.

    All tuples have one value per axis of the first image, coordinates are whole samples of the whole image.

    Examples
    --------
    >>> info = BlockInfo((1,), (3,), (10,), (20,), (8,), (22,), (30,), "x", (0.5,), (0.0,))
    >>> info.own
    (slice(2, 12, None),)
    >>> info.owns([[1.0], [2.0], [11.4], [11.6]]).tolist()
    [False, True, True, False]
    >>> info.to_image([[2]]).tolist()
    [[10]]
    """

    #: Number of the block along each axis.
    index: tuple[int, ...]
    #: Number of blocks along each axis.
    counts: tuple[int, ...]
    #: First sample of the block's own part, and one past its last.
    start: tuple[int, ...]
    stop: tuple[int, ...]
    #: The same with the halo: the array that the function is given. It may reach outside the image.
    halo_start: tuple[int, ...]
    halo_stop: tuple[int, ...]
    #: Samples of the whole image.
    shape: tuple[int, ...]
    #: Meaning of the axes.
    axes: str
    #: Physical size of a sample, and position of the image's first one.
    spacing: tuple[float, ...]
    origin: tuple[float, ...]

    @property
    def number(self) -> int:
        """Number of the block in raster order."""
        number = 0
        for i, n in zip(self.index, self.counts, strict=True):
            number = number * n + i
        return number

    @property
    def n_blocks(self) -> int:
        """Number of all blocks."""
        return math.prod(self.counts)

    @property
    def slices(self) -> tuple[slice, ...]:
        """The block's own part of the whole image."""
        return tuple(slice(a, b) for a, b in zip(self.start, self.stop, strict=True))

    @property
    def own(self) -> tuple[slice, ...]:
        """The block's own part of the array that the function is given."""
        return tuple(
            slice(a - h, b - h) for a, b, h in zip(self.start, self.stop, self.halo_start, strict=True)
        )

    def owns(self, points: Any) -> np.ndarray:
        """Which points are the block's own, not its neighbours'.

        Every point of the image is owned by exactly one block: the one whose own part has the nearest sample.

        Parameters
        ----------
        points : array_like, shape (n, ndim)
            Coordinates in the array that the function is given, in samples.

        Returns
        -------
        numpy.ndarray of bool, shape (n,)
        """
        points = self.to_image(points)
        low, high = np.asarray(self.start) - 0.5, np.asarray(self.stop) - 0.5
        return ((points >= low) & (points < high)).all(axis=1)

    def to_image(self, points: Any) -> np.ndarray:
        """Coordinates in the whole image of points in the array that the function is given.

        Parameters
        ----------
        points : array_like, shape (n, ndim)
            Coordinates in samples.

        Returns
        -------
        numpy.ndarray, shape (n, ndim)
        """
        return np.asarray(points).reshape(-1, len(self.start)) + np.asarray(self.halo_start)

    def to_physical(self, points: Any) -> np.ndarray:
        """Physical coordinates of points in the array that the function is given.

        Parameters
        ----------
        points : array_like, shape (n, ndim)
            Coordinates in samples.

        Returns
        -------
        numpy.ndarray, shape (n, ndim)
            In the unit of the spacing.
        """
        return self.to_image(points) * np.asarray(self.spacing) + np.asarray(self.origin)
