"""New values for old ones."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._either import Either
from ..image import Image

__all__ = ["map_array"]


def map_array(input_arr: Any, input_vals: Any, output_vals: Any, out: Any = None) -> Any:
    """Give every sample that is ``input_vals[i]`` the value ``output_vals[i]``, others 0 (skimage.util.map_array).

    Parameters
    ----------
    input_arr : array or Image
        Integers.
    input_vals : sequence of int
        Values that occur.
    output_vals : sequence of number
        Their new values.
    out : array, optional
        Where the result goes.

    Returns
    -------
    numpy.ndarray or Image
        Of the dtype of `output_vals`.

    Raises
    ------
    TypeError
        For floats.
    ValueError
        If `out` has another shape.

    Examples
    --------
    >>> import numpy as np
    >>> map_array(np.array([1, 3, 1, 2]), np.array([1, 2]), np.array([0.5, 7.0])).tolist()
    [0.5, 0.0, 0.5, 7.0]
    """
    if not isinstance(input_arr, Image):
        input_arr = np.asarray(input_arr)
    if np.dtype(input_arr.dtype).kind not in "iu":
        raise TypeError("The dtype of an array to be remapped should be integer.")
    if out is not None and out.shape != input_arr.shape:
        raise ValueError(f"If out array is provided, it should have the same shape as the input array: got {out.shape} for {input_arr.shape}.")
    old, new = np.asarray(input_vals), np.asarray(output_vals)
    dtype = new.dtype if out is None else out.dtype
    either = Either(input_arr)
    mapped = either.image.apply(
        "map_array",
        input_vals=[int(v) for v in old],
        output_vals=[float(v) for v in new],
        dtype=dtype.name,
    )
    return either.result(mapped, out)
