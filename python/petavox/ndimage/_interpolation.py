"""Values between samples: splines, and images on other grids."""

from __future__ import annotations

import functools
import itertools
import math
import operator
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .._either import Either
from .._made import from_places
from ..image import Image
from ._arguments import axis_of, is_complex, output_dtype, per_axis, placed
from ._low_level import is_low_level, of_point

__all__ = [
    "affine_transform",
    "geometric_transform",
    "map_coordinates",
    "rotate",
    "shift",
    "spline_filter",
    "spline_filter1d",
    "zoom",
]

#: How samples outside the image are made, in interpolation.
INTERPOLATION_MODES = ("reflect", "grid-mirror", "mirror", "nearest", "wrap", "grid-wrap", "constant", "grid-constant")


def _check(order: Any, mode: Any) -> int:
    if not 0 <= order <= 5:
        raise RuntimeError("spline order not supported")
    if mode not in INTERPOLATION_MODES:
        raise RuntimeError(f"boundary mode not supported: got {mode!r}, expected one of {', '.join(INTERPOLATION_MODES)}")
    return operator.index(order)


def word(value: Any) -> float | str:
    """A number as JSON, where JSON has none as a word."""
    number = float(np.real(value))
    return number if math.isfinite(number) else str(number)


def _sampled(
    input: Any, name: str, output: Any, order: Any, mode: str, cval: Any, prefilter: bool, *others: Image, **params: Any
) -> Any:
    """The operation `name` on an array or an image, of real or complex samples."""
    common = {"order": _check(order, mode), "mode": mode, "prefilter": bool(prefilter)}

    def lazy(image: Image, dtype: np.dtype, cval: Any) -> Image:
        if image.ndim < 1:
            raise RuntimeError("input and output rank must be > 0")
        return image.apply(name, *others, dtype=dtype.name, cval=word(cval), **common, **params)

    return both(input, output, cval, lazy)


def both(input: Any, output: Any, cval: Any, lazy: Callable[[Image, np.dtype, Any], Image]) -> Any:
    """What `lazy` makes of an array or an image, or of the real and the imaginary part of an array."""
    if not isinstance(input, Image) and is_complex(input):
        array = np.asarray(input)
        dtype = output_dtype(output, array.dtype, is_complex=True)
        part = np.empty(0, dtype).real.dtype
        parts = [(array.real, np.real(cval)), (array.imag, np.imag(cval))]
        real, imaginary = (lazy(Either(np.ascontiguousarray(a)).image, part, c) for a, c in parts)
        result = placed(output, real.shape, dtype)
        result.real, result.imag = real.compute(), imaginary.compute()
        return result
    either = Either(input)
    made = lazy(either.image, output_dtype(output, either.image.dtype), cval)
    return either.result(made, output if isinstance(output, np.ndarray) else None)


def spline_filter1d(input: Any, order: int = 3, axis: int = -1, output: Any = np.float64, mode: str = "mirror") -> Any:
    """Coefficients, along one axis, of the B-spline that runs through the samples (scipy.ndimage.spline_filter1d).

    Parameters
    ----------
    input : array or Image
        Any number of axes.
    order : int
        Of the spline, 0 to 5; 0 and 1 leave the samples as they are.
    axis : int
        The axis.
    output : array or dtype
        Where the result goes, or its dtype.
    mode : str
        How the image goes on outside.

    Returns
    -------
    numpy.ndarray or Image
        float64 by default.

    Raises
    ------
    RuntimeError
        For other orders and modes.

    Notes
    -----
    The recursive filter starts anew for every 64 coefficients, far enough outside for its start to be forgotten to the last bit, so
    that a block needs a margin of 26 to 56 samples instead of whole lines.

    References
    ----------
    M. Unser, A. Aldroubi, M. Eden, Fast B-spline transforms for continuous image representation and interpolation, IEEE TPAMI 13, 1991.
    """
    order = _check(order, mode)

    def lazy(image: Image, dtype: np.dtype, cval: Any) -> Image:
        if order < 2:
            return image.astype(dtype)
        along = axis_of(axis, image.ndim)
        return image.apply("spline_filter", order=order, mode=mode, axes=[along]).astype(dtype)

    return both(input, output, 0, lazy)


