"""Correlation and convolution with weights that are given."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .._either import Either
from ._arguments import (
    axes_of,
    axis_of,
    checked,
    is_complex,
    mirrored_origins,
    mode_of,
    number,
    origins_of,
    output_dtype,
    per_axis,
    placed,
    real_part,
    spread,
    window_of,
)

__all__ = ["convolve", "convolve1d", "correlate", "correlate1d"]


def correlate1d(
    input: Any,
    weights: Any,
    axis: int = -1,
    output: Any = None,
    mode: str = "reflect",
    cval: float = 0.0,
    origin: int = 0,
) -> Any:
    """Sums of weighted samples along one axis, bit for bit scipy.ndimage.correlate1d's.

    Parameters
    ----------
    input : array or Image
        Any number of axes.
    weights : array
        One-dimensional.
    axis : int
        The axis.
    output : array or dtype, optional
        Where the result goes, or its dtype.
    mode : str
        How samples outside the image are made.
    cval : float
        Their value in mode ``constant``.
    origin : int
        Moves the weights towards lower coordinates.

    Returns
    -------
    numpy.ndarray or Image
        Of the input's shape, and its dtype or that of `output`: sums are made in double and cut to it.

    Raises
    ------
    RuntimeError
        If there are no weights, or the mode is unknown.
    ValueError
        For an origin outside of the weights.

    Examples
    --------
    >>> correlate1d([2, 8, 0, 4, 1, 9, 9, 0], weights=[1, 3]).tolist()
    [8, 26, 8, 12, 7, 28, 36, 9]
    """
    weights = np.asarray(weights)
    if is_complex(input) or weights.dtype.kind == "c":
        options: dict[str, Any] = {"axis": axis, "mode": mode, "origin": origin}
        return _complex(correlate1d, input, weights.conj(), output, cval, options)
    weights = np.asarray(weights, dtype=np.float64)
    if weights.ndim != 1 or not weights.size:
        raise RuntimeError(f"no filter weights given: an array of shape {weights.shape}")
    either = Either(checked(input))
    image = either.image
    axis = axis_of(axis, image.ndim)
    made = image.apply(
        "correlate1d",
        weights=weights.tolist(),
        axis=axis,
        origin=origins_of(origin, [weights.size])[0],
        mode=mode_of(mode),
        cval=number(cval),
        dtype=output_dtype(output, image.dtype).name,
    )
    return either.result(made, output)


def convolve1d(
    input: Any,
    weights: Any,
    axis: int = -1,
    output: Any = None,
    mode: str = "reflect",
    cval: float = 0.0,
    origin: int = 0,
) -> Any:
    """Convolution along one axis (scipy.ndimage.convolve1d): `correlate1d` with the weights mirrored.

    Parameters
    ----------
    input : array or Image
        Any number of axes.
    weights : array
        One-dimensional.
    axis, output, mode, cval, origin
        As for `correlate1d`.

    Returns
    -------
    numpy.ndarray or Image

    Examples
    --------
    >>> convolve1d([2, 8, 0, 4, 1, 9, 9, 0], weights=[1, 3]).tolist()
    [14, 24, 4, 13, 12, 36, 27, 0]
    """
    weights = np.asarray(weights)[::-1]
    shift = mirrored_origins(origin, [len(weights)])[0]
    return correlate1d(input, weights.conj(), axis, output, mode, cval, shift)


def correlate(
    input: Any,
    weights: Any,
    output: Any = None,
    mode: str = "reflect",
    cval: float = 0.0,
    origin: int | Sequence[int] = 0,
    *,
    axes: int | Sequence[int] | None = None,
) -> Any:
    """Sums of weighted samples in a window, bit for bit scipy.ndimage.correlate's.

    Parameters
    ----------
    input : array or Image
        Any number of axes.
    weights : array
        Of as many axes as are filtered.
    output : array or dtype, optional
        Where the result goes, or its dtype.
    mode : str
        How samples outside the image are made.
    cval : float
        Their value in mode ``constant``.
    origin : int or sequence of int
        Moves the window towards lower coordinates.
    axes : int or sequence of int, optional
        Axes of the window; all by default.

    Returns
    -------
    numpy.ndarray or Image
        Of the input's shape, and its dtype or that of `output`: sums are made in double and cut to it.

    Raises
    ------
    RuntimeError
        If the window does not fit the axes, or the mode is unknown.
    ValueError
        For an origin outside of the window, or axes that the image does not have.

    Examples
    --------
    >>> import numpy as np
    >>> correlate(np.arange(9).reshape(3, 3), [[0, 1], [1, 0]]).tolist()
    [[0, 1, 3], [3, 4, 6], [9, 10, 12]]
    """
    weights = np.asarray(weights)
    if is_complex(input) or weights.dtype.kind == "c":
        options: dict[str, Any] = {"mode": mode, "origin": origin, "axes": axes}
        return _complex(correlate, input, weights.conj(), output, cval, options)
    either = Either(checked(input))
    image = either.image
    along = axes_of(axes, image.ndim)
    window = window_of(np.asarray(weights, dtype=np.float64), along, image.ndim, "weights")
    origins = spread(per_axis(origin, len(along), "origin"), along, image.ndim, 0)
    made = image.apply(
        "correlate",
        weights=window.ravel().tolist(),
        shape=list(window.shape),
        origin=origins_of(origins, window.shape),
        mode=mode_of(mode),
        cval=number(cval),
        dtype=output_dtype(output, image.dtype).name,
    )
    return either.result(made, output)


def convolve(
    input: Any,
    weights: Any,
    output: Any = None,
    mode: str = "reflect",
    cval: float = 0.0,
    origin: int | Sequence[int] = 0,
    *,
    axes: int | Sequence[int] | None = None,
) -> Any:
    """Convolution with a window (scipy.ndimage.convolve): `correlate` with the weights mirrored.

    Parameters
    ----------
    input : array or Image
        Any number of axes.
    weights : array
        Of as many axes as are filtered.
    output, mode, cval, origin, axes
        As for `correlate`.

    Returns
    -------
    numpy.ndarray or Image

    Raises
    ------
    RuntimeError, ValueError
        As `correlate`.

    Examples
    --------
    >>> convolve([1, 0, 0, 2, 0], [1, 2, 3], mode="constant").tolist()
    [2, 3, 2, 4, 6]
    """
    weights = np.asarray(weights)
    along = axes_of(axes, np.ndim(input))
    window = weights[(slice(None, None, -1),) * weights.ndim]
    # As with the window, what is given for axes goes by their order in the image.
    extents = spread(weights.shape, sorted(along), np.ndim(input), 1) if weights.ndim == len(along) else None
    if extents is None:
        raise RuntimeError(f"weights.ndim ({weights.ndim}) must match len(axes) ({len(along)})")
    shifts = mirrored_origins(per_axis(origin, len(along), "origin"), [extents[a] for a in along])
    return correlate(input, window.conj(), output, mode, cval, shifts, axes=along)


def _complex(
    function: Callable[..., Any], input: Any, weights: np.ndarray, output: Any, cval: Any, options: dict[str, Any]
) -> np.ndarray:
    """A correlation of complex samples, or with complex weights (taken as they are), from real ones."""
    array = np.asarray(input)
    dtype = output_dtype(output, array.dtype, is_complex=True)
    result = placed(output, array.shape, dtype)
    real = real_part(dtype)
    if array.dtype.kind != "c" and np.iscomplexobj(cval):
        raise ValueError("Cannot provide a complex-valued cval when the input is real.")

    def part(samples: Any, w: Any, value: Any) -> Any:
        return function(samples, w, output=real, cval=value, **options)

    low, high = np.real(cval), np.imag(cval)
    if array.dtype.kind != "c":
        parts = part(array, weights.real, low), part(array, weights.imag, low)
    elif weights.dtype.kind != "c":
        parts = part(array.real, weights, low), part(array.imag, weights, high)
    else:
        parts = (
            part(array.real, weights.real, low) - part(array.imag, weights.imag, high),
            part(array.real, weights.imag, low) + part(array.imag, weights.real, high),
        )
    result.real, result.imag = parts
    return result
