"""scikit-image's rules of floats: integers are fractions of their dtype's range."""

from __future__ import annotations

import numpy as np

from .image import Image


def float_dtype(image: Image) -> np.dtype:
    """The dtype that scikit-image computes in."""
    return image.dtype if image.dtype == np.float32 else np.dtype(np.float64)


def as_float(image: Image) -> Image:
    """An image of floats: integers divided by the largest of their dtype, signed ones not below -1 (skimage.util.img_as_float)."""
    kind = image.dtype.kind
    if kind == "f":
        return image
    if kind == "b":
        return image.astype(np.float64)
    scaled = image * np.float64(1.0 / np.iinfo(image.dtype).max)
    return scaled if kind == "u" else np.maximum(scaled, -1.0)


def as_uint16(image: Image) -> Image:
    """An image of 16-bit integers over the range of the dtype; below 0 becomes 0 (skimage.util.img_as_uint).

    Raises
    ------
    ValueError
        For floats beyond -1 and 1; they are looked for at once.
    """
    kind, bits = image.dtype.kind, 8 * image.dtype.itemsize
    if kind == "f":
        if image.size and float(abs(image).max().compute()) > 1:
            raise ValueError("Images of type float must be between -1 and 1.")
        return np.clip(np.rint(image * image.dtype.type(65535)), 0, 65535).astype(np.uint16)
    if kind == "b":
        return image.astype(np.uint16) * 65535
    if kind == "i":
        image, bits = np.maximum(image, 0), bits - 1
    if bits > 16:
        return (image >> (bits - 16)).astype(np.uint16)
    # Bits are repeated until there are 16 or more, and those beyond cut off.
    times = -(-16 // bits)
    repeated = image.astype(np.uint64) * ((2 ** (bits * times) - 1) // (2**bits - 1))
    return (repeated >> (bits * times - 16)).astype(np.uint16)
