"""One function for arrays and for images: arrays give arrays at once, images give images."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._open import from_array
from .image import Image


class Either:
    """The input of a function as an image, and how its result goes back."""

    def __init__(self, value: Any) -> None:
        self.is_image = isinstance(value, Image)
        self.image: Image = from_array(value)

    def result(self, image: Image, output: Any = None) -> Any:
        """The image, or its samples: in `output`, if that is an array, or as the dtype that it names."""
        if self.is_image:
            if isinstance(output, np.ndarray):
                raise TypeError("output: a lazy image cannot be computed into an array; use compute()")
            return image if output is None else image.astype(output)
        if isinstance(output, np.ndarray):
            if output.shape != image.shape:
                raise RuntimeError(f"output shape not correct: got {output.shape}, expected {image.shape}")
            output[...] = image.compute()
            return output
        result = image.compute()
        return result if output is None else result.astype(output, copy=False)


def dtype_of(output: Any) -> np.dtype | None:
    """The dtype that scipy's argument `output` asks for."""
    if output is None:
        return None
    return output.dtype if isinstance(output, np.ndarray) else np.dtype(output)
