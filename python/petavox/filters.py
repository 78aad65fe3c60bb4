"""scikit-image's filters under their names: arrays give arrays at once, images give images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from . import ndimage
from ._either import Either
from .image import Image

__all__ = [
    "gaussian",
    "threshold_isodata",
    "threshold_li",
    "threshold_otsu",
    "threshold_triangle",
    "threshold_yen",
]


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
    made = either.image.astype(_float_of(either.image)) if preserve_range else as_float(either.image)
    axes = None
    if channel_axis is not None:
        axes = [a for a in range(made.ndim) if a != channel_axis % made.ndim]
    return either.result(ndimage.gaussian_filter(made, sigma, mode=mode, cval=cval, truncate=truncate, axes=axes), out)


def _float_of(image: Image) -> np.dtype:
    return image.dtype if image.dtype == np.float32 else np.dtype(np.float64)


def as_float(image: Image) -> Image:
    """An image of floats: integers divided by the largest of their dtype, signed ones not below -1 (skimage.util.img_as_float)."""
    kind = image.dtype.kind
    if kind == "f":
        return image
    if kind == "b":
        return image.astype(np.float64)
    scaled = image * np.float64(1.0 / np.iinfo(image.dtype).max)
    return scaled if kind == "u" else np.maximum(scaled, -1.0)


def _threshold(method: str, image: Any, nbins: int, hist: Any = None) -> Any:
    # A histogram that is given decides in scikit-image, also beside an image: to leave it out would be another number.
    if image is None or hist is not None:
        raise NotImplementedError(f"threshold_{method}: give the image alone; hist is not there yet")
    either = Either(image)
    value = either.image.apply("threshold_value", method=method, nbins=int(nbins))
    return either.result(value)


def threshold_otsu(image: Any = None, nbins: int = 256, *, hist: Any = None) -> Any:
    """Otsu's threshold: foreground is what lies above it (skimage.filters.threshold_otsu).

    Parameters
    ----------
    image : array or Image
        Grey values. Integers are counted exactly; floats in `nbins` bins.
    nbins : int
        Bins for floats.
    hist : None
        Not there yet.

    Returns
    -------
    number, or Image without axes

    Raises
    ------
    NotImplementedError
        For a histogram.

    Examples
    --------
    >>> import numpy as np
    >>> int(threshold_otsu(np.array([1, 1, 2, 8, 9, 9], np.uint8)))
    2

    References
    ----------
    N. Otsu, "A threshold selection method from gray-level histograms", IEEE Trans. SMC 9, 1979.
    """
    return _threshold("otsu", image, nbins, hist)


def threshold_yen(image: Any = None, nbins: int = 256, *, hist: Any = None) -> Any:
    """Yen's threshold (skimage.filters.threshold_yen).

    Parameters
    ----------
    image : array or Image
        Grey values.
    nbins : int
        Bins for floats.
    hist : None
        Not there yet.

    Returns
    -------
    number, or Image without axes
    """
    return _threshold("yen", image, nbins, hist)


def threshold_triangle(image: Any, nbins: int = 256) -> Any:
    """Threshold by the triangle method (skimage.filters.threshold_triangle).

    Parameters
    ----------
    image : array or Image
        Grey values.
    nbins : int
        Bins for floats.

    Returns
    -------
    number, or Image without axes
    """
    return _threshold("triangle", image, nbins)


def threshold_isodata(image: Any = None, nbins: int = 256, return_all: bool = False, *, hist: Any = None) -> Any:
    """The first threshold of the ISODATA method (skimage.filters.threshold_isodata).

    Parameters
    ----------
    image : array or Image
        Grey values.
    nbins : int
        Bins for floats.
    return_all : bool
        Not there yet.
    hist : None
        Not there yet.

    Returns
    -------
    number, or Image without axes

    Raises
    ------
    NotImplementedError
        For what is not there yet.
    """
    if return_all:
        raise NotImplementedError("threshold_isodata: return_all is not there yet")
    return _threshold("isodata", image, nbins, hist)


def threshold_li(image: Any, *, tolerance: Any = None, initial_guess: Any = None, iter_callback: Any = None) -> Any:
    """Li's threshold of an integer image (skimage.filters.threshold_li).

    Parameters
    ----------
    image : array or Image
        Integers.
    tolerance, initial_guess, iter_callback : None
        Not there yet.

    Returns
    -------
    number, or Image without axes

    Raises
    ------
    TypeError
        For floats.
    """
    if tolerance is not None or initial_guess is not None or iter_callback is not None:
        raise NotImplementedError("threshold_li: only its defaults are there yet")
    return _threshold("li", image, 256)
