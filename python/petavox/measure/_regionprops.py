"""Tables of regions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from .. import config
from .._open import from_array
from ..image import Image
from ._crops import OBJECTS, Crops

__all__ = ["regionprops_table"]

#: Properties that are only defined for 2-D regions.
_FLAT = {"eccentricity", "moments_hu", "moments_weighted_hu", "orientation", "perimeter", "perimeter_crofton"}


class Measured:
    """A label image, and images of its shape, to measure."""

    def __init__(self, label_image: Any, intensity_image: Any, spacing: Any) -> None:
        self.labels = label_image if isinstance(label_image, Image) else np.asarray(label_image)
        if np.dtype(self.labels.dtype).kind not in "bui":
            raise TypeError("Non-integer image types are ambiguous: use label to number the regions of a mask first")
        self.ndim = self.labels.ndim
        self.intensity = intensity_image
        if intensity_image is not None and not isinstance(intensity_image, Image):
            self.intensity = np.asarray(intensity_image)
        self.is_multichannel = False
        if self.intensity is not None:
            shape = self.intensity.shape
            if shape[: self.ndim] != self.labels.shape or len(shape) not in (self.ndim, self.ndim + 1):
                raise ValueError("Label and intensity image shapes must match, except for channel (last) axis.")
            self.is_multichannel = len(shape) > self.ndim
        values = np.asarray(1.0 if spacing is None else spacing, dtype=float)
        if values.shape not in ((), (self.ndim,)):
            raise ValueError(f"spacing isn't a scalar nor a sequence of shape {(self.ndim,)}, got {values}.")
        if not np.isfinite(values).all():
            raise ValueError(f"Invalid spacing parameter. All elements must be finite, got {values}.")
        self.spacing = np.broadcast_to(values, (self.ndim,))

    def channels(self) -> list[Image]:
        """The images, one for each channel."""
        if self.intensity is None:
            return []
        if not self.is_multichannel:
            return [from_array(self.intensity)]
        if not isinstance(self.intensity, Image):
            return [from_array(np.ascontiguousarray(self.intensity[..., k])) for k in range(self.intensity.shape[-1])]
        return [self.intensity[..., k] for k in range(self.intensity.shape[-1])]

    def table(self, properties: Sequence[str]) -> dict[str, np.ndarray]:
        """Columns of numbers."""
        for name in properties:
            if name in _FLAT and self.ndim > 2:
                raise NotImplementedError(f"Property {name} is not implemented for 3D images")
            if name.endswith("_hu") and (self.spacing != 1).any():
                raise NotImplementedError("`moments_hu` supports spacing = (1, 1) only")
            if name.startswith("perimeter") and len(set(self.spacing.tolist())) > 1:
                raise NotImplementedError("`perimeter` supports isotropic spacings only")
        with_image = [name for name in properties if _needs_image(name)]
        if with_image and self.intensity is None:
            raise AttributeError(f"Attribute '{with_image[0]}' unavailable when `intensity_image` has not been specified.")
        images = self.channels() if with_image else []
        table = from_array(self.labels)._lazy.measure(
            list(properties),
            config.settings(),
            [image._lazy for image in images],
            spacing=self.spacing.tolist(),
            numbered=self.is_multichannel,
        )
        return {name: np.asarray(values) for name, values in table.items()}


def _needs_image(name: str) -> bool:
    return name.startswith(("intensity_", "sample_")) or "weighted" in name


def regionprops_table(
    label_image: Any,
    intensity_image: Any = None,
    properties: Sequence[str] = ("label", "bbox"),
    *,
    cache: bool = True,
    separator: str = "-",
    extra_properties: Iterable[Callable[..., Any]] | None = None,
    spacing: float | Sequence[float] | None = None,
) -> dict[str, np.ndarray]:
    """Measure the regions of a label image in one pass (skimage.measure.regionprops_table).

    Parameters
    ----------
    label_image : array or Image
        Integers; 0 is background.
    intensity_image : array or Image, optional
        Grey values of the same shape, or with channels along a last axis more.
    properties : sequence of str
        Columns; an unknown one is answered with the list of those there are. Besides scikit-image's there are ``intensity_sum`` and
        ``intensity_variance``.
    cache : bool
        Ignored: everything is measured once.
    separator : str
        Between a property and its component, as in ``bbox-0``.
    extra_properties : iterable of callable, optional
        Python functions of a region's mask, or of its mask and its grey values; each is a column of the function's name.
    spacing : float or sequence of float, optional
        Physical size of a sample; 1 by default.

    Returns
    -------
    dict of numpy.ndarray
        One array per column, one row per region, by rising label. ``pandas.DataFrame`` makes a table of it.

    Raises
    ------
    ValueError
        For unknown properties and images of another shape.
    TypeError
        For labels that are not integers.
    AttributeError
        For properties of an image without an image.
    NotImplementedError
        For properties that are not defined for 3-D regions, as in scikit-image.

    Notes
    -----
    The cost does not depend on the number of labels. Counts are exact and sums are compensated, so that the table is the same however
    the image is cut. Properties whose values are arrays (``image``, ``coords`` ...), ``area_filled`` and `extra_properties` take one
    box after the other out of the label image.

    Examples
    --------
    >>> import numpy as np
    >>> table = regionprops_table(np.array([[1, 1, 0], [0, 0, 2]]), properties=("label", "area"))
    >>> {name: values.tolist() for name, values in table.items()}
    {'label': [1, 2], 'area': [2.0, 1.0]}
    """
    measured = Measured(label_image, intensity_image, spacing)
    extra = {function.__name__: function for function in extra_properties or ()}
    names = [*properties, *(name for name in extra if name not in properties)]
    by_crop = [name for name in names if name in OBJECTS or name in extra]
    numbers = [name for name in names if name not in by_crop]
    columns = measured.table(list(dict.fromkeys(["label", "bbox", *numbers] if by_crop else numbers)))
    groups: dict[str, list[str]] = {}
    for column in columns:
        groups.setdefault(column.partition("-")[0], []).append(column)
    crops = Crops(measured, columns) if by_crop else None
    result: dict[str, np.ndarray] = {}
    for name in names:
        if crops is not None and name in by_crop:
            values = crops.column(name, extra.get(name))
            result.update({key.replace("-", separator): value for key, value in values.items()})
        else:
            result.update({column.replace("-", separator): columns[column] for column in groups[name]})
    return result
