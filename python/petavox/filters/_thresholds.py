"""Thresholds of a whole image, from one exact histogram."""

from __future__ import annotations

from typing import Any

from .._either import Either

__all__ = ["threshold_isodata", "threshold_li", "threshold_otsu", "threshold_triangle", "threshold_yen"]


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