def spline_filter(input: Any, order: int = 3, output: Any = np.float64, mode: str = "mirror") -> Any:
    """Coefficients of the B-spline that runs through the samples (scipy.ndimage.spline_filter).

    Parameters
    ----------
    input : array or Image
        Any number of axes.
    order : int
        Of the spline, 2 to 5.
    output : array or dtype
        Where the result goes, or its dtype.
    mode : str
        How the image goes on outside.

    Returns
    -------
    numpy.ndarray or Image
        float64 by default.

    Raises
    ------
    RuntimeError
        For other orders and modes.

    Examples
    --------
    >>> import numpy as np
    >>> spline_filter(np.array([1.0, 2.0, 3.0]), order=2).round(3).tolist()
    [0.667, 2.0, 3.333]
    """
    order = _check(order, mode)
    if order < 2:
        raise RuntimeError("spline order not supported")

    def lazy(image: Image, dtype: np.dtype, cval: Any) -> Image:
        if image.ndim == 0:
            return image.astype(dtype)
        if dtype == np.float64:
            return image.apply("spline_filter", order=order, mode=mode)
        # Every axis' result goes to the output's dtype.
        for axis in range(image.ndim):
            image = image.apply("spline_filter", order=order, mode=mode, axes=[axis]).astype(dtype)
        return image

    return both(input, output, 0, lazy)


def affine_transform(
    input: Any,
    matrix: Any,
    offset: float | Sequence[float] = 0.0,
    output_shape: Sequence[int] | None = None,
    output: Any = None,
    order: int = 3,
    mode: str = "constant",
    cval: float = 0.0,
    prefilter: bool = True,
) -> Any:
    """The samples at ``matrix @ o + offset`` for every place ``o`` of the result (scipy.ndimage.affine_transform).

    Parameters
    ----------
    input : array or Image
        Any number of axes.
    matrix : array
        A number per axis, a row per input axis and a column per output axis, or homogeneous.
    offset : float or sequence of float
        Per input axis.
    output_shape : sequence of int, optional
        The input's by default, or that of `output`.
    output : array or dtype, optional
        Where the result goes, or its dtype; the input's by default.
    order : int
        Of the spline, 0 to 5.
    mode : str
        What stands outside: ``reflect`` (``grid-mirror``), ``mirror``, ``nearest``, ``constant`` (not blended with samples),
        ``grid-constant``, ``wrap`` (with a period of one sample less than the extent), ``grid-wrap``.
    cval : float
        The constant.
    prefilter : bool
        False if the input are coefficients already.

    Returns
    -------
    numpy.ndarray or Image
        Integers are rounded half away from zero and held at the ends of their range.

    Raises
    ------
    RuntimeError
        For matrices and shapes that do not fit.
    ValueError
        For a homogeneous matrix whose last row is another one.

    Notes
    -----
    A block of an image reads the box that holds what the matrix takes its corners to. Axes along which nothing happens are carried along.

    Examples
    --------
    >>> import numpy as np
    >>> affine_transform(np.arange(6.0), [0.5], order=1).tolist()
    [0.0, 0.5, 1.0, 1.5, 2.0, 2.5]
    """
    _check(order, mode)
    shape_in = np.shape(input)
    ndim = len(shape_in)
    if output_shape is None:
        output_shape = output.shape if isinstance(output, np.ndarray) else shape_in
    if ndim < 1 or len(output_shape) < 1:
        raise RuntimeError("input and output rank must be > 0")
    if isinstance(output, np.ndarray) and output.shape != tuple(output_shape):
        raise RuntimeError(f"output shape not correct: got {output.shape}, expected {tuple(output_shape)}")
    matrix = np.asarray(matrix, dtype=np.float64)
    if matrix.ndim not in (1, 2) or matrix.shape[0] < 1:
        raise RuntimeError("no proper affine matrix provided")
    if matrix.ndim == 2 and matrix.shape[1] == ndim + 1 and matrix.shape[0] in (ndim, ndim + 1):
        if matrix.shape[0] == ndim + 1 and matrix[ndim].tolist() != [0.0] * ndim + [1.0]:
            raise ValueError(f"matrix: the last row of a homogeneous matrix is 0, ..., 0, 1; got {matrix[ndim].tolist()}")
        offset = matrix[:ndim, ndim]
        matrix = matrix[:ndim, :ndim]
    if matrix.shape[0] != ndim:
        raise RuntimeError("affine matrix has wrong number of rows")
    if matrix.ndim == 2 and matrix.shape[1] != len(output_shape):
        raise RuntimeError("affine matrix has wrong number of columns")
    params = {
        "matrix": matrix.tolist(),
        "offset": [float(o) for o in per_axis(offset, ndim, "offset")],
        "output_shape": [operator.index(n) for n in output_shape],
    }
    return _sampled(input, "affine_transform", output, order, mode, cval, prefilter, **params)


