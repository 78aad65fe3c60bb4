"""Filters that order the samples of a neighbourhood: least, greatest, median, percentiles."""

from __future__ import annotations

import operator
import warnings
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from .._either import Either
from ..image import Image
from ._arguments import axes_of, axis_of, is_complex, mode_of, modes_of, origins_of, output_dtype, per_axis, spread, window_of

__all__ = [
    "maximum_filter",
    "maximum_filter1d",
    "median_filter",
    "minimum_filter",
    "minimum_filter1d",
    "percentile_filter",
    "rank_filter",
]

_NAMES = {False: "minimum_filter", True: "maximum_filter"}


def real(input: Any) -> Either:
    """The input of a filter that has no meaning for complex samples."""
    if not isinstance(input, Image) and is_complex(input):
        raise TypeError("Complex type not supported")
    return Either(input)


def cells_of(footprint: np.ndarray) -> dict[str, Any]:
    """A footprint over all axes as the core takes it."""
    params: dict[str, Any] = {"size": list(footprint.shape)}
    if not footprint.all():
        params["cells"] = "".join("x" if cell else "." for cell in footprint.ravel())
    return params


def boundary_of(mode: str, cval: float, dtype: np.dtype | None = None) -> dict[str, Any]:
    """A mode of the core; `cval` as a sample of `dtype`, cut as in C."""
    if mode != "constant":
        return {"mode": mode}
    if dtype is not None:
        cval = as_sample(cval, dtype)
    return {"mode": mode, "cval": float(cval) if np.isfinite(cval) else str(float(cval))}


def as_sample(cval: float, dtype: np.dtype) -> Any:
    """A number as a sample of `dtype`, as C's conversion of a double makes it."""
    with np.errstate(all="ignore"):
        return np.asarray(cval, np.float64).astype(dtype)[()]


def extreme_of(
    image: Image,
    size: Any,
    footprint: Any,
    structure: Any,
    wanted: np.dtype,
    mode: Any,
    cval: float,
    origin: Any,
    axes: Any,
    greatest: bool,
) -> Image:
    """The least or greatest sample of each window, in the dtype that is wanted; the rules are those of scipy's arguments."""
    if size is not None and footprint is not None:
        warnings.warn("ignoring size because footprint is set", UserWarning, stacklevel=4)
    along = axes_of(axes, image.ndim)
    if structure is None:
        if footprint is None and size is None:
            raise RuntimeError("no footprint provided")
        if footprint is not None:
            footprint = np.asarray(footprint, bool)
            if not footprint.any():
                raise ValueError("All-zero footprint is not supported.")
            if footprint.all():
                size, footprint = footprint.shape, None
        if footprint is None:
            return _boxed(image, size, wanted, mode, cval, origin, along, greatest)
    else:
        structure = np.asarray(structure, np.float64)
        footprint = np.ones(structure.shape, bool) if footprint is None else np.asarray(footprint, bool)
        if structure.shape != footprint.shape:
            raise RuntimeError("structure array has incorrect shape")
        structure = window_of(structure, along, image.ndim, "structure")
    footprint = window_of(footprint, along, image.ndim, "footprint")
    origins = spread(per_axis(origin, len(along), "origin"), along, image.ndim, 0)
    origins = origins_of(origins, footprint.shape)
    if not isinstance(mode, str) and isinstance(mode, Iterable):
        raise RuntimeError("A sequence of modes is not supported for non-separable footprints")
    params = cells_of(footprint) | {"origin": origins} | boundary_of(mode_of(mode), cval, image.dtype)
    if structure is None:
        return image.apply(_NAMES[greatest], **params).astype(wanted)
    return image.apply(_NAMES[greatest], structure=structure[footprint].tolist(), **params).astype(wanted)


