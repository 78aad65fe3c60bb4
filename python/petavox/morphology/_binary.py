"""Morphology of masks, as scikit-image has it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import ndimage
from .._either import Either
from ._footprints import Footprint, is_sequence, pad_footprint

__all__ = [
    "binary_closing",
    "binary_dilation",
    "binary_erosion",
    "binary_opening",
    "isotropic_closing",
    "isotropic_dilation",
    "isotropic_erosion",
    "isotropic_opening",
]


def _applied(function: Any, image: Any, footprint: Footprint, border: bool) -> Any:
    """One of ndimage's functions with each footprint of a sequence in turn."""
    if footprint is None:
        footprint = ndimage.generate_binary_structure(image.ndim, 1)
    footprint = pad_footprint(footprint, pad_end=True)
    for one, times in footprint if is_sequence(footprint) else [(footprint, 1)]:
        image = function(image, structure=one, iterations=int(times), border_value=border)
    return image


def _eroded(image: Any, footprint: Footprint, mode: str) -> Any:
    return _applied(ndimage.binary_erosion, image, footprint, mode != "min")


def _dilated(image: Any, footprint: Footprint, mode: str) -> Any:
    return _applied(ndimage.binary_dilation, image, footprint, mode == "max")


def _result(steps: Sequence[Any], image: Any, footprint: Footprint, out: Any, mode: str) -> Any:
    if mode not in ("max", "min", "ignore"):
        raise ValueError(f"unsupported mode, got {mode!r}")
    either = Either(image)
    result = either.image
    for step in steps:
        result = step(result, footprint, mode)
    return either.result(result, out)


def binary_erosion(image: Any, footprint: Footprint = None, out: Any = None, *, mode: str = "ignore") -> Any:
    """Erode a mask (skimage.morphology.binary_erosion).

    Parameters
    ----------
    image : array or Image
        Every sample other than 0 is foreground.
    footprint : array or sequence, optional
        The neighbourhood, or smaller ones with how often each is applied; faces by default.
    out : array, optional
        Where the result goes.
    mode : {"ignore", "max", "min"}
        Outside the image lies what changes nothing, foreground or background.

    Returns
    -------
    numpy.ndarray or Image
        bool.

    Raises
    ------
    ValueError
        For another mode.

    Examples
    --------
    >>> import numpy as np
    >>> binary_erosion(np.array([[0, 1, 1, 1]])).astype(int).tolist()
    [[0, 0, 1, 1]]
    """
    return _result([_eroded], image, footprint, out, mode)


def binary_dilation(image: Any, footprint: Footprint = None, out: Any = None, *, mode: str = "ignore") -> Any:
    """Dilate a mask (skimage.morphology.binary_dilation).

    Parameters
    ----------
    image : array or Image
        Every sample other than 0 is foreground.
    footprint, out, mode
        As for `binary_erosion`.

    Returns
    -------
    numpy.ndarray or Image
        bool.
    """
    return _result([_dilated], image, footprint, out, mode)


def binary_opening(image: Any, footprint: Footprint = None, out: Any = None, *, mode: str = "ignore") -> Any:
    """Erode a mask, then dilate it (skimage.morphology.binary_opening).

    Parameters
    ----------
    image : array or Image
        Every sample other than 0 is foreground.
    footprint, out, mode
        As for `binary_erosion`.

    Returns
    -------
    numpy.ndarray or Image
        bool.
    """
    return _result([_eroded, _dilated], image, footprint, out, mode)


def binary_closing(image: Any, footprint: Footprint = None, out: Any = None, *, mode: str = "ignore") -> Any:
    """Dilate a mask, then erode it (skimage.morphology.binary_closing).

    Parameters
    ----------
    image : array or Image
        Every sample other than 0 is foreground.
    footprint, out, mode
        As for `binary_erosion`.

    Returns
    -------
    numpy.ndarray or Image
        bool.
    """
    return _result([_dilated, _eroded], image, footprint, out, mode)


def _far(mask: Any, radius: float, spacing: Any) -> Any:
    """The samples of a mask that lie farther than `radius` from its background."""
    params = {} if spacing is None else {"sampling": [float(s) for s in np.atleast_1d(spacing)]}
    return mask.apply("distance_transform_edt", **params) > radius


def _isotropic(image: Any, radius: float, out: Any, spacing: Any, steps: Sequence[bool]) -> Any:
    either = Either(image)
    mask = either.image if either.image.dtype == bool else either.image != 0
    for erodes in steps:
        mask = _far(mask, radius, spacing) if erodes else ~_far(~mask, radius, spacing)
    return either.result(mask, out)


def isotropic_erosion(image: Any, radius: float, out: Any = None, spacing: float | Sequence[float] | None = None) -> Any:
    """Erode a mask with a ball of any radius, by the distance transform (skimage.morphology.isotropic_erosion).

    Parameters
    ----------
    image : array or Image
        Every sample other than 0 is foreground.
    radius : float
        Of the ball.
    out : array, optional
        Where the result goes.
    spacing : float or sequence of float, optional
        Size of a sample, one or one per axis; 1 by default.

    Returns
    -------
    numpy.ndarray or Image
        bool.

    Examples
    --------
    >>> import numpy as np
    >>> isotropic_erosion(np.array([0, 1, 1, 1, 1, 1, 0]), 1.5).astype(int).tolist()
    [0, 0, 1, 1, 1, 0, 0]
    """
    return _isotropic(image, radius, out, spacing, [True])


def isotropic_dilation(image: Any, radius: float, out: Any = None, spacing: float | Sequence[float] | None = None) -> Any:
    """Dilate a mask with a ball of any radius (skimage.morphology.isotropic_dilation).

    Parameters
    ----------
    image : array or Image
        Every sample other than 0 is foreground.
    radius, out, spacing
        As for `isotropic_erosion`.

    Returns
    -------
    numpy.ndarray or Image
        bool.
    """
    return _isotropic(image, radius, out, spacing, [False])


def isotropic_opening(image: Any, radius: float, out: Any = None, spacing: float | Sequence[float] | None = None) -> Any:
    """Erode a mask with a ball of any radius, then dilate it (skimage.morphology.isotropic_opening).

    Parameters
    ----------
    image : array or Image
        Every sample other than 0 is foreground.
    radius, out, spacing
        As for `isotropic_erosion`.

    Returns
    -------
    numpy.ndarray or Image
        bool.
    """
    return _isotropic(image, radius, out, spacing, [True, False])


def isotropic_closing(image: Any, radius: float, out: Any = None, spacing: float | Sequence[float] | None = None) -> Any:
    """Dilate a mask with a ball of any radius, then erode it (skimage.morphology.isotropic_closing).

    Parameters
    ----------
    image : array or Image
        Every sample other than 0 is foreground.
    radius, out, spacing
        As for `isotropic_erosion`.

    Returns
    -------
    numpy.ndarray or Image
        bool.
    """
    return _isotropic(image, radius, out, spacing, [False, True])
