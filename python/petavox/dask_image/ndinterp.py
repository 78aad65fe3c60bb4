"""dask_image.ndinterp: scipy.ndimage's interpolation, with dask-image's arguments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import ndimage
from ..image import Image

__all__ = ["affine_transform", "map_coordinates", "rotate", "spline_filter", "spline_filter1d"]


def _chunked(made: Any, chunks: Any) -> Any:
    """The result in chunks of the size that is asked for, if it is an image."""
    return made.rechunk(chunks) if chunks is not None and isinstance(made, Image) else made


def affine_transform(
    image: Any,
    matrix: Any,
    offset: Any = 0.0,
    output_shape: Sequence[int] | None = None,
    order: int = 1,
    output_chunks: Any = None,
    **kwargs: Any,
) -> Any:
    """Samples where a matrix says (dask_image.ndinterp.affine_transform).

    Parameters
    ----------
    image : array or Image
        Any number of axes.
    matrix, offset, output_shape
        As for `petavox.ndimage.affine_transform`.
    order : int
        Of the spline, 1 by default.
    output_chunks : sequence of int, optional
        Chunks of a lazy result.
    **kwargs
        As for `petavox.ndimage.affine_transform`: mode, cval, prefilter.

    Returns
    -------
    numpy.ndarray or Image
    """
    return _chunked(ndimage.affine_transform(image, matrix, offset, output_shape, order=order, **kwargs), output_chunks)


def rotate(
    input_arr: Any, angle: float, axes: tuple[int, int] = (1, 0), reshape: bool = True, output_chunks: Any = None, **kwargs: Any
) -> Any:
    """Turn in a plane (dask_image.ndinterp.rotate).

    Parameters
    ----------
    input_arr : array or Image
        Two axes or more.
    angle : float
        Degrees.
    axes : two int
        The plane.
    reshape : bool
        Let the result hold the whole image.
    output_chunks : sequence of int, optional
        Chunks of a lazy result.
    **kwargs
        As for `petavox.ndimage.rotate`: order (1 by default, as dask-image's), mode, cval, prefilter.

    Returns
    -------
    numpy.ndarray or Image
    """
    kwargs.setdefault("order", 1)
    return _chunked(ndimage.rotate(input_arr, angle, axes, reshape, **kwargs), output_chunks)


def map_coordinates(
    input: Any, coordinates: Any, order: int = 3, mode: str = "constant", cval: float = 0.0, prefilter: bool = False
) -> Any:
    """Samples at points (dask_image.ndinterp.map_coordinates).

    Parameters
    ----------
    input : array or Image
        Any number of axes.
    coordinates, order, mode, cval
        As for `petavox.ndimage.map_coordinates`.
    prefilter : bool
        False by default, as in dask-image: the samples are taken for the coefficients of a spline.

    Returns
    -------
    numpy.ndarray or Image
    """
    return ndimage.map_coordinates(input, coordinates, order=order, mode=mode, cval=cval, prefilter=prefilter)


def spline_filter(
    image: Any, order: int = 3, output: Any = np.float64, mode: str = "mirror", output_chunks: Any = None, *, depth: Any = None, **kwargs: Any
) -> Any:
    """The coefficients of splines (dask_image.ndinterp.spline_filter).

    Parameters
    ----------
    image : array or Image
        Any number of axes.
    order, output, mode
        As for `petavox.ndimage.spline_filter`.
    output_chunks : sequence of int, optional
        Chunks of a lazy result.
    depth : int, optional
        Not needed: dask-image cuts the recursion off there, here it is exact.
    **kwargs
        Nothing else.

    Returns
    -------
    numpy.ndarray or Image
    """
    return _chunked(ndimage.spline_filter(image, order, output, mode, **kwargs), output_chunks)


def spline_filter1d(
    image: Any,
    order: int = 3,
    axis: int = -1,
    output: Any = np.float64,
    mode: str = "mirror",
    output_chunks: Any = None,
    *,
    depth: Any = None,
    **kwargs: Any,
) -> Any:
    """The coefficients of splines along an axis (dask_image.ndinterp.spline_filter1d).

    Parameters
    ----------
    image : array or Image
        Any number of axes.
    order, axis, output, mode
        As for `petavox.ndimage.spline_filter1d`.
    output_chunks, depth, **kwargs
        As for `spline_filter`.

    Returns
    -------
    numpy.ndarray or Image
    """
    return _chunked(ndimage.spline_filter1d(image, order, axis, output, mode, **kwargs), output_chunks)
