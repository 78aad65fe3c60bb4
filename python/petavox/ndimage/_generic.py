"""Filters that call a Python function for every window or line."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from .._either import Either
from ..image import Image
from ._arguments import (
    axes_of,
    axis_of,
    mode_of,
    origins_of,
    output_dtype,
    per_axis,
    placed,
    spread,
    window_of,
)
from ._low_level import is_low_level, of_line, of_window

__all__ = ["generic_filter", "generic_filter1d", "vectorized_filter"]


def extended(array: np.ndarray, low: Sequence[int], high: Sequence[int], mode: str, cval: Any) -> np.ndarray:
    """The array with samples around it, made by one of the core's modes."""
    for axis, (before, after) in enumerate(zip(low, high, strict=True)):
        if before == after == 0:
            continue
        n = array.shape[axis]
        at = np.arange(-before, n + after)
        if mode == "constant":
            made = np.take(array, np.clip(at, 0, n - 1), axis)
            outside = [slice(None)] * array.ndim
            outside[axis] = (at < 0) | (at >= n)  # type: ignore[call-overload]
            made[tuple(outside)] = cval
        else:
            made = np.take(array, _inside(at, n, mode), axis)
        array = made
    return array


def _inside(at: np.ndarray, n: int, mode: str) -> np.ndarray:
    """The places whose samples stand at `at`."""
    if mode == "nearest":
        return np.clip(at, 0, n - 1)
    if mode == "wrap":
        return at % n
    if mode == "reflect":
        turned = at % (2 * n)
        return np.where(turned < n, turned, 2 * n - 1 - turned)
    if n == 1:
        return np.zeros_like(at)
    turned = at % (2 * n - 2)
    return np.where(turned < n, turned, 2 * n - 2 - turned)


def _refuse_complex(input: Any) -> None:
    if np.iscomplexobj(input):
        raise TypeError("Complex type not supported")


