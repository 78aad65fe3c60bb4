"""Canny's edges."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import ndimage
from .._either import Either
from .._floats import float_dtype
from .._open import from_array
from ..filters import gaussian
from ..image import Image

__all__ = ["canny"]


def canny(
    image: Any,
    sigma: float = 1.0,
    low_threshold: float | None = None,
    high_threshold: float | None = None,
    mask: Any = None,
    use_quantiles: bool = False,
    *,
    mode: str = "constant",
    cval: float = 0.0,
) -> Any:
    """Edges one sample wide (skimage.feature.canny).

    Parameters
    ----------
    image : array or Image
        2-D; no 64-bit integers.
    sigma : float
        Of the Gaussian that comes first.
    low_threshold, high_threshold : float, optional
        Edges are at least as steep as the first, and in one place at least as steep as the second: 0.1 and 0.2 of the dtype's range by
        default.
    mask : array or Image, optional
        Samples to look at.
    use_quantiles : bool
        Thresholds are quantiles of the gradient's length. Of a lazy image it is computed for that, and again for the edges.
    mode : str
        How samples outside the image are made.
    cval : float
        Their value in mode ``constant``.

    Returns
    -------
    numpy.ndarray or Image
        bool.

    Raises
    ------
    ValueError
        For other images or thresholds.

    References
    ----------
    J. Canny, "A computational approach to edge detection", IEEE Trans. PAMI 8, 1986.

    Examples
    --------
    >>> import numpy as np
    >>> square = np.zeros((16, 16))
    >>> square[4:12, 4:12] = 1
    >>> int(canny(square).sum()) > 20
    True
    """
    either = Either(image)
    grey = either.image
    if grey.dtype in (np.int64, np.uint64):
        raise ValueError("64-bit integer images are not supported")
    if grey.ndim != 2:
        raise ValueError(f"canny: the image must have 2 axes, this has {grey.ndim}")
    top = 1 if grey.dtype == bool or grey.dtype.kind == "f" else np.iinfo(grey.dtype).max
    low, high = _thresholds(low_threshold, high_threshold, use_quantiles, top)
    float_type = float_dtype(grey)
    limit = None
    if mask is not None:
        limit = from_array(mask)
        either.is_image |= isinstance(mask, Image)
        limit = limit if limit.dtype == bool else limit != 0
        grey = _where(limit, grey)
    smooth = gaussian(grey, sigma, mode=mode, cval=cval)
    if mode == "constant" or limit is not None:
        inside: Any = limit if limit is not None else np.broadcast_to(from_array(np.ones((1, 1), bool)), grey.shape)
        weight = gaussian(inside.astype(float_type), sigma, mode=mode, cval=cval)
        smooth = smooth / (weight + float(np.finfo(float_type).eps))
    if use_quantiles:
        low, high = _quantiles(smooth, low, high)
    edges = smooth.apply("edge_maxima", low_threshold=float(low))
    if limit is not None:
        edges = _where(ndimage.binary_erosion(limit, np.ones((3, 3))), edges)
    weak = edges > 0
    strong = weak & (edges >= high)
    return either.result(ndimage.binary_propagation(strong, np.ones((3, 3)), weak))


def _where(mask: Image, image: Image) -> Image:
    kept: Any = np.where(mask, image, image.dtype.type(0))
    return kept.astype(image.dtype)


def _thresholds(low: float | None, high: float | None, use_quantiles: bool, top: float) -> tuple[float, float]:
    found = []
    for value, default in ((low, 0.1), (high, 0.2)):
        if value is None:
            found.append(default)
        elif use_quantiles:
            if not 0.0 <= value <= 1.0:
                raise ValueError("Quantile thresholds must be between 0 and 1.")
            found.append(value)
        else:
            found.append(value / top)
    if found[1] < found[0]:
        raise ValueError("low_threshold should be lower then high_threshold")
    return found[0], found[1]


def _quantiles(smooth: Image, low: float, high: float) -> tuple[float, float]:
    right, down = ndimage.sobel(smooth, axis=1), ndimage.sobel(smooth, axis=0)
    length = np.sqrt(down * down + right * right)
    found = np.percentile(length, [100.0 * low, 100.0 * high])
    return float(found[0]), float(found[1])
