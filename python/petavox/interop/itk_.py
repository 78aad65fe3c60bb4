"""Images of ITK."""

from __future__ import annotations

from typing import Any

import numpy as np

from .reader import InMemory


def reader(image: Any) -> InMemory:
    """An ITK image; its samples are read in place, its axes are turned to numpy's order.

    Parameters
    ----------
    image : itk.Image
        A scalar image, or one of several channels, which come as the last axis ``c``.

    Returns
    -------
    InMemory
    """
    import itk

    samples = np.asarray(itk.array_view_from_image(image))
    spacing = list(image.GetSpacing())[::-1]
    origin = list(image.GetOrigin())[::-1]
    axes = "tzyx"[4 - len(spacing) :]
    more = samples.ndim - len(spacing)
    return _Itk(image, samples, axes=axes + "c" * more, spacing=spacing + [1.0] * more, origin=origin + [0.0] * more)


class _Itk(InMemory):
    def __init__(self, image: Any, samples: np.ndarray, **placed: Any) -> None:
        super().__init__(samples, **placed)
        # The samples are the image's memory.
        self.image = image

    def __reduce__(self) -> tuple[Any, ...]:
        placed = {"axes": self.axes, "spacing": self.spacing, "origin": self.origin}
        return _copied, (np.array(self.array), placed)


def _copied(samples: np.ndarray, placed: dict[str, Any]) -> InMemory:
    return InMemory(samples, **placed)
