"""Where images come from: files, and arrays of other libraries."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from . import config, interop
from ._core import LazyImage
from .image import Image


def open(
    path: str | os.PathLike[str],
    *,
    axes: str | None = None,
    spacing: float | Sequence[float] | None = None,
    missing: str = "fill",
) -> Image:
    """Open an image lazily: its metadata is read, no sample.

    Parameters
    ----------
    path : str or path
        A Zarr array or OME-Zarr group (``x.zarr``, ``x.zarr/labels/cells``, a level as ``x.zarr/1``), a TIFF, npy, NIfTI, png
        or jpeg file, a folder of slices, or a glob of slices in natural order.
    axes : str, optional
        Meaning of the axes, such as ``"zyx"``, where you know better than the file.
    spacing : float or sequence of float, optional
        Physical size of a sample: one for all spatial axes, or one per axis.
    missing : {"fill", "error"}
        What a chunk that a Zarr array does not store is: its fill value, or an error.

    Returns
    -------
    Image

    Raises
    ------
    FileNotFoundError
        If there is nothing of that name; the message has the nearest name there is.
    ValueError
        If the file is not what it says, or of a kind that is not read.
    """
    return Image(LazyImage.open(os.fspath(path), axes, _numbers(spacing), missing, config.get("scratch")))


def imread(
    path: str | os.PathLike[str],
    *,
    axes: str | None = None,
    spacing: float | Sequence[float] | None = None,
) -> Image:
    """Open a file, or a glob of slices as one stack; the name that users of scikit-image and dask-image know.

    Only the first slice is looked at now; each other one is checked against it when it is read.

    Parameters
    ----------
    path : str or path
        As for `open`; ``"samples/*.tif"`` makes a stack of the slices in natural order.
    axes : str, optional
        Meaning of the axes.
    spacing : float or sequence of float, optional
        Physical size of a sample.

    Returns
    -------
    Image
    """
    return Image(LazyImage.open(os.fspath(path), axes, _numbers(spacing), "fill", config.get("scratch"), True))


def from_array(
    array: Any,
    *,
    chunks: int | Sequence[int] | None = None,
    spacing: float | Sequence[float] | None = None,
    axes: str | None = None,
) -> Image:
    """A lazy image over an array that is there: nothing is copied or computed now.

    Parameters
    ----------
    array : array
        A numpy array, which is read in place; a dask.array, zarr.Array, h5py.Dataset, xarray.DataArray, tensorstore.TensorStore or
        anything else with ``shape``, ``dtype`` and slicing, which is read region by region, by its chunks; an ITK image; or
        anything with ``__array__``, which is converted. Samples are read when the image is computed; do not change them before.
    chunks : int or sequence of int, optional
        Samples per axis of the parts in which results are stored or handed on, by default the array's own; does not change any
        result.
    spacing : float or sequence of float, optional
        Physical size of a sample: one for all spatial axes, or one per axis. By default what an xarray.DataArray's coordinates or
        an ITK image say, else 1.
    axes : str, optional
        Meaning of the axes, such as ``"zyx"``; by default the dimensions of an xarray.DataArray if they are single letters, else the
        last of ``tczyx``.

    Returns
    -------
    Image

    Raises
    ------
    TypeError
        For dtypes that images do not have (complex, structured, text).

    Notes
    -----
    float16 becomes float32, and arrays of the other byte order are turned, part by part as they are read. A zarr.Array in a local
    folder is read by Petavox itself. A dask.array is computed part by part, on the calling thread or, if there is one, by the
    current ``dask.distributed.Client``; what its tasks take is not part of the memory limit.

    Examples
    --------
    >>> import numpy as np
    >>> import petavox
    >>> petavox.from_array(np.zeros((3, 4, 5), np.uint8), spacing=(2, 0.5, 0.5)).spacing
    (2.0, 0.5, 0.5)
    """
    if isinstance(array, Image):
        image = Image(array._lazy.placed(axes, _numbers(spacing)), chunks=array._chunks)
        return image if chunks is None else image.rechunk(chunks)
    lazy = interop.lazy_image(array).placed(axes, _numbers(spacing))
    return Image(lazy) if chunks is None else Image(lazy).rechunk(chunks)


def _numbers(spacing: float | Sequence[float] | None) -> list[float] | None:
    return None if spacing is None else [float(value) for value in np.atleast_1d(spacing)]
