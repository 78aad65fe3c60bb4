"""Fewer samples: what a function makes of boxes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from .._either import Either
from ..blocks import map_blocks

__all__ = ["block_reduce"]

#: Samples that a function is given at one time, about.
_AT_ONCE = 1 << 20


def _boxes(samples: np.ndarray, sizes: tuple[int, ...]) -> np.ndarray:
    """The boxes of an array, along axes of their own behind the others, one after another in memory."""
    ndim = samples.ndim
    split = samples.reshape([part for n, b in zip(samples.shape, sizes, strict=True) for part in (n // b, b)])
    return np.ascontiguousarray(split.transpose([2 * a for a in range(ndim)] + [2 * a + 1 for a in range(ndim)]))


def block_reduce(
    image: Any,
    block_size: int | Sequence[int] = 2,
    func: Callable[..., Any] = np.sum,
    cval: float = 0,
    func_kwargs: Mapping[str, Any] | None = None,
) -> Any:
    """One sample for every box of an image: its sum, mean, maximum ... (skimage.measure.block_reduce).

    Parameters
    ----------
    image : array or Image
        Any number of axes.
    block_size : int or sequence of int
        Samples of a box, along all axes or each.
    func : callable
        Is given an array and ``axis``, over which it reduces: numpy.sum, mean, max, median ...
    cval : float
        What the image is continued with where the boxes reach over its end.
    func_kwargs : dict, optional
        Further arguments of `func`.

    Returns
    -------
    numpy.ndarray or Image
        Of the dtype that `func` gives.

    Raises
    ------
    ValueError
        For sizes that do not fit the axes, or are below 1.

    Notes
    -----
    `func` is called with boxes that lie one after another in memory, so that sums of floats do not depend on chunks; they may differ from
    scikit-image's in the last bit. A function that looks beyond its axes is not seen through.

    Examples
    --------
    >>> import numpy as np
    >>> block_reduce(np.arange(8).reshape(2, 4), 2, np.max).tolist()
    [[5, 7]]
    """
    either = Either(image)
    made: Any = either.image
    sizes = (int(block_size),) * made.ndim if np.isscalar(block_size) else tuple(int(b) for b in block_size)  # type: ignore[arg-type, union-attr]
    if len(sizes) != made.ndim:
        raise ValueError("`block_size` must be a scalar or have the same length as `image.shape`")
    if any(b < 1 for b in sizes):
        raise ValueError("Down-sampling factors must be >= 1. Use `petavox.transform.resize` to up-sample an image.")
    missing = [(0, -n % b) for n, b in zip(made.shape, sizes, strict=True)]
    if any(after for _, after in missing):
        made = np.pad(made, missing, constant_values=cval)
    given = dict(func_kwargs or {})
    axes = tuple(range(made.ndim, 2 * made.ndim))

    def reduced(block: np.ndarray) -> np.ndarray:
        return np.asarray(func(_boxes(block, sizes), axis=axes, **given))

    if made.size == 0 or made.ndim == 0:
        return reduced(made.compute())
    dtype = reduced(np.ones(sizes, made.dtype)).dtype
    # Whole boxes, as many as make a block worth its call.
    shape = [n // b for n, b in zip(made.shape, sizes, strict=True)]
    many, boxes = max(1, _AT_ONCE // int(np.prod(sizes))), [1] * made.ndim
    for axis in reversed(range(made.ndim)):
        boxes[axis] = min(shape[axis], many)
        many = max(1, many // boxes[axis])
    chunks = [n * b for n, b in zip(boxes, sizes, strict=True)]
    found: Any = map_blocks(reduced, made.rechunk(chunks), dtype=dtype, chunks=boxes, shape=shape)
    return either.result(found)
