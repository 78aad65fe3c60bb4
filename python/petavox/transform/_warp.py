"""Samples where a transformation says."""

from __future__ import annotations

import math
import operator
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import ndimage
from .._either import Either
from .._made import from_places
from ..image import Image
from ..ndimage._interpolation import word
from ._common import clipped, floats, mode_of, order_of
from ._matrices import SimilarityTransform

__all__ = ["rotate", "swirl", "warp", "warp_coords"]


def warp(
    image: Any,
    inverse_map: Any,
    map_args: dict[str, Any] | None = None,
    output_shape: Sequence[int] | None = None,
    order: int | None = None,
    mode: str = "constant",
    cval: float = 0.0,
    clip: bool = True,
    preserve_range: bool = False,
) -> Any:
    """The samples at the points that a transformation takes each place of the result to (skimage.transform.warp).

    Parameters
    ----------
    image : array or Image
        Two axes, or a third one of channels; any for coordinates.
    inverse_map : transformation, array or callable
        From points ``(x, y)`` of the result to points of the input: an object with the attribute ``params`` (scikit-image's or
        Petavox'), its bound method ``inverse``, a homogeneous matrix, a function of points (a row each); or coordinates as
        `petavox.ndimage.map_coordinates` takes them.
    map_args : dict, optional
        Further arguments of a function.
    output_shape : sequence of int, optional
        The input's by default.
    order : int, optional
        0 to 5; 0 for masks, else 1. A matrix with order 3 is cubic convolution, as in scikit-image; else splines.
    mode : str
        What stands outside: ``constant``, ``edge``, ``symmetric``, ``reflect`` or ``wrap``.
    cval : float
        The constant.
    clip : bool
        Hold the result between the extremes of the input.
    preserve_range : bool
        Keep the values of integers instead of making them fractions of their dtype's range.

    Returns
    -------
    numpy.ndarray or Image
        float32 for float32, else float64; the input's dtype for order 0.

    Raises
    ------
    ValueError
        For images without samples, orders and modes that do not fit.

    Notes
    -----
    A function of points is called for the blocks of a lazy image. What it needs is not known before, so that the input is held in memory;
    one that does not fit is refused when it is computed. Points are computed in doubles; scikit-image computes them in single precision for float32 images and matrices, so that its results
    there differ by a few times 1e-5 of a sample's place.

    Examples
    --------
    >>> import numpy as np
    >>> from petavox.transform import SimilarityTransform
    >>> warp(np.arange(12.0).reshape(3, 4), SimilarityTransform(translation=(1, 0)))[0].tolist()
    [1.0, 2.0, 3.0, 0.0]
    """
    either = Either(image)
    source = either.image
    if source.size == 0:
        raise ValueError(f"image: got the shape {source.shape}, expected samples")
    order = order_of(source.dtype, order)
    if order > 0:
        source = floats(source, preserve_range)
    if order == 2:
        warnings.warn("order=2 is a spline that scikit-image itself advises against; take 1 or 3", stacklevel=2)
    shape = list(source.shape) if output_shape is None else [operator.index(int(n)) for n in output_shape]
    matrix = None if map_args else _matrix(inverse_map)
    if matrix is not None:
        if source.ndim not in (2, 3):
            raise ValueError(f"image: got {source.ndim} axes, expected 2, or 3 with channels last")
        shape = [*shape[:2], *source.shape[2:]]
        # Rows first.
        swapped = matrix[[1, 0, 2]][:, [1, 0, 2]]
        made = source.apply(
            "warp",
            matrix=swapped.tolist(),
            output_shape=shape,
            order="cubic" if order == 3 else order,
            mode=mode_of(mode),
            cval=word(cval),
        )
    else:
        made = _at_points(source, inverse_map, map_args or {}, shape, order, mode, cval, is_lazy=either.is_image)
    return either.result(clipped(made, source, mode, cval, order, clip))


def _matrix(inverse_map: Any) -> np.ndarray | None:
    """The homogeneous matrix that a transformation is."""
    params: Any
    if isinstance(inverse_map, Image):
        return None
    owner: Any = getattr(inverse_map, "__self__", None)
    if getattr(inverse_map, "__name__", "") == "inverse" and hasattr(owner, "params"):
        params = np.linalg.inv(np.asarray(owner.params, dtype=np.float64))
    elif hasattr(inverse_map, "params"):
        params = np.asarray(inverse_map.params, dtype=np.float64)
    elif isinstance(inverse_map, np.ndarray) and inverse_map.shape == (3, 3):
        params = inverse_map.astype(np.float64)
    else:
        return None
    return params if params.shape == (3, 3) else None


def _at_points(
    source: Image, inverse_map: Any, arguments: dict[str, Any], shape: list[int], order: int, mode: str, cval: float, *, is_lazy: bool
) -> Any:
    points = inverse_map
    if not isinstance(points, (np.ndarray, Image)):
        if source.ndim not in (2, 3):
            raise ValueError("Only 2-D images (grayscale or color) are supported, when providing a callable `inverse_map`.")
        if source.ndim == 3 and len(shape) == 2:
            shape = [*shape, source.shape[2]]

        def moved(at: np.ndarray) -> Any:
            return inverse_map(at, **arguments)

        if is_lazy:
            points = from_places(lambda at: _coordinates(moved, at[1:], np.float64), (len(shape), *shape), np.float64, n_whole=1)
        else:
            points = warp_coords(moved, shape)
    return ndimage.map_coordinates(source, Either(points).image, prefilter=order > 1, mode=mode_of(mode), order=order, cval=cval)


