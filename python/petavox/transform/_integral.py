"""Sums of everything up to each sample, and what can be read from them."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._either import Either
from .._open import from_array

__all__ = ["integral_image", "integrate"]


def integral_image(image: Any, *, dtype: Any = None) -> Any:
    """The sum of all samples before a sample along every axis, and of itself (skimage.transform.integral_image).

    Parameters
    ----------
    image : array or Image
        Any number of axes.
    dtype : dtype, optional
        Of the sums: int64, uint64, float32 or float64. By default 64 bits: integers for integers, which wrap, else float64.

    Returns
    -------
    numpy.ndarray or Image

    Raises
    ------
    ValueError
        For other dtypes.

    Examples
    --------
    >>> import numpy as np
    >>> integral_image(np.ones((2, 3), int)).tolist()
    [[1, 2, 3], [2, 4, 6]]
    """
    either = Either(image)
    params = {} if dtype is None else {"dtype": np.dtype(dtype).name}
    return either.result(either.image.apply("integral_image", **params))


def integrate(ii: Any, start: Any, end: Any) -> np.ndarray:
    """Sums over boxes, from an integral image (skimage.transform.integrate).

    Parameters
    ----------
    ii : array or Image
        What `integral_image` gave.
    start, end : sequence of int, or of such
        The first and the last sample of each box; negative ones count from the end.

    Returns
    -------
    numpy.ndarray
        float64, one for each box; an image's are computed at once, from the corners alone.

    Raises
    ------
    IndexError
        If a box ends before it begins.

    Examples
    --------
    >>> import numpy as np
    >>> integrate(integral_image(np.ones((5, 6))), [(3, 3)], [(4, 5)]).tolist()
    [6.0]
    """
    sums = from_array(ii)
    first, last = np.atleast_2d(np.array(start)), np.atleast_2d(np.array(end))
    extents = np.array(sums.shape)
    first, last = (np.where(corner < 0, corner + extents, corner) for corner in (first, last))
    if np.any(last < first):
        raise IndexError("end coordinates must be greater or equal to start")
    found = np.zeros(len(first))
    for row, (low, high) in enumerate(zip(first, last, strict=True)):
        for bits in range(1 << sums.ndim):
            taken = np.array([bits >> a & 1 for a in reversed(range(sums.ndim))], bool)
            corner = np.where(taken, low - 1, high)
            if (corner >= 0).all():
                value = float(np.asarray(ii[tuple(corner)]) if isinstance(ii, np.ndarray) else sums[tuple(corner.tolist())])
                found[row] += -value if taken.sum() % 2 else value
    return found
