"""Morphology of grey images."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .._either import Either
from ..image import Image
from ._arguments import axes_of, mirrored_origins, output_dtype, per_axis
from ._ranks import extreme_of, real

__all__ = [
    "black_tophat",
    "grey_closing",
    "grey_dilation",
    "grey_erosion",
    "grey_opening",
    "morphological_gradient",
    "morphological_laplace",
    "white_tophat",
]


class _Window:
    """The neighbourhood of a function of grey morphology, as scipy's arguments name it."""

    def __init__(self, size: Any, footprint: Any, structure: Any, mode: Any, cval: float, origin: Any, axes: Any) -> None:
        if size is None and footprint is None and structure is None:
            raise ValueError("size, footprint, or structure must be specified")
        if size is not None and footprint is not None:
            warnings.warn("ignoring size because footprint is set", UserWarning, stacklevel=4)
            size = None
        self.size, self.mode, self.cval, self.origin, self.axes = size, mode, cval, origin, axes
        self.footprint = None if footprint is None else np.asarray(footprint)
        self.structure = None if structure is None else np.asarray(structure)

    def _counted(self, image: Image, wanted: np.dtype | None) -> tuple[Image, np.dtype]:
        # With heights, booleans are summed as bytes, and so they stay until the last step.
        if self.structure is None or image.dtype != bool:
            return image, wanted or image.dtype
        return image.astype(np.uint8), np.dtype(np.uint8) if wanted in (None, np.dtype(bool)) else wanted

    def eroded(self, image: Image, wanted: np.dtype | None = None) -> Image:
        image, wanted = self._counted(image, wanted)
        return extreme_of(
            image, self.size, self.footprint, self.structure, wanted, self.mode, self.cval, self.origin, self.axes, False
        )

    def dilated(self, image: Image, wanted: np.dtype | None = None) -> Image:
        image, wanted = self._counted(image, wanted)
        along = axes_of(self.axes, image.ndim)
        window = self.footprint if self.footprint is not None else self.structure
        sizes = per_axis(self.size, len(along), "size") if window is None else list(window.shape)
        origin = mirrored_origins(self.origin, sizes)
        footprint, structure = (None if w is None else np.flip(w) for w in (self.footprint, self.structure))
        return extreme_of(
            image, self.size, footprint, structure, wanted, self.mode, self.cval, origin, self.axes, True
        )


def _placed(either: Either, output: Any, make: Callable[[Image, np.dtype], Image]) -> Any:
    """The result of `make(image, dtype)`, where it is wanted."""
    wanted = output_dtype(output, either.image.dtype)
    return either.result(make(either.image, wanted).astype(wanted), output)


def grey_erosion(
    input: Any,
    size: int | Sequence[int] | None = None,
    footprint: Any = None,
    structure: Any = None,
    output: Any = None,
    mode: str | Sequence[str] = "reflect",
    cval: float = 0.0,
    origin: int | Sequence[int] = 0,
    *,
    axes: int | Sequence[int] | None = None,
) -> Any:
    """Grey erosion: the least of the neighbours, lowered by the structure (scipy.ndimage.grey_erosion).

    Parameters
    ----------
    input : array or Image
        Any number of axes.
    size : int or sequence of int, optional
        Samples of a flat neighbourhood along each axis.
    footprint : array, optional
        The samples that belong to the neighbourhood, instead of `size`.
    structure : array, optional
        Heights of the neighbours; a neighbourhood with heights need not be flat.
    output : array or dtype, optional
        Where the result goes, or its dtype.
    mode : str or sequence of str
        How samples outside the image are made: ``reflect``, ``constant``, ``nearest``, ``mirror``, ``wrap``; one for each axis
        only where the neighbourhood is a flat box.
    cval : float
        Their value in mode ``constant``.
    origin : int or sequence of int
        Moves the neighbourhood.
    axes : int or sequence of int, optional
        Axes that are filtered; all by default.

    Returns
    -------
    numpy.ndarray or Image
        Of the input's shape, and its dtype or that of `output`.

    Raises
    ------
    ValueError
        Without a neighbourhood.

    Notes
    -----
    With a structure, integers wrap where scipy's do.

    Examples
    --------
    >>> import numpy as np
    >>> grey_erosion(np.array([4, 2, 7, 8, 5]), size=3).tolist()
    [2, 2, 2, 5, 5]
    """
    window = _Window(size, footprint, structure, mode, cval, origin, axes)
    return _placed(real(input), output, window.eroded)


