"""Derivatives that modules of several names are made of."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations_with_replacement
from typing import Any

from . import ndimage
from .image import Image
from .ndimage._arguments import per_axis


def hessian_elements(
    image: Image, sigma: float | Sequence[float], mode: str, cval: float, axes: Sequence[int] | None = None, *, kept: bool = False
) -> list[Image]:
    """The upper triangle of the Hessians by derivatives of a Gaussian, half of which is applied for each of the two; `kept` computes the
    first derivatives once and for all, so that each is there for the elements that are made of it."""
    ndim = image.ndim
    sigmas: list[Any] = per_axis(sigma, ndim, "sigma")
    options: dict[str, Any] = {
        "sigma": [(1 / math.sqrt(2)) * s for s in sigmas],
        "mode": mode,
        "cval": cval,
        "truncate": 8 if all(s > 1 for s in sigmas) else 100,
    }
    orders = [[int(a == axis) for a in range(ndim)] for axis in range(ndim)]
    firsts = [ndimage.gaussian_filter(image, order=orders[a], **options) for a in range(ndim)]
    if kept:
        firsts = [first.persist() for first in firsts]
    pairs = combinations_with_replacement(range(ndim) if axes is None else axes, 2)
    return [ndimage.gaussian_filter(firsts[a], order=orders[b], **options) for a, b in pairs]
