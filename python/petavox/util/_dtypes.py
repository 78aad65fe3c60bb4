"""Samples of another dtype, over its range, as scikit-image converts them."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._either import Either
from .._floats import as_float, as_uint16, float_dtype

__all__ = ["img_as_bool", "img_as_float", "img_as_float32", "img_as_float64", "img_as_ubyte", "img_as_uint", "invert"]


def img_as_float(image: Any) -> Any:
    """Floats: integers become fractions of their dtype's range (skimage.util.img_as_float).

    Parameters
    ----------
    image : array or Image
        Floats stay what they are.

    Returns
    -------
    numpy.ndarray or Image
        float32 for float32, else float64.

    Examples
    --------
    >>> import numpy as np
    >>> img_as_float(np.array([0, 255], np.uint8)).tolist()
    [0.0, 1.0]
    """
    either = Either(image)
    return either.result(as_float(either.image).astype(float_dtype(either.image)))


def img_as_float64(image: Any) -> Any:
    """float64: integers become fractions of their dtype's range (skimage.util.img_as_float64).

    Parameters
    ----------
    image : array or Image
        Floats keep their values.

    Returns
    -------
    numpy.ndarray or Image
    """
    either = Either(image)
    return either.result(as_float(either.image).astype(np.float64))


def img_as_float32(image: Any) -> Any:
    """float32: integers become fractions of their dtype's range (skimage.util.img_as_float32).

    Parameters
    ----------
    image : array or Image
        Floats keep their values.

    Returns
    -------
    numpy.ndarray or Image
    """
    either = Either(image)
    return either.result(as_float(either.image).astype(np.float32))


def img_as_uint(image: Any) -> Any:
    """16-bit integers over the range of the dtype; what is below 0 becomes 0 (skimage.util.img_as_uint).

    Parameters
    ----------
    image : array or Image
        Floats lie between -1 and 1.

    Returns
    -------
    numpy.ndarray or Image
        uint16.
    """
    either = Either(image)
    return either.result(as_uint16(either.image))


def img_as_ubyte(image: Any) -> Any:
    """8-bit integers over the range of the dtype; what is below 0 becomes 0 (skimage.util.img_as_ubyte).

    Parameters
    ----------
    image : array or Image
        Floats lie between -1 and 1; they are looked through at once.

    Returns
    -------
    numpy.ndarray or Image
        uint8.

    Raises
    ------
    ValueError
        For floats beyond -1 and 1.
    """
    either = Either(image)
    made: Any = either.image
    kind, bits = made.dtype.kind, 8 * made.dtype.itemsize
    if kind == "f":
        if made.size and float(abs(made).max().compute()) > 1:
            raise ValueError("Images of type float must be between -1 and 1.")
        return either.result(np.clip(np.rint(made * made.dtype.type(255)), 0, 255).astype(np.uint8))
    if kind == "b":
        return either.result(made.astype(np.uint8) * np.uint8(255))
    if kind == "i":
        made, bits = np.maximum(made, 0), bits - 1
    if bits < 8:
        # Seven bits: the highest is repeated as the lowest.
        made = made.astype(np.uint8)
        return either.result((made << np.uint8(1)) | (made >> np.uint8(6)))
    return either.result((made >> (bits - 8)).astype(np.uint8) if bits > 8 else made.astype(np.uint8))


def img_as_bool(image: Any) -> Any:
    """Whether samples lie in the upper half of their dtype's range (skimage.util.img_as_bool).

    Parameters
    ----------
    image : array or Image
        Floats lie between -1 and 1.

    Returns
    -------
    numpy.ndarray or Image
        bool.
    """
    either = Either(image)
    made: Any = either.image
    if made.dtype == bool:
        return either.result(made)
    return either.result(made > (0.5 if made.dtype.kind == "f" else made.dtype.type(np.iinfo(made.dtype).max // 2)))


def invert(image: Any, signed_float: bool = False) -> Any:
    """Bright for dark (skimage.util.invert).

    Parameters
    ----------
    image : array or Image
        Any samples.
    signed_float : bool
        Floats lie between -1 and 1, not 0 and 1.

    Returns
    -------
    numpy.ndarray or Image
        Of the input's dtype.

    Examples
    --------
    >>> import numpy as np
    >>> invert(np.array([0, 100], np.uint8)).tolist()
    [255, 155]
    """
    either = Either(image)
    made: Any = either.image
    kind = made.dtype.kind
    if kind in "biu":
        return either.result(~made)
    return either.result(-made if signed_float else made.dtype.type(1) - made)
