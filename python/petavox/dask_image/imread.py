"""dask_image.imread: stacks of files."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from .._open import imread as _imread
from ..image import Image

__all__ = ["imread"]


def imread(fname: str | os.PathLike[str], nframes: int = 1, *, arraytype: str = "numpy") -> Image:
    """Open files as one image, in natural order (dask_image.imread.imread).

    Parameters
    ----------
    fname : path
        A file, or a pattern such as ``"slices/*.tif"``.
    nframes : int
        Samples of a chunk along the first axis; -1 for all.
    arraytype : {"numpy"}
        What blocks are.

    Returns
    -------
    Image
        Lazy, with an axis of files or pages in front of those of the planes.

    Raises
    ------
    ValueError
        For other kinds of blocks, and numbers of frames.
    """
    if arraytype != "numpy":
        raise ValueError(f"arraytype: got {arraytype!r}, expected 'numpy'")
    if nframes != -1 and nframes < 1:
        raise ValueError("`nframes` must be greater than zero.")
    image: Any = _imread(os.fspath(fname))
    if image.ndim == 2:
        image = np.expand_dims(image, 0)
    return image.rechunk([image.shape[0] if nframes == -1 else min(nframes, image.shape[0]), *image.shape[1:]])