def _boxed(
    image: Image, size: Any, wanted: np.dtype, mode: Any, cval: float, origin: Any, along: tuple[int, ...], greatest: bool
) -> Image:
    n = len(along)
    given = zip(along, per_axis(size, n, "size"), per_axis(origin, n, "origin"), modes_of(mode, n), strict=True)
    steps = [(axis, int(length), shift, kind) for axis, length, shift, kind in given if length > 1]
    for _, length, shift, _ in steps:
        origins_of(shift, [length])
    if not steps:
        return image.astype(wanted)
    kinds = {kind for *_, kind in steps}
    strange = "constant" in kinds and not _is_sample(cval, image.dtype)
    if strange or not np.can_cast(image.dtype, wanted, "safe"):
        # Axis by axis in double, each result in the output's dtype: scipy's rule, which shows only here.
        for step in steps:
            image = _lines(image.astype(np.float64), [step], cval, greatest).astype(wanted)
        return image
    if len(kinds) == 1:
        return _lines(image, steps, cval, greatest).astype(wanted)
    for step in steps:
        image = _lines(image, [step], cval, greatest)
    return image.astype(wanted)


def _is_sample(cval: float, dtype: np.dtype) -> bool:
    return bool(as_sample(cval, dtype) == cval or (np.isnan(cval) and dtype.kind == "f"))


def _lines(image: Image, steps: list[tuple[int, int, int, str]], cval: float, greatest: bool) -> Image:
    sizes, origins = [1] * image.ndim, [0] * image.ndim
    for axis, length, shift, _ in steps:
        sizes[axis], origins[axis] = length, operator.index(shift)
    return image.apply(_NAMES[greatest], size=sizes, origin=origins, **boundary_of(steps[0][3], cval))


def ranked_of(
    image: Image, rank: Any, size: Any, footprint: Any, wanted: np.dtype, mode: Any, cval: float, origin: Any, axes: Any, kind: str
) -> Image:
    """The sample of a rank of each window; `rank` is a percentile for that `kind`."""
    if size is not None and footprint is not None:
        warnings.warn("ignoring size because footprint is set", UserWarning, stacklevel=4)
    along = axes_of(axes, image.ndim)
    if footprint is None:
        if size is None:
            raise RuntimeError("no footprint or filter size provided")
        footprint = np.ones([operator.index(n) for n in per_axis(size, len(along), "size")], bool)
    footprint = window_of(np.asarray(footprint, bool), along, image.ndim, "footprint")
    origins = spread(per_axis(origin, len(along), "origin"), along, image.ndim, 0)
    origins = origins_of(origins, footprint.shape)
    if not isinstance(mode, str) and isinstance(mode, Iterable):
        mode = spread(per_axis(mode, len(along), "mode"), along, image.ndim, "constant")
    n = int(footprint.sum())
    if kind == "median":
        rank = n // 2
    elif kind == "percentile":
        percentile = rank + 100.0 if rank < 0.0 else rank
        if not 0 <= percentile <= 100:
            raise RuntimeError("invalid percentile")
        rank = n - 1 if percentile == 100.0 else int(float(n) * percentile / 100.0)
    rank = rank + n if rank < 0 else rank
    if not 0 <= rank < n:
        raise RuntimeError(f"rank not within filter footprint size: {rank} of {n} samples")
    if rank in (0, n - 1):
        return extreme_of(image, None, footprint, None, wanted, mode, cval, origins, None, rank != 0)
    if not isinstance(mode, str):
        raise RuntimeError("A sequence of modes is not supported by non-separable rank filters")
    mode = mode_of(mode)
    if image.ndim == 1 and mode == "constant" and image.dtype.kind in "biu":
        # scipy takes lines of integers as int64, and so the constant beside them.
        image, wanted_first = image.astype(np.int64), image.dtype
    else:
        wanted_first = image.dtype
    params = cells_of(footprint) | {"origin": origins} | boundary_of(mode, cval, image.dtype)
    return image.apply("rank_filter", rank=int(rank), **params).astype(wanted_first).astype(wanted)


