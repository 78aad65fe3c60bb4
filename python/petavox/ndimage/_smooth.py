"""Smoothing: Gaussians and means of boxes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .._either import Either
from ..image import Image
from ._arguments import axes_of, axis_of, by_parts, checked, is_complex, modes_of, number, origins_of, output_dtype, per_axis

__all__ = ["gaussian_filter", "gaussian_filter1d", "uniform_filter", "uniform_filter1d"]


def gaussian_filter(
    input: Any,
    sigma: float | Sequence[float],
    order: int | Sequence[int] = 0,
    output: Any = None,
    mode: str | Sequence[str] = "reflect",
    cval: float = 0.0,
    truncate: float = 4.0,
    *,
    radius: None | int | Sequence[int] = None,
    axes: int | Sequence[int] | None = None,
) -> Any:
    """Gaussian smoothing, bit for bit scipy.ndimage.gaussian_filter's.

    Parameters
    ----------
    input : array or Image
        Any number of axes; integers are cut back to integers after every axis, as scipy does.
    sigma : float or sequence of float
        Standard deviation in samples, one or one per axis.
    order : int or sequence of int
        Order of the derivative, one or one per axis; 0 smooths.
    output : array or dtype, optional
        Where the result goes, or its dtype.
    mode : str or sequence of str
        How samples outside the image are made: ``reflect``, ``constant``, ``nearest``, ``mirror``, ``wrap``.
    cval : float
        Their value in mode ``constant``.
    truncate : float
        The filter is cut off at this many standard deviations.
    radius : int or sequence of int, optional
        Samples on each side that the filter reaches, instead of `truncate`.
    axes : int or sequence of int, optional
        Axes that are smoothed, in this order; all by default.

    Returns
    -------
    numpy.ndarray or Image
        Of the input's shape, and its dtype or that of `output`.

    Raises
    ------
    RuntimeError
        For arguments whose number does not fit the axes, or an unknown mode.
    ValueError
        For axes that the image does not have, a negative order or radius.

    Notes
    -----
    Weights are computed by numpy here, as in scipy, so that results are scipy's to the last bit. (numpy's exponential differs
    between processors by one unit in the last place.)

    References
    ----------
    scipy.ndimage.gaussian_filter

    Examples
    --------
    >>> gaussian_filter([0.0, 0.0, 1.0, 0.0, 0.0], 0.5).round(3).tolist()
    [0.0, 0.106, 0.787, 0.106, 0.0]
    """
    if is_complex(input):
        options: dict[str, Any] = {"mode": mode, "truncate": truncate, "radius": radius, "axes": axes}
        return by_parts(
            lambda part, value, dtype: gaussian_filter(part, sigma, order, dtype, cval=value, **options), input, output, cval
        )
    either = Either(checked(input))
    image = either.image
    along = axes_of(axes, image.ndim)
    n = len(along)
    weights: list[list[float] | None] = [None] * image.ndim
    given = zip(
        along, per_axis(sigma, n, "sigma"), per_axis(order, n, "order"), per_axis(radius, n, "radius"), modes_of(mode, n), strict=True
    )
    modes = {}
    for axis, one, derivative, reach, rule in given:
        if not one >= 0:
            raise ValueError(f"sigma: got {one}, expected 0 or more")
        if one > 1e-15:
            reach = int(truncate * float(one) + 0.5) if reach is None else reach
            weights[axis] = _gaussian_weights(float(one), derivative, reach)
            modes[axis] = rule
    made = _along(image, modes, output_dtype(output, image.dtype), "gaussian", cval, lambda some: {
        "weights": [w if a in some else None for a, w in enumerate(weights)]
    })  # fmt: skip
    return either.result(made, output)


def _along(image: Image, modes: dict[int, str], dtype: np.dtype, name: str, cval: Any, params: Any) -> Image:
    """An operation along the axes of `modes`, in their order: at once where the modes are the same."""
    if not modes:
        return image.astype(dtype)
    value = number(cval)
    if len(set(modes.values())) == 1:
        mode = next(iter(modes.values()))
        return image.apply(name, axes=list(modes), mode=mode, cval=value, dtype=dtype.name, **params(list(modes)))
    for axis, mode in modes.items():
        image = image.apply(name, axes=[axis], mode=mode, cval=value, dtype=dtype.name, **params([axis]))
    return image


def _gaussian_weights(sigma: float, order: int, radius: int) -> list[float]:
    """Weights of a Gaussian, or of its derivative, as they are correlated."""
    if order < 0:
        raise ValueError("order must be non-negative")
    if not isinstance(radius, (int, np.integer)) or radius < 0:
        raise ValueError("Radius must be a nonnegative integer.")
    x = np.arange(-radius, radius + 1)
    variance = sigma * sigma
    bell = np.exp(-0.5 / variance * x**2)
    bell = bell / bell.sum()
    if order:
        # A derivative of the Gaussian is a polynomial times the Gaussian; one more derivative takes p to p' - p x / variance.
        powers = np.arange(order + 1)
        step = np.diag(powers[1:], 1) + np.diag(np.ones(order) / -variance, -1)
        polynomial = np.zeros(order + 1)
        polynomial[0] = 1
        for _ in range(order):
            polynomial = step.dot(polynomial)
        bell = (x[:, None] ** powers).dot(polynomial) * bell
    # A correlation reads them backwards.
    return bell[::-1].tolist()


def gaussian_filter1d(
    input: Any,
    sigma: float,
    axis: int = -1,
    order: int = 0,
    output: Any = None,
    mode: str = "reflect",
    cval: float = 0.0,
    truncate: float = 4.0,
    *,
    radius: int | None = None,
) -> Any:
    """Gaussian smoothing along one axis (scipy.ndimage.gaussian_filter1d); see `gaussian_filter`.

    Parameters
    ----------
    input : array or Image
        Any number of axes.
    sigma : float
        Standard deviation in samples.
    axis : int
        The axis.
    order, output, mode, cval, truncate, radius
        As for `gaussian_filter`.

    Returns
    -------
    numpy.ndarray or Image
    """
    from ._correlate import correlate1d

    reach = int(truncate * float(sigma) + 0.5) if radius is None else radius
    return correlate1d(input, _gaussian_weights(float(sigma), order, reach), axis, output, mode, cval, 0)


def uniform_filter(
    input: Any,
    size: int | Sequence[int] = 3,
    output: Any = None,
    mode: str | Sequence[str] = "reflect",
    cval: float = 0.0,
    origin: int | Sequence[int] = 0,
    *,
    axes: int | Sequence[int] | None = None,
) -> Any:
    """The mean of a box (scipy.ndimage.uniform_filter).

    Parameters
    ----------
    input : array or Image
        Any number of axes; integers are cut back to integers after every axis, as scipy does.
    size : int or sequence of int
        Samples of the box, one or one per axis.
    output : array or dtype, optional
        Where the result goes, or its dtype.
    mode : str or sequence of str
        How samples outside the image are made.
    cval : float
        Their value in mode ``constant``.
    origin : int or sequence of int
        Moves the box towards lower coordinates.
    axes : int or sequence of int, optional
        Axes along which means are taken, in this order; all by default.

    Returns
    -------
    numpy.ndarray or Image
        Of the input's shape, and its dtype or that of `output`.

    Raises
    ------
    RuntimeError
        For arguments whose number does not fit the axes, or an unknown mode.
    ValueError
        For axes that the image does not have, or an origin outside of the box.

    Notes
    -----
    Every mean is summed from its own samples. scipy carries a running sum along each line instead, whose rounding depends on where
    the line began (and which a NaN spoils to its end): results for floats agree to a few units in the last place of the
    largest sample, those for integers are the same.

    Examples
    --------
    >>> uniform_filter([2, 8, 0, 4, 9], 3).tolist()
    [4, 3, 4, 4, 7]
    """
    if is_complex(input):
        options: dict[str, Any] = {"mode": mode, "origin": origin, "axes": axes}
        return by_parts(lambda part, value, dtype: uniform_filter(part, size, dtype, cval=value, **options), input, output, cval)
    either = Either(checked(input))
    image = either.image
    along = axes_of(axes, image.ndim)
    n = len(along)
    box, modes = {}, {}
    for axis, one, shift, rule in zip(
        along, per_axis(size, n, "size"), per_axis(origin, n, "origin"), modes_of(mode, n), strict=True
    ):
        if one > 1:
            box[axis] = (int(one), origins_of(shift, [int(one)])[0])
            modes[axis] = rule
    made = _along(image, modes, output_dtype(output, image.dtype), "uniform", cval, lambda some: {
        "size": [box[a][0] for a in some], "origin": [box[a][1] for a in some]
    })  # fmt: skip
    return either.result(made, output)


def uniform_filter1d(
    input: Any, size: int, axis: int = -1, output: Any = None, mode: str = "reflect", cval: float = 0.0, origin: int = 0
) -> Any:
    """The mean of some samples along one axis (scipy.ndimage.uniform_filter1d); see `uniform_filter`.

    Parameters
    ----------
    input : array or Image
        Any number of axes.
    size : int
        Samples of each mean.
    axis : int
        The axis.
    output, mode, cval, origin
        As for `uniform_filter`.

    Returns
    -------
    numpy.ndarray or Image

    Raises
    ------
    RuntimeError
        If the size is less than 1.
    """
    if size < 1:
        raise RuntimeError(f"incorrect filter size: {size}")
    origins_of(origin, [size])
    ndim = np.ndim(input)
    return uniform_filter(input, size, output, mode, cval, origin, axes=(axis_of(axis, ndim),))
