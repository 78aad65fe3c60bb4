"""What is taken out of a label image region by region: masks, lists of places, what Python functions make of them."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from ..image import Image

if TYPE_CHECKING:
    from ._regionprops import Measured

#: Properties that are made of the boxes around regions.
OBJECTS = {
    "area_filled",
    "coords",
    "coords_scaled",
    "image",
    "image_convex",
    "image_filled",
    "image_intensity",
    "slice",
}


class Crops:
    """The boxes around regions."""

    def __init__(self, measured: Measured, table: dict[str, np.ndarray]) -> None:
        self.measured = measured
        self.labels = table["label"].tolist()
        ndim = measured.ndim
        boxes = np.transpose([table[f"bbox-{k}"] for k in range(2 * ndim)]).tolist()
        self.slices = [tuple(slice(box[a], box[a + ndim]) for a in range(ndim)) for box in boxes]

    def mask(self, k: int) -> np.ndarray:
        """Where the region is in its box."""
        return _array(self.measured.labels[self.slices[k]]) == self.labels[k]

    def intensity(self, k: int, mask: np.ndarray) -> np.ndarray:
        """Grey values in the box, 0 outside the region."""
        if self.measured.intensity is None:
            raise AttributeError("No intensity image specified.")
        return _array(self.measured.intensity[self.slices[k]]) * (mask[..., None] if self.measured.is_multichannel else mask)

    def value(self, k: int, name: str) -> Any:
        """A property of one region."""
        if name == "slice":
            return self.slices[k]
        mask = self.mask(k)
        if name == "image":
            return mask
        if name == "image_intensity":
            return self.intensity(k, mask)
        if name in ("coords", "coords_scaled"):
            places = np.argwhere(mask) + [one.start for one in self.slices[k]]
            return places * self.measured.spacing if name == "coords_scaled" else places
        if name == "image_convex":
            from ..morphology._convex import convex_mask

            return convex_mask(mask)
        filled = filled_image(mask)
        return filled if name == "image_filled" else float(filled.sum() * self.measured.spacing.prod())

    def column(self, name: str, function: Callable[..., Any] | None) -> dict[str, np.ndarray]:
        """A property of all regions, by column."""
        if function is None:
            values = [self.value(k, name) for k in range(len(self.labels))]
            if name == "area_filled":
                return {name: np.array(values, float)}
            return {name: _objects(values)}
        values = [self.extra(k, function) for k in range(len(self.labels))]
        shapes = {np.shape(value) for value in values}
        if len(shapes) > 1:
            return {name: _objects(values)}
        array = np.array(values)
        if array.ndim <= 1:
            return {name: array}
        return {"-".join(map(str, (name, *at))): array[(slice(None), *at)] for at in np.ndindex(array.shape[1:])}

    def extra(self, k: int, function: Callable[..., Any]) -> Any:
        """What a Python function makes of a region."""
        n = len(inspect.getfullargspec(function).args)
        if n not in (1, 2):
            raise AttributeError(f"Custom regionprop function's number of arguments must be 1 or 2, but {function.__name__} takes {n} arguments.")
        mask = self.mask(k)
        if n == 1:
            return function(mask)
        grey = self.intensity(k, mask)
        if not self.measured.is_multichannel:
            return function(mask, grey)
        return np.stack([function(mask, grey[..., c]) for c in range(grey.shape[-1])], axis=-1)


def _array(image: Any) -> np.ndarray:
    return image.compute() if isinstance(image, Image) else image


def _objects(values: list[Any]) -> np.ndarray:
    column = np.empty(len(values), object)
    for k, value in enumerate(values):
        column[k] = value
    return column


def filled_image(mask: np.ndarray) -> np.ndarray:
    """A mask without its holes: background that corners too do not connect with the outside."""
    from ..ndimage import label

    outside = np.pad(~mask, 1, constant_values=True)
    # The first sample is outside, so that what is connected with it has the number 1.
    numbers, _ = label(outside, np.ones((3,) * mask.ndim, bool))
    return (numbers != 1)[(slice(1, -1),) * mask.ndim]
