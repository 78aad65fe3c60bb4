"""Percentiles and medians of whole images, exactly, without sorting: numpy's numbers from the samples at a few ranks."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._functions import _implements
from .image import Image

#: Ways to choose between two neighbouring samples that are known here; the others of numpy's need a sorted array.
_METHODS = ("linear", "lower", "higher", "midpoint")


def _order_statistics(image: Image, ranks: np.ndarray) -> Image:
    return image.apply("order_statistics", ranks=[int(rank) for rank in ranks])


@_implements(np.quantile)
def quantile(
    a: Any, q: Any, axis: Any = None, out: Any = None, overwrite_input: bool = False, method: str = "linear", keepdims: bool = False, **others: Any
) -> Image:
    """The quantiles of all samples, as `numpy.quantile`: 8- and 16-bit images are read once, others two or four times."""
    return _quantile(a, np.asanyarray(q, dtype=np.float64), type(q) in (int, float), axis, out, method, keepdims, others)


@_implements(np.percentile)
def percentile(
    a: Any, q: Any, axis: Any = None, out: Any = None, overwrite_input: bool = False, method: str = "linear", keepdims: bool = False, **others: Any
) -> Image:
    """The percentiles of all samples, as `numpy.percentile`; see `quantile`."""
    shares = np.asanyarray(np.true_divide(q, 100))
    return _quantile(a, shares, type(q) in (int, float), axis, out, method, keepdims, others)


def _whole(name: str, image: Image, axis: Any, out: Any, keepdims: bool, others: dict[str, Any]) -> None:
    if axis is not None and sorted(np.lib.array_utils.normalize_axis_tuple(axis, image.ndim)) != list(range(image.ndim)):
        raise TypeError(f"numpy.{name} is not lazy along some axes only for petavox.Image; compute() first, or use petavox.map_blocks")
    if out is not None or keepdims or any(value is not None for value in others.values()):
        raise TypeError(f"numpy.{name}: out, keepdims and weights are not lazy for petavox.Image")
    if image.size == 0:
        raise ValueError(f"{name}: got an image without samples, expected one or more")


def _quantile(a: Any, q: np.ndarray, weak: bool, axis: Any, out: Any, method: str, keepdims: bool, others: dict[str, Any]) -> Image:
    _whole("quantile", a, axis, out, keepdims, others)
    if method not in _METHODS:
        raise ValueError(f"quantile: got method {method!r}, expected one of {', '.join(_METHODS)}")
    if not np.all((q >= 0) & (q <= 1)):
        raise ValueError("quantiles must be in the range 0 to 1 (percentiles 0 to 100)")
    place = np.atleast_1d((a.size - 1) * q).ravel()
    before = np.floor(place).astype(np.int64)
    after = np.minimum(before + 1, a.size - 1)
    gamma = place - before
    if method in ("lower", "higher"):
        before = after = (np.floor if method == "lower" else np.ceil)(place).astype(np.int64)
    elif method == "midpoint":
        gamma = np.where(gamma == 0, 0.0, 0.5)
    n = len(place)
    found = _order_statistics(a, np.concatenate([before, after, [a.size - 1]]))
    low, high, last = found[:n], found[n : 2 * n], found[2 * n]
    result: Any = low
    if method in ("linear", "midpoint"):
        # From the nearer of the two, as numpy does it; a number takes the dtype of the image, an array does not.
        width = high - low
        near_low, near_high = (gamma, 1 - gamma)
        if weak and a.dtype == np.float32:
            near_low, near_high = near_low.astype(np.float32), near_high.astype(np.float32)
        result = np.where(gamma >= 0.5, high - width * near_high, low + width * near_low)
    if a.dtype.kind == "f":
        result = np.where(np.isnan(last), last, result)
    return result[0] if q.ndim == 0 else result.reshape(q.shape)


@_implements(np.median)
def median(a: Any, axis: Any = None, out: Any = None, overwrite_input: bool = False, keepdims: bool = False) -> Image:
    """The middle of all samples, as `numpy.median`."""
    _whole("median", a, axis, out, keepdims, {})
    n = a.size
    found = _order_statistics(a, np.array([(n - 1) // 2, n // 2, n - 1]))
    exact = found if a.dtype.kind == "f" else found.astype(np.float64)
    middle = (exact[0] + exact[1]) / 2 if n % 2 == 0 else exact[0]
    result: Any = np.where(np.isnan(exact[2]), exact[2], middle) if a.dtype.kind == "f" else middle
    return result
