"""Means of boxes, whole ones and parts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from .._either import Either
from ._common import floats

__all__ = ["downscale_local_mean", "resize_local_mean"]


def downscale_local_mean(image: Any, factors: int | Sequence[int], cval: float = 0, clip: bool = True) -> Any:
    """Fewer samples: the means of boxes (skimage.transform.downscale_local_mean).

    Parameters
    ----------
    image : array or Image
        Any number of axes.
    factors : int or sequence of int
        Samples per box and axis. Where the boxes reach over the end, the image is continued with `cval`.
    cval : float
        What lies outside the image.
    clip : bool
        Ignored, as in scikit-image.

    Returns
    -------
    numpy.ndarray or Image
        float64, or float32 for float32.

    Raises
    ------
    ValueError
        For factors that do not fit the axes.
    """
    either = Either(image)
    made: Any = either.image
    factors = [int(f) for f in np.broadcast_to(factors, made.ndim)]
    if min(factors, default=1) < 1:
        raise ValueError(f"factors: got {factors}, expected 1 or more")
    missing = [(0, -n % f) for n, f in zip(made.shape, factors, strict=True)]
    is_whole = not any(after for _, after in missing)
    is_narrow = made.dtype.kind != "f" and made.dtype.itemsize <= 4 and math.prod(factors) <= 2**16
    if is_whole and made.ndim and is_narrow:
        return either.result(made.apply("downscale", factors=factors, method="mean", dtype="float64"))
    if made.dtype.kind != "f":
        made = made.astype(np.float64)
    if not is_whole:
        made = np.pad(made, missing, constant_values=cval)
    return either.result(made.apply("downscale", factors=factors, method="mean"))


def resize_local_mean(
    image: Any,
    output_shape: Sequence[int],
    grid_mode: bool = True,
    preserve_range: bool = False,
    *,
    channel_axis: int | None = None,
) -> Any:
    """The image on other extents, every sample the mean of the part that it covers (skimage.transform.resize_local_mean).

    Parameters
    ----------
    image : array or Image
        Any number of axes.
    output_shape : sequence of int
        One per axis; that of the channels may be left out.
    grid_mode : bool
        Samples fill the axis; else it goes from the middle of the first sample to that of the last.
    preserve_range : bool
        Keep the values of integers instead of making them fractions of their dtype's range.
    channel_axis : int, optional
        An axis that stays.

    Returns
    -------
    numpy.ndarray or Image
        float32 for float32, else float64.

    Raises
    ------
    ValueError
        For shapes that do not fit the axes.

    Examples
    --------
    >>> import numpy as np
    >>> resize_local_mean(np.array([0.0, 3.0, 9.0]), (2,)).tolist()
    [1.0, 7.0]
    """
    either = Either(image)
    made: Any = floats(either.image, preserve_range)
    shape = [int(n) for n in output_shape]
    if channel_axis is not None:
        if not -made.ndim <= channel_axis < made.ndim:
            raise ValueError("invalid channel_axis")
        axis = channel_axis % made.ndim
        if len(shape) == made.ndim - 1:
            shape.insert(axis, made.shape[axis])
        elif len(shape) != made.ndim:
            raise ValueError("len(output_shape) must be image.ndim or (image.ndim - 1) when a channel_axis is specified.")
        elif shape[axis] != made.shape[axis]:
            raise ValueError("Cannot reshape along the channel_axis. Use channel_axis=None to reshape along all axes.")
    elif len(shape) > made.ndim:
        made = made.reshape(*made.shape, *(1,) * (len(shape) - made.ndim))
    elif len(shape) == made.ndim - 1:
        shape.append(made.shape[-1])
    elif len(shape) < made.ndim:
        raise ValueError("output_shape length cannot be smaller than the image number of dimensions")
    return either.result(made.apply("resize_local_mean", output_shape=shape, grid_mode=bool(grid_mode)))
