"""Pyramids of smoothed images."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from .. import filters
from .._either import Either
from ..image import Image
from ._common import floats
from ._resize import resized

__all__ = ["pyramid_expand", "pyramid_gaussian", "pyramid_laplacian", "pyramid_reduce"]


def _checked(factor: float) -> float:
    if factor <= 1:
        raise ValueError("scale factor must be greater than 1")
    return float(factor)


def _shape(image: Image, factor: float, channel_axis: int | None) -> list[int]:
    kept = None if channel_axis is None else channel_axis % image.ndim
    return [n if a == kept else math.ceil(n * factor) for a, n in enumerate(image.shape)]


def _down(image: Image, factor: float, channel_axis: int | None) -> list[int]:
    kept = None if channel_axis is None else channel_axis % image.ndim
    return [n if a == kept else math.ceil(n / factor) for a, n in enumerate(image.shape)]


def _smooth(image: Image, sigma: float, mode: str, cval: float, channel_axis: int | None) -> Any:
    return filters.gaussian(image, sigma, mode=mode, cval=cval, channel_axis=channel_axis)


def _reduced(
    image: Image, downscale: float, sigma: float | None, order: int, mode: str, cval: float, channel_axis: int | None
) -> Any:
    sigma = 2 * downscale / 6.0 if sigma is None else sigma
    smooth = _smooth(image, sigma, mode, cval, channel_axis)
    return resized(smooth, _down(image, downscale, channel_axis), order, mode, cval, anti_aliasing=False)


def pyramid_reduce(
    image: Any,
    downscale: float = 2,
    sigma: float | None = None,
    order: int = 1,
    mode: str = "reflect",
    cval: float = 0,
    preserve_range: bool = False,
    *,
    channel_axis: int | None = None,
) -> Any:
    """Smooth, then take fewer samples (skimage.transform.pyramid_reduce).

    Parameters
    ----------
    image : array or Image
        Any number of axes.
    downscale : float
        Times fewer samples.
    sigma : float, optional
        Of the Gaussian; ``2 * downscale / 6`` by default.
    order, mode, cval, preserve_range
        As for `resize`.
    channel_axis : int, optional
        An axis that is left as it is.

    Returns
    -------
    numpy.ndarray or Image

    Raises
    ------
    ValueError
        For a factor of 1 or less.

    Examples
    --------
    >>> import numpy as np
    >>> pyramid_reduce(np.ones((8, 5))).shape
    (4, 3)
    """
    either = Either(image)
    made = floats(either.image, preserve_range)
    return either.result(_reduced(made, _checked(downscale), sigma, order, mode, cval, channel_axis))


def pyramid_expand(
    image: Any,
    upscale: float = 2,
    sigma: float | None = None,
    order: int = 1,
    mode: str = "reflect",
    cval: float = 0,
    preserve_range: bool = False,
    *,
    channel_axis: int | None = None,
) -> Any:
    """Take more samples, then smooth (skimage.transform.pyramid_expand).

    Parameters
    ----------
    image : array or Image
        Any number of axes.
    upscale : float
        Times more samples.
    sigma : float, optional
        Of the Gaussian; ``2 * upscale / 6`` by default.
    order, mode, cval, preserve_range
        As for `resize`.
    channel_axis : int, optional
        An axis that is left as it is.

    Returns
    -------
    numpy.ndarray or Image

    Raises
    ------
    ValueError
        For a factor of 1 or less.
    """
    either = Either(image)
    factor = _checked(upscale)
    made = floats(either.image, preserve_range)
    large = resized(made, _shape(made, factor, channel_axis), order, mode, cval, anti_aliasing=False)
    sigma = 2 * factor / 6.0 if sigma is None else sigma
    return either.result(_smooth(large, sigma, mode, cval, channel_axis))


def pyramid_gaussian(
    image: Any,
    max_layer: int = -1,
    downscale: float = 2,
    sigma: float | None = None,
    order: int = 1,
    mode: str = "reflect",
    cval: float = 0,
    preserve_range: bool = False,
    *,
    channel_axis: int | None = None,
) -> Iterator[Any]:
    """The image in floats, and ever smaller ones made of it (skimage.transform.pyramid_gaussian).

    Parameters
    ----------
    image : array or Image
        Any number of axes.
    max_layer : int
        How many smaller ones at most; -1 until their extents do not change any more.
    downscale, sigma, order, mode, cval, preserve_range, channel_axis
        As for `pyramid_reduce`.

    Yields
    ------
    numpy.ndarray or Image

    Returns
    -------
    iterator

    Raises
    ------
    ValueError
        For a factor of 1 or less.
    """
    factor = _checked(downscale)
    either = Either(image)
    made: Any = floats(either.image, preserve_range)
    layer = 0
    while True:
        array = either.result(made)
        yield array
        if layer == max_layer:
            return
        layer += 1
        # Of an array, each layer is made of the computed one before.
        previous = Either(array).image
        made = _reduced(previous, factor, sigma, order, mode, cval, channel_axis)
        if made.shape == previous.shape:
            return


def pyramid_laplacian(
    image: Any,
    max_layer: int = -1,
    downscale: float = 2,
    sigma: float | None = None,
    order: int = 1,
    mode: str = "reflect",
    cval: float = 0,
    preserve_range: bool = False,
    *,
    channel_axis: int | None = None,
) -> Iterator[Any]:
    """What smoothing takes away, of ever smaller images (skimage.transform.pyramid_laplacian).

    Parameters
    ----------
    image : array or Image
        Any number of axes.
    max_layer : int
        How many smaller ones; -1 for as many as the largest extent allows.
    downscale, sigma, order, mode, cval, preserve_range, channel_axis
        As for `pyramid_reduce`.

    Yields
    ------
    numpy.ndarray or Image

    Returns
    -------
    iterator

    Raises
    ------
    ValueError
        For a factor of 1 or less.
    """
    factor = _checked(downscale)
    either = Either(image)
    sigma = 2 * factor / 6.0 if sigma is None else sigma
    made: Any = floats(either.image, preserve_range)
    kept = None if channel_axis is None else channel_axis % made.ndim
    if max_layer == -1:
        largest = max(n for a, n in enumerate(made.shape) if a != kept)
        max_layer = math.ceil(math.log(largest, factor))
    smooth = Either(either.result(_smooth(made, sigma, mode, cval, channel_axis))).image
    yield either.result(made - smooth)
    for _ in range(max_layer):
        small = resized(smooth, _down(smooth, factor, channel_axis), order, mode, cval, anti_aliasing=False)
        small = Either(either.result(small)).image
        smooth = Either(either.result(_smooth(small, sigma, mode, cval, channel_axis))).image
        yield either.result(small - smooth)
