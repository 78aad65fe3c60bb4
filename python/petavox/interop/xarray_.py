"""xarray.DataArray, both ways."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from . import dask_
from .reader import InMemory, Reader

if TYPE_CHECKING:
    import xarray

    from ..image import Image


class XarrayReader(Reader):
    """A DataArray whose samples are in a file."""

    def sliced(self, at: tuple[slice, ...]) -> np.ndarray:
        """The samples of a region."""
        return self.array[at].values


def reader(array: Any) -> Reader:
    """A DataArray; dimensions of one letter are axes, evenly spaced coordinates are spacing and origin.

    Parameters
    ----------
    array : xarray.DataArray
        Its samples in memory, in a file, or a dask.array.

    Returns
    -------
    Reader
    """
    letters = [str(d).lower() for d in array.dims]
    named = all(len(d) == 1 and "a" <= d <= "z" for d in letters) and len(set(letters)) == len(letters)
    spacing, origin, units = [], [], []
    for name in array.dims:
        first, step = _even(array.coords[name].values) if name in array.coords else (0.0, 1.0)
        spacing.append(step)
        origin.append(first)
        units.append(array.coords[name].attrs.get("units") if name in array.coords else None)
    placed: dict[str, Any] = {"spacing": spacing, "origin": origin, "unit": next((u for u in units if u), None)}
    if named:
        placed["axes"] = "".join(letters)
    if array.chunks is not None:
        data = array.data
        return dask_.DaskReader(data, dask_.known(data), np.dtype(data.dtype), dask_.regular(data.chunks), **placed)
    if array.variable._in_memory:
        return InMemory(array.values, **placed)
    stored = array.encoding.get("preferred_chunks") or {}
    chunks = [stored.get(d, n) for d, n in zip(array.dims, array.shape, strict=True)] if stored else None
    return XarrayReader(array, array.shape, np.dtype(array.dtype), chunks, **placed)


def _even(values: np.ndarray) -> tuple[float, float]:
    """First coordinate and step, (0, 1) if they are no evenly rising numbers."""
    if values.dtype.kind not in "iuf" or values.ndim != 1 or values.size == 0:
        return 0.0, 1.0
    if values.size == 1:
        return float(values[0]), 1.0
    step = (float(values[-1]) - float(values[0])) / (values.size - 1)
    if not step > 0 or not np.allclose(np.diff(values.astype("float64")), step, rtol=1e-3, atol=0):
        return 0.0, 1.0
    return float(values[0]), step


def to_xarray(image: Image, samples: Any) -> xarray.DataArray:
    """A DataArray with the image's axes as dimensions and its spacing as coordinates."""
    import xarray

    coords = {}
    for letter, n, step, first in zip(image.axes, image.shape, image.spacing, image.origin, strict=True):
        attributes = {"units": image.unit} if image.unit and letter in "zyx" else {}
        if step != 1 or first != 0 or attributes:
            coords[letter] = xarray.Variable((letter,), first + step * np.arange(n), attributes)
    return xarray.DataArray(samples, dims=list(image.axes), coords=coords)
