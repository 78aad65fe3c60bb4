"""Texture: how often grey levels lie beside each other, and features of every sample at several scales."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations_with_replacement
from typing import Any

import numpy as np

from .. import config
from .._either import Either
from .._floats import as_float
from ..filters import gaussian, sobel
from ._hessian import hessian_matrix_eigvals

__all__ = ["graycomatrix", "graycoprops", "multiscale_basic_features"]


def graycomatrix(
    image: Any, distances: Sequence[float], angles: Sequence[float], levels: int | None = None, symmetric: bool = False, normed: bool = False
) -> np.ndarray:
    """How often two grey levels lie at a distance from each other (skimage.feature.graycomatrix).

    Parameters
    ----------
    image : array or Image
        Two axes; integers below `levels`. One pass over a lazy image for each distance and angle.
    distances : sequence of float
        In samples.
    angles : sequence of float
        In radians.
    levels : int, optional
        Number of grey levels; 256 for 8 bits, others have to be told.
    symmetric : bool
        Count both orders of a pair.
    normed : bool
        Shares instead of counts.

    Returns
    -------
    numpy.ndarray
        Level, level of the neighbour, distance, angle: uint32, or float64 if `normed`.

    Raises
    ------
    ValueError
        For floats, levels that are not told or too few, values below 0, and other numbers of axes.

    Examples
    --------
    >>> import numpy as np
    >>> graycomatrix(np.array([[0, 0, 1]], np.uint8), [1], [0], levels=2)[..., 0, 0].tolist()
    [[1, 1], [0, 0]]

    References
    ----------
    R. M. Haralick, K. Shanmugam and I. Dinstein, "Textural features for image classification", IEEE Trans. SMC 3, 1973.
    """
    made = Either(image).image
    if made.ndim != 2:
        raise ValueError(f"graycomatrix: got {made.ndim} axes, expected 2")
    if made.dtype.kind not in "iu":
        raise ValueError(f"graycomatrix: got {made.dtype}, expected integers: convert the image to levels first")
    if levels is None and made.dtype.itemsize > 1:
        raise ValueError("levels: has to be told for more than 8 bits; the result has levels ** 2 values and more")
    levels = 256 if levels is None else int(levels)
    if made.size:
        low, high = int(made.min().compute()), int(made.max().compute())
        if low < 0 or high >= levels:
            raise ValueError(f"graycomatrix: got values from {low} to {high}, expected 0 to {levels - 1}: fewer than `levels`")
    counts = np.zeros((levels, levels, len(distances), len(angles)), np.uint32)
    rows, columns = made.shape
    bits = made.astype(np.uint32)
    for d, distance in enumerate(distances):
        for a, angle in enumerate(angles):
            down, along = round(np.sin(angle) * distance), round(np.cos(angle) * distance)
            own = bits[max(0, -down) : rows - max(0, down), max(0, -along) : columns - max(0, along)]
            other = bits[max(0, down) : rows - max(0, -down), max(0, along) : columns - max(0, -along)]
            if own.size and abs(down) < rows and abs(along) < columns:
                first, second, n = own._lazy.pairs(other._lazy, config.settings())
                counts[np.asarray(first).astype(np.int64), np.asarray(second).astype(np.int64), d, a] = np.asarray(n)
    if symmetric:
        counts = counts + counts.transpose(1, 0, 2, 3)
    if not normed:
        return counts
    sums = counts.sum(axis=(0, 1), keepdims=True, dtype=np.float64)
    return counts / np.where(sums == 0, 1, sums)


def graycoprops(P: np.ndarray, prop: str = "contrast") -> np.ndarray:
    """A property of the textures that `graycomatrix` counted (skimage.feature.graycoprops).

    Parameters
    ----------
    P : numpy.ndarray
        The counts, or shares.
    prop : str
        ``contrast``, ``dissimilarity``, ``homogeneity``, ``ASM``, ``energy``, ``correlation``, ``mean``, ``variance``, ``std`` or ``entropy``.

    Returns
    -------
    numpy.ndarray
        Distance, angle.

    Raises
    ------
    ValueError
        For another property, and another shape.
    """
    P = np.asarray(P, float)
    if P.ndim != 4 or P.shape[0] != P.shape[1] or min(P.shape[2:]) < 1:
        raise ValueError(f"P: got the shape {P.shape}, expected (levels, levels, distances, angles)")
    sums = P.sum(axis=(0, 1), keepdims=True)
    P = P / np.where(sums == 0, 1, sums)
    own, other = (x[..., None, None] for x in np.ogrid[: P.shape[0], : P.shape[1]])

    def total(values: Any) -> np.ndarray:
        return np.sum(P * values, axis=(0, 1))

    apart = own - other
    if prop in ("contrast", "dissimilarity", "homogeneity"):
        return total({"contrast": apart**2.0, "dissimilarity": abs(apart), "homogeneity": 1.0 / (1.0 + apart**2.0)}[prop])
    if prop in ("ASM", "energy"):
        return total(P) if prop == "ASM" else np.sqrt(total(P))
    if prop == "entropy":
        return total(-np.log(P, where=P != 0, out=np.zeros_like(P)))
    if prop in ("mean", "variance", "std", "correlation"):
        mean = total(own)
        variance = total((own - mean) ** 2)
        if prop != "correlation":
            return {"mean": mean, "variance": variance, "std": np.sqrt(variance)}[prop]
        away = other - total(other)
        spread = np.sqrt(variance), np.sqrt(total(away**2))
        is_flat = (spread[0] < 1e-15) | (spread[1] < 1e-15)
        return np.where(is_flat, 1.0, total((own - mean) * away) / np.where(is_flat, 1.0, spread[0] * spread[1]))
    raise ValueError(f"{prop} is an invalid property")


def multiscale_basic_features(
    image: Any,
    intensity: bool = True,
    edges: bool = True,
    texture: bool = True,
    sigma_min: float = 0.5,
    sigma_max: float = 16,
    num_sigma: int | None = None,
    workers: int | None = None,
    *,
    channel_axis: int | None = None,
) -> Any:
    """Intensity, edges and texture around every sample at several scales: what pixel classifiers learn from
    (skimage.feature.multiscale_basic_features).

    Parameters
    ----------
    image : array or Image
        Any number of axes; integers become floats between 0 and 1.
    intensity, edges, texture : bool
        The smoothed image, its gradient, and the eigenvalues of its second derivatives.
    sigma_min, sigma_max : float
        The smallest and the largest scale, in samples.
    num_sigma : int, optional
        How many scales, each as many times the one before; one for every doubling by default.
    workers : int, optional
        Ignored: all cores are used.
    channel_axis : int, optional
        An axis whose positions have features of their own.

    Returns
    -------
    numpy.ndarray or Image
        float32, the features along a last axis.

    Raises
    ------
    ValueError
        If no feature is asked for.

    Examples
    --------
    >>> import numpy as np
    >>> multiscale_basic_features(np.zeros((8, 9)), sigma_max=1).shape
    (8, 9, 8)
    """
    if not (intensity or edges or texture):
        raise ValueError("At least one of `intensity`, `edges` or `textures` must be True for features to be computed.")
    either = Either(image)
    made: Any = either.image
    made = [made] if channel_axis is None else [np.moveaxis(made, channel_axis, -1)[..., k] for k in range(made.shape[channel_axis])]
    if num_sigma is None:
        num_sigma = int(np.log2(sigma_max) - np.log2(sigma_min) + 1)
    scales = np.logspace(np.log2(sigma_min), np.log2(sigma_max), num=num_sigma, base=2, endpoint=True).tolist()
    features: list[Any] = []
    for channel in made:
        grey = as_float(channel).astype(np.float32)
        for sigma in scales:
            smooth: Any = gaussian(grey, sigma)
            if not either.is_image:
                smooth = smooth.persist()
            features += [smooth] * intensity + [sobel(smooth)] * edges
            if texture:
                firsts = [np.gradient(smooth, axis=axis) for axis in range(smooth.ndim)]
                pairs = combinations_with_replacement(range(smooth.ndim), 2)
                values = hessian_matrix_eigvals([np.gradient(firsts[a], axis=b) for a, b in pairs])
                features += [values[k] for k in range(smooth.ndim)]
    together: Any = np.stack(features, axis=-1)
    return either.result(together)
