"""Erosion, dilation and what is made of them, for grey images and masks."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import ndimage
from .._either import Either
from ..image import Image
from ._footprints import Footprint, is_sequence, mirror_footprint, pad_footprint

__all__ = ["black_tophat", "closing", "dilation", "erosion", "opening", "white_tophat"]

_MODES = ("reflect", "constant", "nearest", "mirror", "wrap", "max", "min", "ignore")


def _outside(dtype: np.dtype, mode: str, cval: float, ignored: str) -> tuple[str, float]:
    """scipy's mode and cval; outside samples that are to be ignored get the value that cannot win."""
    if mode not in _MODES:
        raise ValueError(f"unsupported mode, got {mode!r}")
    mode = ignored if mode == "ignore" else mode
    if mode not in ("max", "min"):
        return mode, cval
    if dtype.kind == "f":
        return "constant", np.inf if mode == "max" else -np.inf
    limits = (0, 1) if dtype == bool else (np.iinfo(dtype).min, np.iinfo(dtype).max)
    return "constant", limits[mode == "max"]


def _footprint(image: Image, footprint: Footprint) -> Footprint:
    whole = ndimage.generate_binary_structure(image.ndim, 1) if footprint is None else footprint
    return pad_footprint(whole, pad_end=False)


def _steps(footprint: Footprint) -> Any:
    return footprint if is_sequence(footprint) else ((footprint, 1),)


