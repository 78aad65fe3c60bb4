"""numpy's functions that look for samples, or count them, in images: what they find is small and known at once (NEP 18)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from . import config
from ._functions import _implements, image_of, reduction
from .image import Image


def ranks_of(mask: Any) -> np.ndarray:
    """The raster numbers of the samples that are not 0."""
    mask = mask if mask.dtype == bool else mask != 0
    if not mask.size:
        return np.zeros(0, np.int64)
    ranks, _ = mask._lazy.points(mask._lazy, config.settings())
    return np.asarray(ranks).astype(np.int64)


@_implements(np.nonzero)
def _nonzero(a: Image) -> tuple[np.ndarray, ...]:
    if a.ndim == 0:
        raise ValueError("Calling nonzero on 0d arrays is not allowed. Use np.atleast_1d(scalar).nonzero() instead.")
    return np.unravel_index(ranks_of(a), a.shape)


@_implements(np.flatnonzero)
def _flatnonzero(a: Image) -> np.ndarray:
    return ranks_of(np.atleast_1d(a))


@_implements(np.argwhere)
def _argwhere(a: Image) -> np.ndarray:
    return np.transpose(_nonzero(np.atleast_1d(a)))[:, : a.ndim]


def _values(a: Image) -> tuple[np.ndarray, np.ndarray]:
    """The values of an image of whole numbers, rising, and how many samples have each."""
    if a.dtype.kind not in "bui":
        raise TypeError("numpy.unique and bincount of floats are not lazy for petavox.Image: every value would be held; compute() first")
    bits: Any = a.astype(np.uint64) if a.dtype.kind != "i" else a.astype(np.int64).astype(np.uint64)
    if not a.size:
        return np.zeros(0, a.dtype), np.zeros(0, np.int64)
    first, _, counts = (np.asarray(column) for column in bits._lazy.pairs((bits * np.uint64(0))._lazy, config.settings()))
    values = first.astype(np.uint64).astype(a.dtype)
    order = np.argsort(values)
    return values[order], counts.astype(np.int64)[order]


@_implements(np.unique)
def _unique(
    ar: Image, return_index: bool = False, return_inverse: bool = False, return_counts: bool = False, axis: Any = None, **kwargs: Any
) -> Any:
    if return_index or return_inverse or axis is not None:
        raise TypeError("numpy.unique: of lazy images values and counts are known, not where they are; compute() first")
    values, counts = _values(ar)
    return (values, counts) if return_counts else values


@_implements(np.bincount)
def _bincount(x: Image, weights: Any = None, minlength: int = 0) -> np.ndarray:
    if x.ndim != 1:
        raise ValueError("object too deep for desired array" if x.ndim else "object of too small depth for desired array")
    if weights is not None:
        raise TypeError("numpy.bincount: weights are not lazy for petavox.Image; use petavox.ndimage.sum_labels")
    values, counts = _values(x)
    if len(values) and values[0] < 0:
        raise ValueError("'list' argument must have no negative elements")
    found = np.zeros(max(int(minlength), int(values[-1]) + 1 if len(values) else 0), np.int64)
    found[values.astype(np.int64)] = counts
    return found


@_implements(np.histogram)
def _histogram(a: Image, bins: Any = 10, range: Any = None, density: Any = None, weights: Any = None) -> tuple[np.ndarray, np.ndarray]:
    from .ndimage import histogram

    if weights is not None or isinstance(bins, str) or np.ndim(bins) > 0:
        raise TypeError("numpy.histogram: of lazy images a number of equal bins is counted; compute() first for weights and other bins")
    if range is None and a.size:
        range = reduction(a, "min", None, False).item(), reduction(a, "max", None, False).item()
    edges = np.histogram_bin_edges(np.zeros(0, a.dtype), int(bins), range)
    samples = a.astype(np.uint8) if a.dtype == bool else a
    counts = np.asarray(histogram(samples, edges[0], edges[-1], int(bins))) if a.size else np.zeros(int(bins), np.int64)
    return (counts / np.diff(edges) / counts.sum() if density else counts), edges


@_implements(np.isin)
def _isin(element: Any, test_elements: Any, assume_unique: bool = False, invert: bool = False, *, kind: Any = None) -> Image:
    wanted = np.unique(np.asarray(test_elements))

    def found(block: np.ndarray) -> np.ndarray:
        return np.isin(block, wanted, invert=invert)

    image: Any = image_of(element).map_blocks(found, dtype=bool)
    return image


@_implements(np.digitize)
def _digitize(x: Image, bins: Any, right: bool = False) -> Image:
    edges = np.asarray(bins)
    np.digitize(np.zeros(0, x.dtype), edges, right)
    image: Any = x.map_blocks(np.digitize, bins=edges, right=right, dtype=np.int64)
    return image


@_implements(np.interp)
def _interp(x: Image, xp: Any, fp: Any, left: Any = None, right: Any = None, period: Any = None) -> Image:
    image: Any = x.map_blocks(np.interp, xp=np.asarray(xp), fp=np.asarray(fp), left=left, right=right, period=period, dtype=np.float64)
    return image


def _nan_extreme(name: str, beyond: float) -> Any:
    def lazily(a: Image, axis: Any = None, out: Any = None, keepdims: Any = False) -> Image:
        if out is not None:
            raise TypeError(f"numpy.nan{name}: lazy images cannot be written into; leave out=")
        keepdims = False if keepdims is np._NoValue else keepdims
        if a.dtype.kind != "f":
            return reduction(a, name, axis, keepdims)
        unknown: Any = np.isnan(a)
        known: Any = np.where(unknown, a.dtype.type(beyond), a)
        found: Any = np.where(reduction(unknown, "all", axis, keepdims), a.dtype.type(np.nan), reduction(known, name, axis, keepdims))
        return found

    return lazily


_implements(np.nanmin)(_nan_extreme("min", np.inf))
_implements(np.nanmax)(_nan_extreme("max", -np.inf))


@_implements(np.nanvar)
def _nanvar(a: Image, axis: Any = None, dtype: Any = None, out: Any = None, ddof: float = 0, keepdims: Any = False) -> Image:
    if dtype is not None or out is not None:
        raise TypeError("numpy.nanvar: lazy images take neither dtype= nor out=")
    keepdims = False if keepdims is np._NoValue else keepdims
    if a.dtype.kind != "f":
        return reduction(a, "var", axis, keepdims, ddof=ddof)
    away = np.square(a - np.nanmean(a, axis=axis, keepdims=True))
    known: Any = ~np.isnan(a)
    n: Any = reduction(known, "count_nonzero", axis, keepdims) - ddof
    found: Any = np.nansum(away, axis=axis, keepdims=keepdims) / n.astype(a.dtype)
    return found


@_implements(np.nanstd)
def _nanstd(a: Image, axis: Any = None, dtype: Any = None, out: Any = None, ddof: float = 0, keepdims: Any = False) -> Image:
    deviation: Any = np.sqrt(_nanvar(a, axis, dtype, out, ddof, keepdims))
    return deviation


@_implements(np.average)
def _average(a: Any, axis: Any = None, weights: Any = None, returned: bool = False, *, keepdims: Any = False) -> Any:
    keepdims = False if keepdims is np._NoValue else keepdims
    image = image_of(a)
    if weights is None:
        mean = reduction(image, "mean", axis, keepdims)
        return (mean, np.full_like(mean, image.size / max(1, mean.size))) if returned else mean
    shares: Any = image_of(weights)
    if shares.shape != image.shape:
        along = None if axis is None or np.ndim(axis) else normalize_axis_index(axis, image.ndim)
        if along is None or shares.shape != (image.shape[along],):
            raise TypeError("Axis must be specified when shapes of a and weights differ.")
        shares = shares[(None,) * along + (slice(None),) + (None,) * (image.ndim - along - 1)]
        shares = np.broadcast_to(shares, image.shape)
    total = reduction(shares.astype(np.result_type(image.dtype, shares.dtype, np.float64)), "sum", axis, keepdims)
    mean = reduction(image * shares.astype(total.dtype), "sum", axis, keepdims) / total
    return (mean, total) if returned else mean


@_implements(np.gradient)
def _gradient(f: Image, *varargs: Any, axis: Any = None, edge_order: int = 1) -> Any:
    if edge_order != 1 or any(np.ndim(step) for step in varargs):
        raise TypeError("numpy.gradient: of lazy images even steps and edge_order=1 are there; use petavox.map_blocks")
    axes = range(f.ndim) if axis is None else [normalize_axis_index(one, f.ndim) for one in np.atleast_1d(axis).tolist()]
    steps = [1.0] * len(axes) if not varargs else [float(step) for step in varargs] * (len(axes) if len(varargs) == 1 else 1)
    if len(steps) != len(axes):
        raise TypeError("invalid number of arguments")
    made = f if f.dtype.kind == "f" else f.astype(np.float64)
    found = [_along(made, one, made.dtype.type(step)) for one, step in zip(axes, steps, strict=True)]
    return found[0] if len(found) == 1 else tuple(found)


def _along(image: Image, axis: int, step: Any) -> Any:
    """Central differences, one-sided at the ends."""
    n = image.shape[axis]
    if n < 2:
        raise ValueError("Shape of array too small to calculate a numerical gradient, at least (edge_order + 1) elements are required.")

    def part(low: int | None, high: int | None) -> Image:
        return image[(slice(None),) * axis + (slice(low, high),)]

    ends = [(part(1, 2) - part(0, 1)) / step, (part(n - 1, n) - part(n - 2, n - 1)) / step]
    if n == 2:
        return np.concatenate(ends, axis)
    return np.concatenate([ends[0], (part(2, None) - part(None, n - 2)) / (2 * step), ends[1]], axis)


@_implements(np.append)
def _append(arr: Any, values: Any, axis: int | None = None) -> Image:
    both = [image_of(arr), image_of(values)]
    if axis is None:
        both, axis = [one.reshape(-1) for one in both], 0
    joined: Any = np.concatenate(both, axis=axis)
    return joined
