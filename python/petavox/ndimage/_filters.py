"""Linear filters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from .._either import Either, dtype_of
from ..image import Image
from ._arguments import MODES, mode_of, per_axis

__all__ = ["gaussian_filter", "gaussian_filter1d"]


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
        Axes that are smoothed; all by default.

    Returns
    -------
    numpy.ndarray or Image
        Of the input's shape, and its dtype or that of `output`.

    Raises
    ------
    ValueError
        For arguments whose number does not fit the axes, or an unknown mode.

    Notes
    -----
    Weights are computed by numpy here, as in scipy, so that results are scipy's to the last bit. (numpy's exponential differs
    between processors by one unit in the last place.)

    References
    ----------
    scipy.ndimage.gaussian_filter
    """
    either = Either(input)
    image = either.image
    along = list(range(image.ndim) if axes is None else normalize_axis_tuple(axes, image.ndim, "axes"))
    n = len(along)
    weights: list[list[float] | None] = [None] * image.ndim
    given = zip(
        along,
        per_axis(sigma, n, "sigma"),
        per_axis(order, n, "order"),
        per_axis(radius, n, "radius"),
        strict=True,
    )
    for axis, one, derivative, reach in given:
        if not one >= 0:
            raise ValueError(f"sigma: got {one}, expected 0 or more")
        if one > 1e-15:
            reach = int(truncate * float(one) + 0.5) if reach is None else reach
            weights[axis] = _gaussian_weights(float(one), derivative, reach)
    modes = dict(zip(along, per_axis(mode, n, "mode"), strict=True))
    for name in modes.values():
        mode_of(name)
    wanted = dtype_of(output)
    if wanted is not None and wanted != image.dtype:
        # Axis by axis, each result in the output's dtype: scipy's rule.
        filtered = [axis for axis in along if weights[axis] is not None]
        for axis in filtered:
            exact = image.astype(np.float64) if axis == filtered[0] else image
            image = _filtered(exact, _only(weights, axis), modes[axis], cval).astype(wanted)
        image = image.astype(wanted)
    elif len(set(modes.values())) == 1:
        image = _filtered(image, weights, modes[along[0]], cval)
    else:
        for axis in along:
            image = _filtered(image, _only(weights, axis), modes[axis], cval)
    return either.result(image, output)


def _filtered(image: Image, weights: list[list[float] | None], mode: str, cval: float) -> Image:
    if not any(weights):
        return image
    return image.apply("gaussian", weights=weights, mode=MODES[mode], cval=float(cval))


def _only(weights: list[list[float] | None], axis: int) -> list[list[float] | None]:
    return [one if a == axis else None for a, one in enumerate(weights)]


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
    return gaussian_filter(input, sigma, order, output, mode, cval, truncate, radius=radius, axes=axis)