def shift(
    input: Any,
    shift: float | Sequence[float],
    output: Any = None,
    order: int = 3,
    mode: str = "constant",
    cval: float = 0.0,
    prefilter: bool = True,
) -> Any:
    """The image moved by samples and fractions of samples (scipy.ndimage.shift).

    Parameters
    ----------
    input : array or Image
        Any number of axes.
    shift : float or sequence of float
        Towards higher places, one or one per axis.
    output, order, mode, cval, prefilter
        As for `affine_transform`.

    Returns
    -------
    numpy.ndarray or Image

    Raises
    ------
    RuntimeError
        For orders, modes and numbers that do not fit.

    Examples
    --------
    >>> import numpy as np
    >>> shift(np.arange(5), 2).tolist()
    [0, 0, 0, 1, 2]
    """
    shifts = [float(s) for s in per_axis(shift, np.ndim(input), "shift")]
    return _sampled(input, "shift", output, order, mode, cval, prefilter, shift=shifts)


def zoom(
    input: Any,
    zoom: float | Sequence[float],
    output: Any = None,
    order: int = 3,
    mode: str = "constant",
    cval: float = 0.0,
    prefilter: bool = True,
    *,
    grid_mode: bool = False,
) -> Any:
    """More or fewer samples of the same image (scipy.ndimage.zoom).

    Parameters
    ----------
    input : array or Image
        Any number of axes.
    zoom : float or sequence of float
        Times as many samples, one or one per axis.
    output, order, mode, cval, prefilter
        As for `affine_transform`.
    grid_mode : bool
        The outer edges of the first and the last sample stay where they are, instead of their centres.

    Returns
    -------
    numpy.ndarray or Image

    Raises
    ------
    RuntimeError
        For orders, modes and numbers that do not fit.

    Examples
    --------
    >>> import numpy as np
    >>> zoom(np.array([0.0, 1.0, 4.0]), 5 / 3, order=1).tolist()
    [0.0, 0.5, 1.0, 2.5, 4.0]
    """
    _check(order, mode)
    factors = [float(z) for z in per_axis(zoom, np.ndim(input), "zoom")]
    if factors and prefilter and all(z == 1 for z in factors):
        return both(input, output, cval, lambda image, dtype, _: image.astype(dtype))
    if grid_mode and mode in ("constant", "wrap"):
        warnings.warn(
            f"It is recommended to use mode = grid-{mode} instead of {mode} when grid_mode is True.", UserWarning, stacklevel=2
        )
    return _sampled(input, "zoom", output, order, mode, cval, prefilter, zoom=factors, grid_mode=bool(grid_mode))


def rotate(
    input: Any,
    angle: float,
    axes: Sequence[int] = (1, 0),
    reshape: bool = True,
    output: Any = None,
    order: int = 3,
    mode: str = "constant",
    cval: float = 0.0,
    prefilter: bool = True,
) -> Any:
    """Turn in the plane of two axes (scipy.ndimage.rotate).

    Parameters
    ----------
    input : array or Image
        At least two axes.
    angle : float
        Degrees.
    axes : two int
        The plane.
    reshape : bool
        Let the result hold the whole image.
    output, order, mode, cval, prefilter
        As for `affine_transform`.

    Returns
    -------
    numpy.ndarray or Image

    Raises
    ------
    ValueError
        For axes that are no plane of the image.

    Examples
    --------
    >>> import numpy as np
    >>> rotate(np.array([[1, 2], [3, 4]]), 90, order=1).tolist()
    [[2, 4], [1, 3]]
    """
    ndim = np.ndim(input)
    if ndim < 2:
        raise ValueError("input array should be at least 2D")
    plane = list(axes)
    if len(plane) != 2:
        raise ValueError("axes should contain exactly two values")
    if not all(float(axis).is_integer() for axis in plane):
        raise ValueError("axes should contain only integer values")
    plane = [int(axis) + (ndim if axis < 0 else 0) for axis in plane]
    if not all(0 <= axis < ndim for axis in plane):
        raise ValueError("invalid rotation plane specified")
    params = {"angle": float(angle), "axes": plane, "reshape": bool(reshape)}
    return _sampled(input, "rotate", output, order, mode, cval, prefilter, **params)


