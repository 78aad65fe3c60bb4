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
