"""Where images come from: files, and arrays of other libraries."""

from __future__ import annotations

import os
import uuid
from collections.abc import Sequence
from typing import Any

import numpy as np

from . import config
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
    """A lazy image over an array that is there: nothing is copied now.

    Parameters
    ----------
    array : numpy array, or anything with ``__array__``
        Its samples are read when the image is computed; do not change them before.
    chunks : int or sequence of int, optional
        Samples per axis of the parts in which results are stored or handed on; does not change any result.
    spacing : float or sequence of float, optional
        Physical size of a sample: one for all spatial axes, or one per axis.
    axes : str, optional
        Meaning of the axes, such as ``"zyx"``; by default the last of ``tczyx``.

    Returns
    -------
    Image

    Raises
    ------
    TypeError
        For dtypes that images do not have (complex, float16, structured, text).

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
    array = np.asarray(array)
    image = Image(LazyImage.from_numpy(array, f"python:{uuid.uuid4().hex}", axes, _numbers(spacing)))
    return image if chunks is None else image.rechunk(chunks)


def _numbers(spacing: float | Sequence[float] | None) -> list[float] | None:
    return None if spacing is None else [float(value) for value in np.atleast_1d(spacing)]
