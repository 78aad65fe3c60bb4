"""Derivatives: edges, Laplace operators, gradient magnitudes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from .._either import Either
from .._open import from_array
from ..image import Image
from ._arguments import axes_of, axis_of, by_parts, checked, is_complex, modes_of, number, output_dtype, per_axis, placed, spread
from ._correlate import correlate1d
from ._smooth import gaussian_filter

__all__ = [
    "gaussian_gradient_magnitude",
    "gaussian_laplace",
    "generic_gradient_magnitude",
    "generic_laplace",
    "laplace",
    "prewitt",
    "sobel",
]


def _edges(name: str, smooth: list[int], input: Any, axis: int, output: Any, mode: Any, cval: Any) -> Any:
    if is_complex(input):
        return by_parts(lambda part, value, dtype: _edges(name, smooth, part, axis, dtype, mode, value), input, output, cval)
    either = Either(checked(input))
    image = either.image
    axis = axis_of(axis, image.ndim)
    dtype = output_dtype(output, image.dtype)
    modes = modes_of(mode, image.ndim)
    if len(set(modes)) == 1:
        made = image.apply(name, axis=axis, mode=modes[0], cval=number(cval), dtype=dtype.name)
    else:
        made = image
        for a in [axis, *(a for a in range(image.ndim) if a != axis)]:
            made = correlate1d(made, [-1, 0, 1] if a == axis else smooth, a, dtype, modes[a], cval)
    return either.result(made, output)


def sobel(input: Any, axis: int = -1, output: Any = None, mode: str | Sequence[str] = "reflect", cval: float = 0.0) -> Any:
    """The derivative along an axis, smoothed along the others (scipy.ndimage.sobel).

    Parameters
    ----------
    input : array or Image
        Any number of axes.
    axis : int
        The axis of the derivative.
    output : array or dtype, optional
        Where the result goes, or its dtype.
    mode : str or sequence of str
        How samples outside the image are made.
    cval : float
        Their value in mode ``constant``.

    Returns
    -------
    numpy.ndarray or Image

    Examples
    --------
    >>> sobel([[0, 0, 0], [0, 1, 0], [0, 0, 0]]).tolist()
    [[1, 0, -1], [2, 0, -2], [1, 0, -1]]
    """
    return _edges("sobel", [1, 2, 1], input, axis, output, mode, cval)


def prewitt(input: Any, axis: int = -1, output: Any = None, mode: str | Sequence[str] = "reflect", cval: float = 0.0) -> Any:
    """The derivative along an axis, averaged along the others (scipy.ndimage.prewitt).

    Parameters
    ----------
    input : array or Image
        Any number of axes.
    axis : int
        The axis of the derivative.
    output, mode, cval
        As for `sobel`.

    Returns
    -------
    numpy.ndarray or Image
    """
    return _edges("prewitt", [1, 1, 1], input, axis, output, mode, cval)


def generic_laplace(
    input: Any,
    derivative2: Callable[..., Any],
    output: Any = None,
    mode: str | Sequence[str] = "reflect",
    cval: float = 0.0,
    extra_arguments: Sequence[Any] = (),
    extra_keywords: Mapping[str, Any] | None = None,
    *,
    axes: int | Sequence[int] | None = None,
) -> Any:
    """The sum of second derivatives that a function makes (scipy.ndimage.generic_laplace).

    Parameters
    ----------
    input : array or Image
        Any number of axes.
    derivative2 : callable
        ``derivative2(input, axis, output, mode, cval, *extra_arguments, **extra_keywords)``; `output` is a dtype here, and the
        result is an array, or for images an image.
    output : array or dtype, optional
        Where the result goes, or its dtype.
    mode : str or sequence of str
        How samples outside the image are made, one or one per axis.
    cval : float
        Their value in mode ``constant``.
    extra_arguments, extra_keywords
        More arguments of the function.
    axes : int or sequence of int, optional
        Axes of the derivatives; all by default.

    Returns
    -------
    numpy.ndarray or Image
    """
    return _summed(input, derivative2, output, mode, cval, extra_arguments, extra_keywords, axes, magnitude=False)


def generic_gradient_magnitude(
    input: Any,
    derivative: Callable[..., Any],
    output: Any = None,
    mode: str | Sequence[str] = "reflect",
    cval: float = 0.0,
    extra_arguments: Sequence[Any] = (),
    extra_keywords: Mapping[str, Any] | None = None,
    *,
    axes: int | Sequence[int] | None = None,
) -> Any:
    """The length of the gradient whose parts a function makes (scipy.ndimage.generic_gradient_magnitude).

    Parameters
    ----------
    input : array or Image
        Any number of axes.
    derivative : callable
        As for `generic_laplace`, for first derivatives.
    output, mode, cval, extra_arguments, extra_keywords, axes
        As for `generic_laplace`.

    Returns
    -------
    numpy.ndarray or Image
    """
    return _summed(input, derivative, output, mode, cval, extra_arguments, extra_keywords, axes, magnitude=True)


def _summed(
    input: Any,
    function: Callable[..., Any],
    output: Any,
    mode: Any,
    cval: Any,
    arguments: Sequence[Any],
    keywords: Mapping[str, Any] | None,
    axes: Any,
    *,
    magnitude: bool,
) -> Any:
    """Sums of derivatives, or the root of their squares, every step in the output's dtype as in scipy."""
    array = input if isinstance(input, Image) else np.asarray(input)
    dtype = output_dtype(output, array.dtype, is_complex=np.iscomplexobj(array))
    along = axes_of(axes, array.ndim)
    modes = per_axis(mode, len(along), "mode")
    total: Any = None
    for axis, rule in zip(along, modes, strict=True):
        part = function(array, axis, dtype, rule, cval, *arguments, **(keywords or {}))
        if isinstance(array, Image):
            part = part if isinstance(part, Image) else from_array(part)
        else:
            part = np.asarray(part)
        part = part.astype(dtype)
        if magnitude:
            part = np.multiply(part, part)
        total = part if total is None else (total + part).astype(dtype)
    if total is None:
        total = array.astype(dtype)
    elif magnitude:
        total = np.sqrt(total).astype(dtype)
    if isinstance(array, Image):
        return Either(array).result(total, output)
    result = placed(output, array.shape, dtype)
    result[...] = total
    return result


