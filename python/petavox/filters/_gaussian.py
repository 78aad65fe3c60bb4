"""Smoothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .. import ndimage
from .._either import Either
from .._floats import as_float, float_dtype

__all__ = ["gaussian"]


def gaussian(
    image: Any,
    sigma: float | Sequence[float] = 1.0,
    *,
    mode: str = "nearest",
    cval: float = 0,
    preserve_range: bool = False,
    truncate: float = 4.0,
    channel_axis: int | None = None,
    out: Any = None,
) -> Any:
    """Gaussian smoothing in floats (skimage.filters.gaussian).

    Parameters
    ----------
    image : array or Image
        Integers become floats between 0 and 1 (or -1 and 1) unless `preserve_range`.
    sigma : float or sequence of float
        Standard deviation in samples, one or one per axis.
    mode, cval, truncate
        As for `petavox.ndimage.gaussian_filter`.
    preserve_range : bool
        Keep the values as they are.
    channel_axis : int, optional
        An axis that is not smoothed.
    out : array, optional
        Where the result goes.

    Returns
    -------
    numpy.ndarray or Image
        float32 for float32, else float64.

    References
    ----------
    skimage.filters.gaussian
    """
    either = Either(image)
    made = either.image.astype(float_dtype(either.image)) if preserve_range else as_float(either.image)
    axes = None
    if channel_axis is not None:
        axes = [a for a in range(made.ndim) if a != channel_axis % made.ndim]
    return either.result(ndimage.gaussian_filter(made, sigma, mode=mode, cval=cval, truncate=truncate, axes=axes), out)
