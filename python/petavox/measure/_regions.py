"""Regions as objects."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from ._crops import OBJECTS, Crops
from ._regionprops import Measured

__all__ = ["RegionProperties", "regionprops"]

_NAMES = sorted(
    OBJECTS
    | set(
        "area area_bbox area_convex axis_major_length axis_minor_length bbox centroid centroid_local centroid_weighted "
        "centroid_weighted_local eccentricity equivalent_diameter_area euler_number extent feret_diameter_max inertia_tensor "
        "inertia_tensor_eigvals intensity_max intensity_mean intensity_median intensity_min intensity_std label moments "
        "moments_central moments_hu moments_normalized moments_weighted moments_weighted_central moments_weighted_hu "
        "moments_weighted_normalized num_pixels orientation perimeter perimeter_crofton solidity".split()
    )
)


class _All:
    """What is known of all regions; a property is measured for all when it is first asked of one."""

    def __init__(self, measured: Measured, extra: dict[str, Callable[..., Any]], offset: np.ndarray | None) -> None:
        self.measured = measured
        self.offset = offset
        self.extra = extra
        table = measured.table(["label", "bbox"])
        self.labels = table["label"].tolist()
        self.crops = Crops(measured, table)
        self.columns: dict[str, np.ndarray] = {}

    def value(self, name: str, k: int) -> Any:
        value = self._value(name, k)
        if self.offset is None or name not in ("centroid", "coords", "coords_scaled"):
            return value
        return tuple((np.array(value) + self.offset).tolist()) if name == "centroid" else value + self.offset

    def _value(self, name: str, k: int) -> Any:
        if name in self.extra:
            return self.crops.extra(k, self.extra[name])
        if name in OBJECTS:
            return self.crops.value(k, name)
        if name not in self.columns:
            table = self.measured.table(["label", name] if name != "label" else ["label"])
            columns = {key: values for key, values in table.items() if key.partition("-")[0] == name}
            last = list(columns)[-1].split("-")[1:]
            shape = tuple(int(n) + 1 for n in last)
            self.columns[name] = np.stack(list(columns.values()), axis=1).reshape(-1, *shape)
        value = self.columns[name][k]
        if name in ("bbox", "centroid", "centroid_weighted"):
            return tuple(value.tolist())
        return value


class RegionProperties:
    """One region; its properties have scikit-image's names, as attributes and as items."""

    def __init__(self, everything: _All, k: int) -> None:
        self._all = everything
        self._k = k

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or (name not in _NAMES and name not in self._all.extra):
            raise AttributeError(f"a region has no property {name!r}")
        return self._all.value(name, self._k)

    def __getitem__(self, name: str) -> Any:
        return getattr(self, name)

    def __iter__(self) -> Iterator[str]:
        has_image = self._all.measured.intensity is not None
        return iter([name for name in _NAMES if has_image or not ("intensity" in name or "weighted" in name)])

    def __dir__(self) -> list[str]:
        return [*_NAMES, *self._all.extra]

    def __repr__(self) -> str:
        return f"<RegionProperties: label={self.label!r}, bbox={self.bbox}>"


def regionprops(
    label_image: Any,
    intensity_image: Any = None,
    cache: bool = True,
    *,
    extra_properties: Iterable[Callable[..., Any]] | None = None,
    spacing: float | Sequence[float] | None = None,
    offset: Sequence[int] | None = None,
) -> list[RegionProperties]:
    """The regions of a label image as a list of objects (skimage.measure.regionprops); `regionprops_table` is quicker for many.

    Parameters
    ----------
    label_image : array or Image
        Integers; 0 is background.
    intensity_image : array or Image, optional
        Grey values of the same shape, or with channels along a last axis more.
    cache : bool
        Ignored: what is asked of one region is measured for all and kept.
    extra_properties : iterable of callable, optional
        Python functions of a region's mask, or of its mask and its grey values.
    spacing : float or sequence of float, optional
        Physical size of a sample; 1 by default.
    offset : sequence of int, optional
        Added to ``coords``, ``coords_scaled`` and ``centroid``, as scikit-image does; not to ``bbox`` and ``slice``, which are of the image.

    Returns
    -------
    list of RegionProperties
        By rising label.

    Raises
    ------
    ValueError
        For an offset that has not a number per axis.

    Examples
    --------
    >>> import numpy as np
    >>> [(region.label, region.area) for region in regionprops(np.array([[1, 1, 0], [0, 0, 2]]))]
    [(np.int64(1), np.float64(2.0)), (np.int64(2), np.float64(1.0))]
    """
    ndim = label_image.ndim if hasattr(label_image, "ndim") else np.ndim(label_image)
    if offset is not None and np.shape(offset) != (ndim,):
        raise ValueError(f"offset: got {offset!r}, expected {ndim} numbers, one per axis")
    moved = None if offset is None or not np.any(offset) else np.asarray(offset)
    everything = _All(Measured(label_image, intensity_image, spacing), {f.__name__: f for f in extra_properties or ()}, moved)
    return [RegionProperties(everything, k) for k in range(len(everything.labels))]
