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
    image: Image, sigma: float | Sequence[float], mode: str, cval: float, axes: Sequence[int] | None = None
) -> list[Image]:
    """The upper triangle of the Hessians by derivatives of a Gaussian, half of which is applied for each of the two."""
    ndim = image.ndim
    sigmas: list[Any] = per_axis(sigma, ndim, "sigma")
    # scikit-image truncates small scales at 100. Beyond 10 all weights together are 1e-22 of the middle one and change no sum of
    # doubles, but every tap takes time and every block a margin for it.
    options: dict[str, Any] = {
        "sigma": [(1 / math.sqrt(2)) * s for s in sigmas],
        "mode": mode,
        "cval": cval,
        "truncate": 8 if all(s > 1 for s in sigmas) else 10,
    }
    orders = [[int(a == axis) for a in range(ndim)] for axis in range(ndim)]
    firsts = [ndimage.gaussian_filter(image, order=orders[a], **options) for a in range(ndim)]
    pairs = combinations_with_replacement(range(ndim) if axes is None else axes, 2)
    return [ndimage.gaussian_filter(firsts[a], order=orders[b], **options) for a, b in pairs]
