"""Watersheds by the image foresting transform."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._either import Either
from .._open import from_array
from ..image import Image
from ._structures import generate_binary_structure

__all__ = ["watershed_ift"]


def watershed_ift(input: Any, markers: Any, structure: Any = None, output: Any = None) -> Any:
    """Flood an image from markers by the image foresting transform (scipy.ndimage.watershed_ift).

    Parameters
    ----------
    input : array or Image
        uint8 or uint16.
    markers : array or Image
        Labels, 0 for none; negative ones are background and come last.
    structure : array, optional
        Neighbours, three samples per axis; faces by default.
    output : array, optional
        Where the result goes.

    Returns
    -------
    numpy.ndarray or Image
        Of the markers' dtype.

    Raises
    ------
    TypeError
        For other dtypes of the input.
    RuntimeError
        For markers or structures that do not fit.

    Notes
    -----
    One sample is done after another, in the order of scipy's queues; beyond the memory that is slow. As in scipy, the end of a row is
    beside the beginning of the next. `petavox.segmentation.watershed` has neither trait.

    Examples
    --------
    >>> import numpy as np
    >>> watershed_ift(np.array([0, 1, 9, 1, 0], np.uint8), np.array([1, 0, 0, 0, 2], np.int8)).tolist()
    [1, 1, 1, 2, 2]
    """
    either, names = Either(input), from_array(markers)
    either.is_image |= isinstance(markers, Image)
    ndim = either.image.ndim
    if either.image.dtype not in (np.uint8, np.uint16):
        raise TypeError("only 8 and 16 unsigned inputs are supported")
    structure = np.asarray(generate_binary_structure(ndim, 1) if structure is None else structure, dtype=bool)
    if structure.ndim != ndim:
        raise RuntimeError("structure and input must have equal rank")
    if any(n != 3 for n in structure.shape):
        raise RuntimeError("structure dimensions must be equal to 3")
    if names.shape != either.image.shape:
        raise RuntimeError("input and markers must have equal shape")
    if names.dtype.kind != "i":
        raise RuntimeError("marker should be of integer type")
    if isinstance(output, np.ndarray) and output.dtype.kind != "i":
        raise RuntimeError("output should be of integer type")
    if not structure.any():
        return either.result(names, output if isinstance(output, np.ndarray) else None)
    flat = structure.astype(int).ravel().tolist()
    found = either.image.apply("watershed_ift", names, structure_shape=list(structure.shape), structure=flat)
    return either.result(found, output if isinstance(output, np.ndarray) else None)
