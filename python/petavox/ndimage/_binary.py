"""Morphology of masks."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from .._either import Either
from .._open import from_array
from ..image import Image
from ._arguments import axes_of, is_complex, mirrored_origins, origins_of, per_axis, spread, window_of
from ._structures import generate_binary_structure

__all__ = [
    "binary_closing",
    "binary_dilation",
    "binary_erosion",
    "binary_fill_holes",
    "binary_hit_or_miss",
    "binary_opening",
    "binary_propagation",
]


class _Mask:
    """The input of a function on masks, the mask that limits it, and how its result goes back."""

    def __init__(self, input: Any, mask: Any = None) -> None:
        if is_complex(input):
            raise TypeError("Complex type not supported")
        self.either = Either(input)
        self.image = _truth(self.either.image)
        self.is_one_sample = self.image.ndim == 0
        if self.is_one_sample:
            self.image = self.image[np.newaxis]
        self.limits: list[Image] = []
        if mask is not None:
            limit = _truth(from_array(mask))
            limit = limit[np.newaxis] if limit.ndim == 0 else limit
            if limit.shape != self.image.shape:
                raise RuntimeError("mask and input must have equal sizes")
            self.limits = [limit]
            self.either.is_image |= isinstance(mask, Image)

    def apply(self, name: str, structure: Any, origin: Any, axes: Any, **params: Any) -> Image:
        """The operation `name` in the neighbourhood that scipy's arguments describe."""
        ndim = self.image.ndim
        along = axes_of(axes, ndim)
        if structure is None:
            structure = generate_binary_structure(0 if self.is_one_sample else len(along), 1)
        structure = np.asarray(structure, dtype=bool)
        if self.is_one_sample and structure.ndim == 0:
            structure = structure[np.newaxis]
        if len(along) == ndim and structure.ndim != ndim:
            raise RuntimeError("structure and input must have same dimensionality")
        if structure.size < 1:
            raise RuntimeError("structure must not be empty")
        structure = window_of(structure, along, ndim, "structure")
        order = along if len(along) < ndim else range(ndim)
        origins = origins_of(spread(per_axis(origin, len(along), "origin"), order, ndim, 0), structure.shape)
        if not structure.any():
            # Nothing is looked at: all of nothing is true, any of nothing is not.
            none = self.image & ~self.image
            made = none if name in ("binary_dilation", "binary_propagation", "binary_opening") else ~none
            return made if not self.limits else (made & self.limits[0]) | (self.image & ~self.limits[0])
        if structure.all():
            params["size"] = list(structure.shape)
        else:
            params["structure_shape"] = list(structure.shape)
            params["structure"] = structure.astype(int).ravel().tolist()
        if any(origins):
            params["origin"] = origins
        return self.image.apply(name, *self.limits, **params)

    def result(self, image: Image, output: Any) -> Any:
        image = image[0] if self.is_one_sample else image
        if isinstance(output, np.ndarray):
            if np.iscomplexobj(output):
                raise TypeError("Complex output type not supported")
            return self.either.result(image, output)
        return self.either.result(image)


def _truth(image: Image) -> Image:
    return image if image.dtype == bool else image != 0


