"""Which samples belong to which group: what `labels` and `index` of scipy.ndimage's measurements mean."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import config
from .._open import from_array
from ..image import Image

#: One sample of the smallest numpy has for what the engine does not take.
_WIDER = {"float16": "float32", "longdouble": "float64", "float128": "float64"}


class Groups:
    """The samples of `input`, in one group or one for each value of `index`.

    Everything is measured in one pass over image and labels, however many labels there are, and comes back as numpy values.
    """

    def __init__(self, input: Any, labels: Any = None, index: Any = None) -> None:
        image = input if isinstance(input, Image) else np.asarray(input)
        if not isinstance(image, Image) and image.dtype.kind == "c":
            raise TypeError("Complex type not supported")
        #: A single group gives numbers, several give arrays.
        self.is_single = labels is None or index is None or np.isscalar(index)
        self.dtype = np.dtype(image.dtype)
        if labels is not None and not isinstance(labels, Image):
            labels = np.asarray(labels)
        self.input_shape = image.shape
        shape = image.shape if labels is None else np.broadcast_shapes(image.shape, labels.shape)
        self.shape = shape
        self.is_empty = 0 in shape
        if not self.is_empty:
            self._image = _plain(_broadcast(image, shape))
            ids, self._ids = _ids(labels, index, shape)
            self._labels = _plain(_broadcast(ids, shape))
        self.index_shape = () if self.is_single else np.shape(index)

    def measure(self, *names: str, edges: Any = ()) -> dict[str, np.ndarray]:
        """Columns of numbers, an element for each group; `found` tells which groups have samples."""
        n = 1 if self.is_single else int(np.prod(self.index_shape, dtype=int))
        if self.is_empty or n == 0:
            return {"found": np.zeros(n, bool)}
        table = self._labels._lazy.measure(["label", *names], config.settings(), [self._image._lazy], edges=[float(e) for e in edges])
        labels = np.asarray(table.pop("label"))
        rows = np.searchsorted(labels, self._ids)
        rows[rows == len(labels)] = 0
        found = labels[rows] == self._ids if len(labels) else np.zeros(n, bool)
        columns = {"found": found}
        for name, values in table.items():
            values = np.asarray(values)
            if name in ("sample_min", "sample_max") and self.dtype.kind in "bui":
                values = values.view(np.uint64) if self.dtype == np.uint64 else values
                values = values.astype(self.dtype)
            picked = values[rows] if len(labels) else np.zeros(n, values.dtype)
            picked[~found] = 0
            columns[name] = picked
        return columns

    def ids(self) -> list[int]:
        """What the groups are called here, in their order."""
        return [] if self.is_empty else self._ids.tolist()

    def boxes(self) -> dict[int, tuple[slice, ...]]:
        """The boxes around groups that have samples."""
        if self.is_empty:
            return {}
        table = self._labels._lazy.measure(["label", "bbox"], config.settings())
        ndim = self._labels.ndim
        corners = np.transpose([np.asarray(table[f"bbox-{k}"]) for k in range(2 * ndim)]).tolist()
        numbers = np.asarray(table["label"]).tolist()
        return {k: tuple(slice(c[a], c[a + ndim]) for a in range(ndim)) for k, c in zip(numbers, corners, strict=True)}

    def crop(self, box: tuple[slice, ...], k: int) -> tuple[np.ndarray, np.ndarray]:
        """Which samples of a box belong to a group, and all its samples."""
        if self.is_empty or any(side.start == side.stop for side in box):
            return np.zeros((0,) * len(box), bool), np.zeros((0,) * len(box), self.dtype)
        return self._labels[box].compute() == k, self._image[box].compute()

    def values(self, values: np.ndarray) -> Any:
        """What scipy gives back: a number, or an array of the index's shape."""
        return values[0] if self.is_single else values.reshape(self.index_shape)

    def places(self, ranks: np.ndarray) -> Any:
        """Raster numbers as tuples of coordinates."""
        points = [tuple(point) for point in np.transpose(np.unravel_index(ranks, self.shape or (1,)))] if len(ranks) else []
        if not self.shape:
            points = [()] * len(points)
        return points[0] if self.is_single else points

    def no_samples(self) -> np.ndarray:
        """An array without samples, for what numpy says of it."""
        return np.zeros(0, self.dtype)


def _plain(image: Any) -> Image:
    if not isinstance(image, Image):
        image = np.asarray(image)
        image = image.astype(_WIDER.get(image.dtype.name, image.dtype), copy=False)
    lazy = from_array(image)
    return lazy if lazy.ndim else lazy.apply("expand_dims", axis=0)


def _broadcast(image: Any, shape: tuple[int, ...]) -> Any:
    if image.shape == shape:
        return image
    if isinstance(image, Image):
        return image.apply("broadcast_to", shape=list(shape))
    return np.ascontiguousarray(np.broadcast_to(image, shape))


def _ids(labels: Any, index: Any, shape: tuple[int, ...]) -> tuple[Any, np.ndarray]:
    """Labels above 0 for the samples that are asked for, and those of the groups in their order."""
    one = np.ones(1, np.int64)
    if labels is None:
        return np.ones(shape, bool), one
    if index is None:
        return labels > 0, one
    if np.isscalar(index):
        return labels == index, one
    wanted = np.asarray(index).ravel()
    kind = np.dtype(labels.dtype).kind
    if kind not in "bui":
        if isinstance(labels, Image):
            known = np.unique(wanted)

            def numbers(block: np.ndarray) -> np.ndarray:
                places = np.searchsorted(known, block)
                places[places == len(known)] = 0
                return np.where(known[places] == block, places + 1, 0)

            numbered: Any = labels.rechunk("auto").map_blocks(numbers, dtype=np.int64)
            return numbered, np.searchsorted(known, wanted) + 1
        known, places = np.unique(labels, return_inverse=True)
        ids = places.reshape(labels.shape).astype(np.int64) + 1
        found = np.searchsorted(known, wanted)
        found[found == len(known)] = 0
        return ids, np.where(known[found] == wanted, found + 1, -1)
    is_whole = wanted.astype(np.int64) == wanted
    wanted = wanted.astype(np.int64)
    lowest = int(wanted[is_whole].min()) if is_whole.any() else 0
    if kind == "i" or lowest < 1:
        if not isinstance(labels, Image) and lowest >= 1 and labels.min() >= 0:
            return labels, np.where(is_whole, wanted, -1)
        # Labels of 0 and less can be asked for too: every value of the index gets a number of its own.
        known = np.unique(wanted[is_whole])
        image = from_array(labels) if labels.ndim else from_array(labels.reshape(1))
        numbered = image.apply("map_array", input_vals=known.tolist(), output_vals=list(range(1, len(known) + 1)), dtype="uint32")
        return numbered, np.where(is_whole, np.searchsorted(known, wanted) + 1, -1)
    return labels, np.where(is_whole, wanted, -1)