def grey_dilation(
    input: Any,
    size: int | Sequence[int] | None = None,
    footprint: Any = None,
    structure: Any = None,
    output: Any = None,
    mode: str | Sequence[str] = "reflect",
    cval: float = 0.0,
    origin: int | Sequence[int] = 0,
    *,
    axes: int | Sequence[int] | None = None,
) -> Any:
    """Grey dilation: the greatest of the neighbours, raised by the structure (scipy.ndimage.grey_dilation).

    Parameters
    ----------
    input : array or Image
        Any number of axes.
    size, footprint, structure, output, mode, cval, origin, axes
        As for `grey_erosion`; the neighbourhood is mirrored through its sample.

    Returns
    -------
    numpy.ndarray or Image
        Of the input's shape, and its dtype or that of `output`.

    Examples
    --------
    >>> import numpy as np
    >>> grey_dilation(np.array([4, 2, 7, 8, 5]), size=2).tolist()
    [4, 7, 8, 8, 5]
    """
    window = _Window(size, footprint, structure, mode, cval, origin, axes)
    return _placed(real(input), output, window.dilated)


def grey_opening(
    input: Any,
    size: int | Sequence[int] | None = None,
    footprint: Any = None,
    structure: Any = None,
    output: Any = None,
    mode: str | Sequence[str] = "reflect",
    cval: float = 0.0,
    origin: int | Sequence[int] = 0,
    *,
    axes: int | Sequence[int] | None = None,
) -> Any:
    """Grey opening: erosion, then dilation (scipy.ndimage.grey_opening).

    Parameters
    ----------
    input : array or Image
        Any number of axes.
    size, footprint, structure, output, mode, cval, origin, axes
        As for `grey_erosion`.

    Returns
    -------
    numpy.ndarray or Image
        Of the input's shape, and its dtype or that of `output`.
    """
    window = _Window(size, footprint, structure, mode, cval, origin, axes)
    return _placed(real(input), output, lambda image, wanted: window.dilated(window.eroded(image), wanted))


def grey_closing(
    input: Any,
    size: int | Sequence[int] | None = None,
    footprint: Any = None,
    structure: Any = None,
    output: Any = None,
    mode: str | Sequence[str] = "reflect",
    cval: float = 0.0,
    origin: int | Sequence[int] = 0,
    *,
    axes: int | Sequence[int] | None = None,
) -> Any:
    """Grey closing: dilation, then erosion (scipy.ndimage.grey_closing).

    Parameters
    ----------
    input : array or Image
        Any number of axes.
    size, footprint, structure, output, mode, cval, origin, axes
        As for `grey_erosion`.

    Returns
    -------
    numpy.ndarray or Image
        Of the input's shape, and its dtype or that of `output`.
    """
    window = _Window(size, footprint, structure, mode, cval, origin, axes)
    return _placed(real(input), output, lambda image, wanted: window.eroded(window.dilated(image), wanted))