def _at_once(function: Callable[..., Any], input: Any, output: Any) -> Any:
    """A composition of lazy filters on an image; an array is made one for that, so that nothing in between is kept."""
    if is_complex(input):
        return function(input, output)
    either = Either(checked(input))
    return either.result(function(either.image, output_dtype(output, either.image.dtype)), output)


def laplace(
    input: Any,
    output: Any = None,
    mode: str | Sequence[str] = "reflect",
    cval: float = 0.0,
    *,
    axes: int | Sequence[int] | None = None,
) -> Any:
    """The sum of second differences (scipy.ndimage.laplace).

    Parameters
    ----------
    input : array or Image
        Any number of axes.
    output : array or dtype, optional
        Where the result goes, or its dtype.
    mode : str or sequence of str
        How samples outside the image are made, one or one per axis.
    cval : float
        Their value in mode ``constant``.
    axes : int or sequence of int, optional
        Axes of the differences; all by default.

    Returns
    -------
    numpy.ndarray or Image

    Examples
    --------
    >>> laplace([0, 0, 1, 0, 0]).tolist()
    [0, 1, -2, 1, 0]
    """

    def second(image: Any, axis: int, output: Any, mode: str, cval: float) -> Any:
        return correlate1d(image, [1, -2, 1], axis, output, mode, cval, 0)

    return _at_once(lambda image, to: generic_laplace(image, second, to, mode, cval, axes=axes), input, output)


def gaussian_laplace(
    input: Any,
    sigma: float | Sequence[float],
    output: Any = None,
    mode: str | Sequence[str] = "reflect",
    cval: float = 0.0,
    *,
    axes: int | Sequence[int] | None = None,
    **kwargs: Any,
) -> Any:
    """The sum of a Gaussian's second derivatives (scipy.ndimage.gaussian_laplace).

    Parameters
    ----------
    input : array or Image
        Any number of axes.
    sigma : float or sequence of float
        Standard deviation in samples, one or one per axis.
    output, mode, cval, axes
        As for `laplace`.
    **kwargs
        More arguments of `gaussian_filter`.

    Returns
    -------
    numpy.ndarray or Image
    """
    ndim = np.ndim(input)
    along = axes_of(axes, ndim)
    sigmas = spread(per_axis(sigma, len(along), "sigma"), along, ndim, 0)
    second = _of_gaussian(2, sigmas, kwargs)
    return _at_once(lambda image, to: generic_laplace(image, second, to, mode, cval, axes=along), input, output)


def gaussian_gradient_magnitude(
    input: Any,
    sigma: float | Sequence[float],
    output: Any = None,
    mode: str | Sequence[str] = "reflect",
    cval: float = 0.0,
    *,
    axes: int | Sequence[int] | None = None,
    **kwargs: Any,
) -> Any:
    """The length of the gradient of a Gaussian (scipy.ndimage.gaussian_gradient_magnitude).

    Parameters
    ----------
    input : array or Image
        Any number of axes.
    sigma : float or sequence of float
        Standard deviation in samples, one or one per axis.
    output, mode, cval
        As for `laplace`.
    axes : int or sequence of int, optional
        Axes of the derivatives; all by default. All axes are smoothed.
    **kwargs
        More arguments of `gaussian_filter`.

    Returns
    -------
    numpy.ndarray or Image
    """
    first = _of_gaussian(1, sigma, kwargs)
    return _at_once(lambda image, to: generic_gradient_magnitude(image, first, to, mode, cval, axes=axes), input, output)


def _of_gaussian(order: int, sigma: Any, options: Mapping[str, Any]) -> Callable[..., Any]:
    """The function that makes a Gaussian's derivative along an axis."""

    def derivative(image: Any, axis: int, output: Any, mode: str, cval: float) -> Any:
        orders = [0] * image.ndim
        orders[axis] = order
        return gaussian_filter(image, sigma, orders, output, mode, cval, **options)

    return derivative
