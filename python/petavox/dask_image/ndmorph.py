"""dask_image.ndmorph: scipy.ndimage's morphology of masks, with dask-image's order of arguments."""

from __future__ import annotations

from typing import Any

from .. import ndimage

__all__ = ["binary_closing", "binary_dilation", "binary_erosion", "binary_opening"]


def _options(mask: Any, border_value: int, origin: Any, brute_force: bool) -> dict[str, Any]:
    return {"mask": mask, "border_value": border_value, "origin": origin, "brute_force": brute_force}


def binary_closing(
    image: Any,
    structure: Any = None,
    iterations: int = 1,
    origin: Any = 0,
    mask: Any = None,
    border_value: int = 0,
    brute_force: bool = False,
) -> Any:
    """Dilate a mask, then erode it (dask_image.ndmorph.binary_closing).

    Parameters
    ----------
    image : array or Image
        Every sample other than 0 is foreground.
    structure, iterations, origin, mask, border_value, brute_force
        As for `petavox.ndimage.binary_closing`.

    Returns
    -------
    numpy.ndarray or Image
        bool.
    """
    return ndimage.binary_closing(image, structure, iterations, **_options(mask, border_value, origin, brute_force))


def binary_dilation(
    image: Any,
    structure: Any = None,
    iterations: int = 1,
    mask: Any = None,
    border_value: int = 0,
    origin: Any = 0,
    brute_force: bool = False,
) -> Any:
    """Dilate a mask (dask_image.ndmorph.binary_dilation).

    Parameters
    ----------
    image : array or Image
        Every sample other than 0 is foreground.
    structure, iterations, mask, border_value, origin, brute_force
        As for `petavox.ndimage.binary_dilation`.

    Returns
    -------
    numpy.ndarray or Image
        bool.
    """
    return ndimage.binary_dilation(image, structure, iterations, **_options(mask, border_value, origin, brute_force))


def binary_erosion(
    image: Any,
    structure: Any = None,
    iterations: int = 1,
    mask: Any = None,
    border_value: int = 0,
    origin: Any = 0,
    brute_force: bool = False,
) -> Any:
    """Erode a mask (dask_image.ndmorph.binary_erosion).

    Parameters
    ----------
    image : array or Image
        Every sample other than 0 is foreground.
    structure, iterations, mask, border_value, origin, brute_force
        As for `petavox.ndimage.binary_erosion`.

    Returns
    -------
    numpy.ndarray or Image
        bool.
    """
    return ndimage.binary_erosion(image, structure, iterations, **_options(mask, border_value, origin, brute_force))


def binary_opening(
    image: Any,
    structure: Any = None,
    iterations: int = 1,
    origin: Any = 0,
    mask: Any = None,
    border_value: int = 0,
    brute_force: bool = False,
) -> Any:
    """Erode a mask, then dilate it (dask_image.ndmorph.binary_opening).

    Parameters
    ----------
    image : array or Image
        Every sample other than 0 is foreground.
    structure, iterations, origin, mask, border_value, brute_force
        As for `petavox.ndimage.binary_opening`.

    Returns
    -------
    numpy.ndarray or Image
        bool.
    """
    return ndimage.binary_opening(image, structure, iterations, **_options(mask, border_value, origin, brute_force))
