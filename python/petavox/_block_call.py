"""A Python function as the core calls it: once for every block."""

from __future__ import annotations

import inspect
import pickle
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ._block_info import BlockInfo
from ._block_layout import Layout


class Place:
    """Stands among a function's arguments for the block of an image."""

    def __init__(self, number: int) -> None:
        self.number = number


class Call:
    """A function and those of its arguments that are not images."""

    def __init__(
        self,
        f: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        layout: Layout,
        *,
        name: str,
        dtype: np.dtype | None = None,
        trim: bool = False,
    ) -> None:
        self.f = f
        self.args = args
        self.kwargs = kwargs
        self.layout = layout
        self.name = name
        self.dtype = dtype
        self.trim = trim
        self.wants = _wanted(f, kwargs)

    @property
    def label(self) -> str:
        """The function's name."""
        inner = getattr(self.f, "func", self.f)
        return getattr(inner, "__name__", type(inner).__name__)

    def run(self, arrays: list[np.ndarray], info: BlockInfo) -> Any:
        """Call the function with the blocks of one place."""
        args = [arrays[a.number] if isinstance(a, Place) else a for a in self.args]
        kwargs = {k: arrays[v.number] if isinstance(v, Place) else v for k, v in self.kwargs.items()}
        if "block_info" in self.wants:
            kwargs["block_info"] = info
        if "block_id" in self.wants:
            kwargs["block_id"] = info.index
        return self.f(*args, **kwargs)

    def info(self, index: Any, start: Any, stop: Any, halo_start: Any, halo_stop: Any) -> BlockInfo:
        """What is known of a block of the whole image."""
        layout = self.layout
        return BlockInfo(
            tuple(index), layout.counts, tuple(start), tuple(stop), tuple(halo_start), tuple(halo_stop), layout.shape,
            layout.axes, layout.spacing, layout.origin,
        )  # fmt: skip

    def __call__(
        self, arrays: list[np.ndarray], index: Any, start: Any, stop: Any, halo_start: Any, halo_stop: Any, shape: Any
    ) -> np.ndarray:
        """One block of the result."""
        info = self.info(index, start, stop, halo_start, halo_stop)
        try:
            return self._image_block(self.run(arrays, info), info, tuple(shape))
        except Exception as error:
            note(error, f"petavox: {self.label} was called for block {info.index} of {info.counts}, {_where(info)}")
            raise

    def _image_block(self, result: Any, info: BlockInfo, shape: tuple[int, ...]) -> np.ndarray:
        result = np.asarray(result)
        if result.shape != shape:
            result = result[self._own_part(result.shape, info, shape)]
        if self.dtype is not None and result.dtype != self.dtype:
            if not np.can_cast(result.dtype, self.dtype, "same_kind"):
                raise TypeError(
                    f"{self.label} returned {result.dtype}, which does not become {self.dtype} without loss; give the dtype of the "
                    f"result, dtype={result.dtype.name!r}, or convert in the function"
                )
            result = result.astype(self.dtype)
        return result

    def _own_part(self, found: tuple[int, ...], info: BlockInfo, shape: tuple[int, ...]) -> tuple[slice, ...]:
        padded, own = [], []
        for a, n in zip(self.layout.source, shape, strict=True):
            padded.append(n if a is None else info.halo_stop[a] - info.halo_start[a])
            own.append(slice(0, n) if a is None else info.own[a])
        if self.trim and found == tuple(padded):
            return tuple(own)
        given = tuple(b - a for a, b in zip(info.halo_start, info.halo_stop, strict=True))
        also = f", or {tuple(padded)} with the halo" if self.trim and tuple(padded) != shape else ""
        raise ValueError(
            f"{self.label} returned an array of shape {found} for a block of {given}; expected {shape}{also}. For blocks of another "
            f"shape say what comes out: chunks= for a whole block, shape=, drop_axis=, new_axis=; for results without a fixed shape, "
            f'returns="list" or "table"'
        )

    # Functions of notebooks and closures travel by way of cloudpickle, if it is there.

    def __reduce__(self) -> tuple[Any, ...]:
        state = self.__dict__
        try:
            import cloudpickle
        except ImportError:
            return _restored, (pickle.dumps(state),)
        return _restored, (cloudpickle.dumps(state),)


def _restored(state: bytes) -> Call:
    call = Call.__new__(Call)
    call.__dict__.update(pickle.loads(state))
    return call


class Collect:
    """Keeps what a function returns for every block."""

    def __init__(self, call: Call, coordinates: Any) -> None:
        self.call = call
        self.coordinates = coordinates
        self.found: dict[tuple[int, ...], Any] = {}

    def __call__(
        self, arrays: list[np.ndarray], index: Any, start: Any, stop: Any, halo_start: Any, halo_stop: Any, shape: Any
    ) -> np.ndarray:
        info = self.call.info(index, start, stop, halo_start, halo_stop)
        try:
            result = self.call.run(arrays, info)
            self.found[info.index] = owned(result, self.coordinates, info)
        except Exception as error:
            note(error, f"petavox: {self.call.label} was called for block {info.index} of {info.counts}, {_where(info)}")
            raise
        return np.ones(tuple(shape), bool)


def owned(result: Any, coordinates: Any, info: BlockInfo) -> Any:
    """What of points or rows is the block's own, in coordinates of the whole image."""
    if coordinates is None or coordinates is False:
        return result
    ndim = len(info.start)
    if coordinates is True:
        points = np.asarray(result)
        if points.size == 0:
            return points.reshape(0, points.shape[1] if points.ndim == 2 else ndim)
        if points.ndim != 2 or points.shape[1] < ndim:
            raise ValueError(f"coordinates=True is for arrays of points, one per row, {ndim} or more columns; got shape {points.shape}")
        keep = info.owns(points[:, :ndim])
        return np.concatenate([info.to_image(points[keep, :ndim]), points[keep, ndim:]], axis=1)
    names = list(coordinates)
    if len(names) != ndim:
        raise ValueError(f"coordinates: got {len(names)} columns, expected {ndim}, one per axis")
    points = np.stack([np.asarray(result[name]) for name in names], axis=1)
    keep, moved = info.owns(points), info.to_image(points)
    if isinstance(result, Mapping):
        columns = {name: np.asarray(column)[keep] for name, column in result.items()}
        return {**columns, **{name: moved[keep, a] for a, name in enumerate(names)}}
    return result.assign(**{name: moved[:, a] for a, name in enumerate(names)})[keep]


def note(error: BaseException, text: str) -> None:
    """Adds a line below an exception's message."""
    if hasattr(error, "add_note"):
        error.add_note(text)
    else:  # Python 3.10 does not show notes, but keeps them.
        error.__notes__ = [*getattr(error, "__notes__", []), text]  # type: ignore[attr-defined]


def _where(info: BlockInfo) -> str:
    return "samples " + ", ".join(f"{s.start}:{s.stop}" for s in info.slices) + f" of {info.axes}"


def _wanted(f: Callable[..., Any], kwargs: dict[str, Any]) -> tuple[str, ...]:
    try:
        has = inspect.signature(f).parameters
    except (TypeError, ValueError):
        return ()
    usable = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return tuple(
        name for name in ("block_info", "block_id") if name in has and name not in kwargs and has[name].kind in usable
    )