def morphological_gradient(
    input: Any,
    size: int | Sequence[int] | None = None,
    footprint: Any = None,
    structure: Any = None,
    output: Any = None,
    mode: str | Sequence[str] = "reflect",
    cval: float = 0.0,
    origin: int | Sequence[int] = 0,
    *,
    axes: int | Sequence[int] | None = None,
) -> Any:
    """Dilation less erosion (scipy.ndimage.morphological_gradient).

    Parameters
    ----------
    input : array or Image
        Any number of axes.
    size, footprint, structure, mode, cval, origin, axes
        As for `grey_erosion`.
    output : array or dtype, optional
        Where the result goes, or its dtype (scipy takes no notice of a dtype here).

    Returns
    -------
    numpy.ndarray or Image
        Of the input's shape.
    """
    window = _Window(size, footprint, structure, mode, cval, origin, axes)
    return _placed(real(input), output, lambda image, wanted: (window.dilated(image) - window.eroded(image, wanted)).astype(wanted))


def morphological_laplace(
    input: Any,
    size: int | Sequence[int] | None = None,
    footprint: Any = None,
    structure: Any = None,
    output: Any = None,
    mode: str | Sequence[str] = "reflect",
    cval: float = 0.0,
    origin: int | Sequence[int] = 0,
    *,
    axes: int | Sequence[int] | None = None,
) -> Any:
    """Dilation plus erosion, less twice the image (scipy.ndimage.morphological_laplace).

    Parameters
    ----------
    input : array or Image
        Any number of axes.
    size, footprint, structure, mode, cval, origin, axes
        As for `grey_erosion`.
    output : array or dtype, optional
        Where the result goes, or its dtype (scipy takes no notice of a dtype here).

    Returns
    -------
    numpy.ndarray or Image
        Of the input's shape.
    """
    window = _Window(size, footprint, structure, mode, cval, origin, axes)

    def made(image: Image, wanted: np.dtype) -> Image:
        total = (window.dilated(image) + window.eroded(image, wanted)).astype(wanted)
        return ((total - image).astype(wanted) - image).astype(wanted)

    return _placed(real(input), output, made)


def _less(first: Image, second: Image, wanted: np.dtype) -> Image:
    """The difference; where two masks differ."""
    if first.dtype == wanted == bool or second.dtype == wanted == bool:
        return first.astype(bool) ^ second.astype(bool)
    return (first - second).astype(wanted)


def white_tophat(
    input: Any,
    size: int | Sequence[int] | None = None,
    footprint: Any = None,
    structure: Any = None,
    output: Any = None,
    mode: str | Sequence[str] = "reflect",
    cval: float = 0.0,
    origin: int | Sequence[int] = 0,
    *,
    axes: int | Sequence[int] | None = None,
) -> Any:
    """What an opening takes away: bright details (scipy.ndimage.white_tophat).

    Parameters
    ----------
    input : array or Image
        Any number of axes.
    size, footprint, structure, output, mode, cval, origin, axes
        As for `grey_erosion`.

    Returns
    -------
    numpy.ndarray or Image
        Of the input's shape, and its dtype or that of `output`.
    """
    window = _Window(size, footprint, structure, mode, cval, origin, axes)

    def made(image: Image, wanted: np.dtype) -> Image:
        return _less(image, window.dilated(window.eroded(image), wanted), wanted)

    return _placed(real(input), output, made)


def black_tophat(
    input: Any,
    size: int | Sequence[int] | None = None,
    footprint: Any = None,
    structure: Any = None,
    output: Any = None,
    mode: str | Sequence[str] = "reflect",
    cval: float = 0.0,
    origin: int | Sequence[int] = 0,
    *,
    axes: int | Sequence[int] | None = None,
) -> Any:
    """What a closing adds: dark details (scipy.ndimage.black_tophat).

    Parameters
    ----------
    input : array or Image
        Any number of axes.
    size, footprint, structure, output, mode, cval, origin, axes
        As for `grey_erosion`.

    Returns
    -------
    numpy.ndarray or Image
        Of the input's shape, and its dtype or that of `output`.
    """
    window = _Window(size, footprint, structure, mode, cval, origin, axes)

    def made(image: Image, wanted: np.dtype) -> Image:
        return _less(window.eroded(window.dilated(image), wanted), image, wanted)

    return _placed(real(input), output, made)