def generic_filter(
    input: Any,
    function: Callable[..., Any],
    size: int | Sequence[int] | None = None,
    footprint: Any = None,
    output: Any = None,
    mode: str = "reflect",
    cval: float = 0.0,
    origin: int | Sequence[int] = 0,
    extra_arguments: Sequence[Any] = (),
    extra_keywords: Mapping[str, Any] | None = None,
    *,
    axes: int | Sequence[int] | None = None,
) -> Any:
    """What a function makes of every sample's window (scipy.ndimage.generic_filter).

    Parameters
    ----------
    input : array or Image
        Any number of axes. Blocks of images are filtered by several threads, so the order of calls is not that of samples.
    function : callable or scipy.LowLevelCallable
        Is given the window's samples as a one-dimensional array of float64 and returns a number.
    size : int or sequence of int, optional
        Extents of the window.
    footprint : array, optional
        The samples of the window that count, instead of `size`.
    output : array or dtype, optional
        Where the result goes, or its dtype.
    mode : str
        How samples outside the image are made.
    cval : float
        Their value in mode ``constant``.
    origin : int or sequence of int
        Moves the window towards lower coordinates.
    extra_arguments, extra_keywords
        More arguments of the function.
    axes : int or sequence of int, optional
        Axes of the window; all by default.

    Returns
    -------
    numpy.ndarray or Image

    Raises
    ------
    RuntimeError
        If there is no window, or it does not fit the axes.
    ValueError
        For an origin outside of the window.
    TypeError
        For complex samples.

    Examples
    --------
    >>> generic_filter([1, 5, 2, 8], max, size=3).tolist()
    [5, 5, 8, 8]
    """
    _refuse_complex(input)
    if size is not None and footprint is not None:
        warnings.warn("ignoring size because footprint is set", UserWarning, stacklevel=2)
    array = input if isinstance(input, Image) else np.asarray(input)
    along = axes_of(axes, array.ndim)
    if footprint is None:
        if size is None:
            raise RuntimeError("no footprint or filter size provided")
        footprint = np.ones(per_axis(size, len(along), "size"), bool)
    window = window_of(np.asarray(footprint, bool), along, array.ndim, "footprint")
    origins = origins_of(spread(per_axis(origin, len(along), "origin"), along, array.ndim, 0), window.shape)
    low = [n // 2 + o for n, o in zip(window.shape, origins, strict=True)]
    high = [n - 1 - b for n, b in zip(window.shape, low, strict=True)]
    rule, dtype = mode_of(mode), output_dtype(output, array.dtype)
    call = of_window(function) if is_low_level(function) else function
    keywords = dict(extra_keywords or {})

    def filtered(block: np.ndarray) -> np.ndarray:
        views = np.lib.stride_tricks.sliding_window_view(block, window.shape)
        result = np.empty(views.shape[: block.ndim])
        for at in np.ndindex(result.shape):
            result[at] = call(views[at][window], *extra_arguments, **keywords)
        return _as_c(result, dtype)

    if isinstance(array, Image):
        if 0 in array.shape:
            return Either(array).result(array.astype(dtype), output)
        made = array.astype(np.float64).map_overlap(
            filtered, list(zip(low, high, strict=True)), rule, cval=float(cval), dtype=dtype
        )
        return Either(array).result(made, output)
    result = placed(output, array.shape, dtype)
    if array.size:
        result[...] = filtered(extended(array.astype(np.float64), low, high, rule, cval))
    return result


def _as_c(samples: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Doubles cut to a dtype as C does it."""
    with np.errstate(invalid="ignore", over="ignore"):
        return samples.astype(dtype)


def generic_filter1d(
    input: Any,
    function: Callable[..., Any],
    filter_size: int,
    axis: int = -1,
    output: Any = None,
    mode: str = "reflect",
    cval: float = 0.0,
    origin: int = 0,
    extra_arguments: Sequence[Any] = (),
    extra_keywords: Mapping[str, Any] | None = None,
) -> Any:
    """What a function makes of every line along an axis (scipy.ndimage.generic_filter1d).

    Parameters
    ----------
    input : array or Image
        Any number of axes. Lines of images are given whole.
    function : callable or scipy.LowLevelCallable
        Is given a line with ``filter_size - 1`` samples more, and an array that it fills, both float64.
    filter_size : int
        Samples of the window that the function moves along the line.
    axis : int
        The axis.
    output, mode, cval, origin, extra_arguments, extra_keywords
        As for `generic_filter`.

    Returns
    -------
    numpy.ndarray or Image

    Raises
    ------
    RuntimeError
        If the size is less than 1.
    ValueError
        For an origin outside of the window.
    TypeError
        For complex samples.
    """
    _refuse_complex(input)
    array = input if isinstance(input, Image) else np.asarray(input)
    if filter_size < 1:
        raise RuntimeError(f"invalid filter size: {filter_size}")
    axis = axis_of(axis, array.ndim)
    before = filter_size // 2 + origins_of(origin, [filter_size])[0]
    low, high = [0] * array.ndim, [0] * array.ndim
    low[axis], high[axis] = before, filter_size - 1 - before
    rule, dtype = mode_of(mode), output_dtype(output, array.dtype)
    call = of_line(function) if is_low_level(function) else function
    keywords = dict(extra_keywords or {})

    def filtered(block: np.ndarray) -> np.ndarray:
        lines = np.moveaxis(block, axis, -1)
        result = np.empty((*lines.shape[:-1], lines.shape[-1] - (filter_size - 1)))
        for at in np.ndindex(result.shape[:-1]):
            line = np.ascontiguousarray(lines[at])
            filled = np.zeros(result.shape[-1])
            call(line, filled, *extra_arguments, **keywords)
            result[at] = filled
        return _as_c(np.moveaxis(result, -1, axis), dtype)

    if isinstance(array, Image):
        chunks = [-1 if a == axis else n for a, n in enumerate(array.chunks)]
        exact = array.astype(np.float64).rechunk(chunks)
        made = exact.map_overlap(filtered, list(zip(low, high, strict=True)), rule, cval=float(cval), dtype=dtype)
        return Either(array).result(made, output)
    result = placed(output, array.shape, dtype)
    if array.size:
        result[...] = filtered(extended(array.astype(np.float64), low, high, rule, cval))
    return result


def vectorized_filter(
    input: Any,
    function: Callable[..., Any],
    *,
    size: int | Sequence[int] | None = None,
    footprint: Any = None,
    output: Any = None,
    mode: str = "reflect",
    cval: Any = None,
    origin: int | Sequence[int] | None = None,
    axes: int | Sequence[int] | None = None,
    batch_memory: int = 2**30,
) -> Any:
    """What a vectorised function makes of all windows at once (scipy.ndimage.vectorized_filter).

    Parameters
    ----------
    input : array or Image
        Any number of axes.
    function : callable
        ``function(windows, axis=axes)`` reduces the axes of the windows, which are the last ones.
    size : int or sequence of int, optional
        Extents of the window; this or `footprint`.
    footprint : array, optional
        The samples of the window that count.
    output : array, optional
        Where the result goes.
    mode : str
        How samples outside the image are made; ``valid`` for only those windows that lie inside.
    cval : number, optional
        Their value in mode ``constant``.
    origin : int or sequence of int, optional
        Moves the window towards lower coordinates.
    axes : int or sequence of int, optional
        Axes of the window; all by default.
    batch_memory : int
        Bytes of windows that the function is given at once.

    Returns
    -------
    numpy.ndarray or Image
        Of the dtype that the function returns.

    Raises
    ------
    ValueError
        For arguments that do not fit together.

    Examples
    --------
    >>> import numpy as np
    >>> vectorized_filter(np.array([1, 5, 2, 8]), np.ptp, size=3).tolist()
    [4, 4, 6, 6]
    """
    image = input if isinstance(input, Image) else np.asarray(input)
    plan = _Windows(image, function, size, footprint, mode, cval, origin, axes, batch_memory)
    if isinstance(image, Image):
        if isinstance(output, np.ndarray):
            raise TypeError("output: a lazy image cannot be computed into an array; use compute()")
        if image.size == 0 or image.ndim == 0:
            return image
        halo = list(zip(plan.low, plan.high, strict=True))
        if mode != "valid":
            return image.map_overlap(plan.over, halo, plan.mode, cval=0.0 if cval is None else float(np.real(cval)))
        # Windows that reach outside are made too, and cut off.
        within = [slice(low, max(low, n - high)) for n, (low, high) in zip(image.shape, halo, strict=True)]
        return image.map_overlap(plan.over, halo, "nearest")[tuple(within)]
    if image.size == 0:
        return image
    if image.ndim == 0 and plan.size == ():
        return np.asarray(function(image if footprint is None else image[np.asarray(footprint, bool)], axis=()))
    return plan.over(image if mode == "valid" else _padded(image, plan, cval), output)


def _padded(image: np.ndarray, plan: _Windows, cval: Any) -> np.ndarray:
    if plan.mode == "constant" and cval is not None:
        # As numpy.pad does: samples of another kind than the image's are cut to it.
        cval = np.asarray(cval).astype(image.dtype)[()] if np.ndim(cval) == 0 else cval
    return extended(image, plan.low, plan.high, plan.mode, 0 if cval is None else cval)


def _listed(value: Any, n: int) -> list[Any]:
    return [value] * n if np.isscalar(value) else list(value)


class _Windows:
    """The windows of a vectorised filter, checked as scipy does."""

    def __init__(
        self, image: Any, function: Any, size: Any, footprint: Any, mode: str, cval: Any, origin: Any, axes: Any, memory: Any
    ) -> None:
        if not callable(function):
            raise ValueError("`function` must be a callable.")
        if size is None and footprint is None:
            raise ValueError("Either `size` or `footprint` must be provided.")
        if size is not None and footprint is not None:
            raise ValueError("Either `size` or `footprint` may be provided, not both.")
        ndim = image.ndim
        given: Sequence[Any] = range(-ndim, 0) if axes is None else _listed(axes, 1)
        if len(given) > ndim:
            raise ValueError("The length of `axes` may not exceed the dimensionality of `input`(`input.ndim`).")
        self.axes = [int(a) % ndim for a in given]
        n = len(self.axes)
        if size is not None:
            self.size: tuple[Any, ...] = tuple(_listed(size, n))
            if not all(np.issubdtype(np.asarray(s).dtype, np.integer) and s > 0 for s in self.size):
                raise ValueError("All elements of `size` must be positive integers.")
            self.function = function
        else:
            footprint = np.asarray(footprint, bool)
            self.size = footprint.shape

            def picked(windows: Any, *args: Any, axis: Any = -1, **kwargs: Any) -> Any:
                return function(windows[..., footprint], *args, axis=-1, **kwargs)

            self.function = picked
        if len(self.size) != n:
            raise ValueError(
                "`axes` must be compatible with the dimensionality of the window specified by `size` or `footprint`."
            )
        if origin is None:
            origin = 0
        origins = _listed(origin, n)
        if not all(np.issubdtype(np.asarray(o).dtype, np.integer) for o in origins):
            raise ValueError("All elements of `origin` must be integers.")
        if len(origins) != n:
            raise ValueError("`origin` must be an integer or tuple of integers with length equal to the number of axes.")
        # numpy.pad's names and scipy's filters disagree about two of them; scipy takes numpy's meaning here.
        rules = {"grid-mirror": "mirror", "grid-constant": "constant", "grid-wrap": "wrap", "valid": "valid"}
        rules.update({name: name for name in ("reflect", "constant", "nearest", "mirror", "wrap")})
        if mode not in rules:
            raise ValueError(f"`mode` must be one of {set(rules)}.")
        self.mode = rules[mode]
        if mode == "valid" and any(origins):
            raise ValueError("`mode='valid'` is incompatible with use of `origin`.")
        if cval is not None and self.mode != "constant":
            raise ValueError("Use of `cval` is compatible only with `mode='constant'`.")
        if cval is not None and not np.issubdtype(np.asarray(cval).dtype, np.number):
            raise ValueError("`cval` must include only numbers.")
        memory = np.asarray(memory)
        if memory.ndim != 0 or not np.issubdtype(memory.dtype, np.number) or memory <= 0:
            raise ValueError("`batch_memory` must be positive number.")
        self.memory = memory
        self.low, self.high = [0] * ndim, [0] * ndim
        for axis, s, o in zip(self.axes, self.size, origins, strict=True):
            self.low[axis], self.high[axis] = s // 2 + o, (s - 1) // 2 - o

    def over(self, block: np.ndarray, output: np.ndarray | None = None) -> np.ndarray:
        """The function of all windows of a block, some at a time, in the block's order of axes."""
        n = len(self.axes)
        last = tuple(range(-n, 0))
        moved = np.moveaxis(block, self.axes, last)
        views = np.lib.stride_tricks.sliding_window_view(moved, self.size, last)
        if n == 0:
            return self._placed(self.function(views, axis=()), output, last)
        bytes_each = np.prod(views.shape[1:], dtype=float) * views.dtype.itemsize
        at_once = int(min(len(views), self.memory / bytes_each))
        if at_once < 1:
            raise ValueError("`batch_memory` is insufficient for minimum chunk size.")
        parts = [self.function(views[i : i + at_once], axis=last) for i in range(0, len(views), at_once)]
        return self._placed(parts[0] if len(parts) == 1 else np.concatenate(parts), output, last)

    def _placed(self, made: Any, output: np.ndarray | None, last: tuple[int, ...]) -> np.ndarray:
        made = np.moveaxis(np.asarray(made), last, self.axes)
        if output is None:
            return made
        output[...] = made
        return output
