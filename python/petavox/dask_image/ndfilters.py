"""dask_image.ndfilters: scipy.ndimage's filters, with dask-image's arguments."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import ndimage
from .._either import Either
from ..ndimage import (
    convolve,
    correlate,
    gaussian_gradient_magnitude,
    gaussian_laplace,
    generic_filter,
    maximum_filter,
    median_filter,
    minimum_filter,
    percentile_filter,
    prewitt,
    rank_filter,
    sobel,
    uniform_filter,
)

__all__ = [
    "convolve",
    "correlate",
    "gaussian",
    "gaussian_filter",
    "gaussian_gradient_magnitude",
    "gaussian_laplace",
    "generic_filter",
    "laplace",
    "maximum_filter",
    "median_filter",
    "minimum_filter",
    "percentile_filter",
    "prewitt",
    "rank_filter",
    "sobel",
    "threshold_local",
    "uniform_filter",
]


def laplace(image: Any, mode: str = "reflect", cval: float = 0.0) -> Any:
    """The sum of the second differences (dask_image.ndfilters.laplace).

    Parameters
    ----------
    image : array or Image
        Grey values.
    mode, cval
        What stands outside; as for `petavox.ndimage.laplace`.

    Returns
    -------
    numpy.ndarray or Image
    """
    return ndimage.laplace(image, mode=mode, cval=cval)


def gaussian_filter(
    image: Any, sigma: Any, order: Any = 0, mode: str = "reflect", cval: float = 0.0, truncate: float = 4.0
) -> Any:
    """A Gaussian, or its derivatives (dask_image.ndfilters.gaussian_filter).

    Parameters
    ----------
    image : array or Image
        Grey values.
    sigma : float or sequence of float
        Standard deviation.
    order : int or sequence of int
        Of the derivative.
    mode, cval, truncate
        As for `petavox.ndimage.gaussian_filter`.

    Returns
    -------
    numpy.ndarray or Image
    """
    return ndimage.gaussian_filter(image, sigma, order=order, mode=mode, cval=cval, truncate=truncate)


def gaussian(image: Any, sigma: Any, order: Any = 0, mode: str = "reflect", cval: float = 0.0, truncate: float = 4.0) -> Any:
    """The same as `gaussian_filter` (dask_image.ndfilters.gaussian).

    Parameters
    ----------
    image, sigma, order, mode, cval, truncate
        As for `gaussian_filter`.

    Returns
    -------
    numpy.ndarray or Image
    """
    return gaussian_filter(image, sigma, order, mode, cval, truncate)


def threshold_local(
    image: Any,
    block_size: Any,
    method: str = "gaussian",
    offset: float = 0,
    mode: str = "reflect",
    param: Any = None,
    cval: float = 0,
) -> Any:
    """A threshold around each sample (dask_image.ndfilters.threshold_local).

    Parameters
    ----------
    image : array or Image
        Grey values.
    block_size : int or sequence of int
        Extents of the neighbourhood.
    method : {"gaussian", "mean", "median", "generic"}
        How it is averaged.
    offset : float
        What is taken off.
    mode, cval
        What stands outside.
    param : float or callable, optional
        The deviation for ``gaussian``, the function for ``generic``.

    Returns
    -------
    numpy.ndarray or Image
        float64.

    Raises
    ------
    ValueError
        For another method, or ``generic`` without a function.
    """
    either = Either(image)
    made: Any = either.image.astype(np.float64)
    if method == "generic":
        if not callable(param):
            raise ValueError("Must include a valid function to use as the 'param' keyword argument.")
        found = ndimage.generic_filter(made, param, block_size, mode=mode, cval=cval)
    elif method == "gaussian":
        sigma: Any = (np.array(block_size).astype(float) - 1) / 6.0 if param is None else param
        found = ndimage.gaussian_filter(made, np.asarray(sigma).tolist(), mode=mode, cval=cval)
    elif method == "mean":
        found = ndimage.uniform_filter(made, block_size, mode=mode, cval=cval)
    elif method == "median":
        found = ndimage.median_filter(made, block_size, mode=mode, cval=cval)
    else:
        raise ValueError("Invalid method specified. Please use `generic`, `gaussian`, `mean`, or `median`.")
    return either.result(found - offset)