def minimum_filter(
    input: Any,
    size: int | Sequence[int] | None = None,
    footprint: Any = None,
    output: Any = None,
    mode: str | Sequence[str] = "reflect",
    cval: float = 0.0,
    origin: int | Sequence[int] = 0,
    *,
    axes: int | Sequence[int] | None = None,
) -> Any:
    """The least sample of each neighbourhood (scipy.ndimage.minimum_filter).

    Parameters
    ----------
    input : array or Image
        Any number of axes.
    size : int or sequence of int, optional
        Samples of the neighbourhood along each axis.
    footprint : array, optional
        The samples that belong to it, instead of `size`.
    output : array or dtype, optional
        Where the result goes, or its dtype.
    mode : str or sequence of str
        How samples outside the image are made: ``reflect``, ``constant``, ``nearest``, ``mirror``, ``wrap``; one for each axis
        only where the neighbourhood is a box.
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

    Notes
    -----
    NaN anywhere in a neighbourhood makes its result NaN. scipy's result then depends on where in it NaN stands. Lines of `n`
    samples are made from lines of half their length; other footprints from their runs.

    Examples
    --------
    >>> import numpy as np
    >>> minimum_filter(np.array([4, 2, 7, 8, 5]), size=3).tolist()
    [2, 2, 2, 5, 5]
    """
    either = real(input)
    wanted = output_dtype(output, either.image.dtype)
    return either.result(extreme_of(either.image, size, footprint, None, wanted, mode, cval, origin, axes, False), output)


def maximum_filter(
    input: Any,
    size: int | Sequence[int] | None = None,
    footprint: Any = None,
    output: Any = None,
    mode: str | Sequence[str] = "reflect",
    cval: float = 0.0,
    origin: int | Sequence[int] = 0,
    *,
    axes: int | Sequence[int] | None = None,
) -> Any:
    """The greatest sample of each neighbourhood (scipy.ndimage.maximum_filter).

    Parameters
    ----------
    input : array or Image
        Any number of axes.
    size, footprint, output, mode, cval, origin, axes
        As for `minimum_filter`.

    Returns
    -------
    numpy.ndarray or Image
        Of the input's shape, and its dtype or that of `output`.

    Notes
    -----
    NaN anywhere in a neighbourhood makes its result NaN; see `minimum_filter`.

    Examples
    --------
    >>> import numpy as np
    >>> maximum_filter(np.array([4, 2, 7, 8, 5]), footprint=[1, 0, 1]).tolist()
    [4, 7, 8, 7, 8]
    """
    either = real(input)
    wanted = output_dtype(output, either.image.dtype)
    return either.result(extreme_of(either.image, size, footprint, None, wanted, mode, cval, origin, axes, True), output)


def _along_one(input: Any, size: int, axis: int, output: Any, mode: str, cval: float, origin: int, greatest: bool) -> Any:
    either = real(input)
    along = axis_of(axis, either.image.ndim)
    if size < 1:
        raise RuntimeError(f"incorrect filter size: got {size}, expected 1 or more")
    origins_of(origin, [size])
    wanted = output_dtype(output, either.image.dtype)
    mode_of(mode)
    return either.result(_boxed(either.image, size, wanted, mode, cval, origin, (along,), greatest), output)


def minimum_filter1d(
    input: Any, size: int, axis: int = -1, output: Any = None, mode: str = "reflect", cval: float = 0.0, origin: int = 0
) -> Any:
    """The least of `size` samples along one axis (scipy.ndimage.minimum_filter1d).

    Parameters
    ----------
    input : array or Image
        Any number of axes.
    size : int
        Samples of the neighbourhood.
    axis : int
        The axis.
    output, mode, cval, origin
        As for `minimum_filter`.

    Returns
    -------
    numpy.ndarray or Image
    """
    return _along_one(input, size, axis, output, mode, cval, origin, False)


def maximum_filter1d(
    input: Any, size: int, axis: int = -1, output: Any = None, mode: str = "reflect", cval: float = 0.0, origin: int = 0
) -> Any:
    """The greatest of `size` samples along one axis (scipy.ndimage.maximum_filter1d).

    Parameters
    ----------
    input : array or Image
        Any number of axes.
    size : int
        Samples of the neighbourhood.
    axis : int
        The axis.
    output, mode, cval, origin
        As for `minimum_filter`.

    Returns
    -------
    numpy.ndarray or Image
    """
    return _along_one(input, size, axis, output, mode, cval, origin, True)