def map_coordinates(
    input: Any,
    coordinates: Any,
    output: Any = None,
    order: int = 3,
    mode: str = "constant",
    cval: float = 0.0,
    prefilter: bool = True,
) -> Any:
    """The samples at given points (scipy.ndimage.map_coordinates).

    Parameters
    ----------
    input : array or Image
        Any number of axes.
    coordinates : array or Image
        The first axis counts the input's axes; the result has the others.
    output, order, mode, cval, prefilter
        As for `affine_transform`.

    Returns
    -------
    numpy.ndarray or Image
        An image if one of the two is.

    Raises
    ------
    RuntimeError
        For coordinates that do not fit.
    TypeError
        For complex coordinates.

    Notes
    -----
    Which samples are needed is known only when the coordinates are: every block of the result needs the whole input (or the coefficients
    of its spline), which has to fit the memory; else the computation is refused with the memory it would take. The coordinates are read
    block by block. Where points are few, list them instead: ``image.apply("map_coordinates", coordinates=[[...], ...])`` reads
    what lies around them only.

    Examples
    --------
    >>> import numpy as np
    >>> image = np.arange(12.0).reshape(4, 3)
    >>> map_coordinates(image, [[0.5, 2], [0.5, 1]], order=1).tolist()
    [2.0, 7.0]
    """
    _check(order, mode)
    if not isinstance(coordinates, Image):
        coordinates = np.asarray(coordinates)
        if np.iscomplexobj(coordinates):
            raise TypeError("coordinates: complex numbers are no places")
    ndim = np.ndim(input)
    if ndim < 1 or coordinates.ndim < 2:
        raise RuntimeError("input and output rank must be > 0")
    if coordinates.shape[0] != ndim:
        raise RuntimeError(f"invalid shape for coordinate array: {coordinates.shape} for {ndim} axes")
    if isinstance(coordinates, Image) and not isinstance(input, Image):
        input = Either(np.ascontiguousarray(input)).image
    if not isinstance(coordinates, Image) and coordinates.dtype.kind == "f":
        coordinates = coordinates.astype(np.promote_types(coordinates.dtype, np.float32), copy=False)
    points = Either(coordinates).image
    return _sampled(input, "map_coordinates", output, order, mode, cval, prefilter, points)


def geometric_transform(
    input: Any,
    mapping: Any,
    output_shape: Sequence[int] | None = None,
    output: Any = None,
    order: int = 3,
    mode: str = "constant",
    cval: float = 0.0,
    prefilter: bool = True,
    extra_arguments: tuple[Any, ...] = (),
    extra_keywords: dict[str, Any] | None = None,
) -> Any:
    """The samples at the points that a function says (scipy.ndimage.geometric_transform).

    Parameters
    ----------
    input : array or Image
        Any number of axes. What a function of Python needs is not known before it is called, so that an image is held in memory; one
        that does not fit is refused when it is computed.
    mapping : callable or scipy.LowLevelCallable
        Takes the place of a sample of the result and gives the point of the input, as tuples.
    output_shape : sequence of int, optional
        The input's by default.
    output, order, mode, cval, prefilter
        As for `affine_transform`.
    extra_arguments : tuple
        Further arguments of `mapping`.
    extra_keywords : dict, optional
        Further arguments of `mapping`, by name.

    Returns
    -------
    numpy.ndarray or Image

    Raises
    ------
    RuntimeError
        For images and results without axes, and an output of another shape.
    TypeError
        If `mapping` is no function.

    Examples
    --------
    >>> import numpy as np
    >>> geometric_transform(np.arange(4.0), lambda o: (3 - o[0],), order=1).tolist()
    [3.0, 2.0, 1.0, 0.0]
    """
    _check(order, mode)
    ndim = np.ndim(input)
    shape = tuple(np.shape(input)) if output_shape is None else tuple(operator.index(n) for n in output_shape)
    if ndim < 1 or len(shape) < 1:
        raise RuntimeError("input and output rank must be > 0")
    if isinstance(output, np.ndarray) and output.shape != shape:
        raise RuntimeError(f"output shape not correct: got {output.shape}, expected {shape}")
    if is_low_level(mapping):
        function = of_point(mapping, ndim)
    elif callable(mapping):
        function = functools.partial(_called, mapping, extra_arguments, extra_keywords or {})
    else:
        raise TypeError(f"mapping: got {type(mapping).__name__}, expected a function or a scipy.LowLevelCallable")

    def points(at: tuple[slice, ...]) -> np.ndarray:
        ranges = [range(one.start, one.stop) for one in at]
        made = np.empty((ndim, *map(len, ranges)))
        flat = made.reshape(ndim, -1)
        for k, place in enumerate(itertools.product(*ranges)):
            flat[:, k] = function(place)
        return made

    if isinstance(input, Image):
        lazy = from_places(lambda at: points(at[1:]), (ndim, *shape), np.float64, n_whole=1)
        return map_coordinates(input, lazy, output, order, mode, cval, prefilter)
    return map_coordinates(input, points(tuple(slice(0, n) for n in shape)), output, order, mode, cval, prefilter)


def _called(mapping: Callable[..., Any], arguments: tuple[Any, ...], keywords: dict[str, Any], place: tuple[int, ...]) -> Any:
    return mapping(place, *arguments, **keywords)