def warp_coords(coord_map: Callable[[np.ndarray], np.ndarray], shape: Sequence[int], dtype: Any = np.float64) -> np.ndarray:
    """The coordinates that a function of points takes every place of an image to (skimage.transform.warp_coords).

    Parameters
    ----------
    coord_map : callable
        Takes points ``(x, y)``, a row each, and gives as many.
    shape : sequence of int
        Rows, columns, and perhaps channels.
    dtype : dtype
        Of the coordinates.

    Returns
    -------
    numpy.ndarray
        What `petavox.ndimage.map_coordinates` takes: the first axis counts the image's axes.
    """
    return _coordinates(coord_map, tuple(slice(0, int(n)) for n in shape), dtype)


def _coordinates(coord_map: Callable[[np.ndarray], np.ndarray], at: tuple[slice, ...], dtype: Any) -> np.ndarray:
    """`warp_coords` of a part of an image."""
    y, x = np.mgrid[at[:2]]
    moved = np.asarray(coord_map(np.stack([x.ravel(), y.ravel()], axis=1).astype(dtype)))
    coords = np.empty((len(at), *(one.stop - one.start for one in at)), dtype=dtype)
    coords[0] = moved[:, 1].reshape(*y.shape, *(1,) * (len(at) - 2))
    coords[1] = moved[:, 0].reshape(*y.shape, *(1,) * (len(at) - 2))
    for axis in range(2, len(at)):
        line = np.arange(at[axis].start, at[axis].stop)
        coords[axis] = line.reshape([-1 if a == axis else 1 for a in range(len(at))])
    return coords


def rotate(
    image: Any,
    angle: float,
    resize: bool = False,
    center: Sequence[float] | None = None,
    order: int | None = None,
    mode: str = "constant",
    cval: float = 0,
    clip: bool = True,
    preserve_range: bool = False,
) -> Any:
    """Turn around a point (skimage.transform.rotate).

    Parameters
    ----------
    image : array or Image
        Two axes, or a third one of channels.
    angle : float
        Degrees, counter-clockwise.
    resize : bool
        Let the result hold the whole image.
    center : two float, optional
        ``(x, y)``; the middle by default.
    order, mode, cval, clip, preserve_range
        As for `warp`.

    Returns
    -------
    numpy.ndarray or Image

    Raises
    ------
    ValueError
        As `warp`.

    Examples
    --------
    >>> import numpy as np
    >>> rotate(np.array([[1.0, 2.0], [3.0, 4.0]]), 90).round(12).tolist()
    [[2.0, 4.0], [1.0, 3.0]]
    """
    rows, columns = np.shape(image)[:2]
    middle = np.array((columns, rows)) / 2.0 - 0.5 if center is None else np.asarray(center, dtype=np.float64)
    there, back = SimilarityTransform(translation=middle), SimilarityTransform(translation=-middle)
    turn = back + SimilarityTransform(rotation=math.radians(angle)) + there
    output_shape = None
    if resize:
        corners = turn.inverse([[0, 0], [0, rows - 1], [columns - 1, rows - 1], [columns - 1, 0]])
        low, high = corners.min(axis=0), corners.max(axis=0)
        output_shape = [int(n) for n in np.around((high - low + 1)[::-1])]
        turn = SimilarityTransform(translation=low) + turn
    turn.params[2] = (0, 0, 1)
    return warp(image, turn, None, output_shape, order, mode, cval, clip, preserve_range)


def swirl(
    image: Any,
    center: Sequence[float] | None = None,
    strength: float = 1,
    radius: float = 100,
    rotation: float = 0,
    output_shape: Sequence[int] | None = None,
    order: int | None = None,
    mode: str = "reflect",
    cval: float = 0,
    clip: bool = True,
    preserve_range: bool = False,
) -> Any:
    """A whirl (skimage.transform.swirl); arrays only.

    Parameters
    ----------
    image : array or Image
        Two axes, or a third one of channels.
    center : two float, optional
        ``(x, y)``; the middle by default.
    strength : float
        How far it turns.
    radius : float
        How far it reaches.
    rotation : float
        Added to the angle.
    output_shape, order, mode, cval, clip, preserve_range
        As for `warp`.

    Returns
    -------
    numpy.ndarray or Image
    """
    x0, y0 = np.array(np.shape(image))[:2][::-1] / 2 if center is None else center
    reach = radius / 5 * np.log(2)

    def whirl(points: np.ndarray) -> np.ndarray:
        x, y = points.T
        distance = np.hypot(x - x0, y - y0)
        angle = rotation + strength * np.exp(-distance / reach) + np.arctan2(y - y0, x - x0)
        return np.stack([x0 + distance * np.cos(angle), y0 + distance * np.sin(angle)], axis=1)

    return warp(image, whirl, None, output_shape, order, mode, cval, clip, preserve_range)
