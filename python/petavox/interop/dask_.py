"""dask.array."""

from __future__ import annotations

import math
import sys
from typing import Any

import numpy as np

from .reader import Reader


class DaskReader(Reader):
    """A dask.array, computed region by region."""

    def sliced(self, at: tuple[slice, ...]) -> np.ndarray:
        """The samples of a region."""
        part = self.array[at]
        return part.compute() if _client_is_there() else part.compute(scheduler="synchronous")


def reader(array: Any) -> DaskReader:
    """A dask.array by its chunks.

    Parameters
    ----------
    array : dask.array.Array
        Of known shape.

    Returns
    -------
    DaskReader

    Raises
    ------
    ValueError
        If its shape is not known before it is computed.
    """
    return DaskReader(array, known(array), np.dtype(array.dtype), regular(array.chunks))


def known(array: Any) -> tuple[int, ...]:
    """The shape of a dask.array."""
    if any(math.isnan(n) for n in array.shape):
        raise ValueError("a dask.array whose shape is not known; call its compute_chunk_sizes() first")
    return tuple(array.shape)


def regular(chunks: Any) -> tuple[int, ...]:
    """Chunks of one size; where there are several sizes, the largest."""
    return tuple(max(sizes, default=1) for sizes in chunks)


def _client_is_there() -> bool:
    distributed = sys.modules.get("distributed")
    # Another thread may be importing it.
    if distributed is None or not hasattr(distributed, "get_worker") or not hasattr(distributed, "default_client"):
        return False
    try:
        distributed.get_worker()
    except ValueError:
        pass
    else:
        # Inside a task: waiting for others could wait for itself.
        return False
    try:
        distributed.default_client()
    except ValueError:
        return False
    return True
