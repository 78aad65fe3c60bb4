"""scipy.ndimage's functions under their names and with their numbers: arrays give arrays at once, on all cores; images give images.

Examples
--------
>>> import numpy as np
>>> from petavox import ndimage
>>> labels, n = ndimage.label(np.array([[1, 0, 1], [1, 0, 1]]))
>>> labels.tolist(), n
([[1, 0, 2], [1, 0, 2]], 2)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from ._either import Either, dtype_of
from .image import Image

__all__ = [
    "binary_closing",
    "binary_dilation",
    "binary_erosion",
    "binary_opening",
    "distance_transform_edt",
    "gaussian_filter",
    "gaussian_filter1d",
    "generate_binary_structure",
    "label",
]


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
        _per_axis(sigma, n, "sigma"),
        _per_axis(order, n, "order"),
        _per_axis(radius, n, "radius"),
        strict=True,
    )
    for axis, one, derivative, reach in given:
        if not one >= 0:
            raise ValueError(f"sigma: got {one}, expected 0 or more")
        if one > 1e-15:
            reach = int(truncate * float(one) + 0.5) if reach is None else reach
            weights[axis] = _gaussian_weights(float(one), derivative, reach)
    modes = dict(zip(along, _per_axis(mode, n, "mode"), strict=True))
    for name in modes.values():
        if name not in _MODES:
            raise ValueError(f"mode: got {name!r}, expected one of {', '.join(_MODES)}")
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


#: How samples outside the image are made, and the core's name of it.
_MODES = {
    "reflect": "reflect",
    "constant": "constant",
    "nearest": "nearest",
    "mirror": "mirror",
    "wrap": "wrap",
    "grid-mirror": "reflect",
    "grid-constant": "constant",
    "grid-wrap": "wrap",
}


def _filtered(image: Image, weights: list[list[float] | None], mode: str, cval: float) -> Image:
    if not any(weights):
        return image
    return image.apply("gaussian", weights=weights, mode=_MODES[mode], cval=float(cval))


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


def label(input: Any, structure: Any = None, output: Any = None) -> Any:
    """Number the connected components of what is not 0, in the raster order of their first samples.

    Parameters
    ----------
    input : array or Image
        Every sample other than 0 is foreground.
    structure : array, optional
        What counts as a neighbour: a `generate_binary_structure`; faces only by default.
    output : array or dtype, optional
        Where the labels go (then only their number is returned, as in scipy), or their dtype.

    Returns
    -------
    labels : numpy.ndarray or Image
        int32.
    num_features : int, or Image without axes
        How many there are.

    Raises
    ------
    ValueError
        For a structure that is not a `generate_binary_structure`.

    References
    ----------
    scipy.ndimage.label
    """
    either = Either(input)
    connectivity = 1 if structure is None else _connectivity(structure, either.image.ndim)
    labels = (either.image != 0).apply("label", connectivity=connectivity)
    if either.is_image:
        return either.result(labels, output), labels.max()
    result = either.result(labels, output)
    n = int(result.max(initial=0))
    return n if isinstance(output, np.ndarray) else (result, n)


def generate_binary_structure(rank: int, connectivity: int) -> np.ndarray:
    """The neighbourhood of one sample: those that at most `connectivity` steps along axes lead to.

    Parameters
    ----------
    rank : int
        Number of axes.
    connectivity : int
        1 for faces, up to `rank` for corners too.

    Returns
    -------
    numpy.ndarray
        bool, of shape ``(3,) * rank``.

    Examples
    --------
    >>> generate_binary_structure(2, 1).astype(int).tolist()
    [[0, 1, 0], [1, 1, 1], [0, 1, 0]]
    """
    if rank < 1:
        return np.array(True, dtype=bool)
    steps = np.abs(np.indices((3,) * rank) - 1).sum(0)
    return steps <= max(connectivity, 1)


def _connectivity(structure: Any, ndim: int) -> int:
    structure = np.asarray(structure, dtype=bool)
    if structure.ndim != ndim:
        raise RuntimeError("structure and input must have equal rank")
    for connectivity in range(1, ndim + 1):
        if np.array_equal(structure, generate_binary_structure(ndim, connectivity)):
            return connectivity
    raise ValueError("structure: expected generate_binary_structure(ndim, connectivity); other neighbourhoods are not there yet")


def _binary(
    name: str, input: Any, structure: Any, iterations: int, mask: Any, output: Any, border_value: int, origin: Any, axes: Any
) -> Any:
    either = Either(input)
    ndim = either.image.ndim
    if axes is not None and sorted(normalize_axis_tuple(axes, ndim, "axes")) != list(range(ndim)):
        raise NotImplementedError(f"{name}: some axes only are not there yet")
    if mask is not None:
        raise NotImplementedError(f"{name}: mask is not there yet")
    if np.any(np.asarray(origin) != 0):
        raise NotImplementedError(f"{name}: origin is not there yet")
    if iterations < 1:
        raise NotImplementedError(f"{name}: iterations until nothing changes are not there yet")
    params: dict[str, Any] = {"iterations": int(iterations)}
    if structure is not None and np.all(structure) and all(n % 2 for n in np.shape(structure)) and np.ndim(structure) == ndim:
        params["size"] = list(np.shape(structure))
    elif structure is not None:
        params["connectivity"] = _connectivity(structure, ndim)
    if border_value:
        params["border_value"] = 1
    return either.result((either.image != 0).apply(name, **params), output)


def binary_erosion(
    input: Any,
    structure: Any = None,
    iterations: int = 1,
    mask: Any = None,
    output: Any = None,
    border_value: int = 0,
    origin: int | Sequence[int] = 0,
    brute_force: bool = False,
    *,
    axes: Any = None,
) -> Any:
    """Erode a mask (scipy.ndimage.binary_erosion).

    Parameters
    ----------
    input : array or Image
        Every sample other than 0 is foreground.
    structure : array, optional
        A `generate_binary_structure` (faces by default) or a box of ones with odd extents.
    iterations : int
        How many times.
    mask, origin, axes
        Not there yet.
    output : array or dtype, optional
        Where the result goes, or its dtype.
    border_value : {0, 1}
        What lies outside the image.
    brute_force : bool
        Ignored: there is one way.

    Returns
    -------
    numpy.ndarray or Image
        bool.

    Raises
    ------
    ValueError
        For other structures.
    NotImplementedError
        For what is not there yet.
    """
    return _binary("binary_erosion", input, structure, iterations, mask, output, border_value, origin, axes)


def binary_dilation(
    input: Any,
    structure: Any = None,
    iterations: int = 1,
    mask: Any = None,
    output: Any = None,
    border_value: int = 0,
    origin: int | Sequence[int] = 0,
    brute_force: bool = False,
    *,
    axes: Any = None,
) -> Any:
    """Dilate a mask (scipy.ndimage.binary_dilation).

    Parameters
    ----------
    input : array or Image
        Every sample other than 0 is foreground.
    structure : array, optional
        A `generate_binary_structure` (faces by default) or a box of ones with odd extents.
    iterations : int
        How many times.
    output : array or dtype, optional
        Where the result goes, or its dtype.
    border_value : {0, 1}
        What lies outside the image.
    mask, origin, axes
        Not there yet.
    brute_force : bool
        Ignored: there is one way.

    Returns
    -------
    numpy.ndarray or Image
        bool.
    """
    return _binary("binary_dilation", input, structure, iterations, mask, output, border_value, origin, axes)


def binary_opening(
    input: Any,
    structure: Any = None,
    iterations: int = 1,
    output: Any = None,
    origin: int | Sequence[int] = 0,
    mask: Any = None,
    border_value: int = 0,
    brute_force: bool = False,
    *,
    axes: Any = None,
) -> Any:
    """Erode a mask, then dilate it (scipy.ndimage.binary_opening).

    Parameters
    ----------
    input : array or Image
        Every sample other than 0 is foreground.
    structure : array, optional
        A `generate_binary_structure` (faces by default) or a box of ones with odd extents.
    iterations : int
        How many times.
    output : array or dtype, optional
        Where the result goes, or its dtype.
    border_value : {0, 1}
        What lies outside the image.
    mask, origin, axes
        Not there yet.
    brute_force : bool
        Ignored: there is one way.

    Returns
    -------
    numpy.ndarray or Image
        bool.
    """
    return _binary("binary_opening", input, structure, iterations, mask, output, border_value, origin, axes)


def binary_closing(
    input: Any,
    structure: Any = None,
    iterations: int = 1,
    output: Any = None,
    origin: int | Sequence[int] = 0,
    mask: Any = None,
    border_value: int = 0,
    brute_force: bool = False,
    *,
    axes: Any = None,
) -> Any:
    """Dilate a mask, then erode it (scipy.ndimage.binary_closing).

    Parameters
    ----------
    input : array or Image
        Every sample other than 0 is foreground.
    structure : array, optional
        A `generate_binary_structure` (faces by default) or a box of ones with odd extents.
    iterations : int
        How many times.
    output : array or dtype, optional
        Where the result goes, or its dtype.
    border_value : {0, 1}
        What lies outside the image.
    mask, origin, axes
        Not there yet.
    brute_force : bool
        Ignored: there is one way.

    Returns
    -------
    numpy.ndarray or Image
        bool.
    """
    return _binary("binary_closing", input, structure, iterations, mask, output, border_value, origin, axes)


def distance_transform_edt(
    input: Any,
    sampling: float | Sequence[float] | None = None,
    return_distances: bool = True,
    return_indices: bool = False,
    distances: Any = None,
    indices: Any = None,
) -> Any:
    """Exact Euclidean distance to the nearest 0 (scipy.ndimage.distance_transform_edt).

    Parameters
    ----------
    input : array or Image
        Every sample other than 0 is foreground.
    sampling : float or sequence of float, optional
        Size of a sample, one or one per axis; 1 by default.
    return_distances, return_indices, indices
        Distances only; indices are not there yet.
    distances : array, optional
        Where the distances go.

    Returns
    -------
    numpy.ndarray or Image
        float64.

    Raises
    ------
    NotImplementedError
        For indices.
    """
    if return_indices or indices is not None or not return_distances:
        raise NotImplementedError("distance_transform_edt: indices are not there yet")
    either = Either(input)
    params = {} if sampling is None else {"sampling": [float(s) for s in np.atleast_1d(sampling)]}
    result = either.result((either.image != 0).apply("distance_transform_edt", **params), distances)
    return None if isinstance(distances, np.ndarray) else result


def _per_axis(value: Any, n: int, name: str) -> list[Any]:
    values = list(value) if isinstance(value, (list, tuple, np.ndarray)) else [value] * n
    if len(values) != n:
        raise RuntimeError(f"{name}: sequence argument must have length equal to input rank: {len(values)} for {n} axes")
    return values
