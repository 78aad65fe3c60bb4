"""Connected components."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._either import Either
from .._persist import compute
from ..image import Image
from ._structures import generate_binary_structure

__all__ = ["label"]


def label(input: Any, structure: Any = None, output: Any = None) -> Any:
    """Number the connected components of what is not 0, in the raster order of their first samples (scipy.ndimage.label).

    Parameters
    ----------
    input : array or Image
        Every sample other than 0 is foreground.
    structure : array, optional
        What counts as a neighbour: 3 samples along every axis, the same from both sides; faces only by default.
    output : array or dtype, optional
        Where the labels go (then only their number is returned, as in scipy), or their dtype.

    Returns
    -------
    labels : numpy.ndarray or Image
        int32 by default.
    num_features : int, or Image without axes
        How many there are.

    Raises
    ------
    RuntimeError
        For a structure of another number of axes, or more components than the dtype holds.
    ValueError
        For a structure that is not 3 samples along every axis.

    Examples
    --------
    >>> import numpy as np
    >>> labels, n = label(np.array([[1, 0, 1], [1, 0, 1]]))
    >>> labels.tolist(), n
    ([[1, 0, 2], [1, 0, 2]], 2)
    """
    if not isinstance(input, Image):
        input = np.asarray(input)
        if input.dtype.kind == "c":
            raise TypeError("Complex type not supported")
    ndim = input.ndim
    marks = generate_binary_structure(ndim, 1) if structure is None else np.asarray(structure, dtype=bool)
    if marks.ndim != ndim:
        raise RuntimeError("structure and input must have equal rank")
    if any(n != 3 for n in marks.shape):
        raise ValueError("structure dimensions must be equal to 3")
    if not np.array_equal(marks, marks[(slice(None, None, -1),) * ndim]):
        raise ValueError("Input structure is not symmetric")
    dtype = np.dtype(np.int32)
    if output is not None:
        dtype = output.dtype if isinstance(output, np.ndarray) else np.dtype(output)
    if isinstance(output, np.ndarray) and output.shape != input.shape:
        raise ValueError("output shape not correct")
    if not isinstance(input, Image) and (ndim == 0 or input.size == 0):
        labels = np.asarray(input != 0).astype(dtype)
        n = int(labels.max(initial=0))
        if isinstance(output, np.ndarray):
            output[...] = labels
            return n
        return labels, n
    either = Either(input)
    near = marks.ravel().astype(int).tolist()
    image = either.image.apply("label", structure=near, dtype="int32")
    count = either.image.apply("count_components", structure=near)
    if either.is_image:
        return either.result(image, output), count
    result, found = compute(image, count)
    n = int(found)
    if output is None:
        return result, n
    if np.asarray(n).astype(dtype) != n:
        raise RuntimeError("insufficient bit-depth in requested output type")
    if isinstance(output, np.ndarray):
        output[...] = result
        return n
    return result.astype(dtype, copy=False), n
