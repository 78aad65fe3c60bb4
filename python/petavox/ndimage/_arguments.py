"""Arguments that many of the functions share: axes, modes, origins, sizes, footprints, outputs, complex samples."""

from __future__ import annotations

import operator
import warnings
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

#: How samples outside the image are made, and the core's name of it.
MODES = {
    "reflect": "reflect",
    "constant": "constant",
    "nearest": "nearest",
    "mirror": "mirror",
    "wrap": "wrap",
    "grid-mirror": "reflect",
    "grid-constant": "constant",
    "grid-wrap": "wrap",
}


def per_axis(value: Any, n: int, name: str) -> list[Any]:
    """One value for each of `n` axes."""
    values = list(value) if np.iterable(value) and not isinstance(value, str) else [value] * n
    if len(values) != n:
        raise RuntimeError(f"{name}: sequence argument must have length equal to input rank: {len(values)} for {n} axes")
    return values


def axes_of(axes: Any, ndim: int) -> tuple[int, ...]:
    """The axes that a filter works along, all by default, counted from the first."""
    if axes is None:
        return tuple(range(ndim))
    one = bool(np.isscalar(axes))
    if not one and not isinstance(axes, Iterable):
        raise ValueError(f"axes must be an integer, iterable of integers, or None; got {axes!r}")
    given: list[int] = [operator.index(a) for a in ([axes] if one else axes)]
    for axis in given:
        if not -ndim <= axis < ndim:
            raise ValueError(f"specified axis: {axis} is out of range: the image has {ndim} axes")
    found = tuple(axis % ndim for axis in given)
    if len(set(found)) != len(found):
        raise ValueError(f"axes must be unique; got {found}")
    return found


def axis_of(axis: Any, ndim: int) -> int:
    """One axis, counted from the first."""
    at = operator.index(axis)
    if not -ndim <= at < ndim:
        raise np.exceptions.AxisError(at, ndim)
    return at % ndim


def mode_of(mode: Any) -> str:
    """The core's name of a boundary mode."""
    if not isinstance(mode, str) and isinstance(mode, Iterable):
        raise RuntimeError("A sequence of modes is not supported")
    if mode not in MODES:
        raise RuntimeError(f"boundary mode not supported: got {mode!r}, expected one of {', '.join(MODES)}")
    return MODES[mode]


def modes_of(mode: Any, n: int) -> list[str]:
    """The core's names of the boundary modes of `n` axes."""
    return [mode_of(one) for one in per_axis(mode, n, "mode")]


def origins_of(origin: Any, sizes: Sequence[int]) -> list[int]:
    """How far the window is moved along each axis; its centre has to stay within it."""
    origins = [operator.index(one) for one in per_axis(origin, len(sizes), "origin")]
    for one, size in zip(origins, sizes, strict=True):
        if not 0 <= size // 2 + one < size:
            raise ValueError(f"invalid origin: {one} moves the centre out of a window of {size} samples")
    return origins


def mirrored_origins(origin: Any, sizes: Sequence[int]) -> list[int]:
    """The origins of the window that is mirrored through its centre: of the erosion that a dilation is, of a convolution."""
    return [-one - (size % 2 == 0) for one, size in zip(per_axis(origin, len(sizes), "origin"), sizes, strict=True)]


def spread(values: Sequence[Any], axes: Sequence[int], ndim: int, rest: Any) -> list[Any]:
    """Values of some axes as values of all; other axes get `rest`."""
    found = [rest] * ndim
    for axis, value in zip(axes, values, strict=True):
        found[axis] = value
    return found


def window_of(window: Any, axes: Sequence[int], ndim: int, name: str) -> np.ndarray:
    """A footprint, structure or array of weights over some axes, as one over all of them."""
    window = np.asarray(window)
    if window.ndim != len(axes) or 0 in window.shape:
        raise RuntimeError(f"{name}.ndim ({window.ndim}) must match len(axes) ({len(axes)}), and none of its extents may be 0")
    # The extents follow the image's axes, in whatever order `axes` names them.
    return np.expand_dims(window, tuple(a for a in range(ndim) if a not in axes))


def output_dtype(output: Any, dtype: np.dtype, *, is_complex: bool = False) -> np.dtype:
    """The dtype that the argument `output` asks for, by default the input's; `is_complex` if the result is."""
    if output is None:
        return np.promote_types(dtype, np.complex64) if is_complex else dtype
    if isinstance(output, (type, np.dtype)):
        wanted = np.dtype(output)
        if is_complex and wanted.kind != "c":
            warnings.warn("promoting specified output dtype to complex", stacklevel=3)
            wanted = np.promote_types(wanted, np.complex64)
        return wanted
    if isinstance(output, str):
        wanted = np.dtype(output)
        if is_complex and wanted.kind != "c":
            raise RuntimeError("output must have complex dtype")
        if not issubclass(wanted.type, np.number):
            raise RuntimeError("output must have numeric dtype")
        return wanted
    wanted = np.asarray(output).dtype
    if is_complex and wanted.kind != "c":
        raise RuntimeError("output must have complex dtype")
    return wanted


def is_complex(value: Any) -> bool:
    """True for arrays (and what numpy makes one of) of complex samples; images have none."""
    return np.iscomplexobj(value if hasattr(value, "dtype") else np.asarray(value))


def checked(input: Any) -> Any:
    """The input, if the core has its dtype; scipy's filters refuse the same ones."""
    dtype = getattr(input, "dtype", None)
    if isinstance(dtype, np.dtype) and (dtype.kind not in "biufc" or dtype == np.float16 or dtype.char in "gG"):
        raise RuntimeError(f"data type {dtype} not supported")
    return input


def real_part(dtype: np.dtype) -> np.dtype:
    """The dtype of the parts of complex samples."""
    return np.empty(0, dtype).real.dtype


def by_parts(function: Callable[[Any, Any, np.dtype], Any], input: Any, output: Any, cval: Any = 0.0) -> Any:
    """A linear function of real samples on complex ones: `function(part, cval, dtype)` of the real and of the imaginary part."""
    array = np.asarray(input)
    dtype = output_dtype(output, array.dtype, is_complex=True)
    result = placed(output, array.shape, dtype)
    real = function(array.real, np.real(cval), real_part(dtype))
    imaginary = function(array.imag, np.imag(cval), real_part(dtype))
    result.real, result.imag = real, imaginary
    return result


def number(value: Any) -> float | str:
    """A number for the core; what is not finite goes as a word."""
    value = float(value)
    return value if np.isfinite(value) else str(value)


def placed(output: Any, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """The array that a result goes to: `output` if it is one, else a new one."""
    if isinstance(output, np.ndarray):
        if output.shape != shape:
            raise RuntimeError(f"output shape not correct: got {output.shape}, expected {shape}")
        return output
    return np.empty(shape, dtype)