def _repeated(
    name: str, input: Any, structure: Any, iterations: Any, mask: Any, output: Any, border_value: int, origin: Any, axes: Any
) -> Any:
    try:
        iterations = operator.index(iterations)
    except TypeError as e:
        raise TypeError("iterations parameter should be an integer") from e
    given = _Mask(input, mask)
    image = given.apply(name, structure, origin, axes, iterations=max(iterations, 0), border_value=int(bool(border_value)))
    return given.result(image, output)


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
        The neighbourhood, of any shape; faces by default.
    iterations : int
        How often; less than 1: until nothing changes.
    output : array, optional
        Where the result goes.
    border_value : {0, 1}
        What lies outside the image.
    origin : int or sequence of int
        How far the structure's centre is moved.
    mask : array or Image, optional
        Samples where it is 0 keep their values, at every repetition.
    brute_force : bool
        Ignored: there is one way.
    axes : int or sequence of int, optional
        Axes that the structure has; all by default.

    Returns
    -------
    numpy.ndarray or Image
        bool.

    Raises
    ------
    RuntimeError
        For a structure or mask that does not fit the input.
    TypeError
        For complex samples, or iterations that are not an integer.

    Examples
    --------
    >>> import numpy as np
    >>> binary_erosion(np.ones((3, 5)), border_value=0).astype(int).tolist()
    [[0, 0, 0, 0, 0], [0, 1, 1, 1, 0], [0, 0, 0, 0, 0]]

    References
    ----------
    scipy.ndimage.binary_erosion
    """
    return _repeated("binary_erosion", input, structure, iterations, mask, output, border_value, origin, axes)


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
        The neighbourhood, of any shape; faces by default.
    iterations : int
        How often; less than 1: until nothing changes.
    output : array, optional
        Where the result goes.
    border_value : {0, 1}
        What lies outside the image.
    origin : int or sequence of int
        How far the structure's centre is moved.
    mask : array or Image, optional
        Samples where it is 0 keep their values, at every repetition.
    brute_force : bool
        Ignored: there is one way.
    axes : int or sequence of int, optional
        Axes that the structure has; all by default.

    Returns
    -------
    numpy.ndarray or Image
        bool.

    Raises
    ------
    RuntimeError
        For a structure or mask that does not fit the input.
    TypeError
        For complex samples, or iterations that are not an integer.

    Examples
    --------
    >>> import numpy as np
    >>> binary_dilation(np.array([0, 0, 1, 0, 0]), iterations=-1).all()
    np.True_

    References
    ----------
    scipy.ndimage.binary_dilation
    """
    return _repeated("binary_dilation", input, structure, iterations, mask, output, border_value, origin, axes)


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
        The neighbourhood, of any shape; faces by default.
    iterations : int
        How often each; less than 1: until nothing changes.
    output : array, optional
        Where the result goes.
    border_value : {0, 1}
        What lies outside the image.
    origin : int or sequence of int
        How far the structure's centre is moved.
    mask : array or Image, optional
        Samples where it is 0 keep their values, at every repetition.
    brute_force : bool
        Ignored: there is one way.
    axes : int or sequence of int, optional
        Axes that the structure has; all by default.

    Returns
    -------
    numpy.ndarray or Image
        bool.

    Raises
    ------
    RuntimeError
        For a structure or mask that does not fit the input.
    TypeError
        For complex samples, or iterations that are not an integer.

    Examples
    --------
    >>> import numpy as np
    >>> binary_opening(np.array([0, 1, 0, 1, 1, 1, 0])).astype(int).tolist()
    [0, 0, 0, 1, 1, 1, 0]

    References
    ----------
    scipy.ndimage.binary_opening
    """
    return _repeated("binary_opening", input, structure, iterations, mask, output, border_value, origin, axes)


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
        The neighbourhood, of any shape; faces by default.
    iterations : int
        How often each; less than 1: until nothing changes.
    output : array, optional
        Where the result goes.
    border_value : {0, 1}
        What lies outside the image.
    origin : int or sequence of int
        How far the structure's centre is moved.
    mask : array or Image, optional
        Samples where it is 0 keep their values, at every repetition.
    brute_force : bool
        Ignored: there is one way.
    axes : int or sequence of int, optional
        Axes that the structure has; all by default.

    Returns
    -------
    numpy.ndarray or Image
        bool.

    Raises
    ------
    RuntimeError
        For a structure or mask that does not fit the input.
    TypeError
        For complex samples, or iterations that are not an integer.

    Examples
    --------
    >>> import numpy as np
    >>> binary_closing(np.array([0, 1, 0, 1, 0, 0, 0])).astype(int).tolist()
    [0, 1, 1, 1, 0, 0, 0]

    References
    ----------
    scipy.ndimage.binary_closing
    """
    return _repeated("binary_closing", input, structure, iterations, mask, output, border_value, origin, axes)


