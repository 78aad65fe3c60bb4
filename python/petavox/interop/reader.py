"""What the core calls to read an array of another library."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from typing import Any

import numpy as np

from .._core import LazyImage

#: The usual axes, as in the core.
_LETTERS = "uvwtczyx"


class Reader:
    """An array that is read by slicing."""

    #: A numpy array that the core may read in place instead.
    direct: np.ndarray | None = None

    def __init__(
        self,
        array: Any,
        shape: Sequence[int],
        dtype: np.dtype,
        chunks: Sequence[int] | None,
        *,
        axes: str | None = None,
        spacing: Sequence[float] | None = None,
        origin: Sequence[float] | None = None,
        unit: str | None = None,
    ) -> None:
        if dtype.kind not in "biuf" or dtype.itemsize > 8:
            raise TypeError(
                f"an array of dtype {dtype}; images are bool, int8 to int64, uint8 to uint64, float32 or float64, and float16 is converted"
            )
        self.array = array
        self.dtype = np.dtype("float32") if dtype == np.float16 else dtype.newbyteorder("=")
        self.shape = tuple(int(n) for n in shape)
        self.chunks = None if chunks is None else tuple(max(1, int(c)) for c in chunks)
        n = len(self.shape)
        self.axes = (_LETTERS[len(_LETTERS) - n :] if n > 3 else "zyx"[3 - n :]) if axes is None else axes
        self.spacing = [1.0] * n if spacing is None else [float(s) for s in spacing]
        self.origin = [0.0] * n if origin is None else [float(o) for o in origin]
        self.unit = unit

    def told(self) -> str:
        """What the core needs to know, as JSON."""
        spec = {
            "shape": self.shape,
            "dtype": self.dtype.name,
            "axes": self.axes,
            "spacing": {"values": self.spacing, "unit": self.unit},
            "origin": self.origin,
        }
        return json.dumps({"spec": spec, "chunk": self.chunks})

    def read(self, start: Sequence[int], stop: Sequence[int]) -> np.ndarray:
        """The samples of a region, in the dtype of the image."""
        at = tuple(slice(int(a), int(b)) for a, b in zip(start, stop, strict=True))
        return np.asarray(self.sliced(at)).astype(self.dtype, copy=False)

    def sliced(self, at: tuple[slice, ...]) -> Any:
        """The samples of a region, as the library gives them."""
        return self.array[at]

    def lazy(self) -> LazyImage:
        """The core's image over the array."""
        return LazyImage.from_numpy(self, f"python:{uuid.uuid4().hex}")


class InMemory(Reader):
    """A numpy array with a place in space; read in place."""

    def __init__(self, array: np.ndarray, **placed: Any) -> None:
        super().__init__(array, array.shape, array.dtype, None, **placed)
        self.direct = array if array.dtype == self.dtype else None
