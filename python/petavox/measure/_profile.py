"""What lies along a line of an image, and how sharp an image is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import ndimage
from .._either import Either
from .._floats import as_float

__all__ = ["blur_effect", "profile_line"]

#: What stands where nothing changes: the step from 1 to the next double.
_LEAST = float(np.spacing(1.0))


def profile_line(
    image: Any,
    src: Sequence[float],
    dst: Sequence[float],
    linewidth: int = 1,
    order: int | None = None,
    mode: str = "reflect",
    cval: float = 0.0,
    *,
    reduce_func: Callable[..., Any] | None = np.mean,
) -> np.ndarray:
    """The samples along a line, from its first to its last point (skimage.measure.profile_line).

    Parameters
    ----------
    image : array or Image
        Two axes, or a third one of channels. Of a lazy image only what is near the line is read.
    src, dst : two float
        Row and column of both ends.
    linewidth : int
        Samples across the line.
    order : int, optional
        0 to 5; 0 for masks, else 1.
    mode : str
        How samples outside the image are made: ``constant``, ``nearest``, ``reflect``, ``mirror`` or ``wrap``.
    cval : float
        Their value in mode ``constant``.
    reduce_func : callable, optional
        What is made of the samples across; None for all of them.

    Returns
    -------
    numpy.ndarray
        A value for each point of the line, about one sample apart, computed at once.

    Raises
    ------
    ValueError
        For other numbers of axes.

    Examples
    --------
    >>> import numpy as np
    >>> profile_line(np.arange(12.0).reshape(3, 4), (1, 0), (1, 3)).tolist()
    [4.0, 5.0, 6.0, 7.0]
    """
    source = Either(image).image
    # What is outside blends in at the border, as scikit-image has it.
    mode = {"constant": "grid-constant", "wrap": "grid-wrap"}.get(mode, mode)
    if source.ndim not in (2, 3):
        raise ValueError(f"profile_line: got {source.ndim} axes, expected 2, or 3 with channels last")
    order = (0 if source.dtype == bool else 1) if order is None else int(order)
    first, last = np.asarray(src, float), np.asarray(dst, float)
    angle = np.arctan2(*(last - first))
    n = int(np.ceil(np.hypot(*(last - first)) + 1))
    half = (linewidth - 1) / 2 * np.array([np.cos(angle), np.sin(-angle)])
    along = [np.linspace(a, b, n) for a, b in zip(first, last, strict=True)]
    points = np.stack([np.linspace(line - h, line + h, linewidth, axis=-1) for line, h in zip(along, half, strict=True)])
    channels = [source] if source.ndim == 2 else [source[..., k] for k in range(source.shape[2])]
    flat = points.reshape(2, -1)
    found = [_at(channel, flat, order, mode, cval).reshape(points.shape[1:]) for channel in channels]
    samples = np.flip(found[0] if source.ndim == 2 else np.stack(found, axis=-1), axis=1)
    if reduce_func is None:
        return samples
    try:
        return np.asarray(reduce_func(samples, axis=1))
    except TypeError:
        return np.apply_along_axis(reduce_func, 1, samples)


def _at(channel: Any, points: np.ndarray, order: int, mode: str, cval: float) -> np.ndarray:
    """The samples at some points: known beforehand, so that only what is around them is read."""
    made = channel.astype(np.uint8) if channel.dtype == bool else channel
    found = made.apply("map_coordinates", coordinates=points.tolist(), order=order, mode=mode, cval=float(cval), prefilter=order > 1)
    return np.asarray(found.compute()).astype(channel.dtype)


def blur_effect(image: Any, h_size: int = 11, channel_axis: int | None = None, reduce_func: Callable[..., Any] | None = np.max) -> Any:
    """How blurred an image is, from 0 (sharp) to 1 (skimage.measure.blur_effect).

    Parameters
    ----------
    image : array or Image
        Any number of axes; integers become floats between 0 and 1.
    h_size : int
        Samples of the window that it is blurred with once more.
    channel_axis : int, optional
        An axis of red, green and blue.
    reduce_func : callable, optional
        What is made of the values of all axes; None for a list of them.

    Returns
    -------
    float or list of float
        Computed at once.

    Raises
    ------
    ValueError
        For images with fewer than 4 samples along an axis.

    Notes
    -----
    A sharp image changes much when it is blurred again, a blurred one does not.

    References
    ----------
    F. Crete, T. Dolmiere, P. Ladret and M. Nicolas, "The blur effect: perception and estimation with a new no-reference perceptual blur
    metric", Proc. SPIE 6492, 2007.
    """
    from ..color import rgb2gray
    from ..filters import sobel

    made = Either(image).image
    if channel_axis is not None:
        made = rgb2gray(made, channel_axis=channel_axis)
    made = as_float(made)
    if min(made.shape, default=0) < 4:
        raise ValueError(f"blur_effect: got an image of shape {made.shape}, expected 4 samples or more along every axis")
    inside = tuple(slice(2, n - 1) for n in made.shape)
    found = []
    for axis in range(made.ndim):
        sharp = np.maximum(abs(sobel(made, axis=axis)), _LEAST)
        blurred = np.maximum(abs(sobel(ndimage.uniform_filter1d(made, h_size, axis=axis), axis=axis)), _LEAST)
        lost: Any = np.maximum(sharp - blurred, 0)
        both: Any = np.stack([sharp[inside].sum(), lost[inside].sum()])
        whole, rest = both.compute().tolist()
        found.append(abs(whole - rest) / whole)
    return found if reduce_func is None else reduce_func(found)
