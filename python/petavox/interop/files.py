"""Arrays that other libraries read from files."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from .._core import LazyImage
from .reader import Reader


def local_zarr(array: Any) -> LazyImage | None:
    """A zarr.Array in a local folder, read by the core; None if it has to be read by slicing."""
    root = getattr(getattr(array, "store", None), "root", None)
    if root is None or not hasattr(array, "path"):
        return None
    path = os.path.join(os.fspath(root), array.path) if array.path else os.fspath(root)
    try:
        lazy = LazyImage.open(path)
    except (OSError, ValueError, TypeError):
        # Codecs or dtypes that the core does not have.
        return None
    same = tuple(lazy.shape) == tuple(array.shape) and lazy.dtype == np.dtype(array.dtype).name
    return lazy if same else None


class H5Reader(Reader):
    """An h5py.Dataset; in another process the file is opened again."""

    def __reduce__(self) -> tuple[Any, ...]:
        return _h5_again, (self.array.file.filename, self.array.name)


def h5py_reader(dataset: Any) -> Reader:
    """An h5py.Dataset by its chunks."""
    return H5Reader(dataset, dataset.shape, np.dtype(dataset.dtype), dataset.chunks)


def _h5_again(filename: str, name: str) -> Reader:
    import h5py

    return h5py_reader(h5py.File(filename, "r")[name])


class TensorStoreReader(Reader):
    """A tensorstore.TensorStore."""

    def sliced(self, at: tuple[slice, ...]) -> np.ndarray:
        """The samples of a region."""
        first = self.array.domain.origin
        moved = tuple(slice(s.start + o, s.stop + o) for s, o in zip(at, first, strict=True))
        return self.array[moved].read().result()


def tensorstore_reader(store: Any) -> Reader:
    """A tensorstore.TensorStore by its read chunks."""
    chunks = store.chunk_layout.read_chunk.shape
    whole = chunks is not None and all(chunks)
    return TensorStoreReader(store, store.shape, np.dtype(store.dtype.numpy_dtype), chunks if whole else None)