def _shrinks(cells: Any) -> bool:
    """True if a footprint has with every sample all that are nearer to its middle along the axes, on both sides."""
    cells = np.asarray(cells) != 0
    for axis in range(cells.ndim):
        if not np.array_equal(cells, np.flip(cells, axis)):
            return False
        half = np.moveaxis(cells, axis, 0)[cells.shape[axis] // 2 :]
        if (half[1:] & ~half[:-1]).any():
            return False
    return True


def _border(footprint: Any, mode: str, cval: float, neutral: bool) -> bool | None:
    """What lies outside a mask, if that is one value for this mode, or comes to the same as the value that changes nothing."""
    if mode == "ignore":
        return neutral
    if mode in ("max", "min"):
        return mode == "max"
    if mode == "constant":
        return bool(cval)
    # Samples that are mirrored or repeated are those of the image nearer to the footprint's middle.
    return neutral if mode in ("reflect", "mirror", "nearest") and _shrinks(footprint) else None


def _eroded(image: Image, footprint: Footprint, mode: str, cval: float) -> Image:
    steps = _steps(pad_footprint(footprint, pad_end=False))
    if image.dtype == bool:
        borders = [_border(one, mode, cval, True) for one, _ in steps]
        if None not in borders:
            for (one, n), border in zip(steps, borders, strict=True):
                image = ndimage.binary_erosion(image, structure=one, iterations=int(n), border_value=bool(border))
            return image
    mode, cval = _outside(image.dtype, mode, cval, "max")
    for one, n in steps:
        for _ in range(n):
            image = ndimage.grey_erosion(image, footprint=one, mode=mode, cval=cval)
    return image


def _dilated(image: Image, footprint: Footprint, mode: str, cval: float) -> Image:
    steps = _steps(mirror_footprint(pad_footprint(footprint, pad_end=False)))
    if image.dtype == bool:
        borders = [_border(one, mode, cval, False) for one, _ in steps]
        if None not in borders:
            for (one, n), border in zip(steps, borders, strict=True):
                image = ndimage.binary_dilation(image, structure=one, iterations=int(n), border_value=bool(border))
            return image
    mode, cval = _outside(image.dtype, mode, cval, "min")
    for one, n in steps:
        for _ in range(n):
            image = ndimage.grey_dilation(image, footprint=one, mode=mode, cval=cval)
    return image


def _opened(image: Image, footprint: Footprint, mode: str, cval: float) -> Image:
    return _dilated(_eroded(image, footprint, mode, cval), mirror_footprint(footprint), mode, cval)


def _closed(image: Image, footprint: Footprint, mode: str, cval: float) -> Image:
    return _eroded(_dilated(image, footprint, mode, cval), mirror_footprint(footprint), mode, cval)


def erosion(image: Any, footprint: Footprint = None, out: Any = None, *, mode: str = "reflect", cval: float = 0.0) -> Any:
    """Grey erosion: the least neighbour (skimage.morphology.erosion).

    Parameters
    ----------
    image : array or Image
        Any number of axes.
    footprint : array or sequence of pairs, optional
        The neighbourhood, or smaller ones with how often each is applied; by default the sample and those beside it.
    out : array, optional
        Where the result goes.
    mode : str
        How samples outside the image are made: ``reflect``, ``constant``, ``nearest``, ``mirror``, ``wrap``; ``max`` and ``min``,
        the dtype's greatest and least value; ``ignore``, which leaves them out.
    cval : float
        Their value in mode ``constant``.

    Returns
    -------
    numpy.ndarray or Image
        Of the input's shape and dtype.

    Raises
    ------
    ValueError
        For an unknown mode, or what is no footprint.

    Examples
    --------
    >>> import numpy as np
    >>> erosion(np.array([4, 2, 7, 8, 5]), np.ones(3)).tolist()
    [2, 2, 2, 5, 5]
    """
    either = Either(image)
    return either.result(_eroded(either.image, _footprint(either.image, footprint), mode, cval), out)


def dilation(image: Any, footprint: Footprint = None, out: Any = None, *, mode: str = "reflect", cval: float = 0.0) -> Any:
    """Grey dilation: the greatest neighbour (skimage.morphology.dilation).

    Parameters
    ----------
    image : array or Image
        Any number of axes.
    footprint, out, mode, cval
        As for `erosion`.

    Returns
    -------
    numpy.ndarray or Image
        Of the input's shape and dtype.
    """
    either = Either(image)
    return either.result(_dilated(either.image, _footprint(either.image, footprint), mode, cval), out)


def opening(image: Any, footprint: Footprint = None, out: Any = None, *, mode: str = "reflect", cval: float = 0.0) -> Any:
    """Grey opening: erosion, then dilation (skimage.morphology.opening).

    Parameters
    ----------
    image : array or Image
        Any number of axes.
    footprint, out, mode, cval
        As for `erosion`.

    Returns
    -------
    numpy.ndarray or Image
        Of the input's shape and dtype.
    """
    either = Either(image)
    return either.result(_opened(either.image, _footprint(either.image, footprint), mode, cval), out)


def closing(image: Any, footprint: Footprint = None, out: Any = None, *, mode: str = "reflect", cval: float = 0.0) -> Any:
    """Grey closing: dilation, then erosion (skimage.morphology.closing).

    Parameters
    ----------
    image : array or Image
        Any number of axes.
    footprint, out, mode, cval
        As for `erosion`.

    Returns
    -------
    numpy.ndarray or Image
        Of the input's shape and dtype.
    """
    either = Either(image)
    return either.result(_closed(either.image, _footprint(either.image, footprint), mode, cval), out)


def _less(first: Image, second: Image) -> Image:
    return first ^ second if first.dtype == bool else first - second


def white_tophat(image: Any, footprint: Footprint = None, out: Any = None, *, mode: str = "reflect", cval: float = 0.0) -> Any:
    """What an opening takes away: bright details (skimage.morphology.white_tophat).

    Parameters
    ----------
    image : array or Image
        Any number of axes.
    footprint, out, mode, cval
        As for `erosion`.

    Returns
    -------
    numpy.ndarray or Image
        Of the input's shape and dtype.
    """
    either = Either(image)
    opened = _opened(either.image, _footprint(either.image, footprint), mode, cval)
    return either.result(_less(either.image, opened), out)


def black_tophat(image: Any, footprint: Footprint = None, out: Any = None, *, mode: str = "reflect", cval: float = 0.0) -> Any:
    """What a closing adds: dark details (skimage.morphology.black_tophat).

    Parameters
    ----------
    image : array or Image
        Any number of axes.
    footprint, out, mode, cval
        As for `erosion`.

    Returns
    -------
    numpy.ndarray or Image
        Of the input's shape and dtype.
    """
    either = Either(image)
    closed = _closed(either.image, _footprint(either.image, footprint), mode, cval)
    return either.result(_less(closed, either.image), out)
