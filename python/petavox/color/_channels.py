"""Images of channels: grey ones, those with opacity, and what all conversions share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .._either import Either
from .._floats import as_float, float_dtype

__all__ = ["gray2rgb", "gray2rgba", "rgb2gray", "rgba2rgb"]

#: The weights of red, green and blue in a grey value (ITU-R BT.709, as scikit-image has them).
_GREY = (0.2125, 0.7154, 0.0721)


def planes(image: Any, channel_axis: int, n: int = 3) -> list[Any]:
    """The channels of an image as floats between 0 and 1."""
    if image.ndim == 0 or image.shape[channel_axis] != n:
        raise ValueError(f"the input array must have size {n} along `channel_axis`, got {image.shape}")
    axis = range(image.ndim)[channel_axis]
    made = as_float(image).astype(float_dtype(image))
    return [made[(slice(None),) * axis + (k,)] for k in range(n)]


def converted(image: Any, channel_axis: int, f: Callable[..., Sequence[Any]], dtype: Any = None) -> Any:
    """The image of the channels that a function makes of those of another."""
    either = Either(image)
    dtype = float_dtype(either.image) if dtype is None else dtype
    made = f(*planes(either.image, channel_axis))
    return either.result(np.stack([one.astype(dtype) for one in made], axis=channel_axis))  # type: ignore[arg-type]


def mixed(channels: Sequence[Any], weights: Sequence[float]) -> Any:
    """A weighted sum."""
    first, *others = ((one * one.dtype.type(weight)) for one, weight in zip(channels, weights, strict=True))
    for other in others:
        first = first + other
    return first


def rgb2gray(rgb: Any, *, channel_axis: int = -1) -> Any:
    """How bright colours are (skimage.color.rgb2gray).

    Parameters
    ----------
    rgb : array or Image
        Red, green and blue along one axis; integers become floats between 0 and 1.
    channel_axis : int
        That axis.

    Returns
    -------
    numpy.ndarray or Image
        float32 for float32, else float64, without the axis of channels.

    Examples
    --------
    >>> import numpy as np
    >>> float(rgb2gray(np.array([[1.0, 0.0, 0.0]]))[0])
    0.2125
    """
    either = Either(rgb)
    return either.result(mixed(planes(either.image, channel_axis), _GREY))


def gray2rgb(image: Any, *, channel_axis: int = -1) -> Any:
    """A grey image as one of colours (skimage.color.gray2rgb).

    Parameters
    ----------
    image : array or Image
        Grey values.
    channel_axis : int
        Where the channels come.

    Returns
    -------
    numpy.ndarray or Image
        Of the input's dtype, with three equal channels.
    """
    either = Either(image)
    made: Any = np.stack([either.image] * 3, axis=channel_axis)
    return either.result(made)


def gray2rgba(image: Any, alpha: Any = None, *, channel_axis: int = -1) -> Any:
    """A grey image as one of colours with opacity (skimage.color.gray2rgba).

    Parameters
    ----------
    image : array or Image
        Grey values.
    alpha : number or array, optional
        Opacity; the largest value of the dtype (1 for floats) by default.
    channel_axis : int
        Where the channels come.

    Returns
    -------
    numpy.ndarray or Image
        Of the input's dtype, with four channels.
    """
    either = Either(image)
    grey = either.image
    if alpha is None:
        alpha = True if grey.dtype == bool else 1.0 if grey.dtype.kind == "f" else np.iinfo(grey.dtype).max
    opacity = np.full_like(grey, alpha) if np.ndim(alpha) == 0 else Either(alpha).image.astype(grey.dtype)
    made: Any = np.stack([grey, grey, grey, opacity], axis=channel_axis)
    return either.result(made)


def rgba2rgb(rgba: Any, background: Sequence[float] = (1, 1, 1), *, channel_axis: int = -1) -> Any:
    """Colours with opacity laid on a background (skimage.color.rgba2rgb).

    Parameters
    ----------
    rgba : array or Image
        Red, green, blue and opacity along one axis.
    background : three float
        Its colour, 0 to 1.
    channel_axis : int
        The axis of channels.

    Returns
    -------
    numpy.ndarray or Image
        Floats from 0 to 1.

    Raises
    ------
    ValueError
        For other numbers of channels, and a background that is no colour.
    """
    either = Either(rgba)
    colour = np.ravel(background).astype(float)
    if colour.shape != (3,) or colour.min() < 0 or colour.max() > 1:
        raise ValueError(f"background: got {background!r}, expected three numbers from 0 to 1")
    *channels, alpha = planes(either.image, channel_axis, 4)
    to = alpha.dtype.type
    made = [np.clip((to(1) - alpha) * to(b) + alpha * one, 0, 1) for one, b in zip(channels, colour.tolist(), strict=True)]
    laid: Any = np.stack(made, axis=channel_axis)
    return either.result(laid)