def rank_filter(
    input: Any,
    rank: int,
    size: int | Sequence[int] | None = None,
    footprint: Any = None,
    output: Any = None,
    mode: str = "reflect",
    cval: float = 0.0,
    origin: int | Sequence[int] = 0,
    *,
    axes: int | Sequence[int] | None = None,
) -> Any:
    """The sample of a rank of each neighbourhood (scipy.ndimage.rank_filter).

    Parameters
    ----------
    input : array or Image
        Any number of axes.
    rank : int
        0 for the least, -1 for the greatest.
    size, footprint, output, mode, cval, origin, axes
        As for `minimum_filter`.

    Returns
    -------
    numpy.ndarray or Image
        Of the input's shape, and its dtype or that of `output`.

    Notes
    -----
    NaN counts as greater than every number. Windows of up to some hundred samples are ordered by networks of comparisons that
    neighbouring windows share, larger ones by counts that slide along (8 and 16 bits) or by selection.

    Examples
    --------
    >>> import numpy as np
    >>> rank_filter(np.array([4, 2, 7, 8, 5]), -2, size=3).tolist()
    [4, 4, 7, 7, 5]
    """
    rank = operator.index(rank)
    either = real(input)
    wanted = output_dtype(output, either.image.dtype)
    return either.result(ranked_of(either.image, rank, size, footprint, wanted, mode, cval, origin, axes, "rank"), output)


def median_filter(
    input: Any,
    size: int | Sequence[int] | None = None,
    footprint: Any = None,
    output: Any = None,
    mode: str = "reflect",
    cval: float = 0.0,
    origin: int | Sequence[int] = 0,
    *,
    axes: int | Sequence[int] | None = None,
) -> Any:
    """The median of each neighbourhood, the upper of two (scipy.ndimage.median_filter).

    Parameters
    ----------
    input : array or Image
        Any number of axes.
    size, footprint, output, mode, cval, origin, axes
        As for `minimum_filter`.

    Returns
    -------
    numpy.ndarray or Image
        Of the input's shape, and its dtype or that of `output`.

    Notes
    -----
    See `rank_filter` for how it is found, and for NaN.

    Examples
    --------
    >>> import numpy as np
    >>> median_filter(np.array([4, 2, 7, 8, 5]), size=3).tolist()
    [4, 4, 7, 7, 5]
    """
    either = real(input)
    wanted = output_dtype(output, either.image.dtype)
    return either.result(ranked_of(either.image, 0, size, footprint, wanted, mode, cval, origin, axes, "median"), output)


def percentile_filter(
    input: Any,
    percentile: float,
    size: int | Sequence[int] | None = None,
    footprint: Any = None,
    output: Any = None,
    mode: str = "reflect",
    cval: float = 0.0,
    origin: int | Sequence[int] = 0,
    *,
    axes: int | Sequence[int] | None = None,
) -> Any:
    """A percentile of each neighbourhood (scipy.ndimage.percentile_filter).

    Parameters
    ----------
    input : array or Image
        Any number of axes.
    percentile : float
        0 for the least, 100 for the greatest; negative ones count from 100. It is the sample of rank
        ``int(n * percentile / 100)`` of `n`.
    size, footprint, output, mode, cval, origin, axes
        As for `minimum_filter`.

    Returns
    -------
    numpy.ndarray or Image
        Of the input's shape, and its dtype or that of `output`.

    Examples
    --------
    >>> import numpy as np
    >>> percentile_filter(np.array([4, 2, 7, 8, 5]), 20, size=3).tolist()
    [2, 2, 2, 5, 5]
    """
    either = real(input)
    wanted = output_dtype(output, either.image.dtype)
    found = ranked_of(either.image, percentile, size, footprint, wanted, mode, cval, origin, axes, "percentile")
    return either.result(found, output)
