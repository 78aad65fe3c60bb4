"""numpy's indexing: basic along every axis, fancy along one."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from .image import Image


def getitem(image: Image, key: Any) -> Image:
    """``image[key]``, lazily.

    Raises
    ------
    IndexError
        For what numpy refuses, and for index arrays along more than one axis.
    """
    keys = _expanded(image, key if isinstance(key, tuple) else (key,))
    items: list[dict[str, Any]] = []
    fancy: tuple[int, np.ndarray] | None = None
    #: Places of integers and of the index array among the keys: numpy treats them alike.
    advanced: list[int] = []
    axis = 0
    for place, one in enumerate(keys):
        if one is None:
            items.append({"new": True})
            continue
        extent = image.shape[axis]
        if isinstance(one, slice):
            items.append(_slice(one, extent))
        elif isinstance(one, np.ndarray):
            if fancy is not None:
                raise IndexError("index arrays along one axis only; index one axis after the other for the rest")
            # Where the array's axis stands once integers have taken theirs out.
            fancy = (sum("at" not in item for item in items), _positions(one, extent, axis))
            items.append({"start": 0, "step": 1, "count": extent})
            advanced.append(place)
        else:
            items.append({"at": _position(one, extent, axis)})
            advanced.append(place)
        axis += 1
    result = image.apply("index", items=items)
    if fancy is None:
        return result
    at, indices = fancy
    result = result.apply("take", indices=indices.tolist(), axis=at)
    # numpy puts the axis of an index array first when integers stand apart from it.
    apart = len(advanced) > 1 and advanced[-1] - advanced[0] >= len(advanced)
    if apart and at != 0:
        order = [at, *(a for a in range(result.ndim) if a != at)]
        result = result.apply("transpose", axes=order)
    return result


def _expanded(image: Image, keys: tuple[Any, ...]) -> list[Any]:
    """One key for every axis, and those that make new axes."""
    full: list[Any] = []
    for key in keys:
        if key is None or key is Ellipsis or isinstance(key, slice):
            full.append(key)
        elif isinstance(key, (list, np.ndarray)) or hasattr(key, "__array_interface__"):
            full.append(_array(key))
        elif hasattr(key, "_lazy"):
            raise IndexError(
                "an image cannot be indexed by a lazy image: the number of samples is not known before it is computed; "
                "use numpy.where, or index by key.compute()"
            )
        elif isinstance(key, (bool, np.bool_)):
            raise IndexError("a single bool is not an index; use numpy.newaxis for a new axis")
        else:
            try:
                full.append(operator.index(key))
            except TypeError:
                raise IndexError(
                    "only integers, slices (`:`), ellipsis (`...`), numpy.newaxis (`None`) and integer or boolean arrays "
                    f"along one axis are valid indices, not {type(key).__name__}"
                ) from None
    n_ellipses = sum(key is Ellipsis for key in full)
    if n_ellipses > 1:
        raise IndexError("an index can only have a single ellipsis ('...')")
    n_axes = sum(key is not None and key is not Ellipsis for key in full)
    if n_axes > image.ndim:
        raise IndexError(f"too many indices for image: image is {image.ndim}-dimensional, but {n_axes} were indexed")
    rest = [slice(None)] * (image.ndim - n_axes)
    if n_ellipses:
        at = next(i for i, key in enumerate(full) if key is Ellipsis)
        return full[:at] + rest + full[at + 1 :]
    return full + rest


def _array(key: Any) -> Any:
    array = np.asarray(key)
    if array.size == 0 and array.dtype.kind == "f":
        array = array.astype(np.intp)
    if array.dtype.kind not in "iub":
        raise IndexError("arrays used as indices must be of integer (or boolean) type")
    if array.ndim == 0 and array.dtype.kind != "b":
        return operator.index(array.item())
    if array.ndim != 1:
        raise IndexError(
            f"index arrays have one axis, this one has {array.ndim}; for a mask of the image's shape use numpy.where, or index "
            "the computed array"
        )
    return array


def _positions(array: np.ndarray, extent: int, axis: int) -> np.ndarray:
    if array.dtype.kind == "b":
        if len(array) != extent:
            raise IndexError(
                f"boolean index did not match indexed image along axis {axis}; size of axis is {extent} but size of "
                f"boolean axis is {len(array)}"
            )
        return np.flatnonzero(array)
    wrong = array[(array < -extent) | (array >= extent)]
    if wrong.size:
        raise IndexError(f"index {wrong[0]} is out of bounds for axis {axis} with size {extent}")
    return np.where(array < 0, array + extent, array)


def _position(index: int, extent: int, axis: int) -> int:
    if not -extent <= index < extent:
        raise IndexError(f"index {index} is out of bounds for axis {axis} with size {extent}")
    return index % extent


def _slice(key: slice, extent: int) -> dict[str, int]:
    try:
        start, stop, step = key.indices(extent)
    except ValueError as e:
        raise ValueError("slice step cannot be zero") from e
    count = len(range(start, stop, step))
    return {"start": start if count else 0, "step": step, "count": count}
