"""Arrays of other libraries as images, and images as theirs: what `petavox.from_array` and `Image.to_xarray` work with."""

from __future__ import annotations

import sys
import uuid
from typing import Any

import numpy as np

from .._core import LazyImage
from . import dask_, files, itk_, xarray_
from .reader import Reader

__all__: list[str] = []


def lazy_image(array: Any) -> LazyImage:
    """Makes the core's lazy image over an array of any library.

    Parameters
    ----------
    array : array
        Of numpy or another library.

    Returns
    -------
    petavox._core.LazyImage
        Nothing is read or computed yet.

    Raises
    ------
    TypeError
        If it is no array, or of a dtype that images do not have.
    """
    library = type(array).__module__.partition(".")[0]
    if library == "zarr":
        opened = files.local_zarr(array)
        if opened is not None:
            return opened
    reader = _reader(array, library)
    if isinstance(reader, Reader):
        return reader.lazy()
    return LazyImage.from_numpy(reader, f"python:{uuid.uuid4().hex}")


def _reader(array: Any, library: str) -> Reader | np.ndarray:
    if library == "itk" and hasattr(array, "GetSpacing"):
        return itk_.reader(array)
    if library == "dask" and hasattr(array, "dask"):
        return dask_.reader(array)
    if library == "xarray" and hasattr(array, "dims") and "xarray" in sys.modules:
        return xarray_.reader(array)
    if library == "h5py":
        return files.h5py_reader(array)
    if library == "tensorstore":
        return files.tensorstore_reader(array)
    sliced = all(hasattr(array, name) for name in ("shape", "dtype", "__getitem__"))
    if sliced and not isinstance(array, (np.ndarray, np.generic)) and _is_numpy_dtype(array.dtype):
        chunks = getattr(array, "chunks", None)
        if not isinstance(chunks, (tuple, list)) or not all(isinstance(c, (int, np.integer)) for c in chunks):
            chunks = None
        return Reader(array, tuple(array.shape), np.dtype(array.dtype), chunks)
    samples = np.asarray(array)
    if samples.dtype.kind not in "biuf" or samples.dtype.itemsize > 8:
        name = "no array" if samples.dtype == object else f"of dtype {samples.dtype}"
        raise TypeError(
            f"{type(array).__name__} is {name}; images are bool, int8 to int64, uint8 to uint64, float32 or float64, and float16 is "
            f"converted"
        )
    # What the core cannot read in place is converted part by part.
    plain = samples.dtype.isnative and samples.dtype != np.float16
    return samples if plain else Reader(samples, samples.shape, samples.dtype, None)


def _is_numpy_dtype(dtype: Any) -> bool:
    try:
        np.dtype(dtype)
    except TypeError:
        return False
    return True
