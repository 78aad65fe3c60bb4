"""Morphology of masks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from .._either import Either
from ._structures import connectivity_of

__all__ = ["binary_closing", "binary_dilation", "binary_erosion", "binary_opening"]


def _binary(
    name: str, input: Any, structure: Any, iterations: int, mask: Any, output: Any, border_value: int, origin: Any, axes: Any
) -> Any:
    either = Either(input)
    ndim = either.image.ndim
    if axes is not None and sorted(normalize_axis_tuple(axes, ndim, "axes")) != list(range(ndim)):
        raise NotImplementedError(f"{name}: some axes only are not there yet")
    if mask is not None:
        raise NotImplementedError(f"{name}: mask is not there yet")
    if np.any(np.asarray(origin) != 0):
        raise NotImplementedError(f"{name}: origin is not there yet")
    if iterations < 1:
        raise NotImplementedError(f"{name}: iterations until nothing changes are not there yet")
    params: dict[str, Any] = {"iterations": int(iterations)}
    if structure is not None and np.all(structure) and all(n % 2 for n in np.shape(structure)) and np.ndim(structure) == ndim:
        params["size"] = list(np.shape(structure))
    elif structure is not None:
        params["connectivity"] = connectivity_of(structure, ndim)
    if border_value:
        params["border_value"] = 1
    return either.result((either.image != 0).apply(name, **params), output)


def binary_erosion(
    input: Any,
    structure: Any = None,
    iterations: int = 1,
    mask: Any = None,
    output: Any = None,
    border_value: int = 0,
    origin: int | Sequence[int] = 0,
    brute_force: bool = False,
    *,
    axes: Any = None,
) -> Any:
    """Erode a mask (scipy.ndimage.binary_erosion).

    Parameters
    ----------
    input : array or Image
        Every sample other than 0 is foreground.
    structure : array, optional
        A `generate_binary_structure` (faces by default) or a box of ones with odd extents.
    iterations : int
        How many times.
    mask, origin, axes
        Not there yet.
    output : array or dtype, optional
        Where the result goes, or its dtype.
    border_value : {0, 1}
        What lies outside the image.
    brute_force : bool
        Ignored: there is one way.

    Returns
    -------
    numpy.ndarray or Image
        bool.

    Raises
    ------
    ValueError
        For other structures.
    NotImplementedError
        For what is not there yet.
    """
    return _binary("binary_erosion", input, structure, iterations, mask, output, border_value, origin, axes)


def binary_dilation(
    input: Any,
    structure: Any = None,
    iterations: int = 1,
    mask: Any = None,
    output: Any = None,
    border_value: int = 0,
    origin: int | Sequence[int] = 0,
    brute_force: bool = False,
    *,
    axes: Any = None,
) -> Any:
    """Dilate a mask (scipy.ndimage.binary_dilation).

    Parameters
    ----------
    input : array or Image
        Every sample other than 0 is foreground.
    structure : array, optional
        A `generate_binary_structure` (faces by default) or a box of ones with odd extents.
    iterations : int
        How many times.
    output : array or dtype, optional
        Where the result goes, or its dtype.
    border_value : {0, 1}
        What lies outside the image.
    mask, origin, axes
        Not there yet.
    brute_force : bool
        Ignored: there is one way.

    Returns
    -------
    numpy.ndarray or Image
        bool.
    """
    return _binary("binary_dilation", input, structure, iterations, mask, output, border_value, origin, axes)


def binary_opening(
    input: Any,
    structure: Any = None,
    iterations: int = 1,
    output: Any = None,
    origin: int | Sequence[int] = 0,
    mask: Any = None,
    border_value: int = 0,
    brute_force: bool = False,
    *,
    axes: Any = None,
) -> Any:
    """Erode a mask, then dilate it (scipy.ndimage.binary_opening).

    Parameters
    ----------
    input : array or Image
        Every sample other than 0 is foreground.
    structure : array, optional
        A `generate_binary_structure` (faces by default) or a box of ones with odd extents.
    iterations : int
        How many times.
    output : array or dtype, optional
        Where the result goes, or its dtype.
    border_value : {0, 1}
        What lies outside the image.
    mask, origin, axes
        Not there yet.
    brute_force : bool
        Ignored: there is one way.

    Returns
    -------
    numpy.ndarray or Image
        bool.
    """
    return _binary("binary_opening", input, structure, iterations, mask, output, border_value, origin, axes)


def binary_closing(
    input: Any,
    structure: Any = None,
    iterations: int = 1,
    output: Any = None,
    origin: int | Sequence[int] = 0,
    mask: Any = None,
    border_value: int = 0,
    brute_force: bool = False,
    *,
    axes: Any = None,
) -> Any:
    """Dilate a mask, then erode it (scipy.ndimage.binary_closing).

    Parameters
    ----------
    input : array or Image
        Every sample other than 0 is foreground.
    structure : array, optional
        A `generate_binary_structure` (faces by default) or a box of ones with odd extents.
    iterations : int
        How many times.
    output : array or dtype, optional
        Where the result goes, or its dtype.
    border_value : {0, 1}
        What lies outside the image.
    mask, origin, axes
        Not there yet.
    brute_force : bool
        Ignored: there is one way.

    Returns
    -------
    numpy.ndarray or Image
        bool.
    """
    return _binary("binary_closing", input, structure, iterations, mask, output, border_value, origin, axes)
