"""Other extents."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import ndimage
from .._either import Either
from ..image import Image
from ..ndimage._interpolation import word
from ._common import clipped, floats, mode_of, order_of

__all__ = ["rescale", "resize"]


def resize(
    image: Any,
    output_shape: Sequence[int],
    order: int | None = None,
    mode: str = "reflect",
    cval: float = 0,
    clip: bool = True,
    preserve_range: bool = False,
    anti_aliasing: bool | None = None,
    anti_aliasing_sigma: float | Sequence[float] | None = None,
) -> Any:
    """The image on other extents (skimage.transform.resize).

    Parameters
    ----------
    image : array or Image
        Any number of axes.
    output_shape : sequence of int
        One per axis; the last axis (channels) may be left out.
    order : int, optional
        Of the spline, 0 to 5; 0 for masks, else 1.
    mode : str
        What stands outside: ``constant``, ``edge``, ``symmetric``, ``reflect`` or ``wrap``.
    cval : float
        The constant.
    clip : bool
        Hold the result between the extremes of the input, which splines overshoot.
    preserve_range : bool
        Keep the values of integers instead of making them fractions of their dtype's range.
    anti_aliasing : bool, optional
        Smooth before; by default where samples become fewer, but not masks and integers of order 0.
    anti_aliasing_sigma : float or sequence of float, optional
        ``(factor - 1) / 2`` by default.

    Returns
    -------
    numpy.ndarray or Image
        float32 for float32, else float64; the input's dtype for order 0.

    Raises
    ------
    ValueError
        For shapes, orders and modes that do not fit.

    Notes
    -----
    Clipping an image needs its extremes, a pass of its own, where `order` is above 1 or `mode` is ``constant``.

    Examples
    --------
    >>> import numpy as np
    >>> resize(np.array([[0.0, 1.0], [2.0, 3.0]]), (2, 4)).tolist()
    [[0.25, 0.25, 0.75, 0.75], [2.25, 2.25, 2.75, 2.75]]
    """
    either = Either(image)
    return either.result(resized(either.image, output_shape, order, mode, cval, clip, preserve_range, anti_aliasing, anti_aliasing_sigma))


def resized(
    image: Image,
    output_shape: Sequence[int],
    order: int | None = None,
    mode: str = "reflect",
    cval: float = 0,
    clip: bool = True,
    preserve_range: bool = False,
    anti_aliasing: bool | None = None,
    anti_aliasing_sigma: float | Sequence[float] | None = None,
) -> Any:
    """`resize` of an image."""
    shape = [int(n) for n in output_shape]
    if len(shape) > image.ndim:
        image = image.reshape(image.shape + (1,) * (len(shape) - image.ndim))
    elif len(shape) == image.ndim - 1:
        shape.append(image.shape[-1])
    elif len(shape) < image.ndim:
        raise ValueError(f"output_shape: got {len(shape)} extents, expected {image.ndim}, one per axis, or one less")
    factors = np.divide(image.shape, shape)
    kind = image.dtype.kind
    order = order_of(image.dtype, order)
    if anti_aliasing is None:
        anti_aliasing = kind != "b" and not (kind in "iu" and order == 0) and bool(np.any(factors > 1))
    if anti_aliasing and kind == "b":
        raise ValueError("anti_aliasing: must be False for masks")
    if order > 0:
        image = floats(image, preserve_range)
    rule = mode_of(mode)
    smooth = image
    if anti_aliasing:
        if anti_aliasing_sigma is None:
            sigma = np.maximum(0, (factors - 1) / 2)
        else:
            sigma = np.atleast_1d(anti_aliasing_sigma) * np.ones_like(factors)
            if np.any(sigma < 0):
                raise ValueError("anti_aliasing_sigma: got a negative one, expected 0 or more")
            if np.any((sigma > 0) & (factors <= 1)):
                warnings.warn("anti_aliasing_sigma: smooths along axes whose samples do not become fewer", stacklevel=3)
        smooth = ndimage.gaussian_filter(image, sigma.tolist(), cval=cval, mode=rule)
    made = smooth.apply("resize", output_shape=shape, order=order, mode=rule, cval=word(cval))
    return clipped(made, image, mode, cval, order, clip)


def rescale(
    image: Any,
    scale: float | Sequence[float],
    order: int | None = None,
    mode: str = "reflect",
    cval: float = 0,
    clip: bool = True,
    preserve_range: bool = False,
    anti_aliasing: bool | None = None,
    anti_aliasing_sigma: float | Sequence[float] | None = None,
    *,
    channel_axis: int | None = None,
) -> Any:
    """The image with `scale` times as many samples per axis (skimage.transform.rescale).

    Parameters
    ----------
    image : array or Image
        Any number of axes.
    scale : float or sequence of float
        One, or one per axis (that of the channels left out).
    order, mode, cval, clip, preserve_range, anti_aliasing, anti_aliasing_sigma
        As for `resize`.
    channel_axis : int, optional
        An axis that is left as it is.

    Returns
    -------
    numpy.ndarray or Image

    Raises
    ------
    ValueError
        For scales that do not fit the axes.

    Examples
    --------
    >>> import numpy as np
    >>> rescale(np.ones((4, 6)), 0.5).shape
    (2, 3)
    """
    either = Either(image)
    ndim = either.image.ndim
    axes = [a for a in range(ndim) if channel_axis is None or a != channel_axis % ndim]
    scales = np.atleast_1d(scale)
    if len(scales) > 1 and len(scales) != len(axes):
        raise ValueError(f"scale: got {len(scales)}, expected 1 or {len(axes)}, one per spatial axis")
    shape = list(either.image.shape)
    for axis, factor in zip(axes, np.broadcast_to(scales, len(axes)), strict=True):
        shape[axis] = int(max(np.round(factor * shape[axis]), 1))
    made = resized(either.image, shape, order, mode, cval, clip, preserve_range, anti_aliasing, anti_aliasing_sigma)
    return either.result(made)