def binary_propagation(
    input: Any,
    structure: Any = None,
    mask: Any = None,
    output: Any = None,
    border_value: int = 0,
    origin: int | Sequence[int] = 0,
    *,
    axes: Any = None,
) -> Any:
    """Let a mask grow into a second one until nothing changes (scipy.ndimage.binary_propagation).

    Parameters
    ----------
    input : array or Image
        Every sample other than 0 is foreground.
    structure : array, optional
        What a step is; faces by default.
    mask : array or Image, optional
        Where it may grow; everywhere by default.
    output : array, optional
        Where the result goes.
    border_value : {0, 1}
        What lies outside the image.
    origin : int or sequence of int
        How far the structure's centre is moved.
    axes : int or sequence of int, optional
        Axes that the structure has; all by default.

    Returns
    -------
    numpy.ndarray or Image
        bool.

    Notes
    -----
    Out of core too: one bit a sample, rows that can still change are looked at again and again. The end does not depend on the order.

    Examples
    --------
    >>> import numpy as np
    >>> binary_propagation([0, 1, 0, 0, 0], mask=[1, 1, 1, 0, 1]).astype(int).tolist()
    [1, 1, 1, 0, 0]
    """
    given = _Mask(input, mask)
    image = given.apply("binary_propagation", structure, origin, axes, border_value=int(bool(border_value)))
    return given.result(image, output)


def binary_fill_holes(
    input: Any, structure: Any = None, output: Any = None, origin: int | Sequence[int] = 0, *, axes: Any = None
) -> Any:
    """Fill holes: background that no path leads to from outside (scipy.ndimage.binary_fill_holes).

    Parameters
    ----------
    input : array or Image
        Every sample other than 0 is foreground.
    structure : array, optional
        What a step of a path is; faces by default.
    output : array, optional
        Where the result goes.
    origin : int or sequence of int
        How far the structure's centre is moved.
    axes : int or sequence of int, optional
        Axes that the structure has; all by default.

    Returns
    -------
    numpy.ndarray or Image
        bool.

    Examples
    --------
    >>> import numpy as np
    >>> binary_fill_holes(np.array([0, 1, 0, 0, 1, 0])).astype(int).tolist()
    [0, 1, 1, 1, 1, 0]
    """
    given = _Mask(input)
    return given.result(given.apply("binary_fill_holes", structure, origin, axes), output)


def binary_hit_or_miss(
    input: Any,
    structure1: Any = None,
    structure2: Any = None,
    output: Any = None,
    origin1: int | Sequence[int] = 0,
    origin2: None | int | Sequence[int] = None,
    *,
    axes: Any = None,
) -> Any:
    """Find a pattern: foreground where `structure1` is, background where `structure2` is (scipy.ndimage.binary_hit_or_miss).

    Parameters
    ----------
    input : array or Image
        Every sample other than 0 is foreground.
    structure1 : array, optional
        What has to be foreground; faces by default.
    structure2 : array, optional
        What has to be background; what `structure1` leaves by default.
    output : array, optional
        Where the result goes.
    origin1, origin2 : int or sequence of int
        How far the structures' centres are moved; `origin2` is `origin1` by default.
    axes : int or sequence of int, optional
        Axes that the structures have; all by default.

    Returns
    -------
    numpy.ndarray or Image
        bool; nothing if `output` is an array, as in scipy.

    Examples
    --------
    >>> import numpy as np
    >>> binary_hit_or_miss(np.array([0, 1, 0, 1, 1]), [0, 1, 0], [1, 0, 1]).astype(int).tolist()
    [0, 1, 0, 0, 0]
    """
    given = _Mask(input)
    n = len(axes_of(axes, given.image.ndim))
    hits = np.asarray(generate_binary_structure(n, 1) if structure1 is None else structure1, dtype=bool)
    misses = np.asarray(~hits if structure2 is None else structure2, dtype=bool)
    origin2 = origin1 if origin2 is None else origin2
    origins_of(origin2, misses.shape)
    found = given.apply("binary_erosion", hits, origin1, axes)
    # A dilation looks at the mirrored structure.
    mirrored = misses[(slice(None, None, -1),) * misses.ndim]
    wrong = given.apply("binary_dilation", mirrored, mirrored_origins(origin2, misses.shape), axes)
    result = given.result(found & ~wrong, output)
    return None if isinstance(output, np.ndarray) else result
