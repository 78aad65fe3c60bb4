"""Images that Python functions make block by block, out of nothing but places."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ._block_info import BlockInfo
from ._open import from_array
from .image import Image

#: Samples of a block, about.
_AT_ONCE = 1 << 20


def from_places(f: Callable[[tuple[slice, ...]], Any], shape: Sequence[int], dtype: Any, *, n_whole: int = 0) -> Image:
    """An image whose block at some slices is what the function returns for them; the first `n_whole` axes are not cut."""
    from .blocks import map_blocks

    extents = [1] * len(shape)
    left = _AT_ONCE
    for axis in [*range(n_whole), *reversed(range(n_whole, len(shape)))]:
        extents[axis] = max(1, int(shape[axis]) if axis < n_whole else min(int(shape[axis]), left))
        left = max(1, left // extents[axis])
    nothing: Any = np.broadcast_to(from_array(np.zeros((1,) * len(shape), np.uint8)), tuple(shape))

    def block(_: np.ndarray, block_info: BlockInfo) -> np.ndarray:
        return np.asarray(f(block_info.slices), dtype)

    image: Any = map_blocks(block, nothing.rechunk(extents), dtype=dtype)
    return image


def painted(points: np.ndarray, shape: Sequence[int]) -> Image:
    """The mask of the samples at whole points, a row of coordinates each."""
    points = points[np.argsort(points[:, 0], kind="stable")] if len(points) else points

    def part(at: tuple[slice, ...]) -> np.ndarray:
        first, last = np.searchsorted(points[:, 0], [at[0].start, at[0].stop])
        near = points[first:last] - [one.start for one in at]
        extents = [one.stop - one.start for one in at]
        near = near[((near >= 0) & (near < extents)).all(axis=1)]
        mask = np.zeros(extents, bool)
        mask[tuple(near.T)] = True
        return mask

    return from_places(part, shape, bool)
