"""What spreads until nothing changes: reconstruction, extrema, floods."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from .._either import Either
from .._open import from_array
from ..image import Image

__all__ = ["flood", "flood_fill", "h_maxima", "h_minima", "local_maxima", "local_minima", "reconstruction"]


def neighbourhood(footprint: Any, connectivity: int | None, ndim: int, *, is_directed: bool = False, offset: Any = None) -> dict[str, Any]:
    """The core's parameters of a footprint or connectivity; all neighbours by default. Where it may be `is_directed`, neighbours need not
    be mutual, and `offset` may tell the footprint's centre.
    """
    if footprint is None:
        return {"connectivity": ndim if connectivity is None else min(int(connectivity), ndim)}
    footprint = np.asarray(footprint, dtype=bool)
    if footprint.ndim != ndim:
        raise ValueError("number of dimensions in image and footprint do not match")
    middle = [n // 2 for n in footprint.shape]
    centre = middle if offset is None else [operator.index(o) for o in np.asarray(offset).ravel().tolist()]
    if offset is None and any(n % 2 == 0 for n in footprint.shape):
        raise ValueError("Footprint dimensions must all be odd")
    if len(centre) != ndim:
        raise ValueError("Offset and footprint ndims must be equal.")
    if not all(0 <= o < n for o, n in zip(centre, footprint.shape, strict=True)):
        raise ValueError("Offset must be included inside footprint")
    if not is_directed and not (centre == middle and np.array_equal(footprint, footprint[(slice(None, None, -1),) * ndim])):
        raise NotImplementedError("footprints that are not their own mirror image have no result that is free of order")
    footprint = footprint.copy()
    footprint[tuple(centre)] = True
    near = {"structure_shape": list(footprint.shape), "structure": footprint.astype(int).ravel().tolist()}
    return near if centre == middle else {**near, "origin": [o - m for o, m in zip(centre, middle, strict=True)]}


def reconstruction(seed: Any, mask: Any, method: str = "dilation", footprint: Any = None, offset: Any = None) -> Any:
    """Let an image spread under a second one, or sink onto it, until nothing changes (skimage.morphology.reconstruction).

    Parameters
    ----------
    seed : array or Image
        What spreads; nowhere above the mask (below it, for ``erosion``).
    mask : array or Image
        What limits it.
    method : {"dilation", "erosion"}
        Upwards or downwards.
    footprint : array, optional
        The neighbours that a sample spreads to; all by default.
    offset : sequence of int, optional
        Place of the footprint's centre; the middle by default, for which its extents have to be odd.

    Returns
    -------
    numpy.ndarray or Image
        float64, or float32 if the mask is.

    Raises
    ------
    ValueError
        If the seed is on the wrong side of the mask, for another method, and for footprints and offsets that do not fit.

    Notes
    -----
    Values spread through slabs that are looked at again until they rest, in memory or in a scratch file: the end does not depend on
    the order.

    References
    ----------
    L. Vincent, "Morphological grayscale reconstruction in image analysis", IEEE Trans. Image Processing 2, 1993.

    Examples
    --------
    >>> import numpy as np
    >>> reconstruction(np.array([0, 4, 0, 0, 0]), np.array([2, 5, 3, 1, 7])).tolist()
    [2.0, 4.0, 3.0, 1.0, 1.0]
    """
    if method not in ("dilation", "erosion"):
        raise ValueError(f"Reconstruction method can be one of 'erosion' or 'dilation'. Got '{method}'.")
    either, limit = Either(seed), from_array(mask)
    either.is_image |= isinstance(mask, Image)
    if footprint is None and offset is not None:
        footprint = np.ones((3,) * limit.ndim, bool)
    spread = _reconstructed(either.image, limit, method, neighbourhood(footprint, None, limit.ndim, is_directed=True, offset=offset))
    return either.result(spread)


def _reconstructed(seed: Image, mask: Image, method: str, near: dict[str, Any]) -> Image:
    common = np.promote_types(seed.dtype, mask.dtype)
    wanted = np.dtype(np.float32) if mask.dtype == np.float32 else np.dtype(np.float64)
    spread = seed.astype(common).apply("reconstruction", mask.astype(common), method=method, **near)
    return spread if spread.dtype == wanted else spread.astype(wanted)


def _extrema(name: str, image: Any, footprint: Any, connectivity: Any, indices: bool, allow_borders: bool) -> Any:
    either = Either(image)
    near = neighbourhood(footprint, connectivity, either.image.ndim)
    found = either.result(either.image.apply(name, allow_borders=bool(allow_borders), **near))
    return np.nonzero(found) if indices else found


def local_maxima(image: Any, footprint: Any = None, connectivity: int | None = None, indices: bool = False, allow_borders: bool = True) -> Any:
    """Plateaus that are higher than all their neighbours (skimage.morphology.local_maxima).

    Parameters
    ----------
    image : array or Image
        Grey values.
    footprint : array, optional
        Neighbours; it has to be its own mirror image.
    connectivity : int, optional
        Neighbours by steps along axes, 1 for faces; all by default.
    indices : bool
        Coordinates instead of a mask; those of lazy images are found at once and held in memory.
    allow_borders : bool
        Plateaus at the border count.

    Returns
    -------
    numpy.ndarray or Image
        bool, or a tuple of arrays of coordinates.

    Examples
    --------
    >>> import numpy as np
    >>> local_maxima(np.array([0, 2, 2, 1, 3])).astype(int).tolist()
    [0, 1, 1, 0, 1]
    """
    return _extrema("local_maxima", image, footprint, connectivity, indices, allow_borders)


def local_minima(image: Any, footprint: Any = None, connectivity: int | None = None, indices: bool = False, allow_borders: bool = True) -> Any:
    """Plateaus that are lower than all their neighbours (skimage.morphology.local_minima).

    Parameters
    ----------
    image : array or Image
        Grey values.
    footprint, connectivity, indices, allow_borders
        As for `local_maxima`.

    Returns
    -------
    numpy.ndarray or Image
        bool, or a tuple of arrays of coordinates.
    """
    return _extrema("local_minima", image, footprint, connectivity, indices, allow_borders)


def _higher_by(name: str, image: Any, h: Any, footprint: Any, sign: int) -> Any:
    either = Either(image)
    grey = either.image
    is_float = grey.dtype.kind == "f"
    if h == 0:
        raise ValueError(f"h = 0 is ambiguous, use local_{name}() instead?")
    if not is_float and h % 1:
        grey, is_float = grey.astype(np.float64), True
    tall = grey.max().astype(np.float64) - grey.min().astype(np.float64) >= h
    if is_float:
        # As wide as rounding may be: a summit of just the height h has to count.
        shifted = grey - sign * h - sign * (2 * float(np.finfo(grey.dtype).resolution)) * abs(grey)
        shifted = shifted.astype(grey.dtype)
    else:
        h = int(h)
        limits = (0, 1) if grey.dtype == bool else (np.iinfo(grey.dtype).min, np.iinfo(grey.dtype).max)
        if h > limits[1] - limits[0]:
            raise ValueError("The constant is not compatible with the image data type.")
        if sign > 0:
            shifted = np.where(grey < h + limits[0], limits[0], grey - h).astype(grey.dtype)
        else:
            shifted = np.where(grey > limits[1] - h, limits[1], grey + h).astype(grey.dtype)
    method = "dilation" if sign > 0 else "erosion"
    spread = _reconstructed(shifted, grey, method, neighbourhood(footprint, None, grey.ndim, is_directed=True))
    residue = grey - spread if sign > 0 else spread - grey
    return either.result(((residue >= h) & tall).astype(np.uint8))


def h_maxima(image: Any, h: Any, footprint: Any = None) -> Any:
    """Maxima that rise by `h` or more above what joins them with higher ones (skimage.morphology.h_maxima).

    Parameters
    ----------
    image : array or Image
        Grey values.
    h : number
        The least height.
    footprint : array, optional
        Neighbours; all by default.

    Returns
    -------
    numpy.ndarray or Image
        uint8, 1 in maxima.

    Raises
    ------
    ValueError
        If `h` is 0.

    Examples
    --------
    >>> import numpy as np
    >>> h_maxima(np.array([0, 2, 1, 5, 0]), 2).tolist()
    [0, 0, 0, 1, 0]
    """
    return _higher_by("maxima", image, h, footprint, 1)


def h_minima(image: Any, h: Any, footprint: Any = None) -> Any:
    """Minima that lie by `h` or more below what joins them with lower ones (skimage.morphology.h_minima).

    Parameters
    ----------
    image : array or Image
        Grey values.
    h : number
        The least depth.
    footprint : array, optional
        Neighbours; all by default.

    Returns
    -------
    numpy.ndarray or Image
        uint8, 1 in minima.
    """
    return _higher_by("minima", image, h, footprint, -1)


def _flooded(image: Image, seed_point: Any, footprint: Any, connectivity: Any, tolerance: Any) -> Image:
    given = seed_point if isinstance(seed_point, Sequence | np.ndarray) else (seed_point,)
    points = [operator.index(x) for x in given]
    if len(points) != image.ndim:
        raise ValueError(f"seed_point: expected {image.ndim} coordinates, got {len(points)}")
    if 0 in image.shape:
        raise ValueError(f"flood: got an image of shape {image.shape}, expected samples")
    point = [x % n for x, n in zip(points, image.shape, strict=True)]
    value = image[tuple(point)]
    if tolerance is None:
        near = image == value
    else:
        tolerance = abs(tolerance)
        whole = isinstance(tolerance, int | np.integer) and image.dtype.kind in "iub" and image.dtype.itemsize < 8
        wide = np.dtype(np.int64) if whole else np.dtype(np.float64)
        near = abs(image.astype(wide) - value.astype(wide)) <= tolerance
    return near.apply("flood", seed_point=point, **neighbourhood(footprint, connectivity, image.ndim, is_directed=True))


def flood(image: Any, seed_point: Any, *, footprint: Any = None, connectivity: int | None = None, tolerance: Any = None) -> Any:
    """The samples that have a point's value and are joined with it (skimage.morphology.flood).

    Parameters
    ----------
    image : array or Image
        Any samples.
    seed_point : tuple of int, or int
        The point.
    footprint : array, optional
        The neighbours that a sample leads to.
    connectivity : int, optional
        Neighbours by steps along axes, 1 for faces; all by default.
    tolerance : number, optional
        How far values may be from the point's.

    Returns
    -------
    numpy.ndarray or Image
        bool.

    Examples
    --------
    >>> import numpy as np
    >>> flood(np.array([1, 1, 2, 1]), 0).astype(int).tolist()
    [1, 1, 0, 0]
    """
    either = Either(image)
    return either.result(_flooded(either.image, seed_point, footprint, connectivity, tolerance))


def flood_fill(
    image: Any,
    seed_point: Any,
    new_value: Any,
    *,
    footprint: Any = None,
    connectivity: int | None = None,
    tolerance: Any = None,
    in_place: bool = False,
) -> Any:
    """Give the samples that `flood` finds another value (skimage.morphology.flood_fill).

    Parameters
    ----------
    image : array or Image
        Any samples.
    seed_point : tuple of int, or int
        Where the flood begins.
    new_value : number
        The value, cast to the image's dtype.
    footprint, connectivity, tolerance
        As for `flood`.
    in_place : bool
        Change the array that is given, and return it.

    Returns
    -------
    numpy.ndarray or Image

    Raises
    ------
    TypeError
        If a lazy image is to be changed in place.

    Examples
    --------
    >>> import numpy as np
    >>> flood_fill(np.array([1, 1, 2, 1]), 0, 9).tolist()
    [9, 9, 2, 1]
    """
    if in_place and isinstance(image, Image):
        raise TypeError("flood_fill: a lazy image cannot be changed in place")
    either = Either(image)
    found = _flooded(either.image, seed_point, footprint, connectivity, tolerance)
    if either.is_image:
        value = np.asarray(new_value).astype(either.image.dtype)[()]
        filled: Any = np.where(found, value, either.image)
        return either.result(filled.astype(either.image.dtype))
    result = image if in_place else np.array(image)
    result[found.compute()] = new_value
    return result
