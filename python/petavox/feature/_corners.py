"""Corners of planes."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import ndimage
from .._either import Either
from .._floats import as_float, float_dtype
from .._made import painted
from ..image import Image
from ._hessian import _of_matrices, hessian_matrix, hessian_matrix_eigvals, structure_tensor
from ._peaks import peak_local_max

__all__ = [
    "corner_fast",
    "corner_foerstner",
    "corner_harris",
    "corner_kitchen_rosenfeld",
    "corner_moravec",
    "corner_peaks",
    "corner_shi_tomasi",
    "hessian_matrix_det",
    "shape_index",
]


def _quotient(above: Image, below: Image) -> Image:
    """A quotient that is 0 where there is nothing to divide by."""
    is_there = below != 0
    one, zero = below.dtype.type(1), above.dtype.type(0)
    return np.where(is_there, above / np.where(is_there, below, one), zero)


def _tensor(image: Any, sigma: float) -> tuple[Either, list[Image]]:
    either = Either(image)
    return either, structure_tensor(either.image, sigma, order="rc")


def corner_harris(image: Any, method: str = "k", k: float = 0.05, eps: float = 1e-6, sigma: float = 1) -> Any:
    """How much of a corner every sample is, after Harris (skimage.feature.corner_harris).

    Parameters
    ----------
    image : array or Image
        Two axes; integers become floats between 0 and 1.
    method : {"k", "eps"}
        The determinant of the structure tensor less `k` times its squared trace, or their quotient.
    k : float
        Between 0 and 0.2; small values find sharp corners.
    eps : float
        Keeps the quotient finite.
    sigma : float
        Standard deviation of the Gaussian that the tensor is summed under.

    Returns
    -------
    numpy.ndarray or Image

    Examples
    --------
    >>> import numpy as np
    >>> square = np.zeros((10, 10))
    >>> square[2:8, 2:8] = 1
    >>> corner_peaks(corner_harris(square), min_distance=1).tolist()
    [[2, 2], [2, 7], [7, 2], [7, 7]]
    """
    either, (rr, rc, cc) = _tensor(image, sigma)
    determinant, trace = rr * cc - rc**2, rr + cc
    if method == "k":
        return either.result(determinant - k * trace**2)
    return either.result(2 * determinant / (trace + eps))


def corner_shi_tomasi(image: Any, sigma: float = 1) -> Any:
    """The smaller eigenvalue of the structure tensor (skimage.feature.corner_shi_tomasi).

    Parameters
    ----------
    image, sigma
        As for `corner_harris`.

    Returns
    -------
    numpy.ndarray or Image
    """
    either, (rr, rc, cc) = _tensor(image, sigma)
    return either.result(((rr + cc) - np.sqrt((rr - cc) ** 2 + 4 * rc**2)) / 2)


def corner_foerstner(image: Any, sigma: float = 1) -> tuple[Any, Any]:
    """The size and the roundness of the error ellipse of a corner's place (skimage.feature.corner_foerstner).

    Parameters
    ----------
    image, sigma
        As for `corner_harris`.

    Returns
    -------
    w : numpy.ndarray or Image
        Sizes.
    q : numpy.ndarray or Image
        Roundness.
    """
    either, (rr, rc, cc) = _tensor(image, sigma)
    determinant, trace = rr * cc - rc**2, rr + cc
    return either.result(_quotient(determinant, trace)), either.result(_quotient(4 * determinant, trace**2))


def corner_kitchen_rosenfeld(image: Any, mode: str = "constant", cval: float = 0) -> Any:
    """How fast the gradient turns along edges (skimage.feature.corner_kitchen_rosenfeld).

    Parameters
    ----------
    image : array or Image
        Two axes; integers keep their range.
    mode : str
        How samples outside the image are made.
    cval : float
        Their value in mode ``constant``.

    Returns
    -------
    numpy.ndarray or Image
    """
    either = Either(image)
    made = either.image.astype(float_dtype(either.image))

    def derivatives(of: Image) -> list[Image]:
        return [ndimage.sobel(of, axis=axis, mode=mode, cval=cval) for axis in range(2)]

    y, x = derivatives(made)
    xy, xx = derivatives(x)
    yy, _ = derivatives(y)
    numerator = xx * y**2 + yy * x**2 - 2 * xy * x * y
    return either.result(_quotient(numerator, x**2 + y**2))


def _plane(image: Any) -> Either:
    either = Either(image)
    if either.image.squeeze().ndim != 2:
        raise ValueError("Only 2-D gray-scale images supported.")
    made = as_float(either.image.squeeze())
    either.image = made.astype(float_dtype(made))
    return either


def corner_fast(image: Any, n: int = 12, threshold: float = 0.15) -> Any:
    """Corners with many brighter or darker samples in a row on a circle around them (skimage.feature.corner_fast).

    Parameters
    ----------
    image : array or Image
        Two axes; integers become floats between 0 and 1.
    n : int
        So many of 16 samples in a row are all brighter or all darker.
    threshold : float
        By more than this.

    Returns
    -------
    numpy.ndarray or Image
        The sum of the differences; 0 where there is no corner.

    Raises
    ------
    ValueError
        For another number of axes, and an `n` beyond 1 to 16.
    """
    either = _plane(image)
    return either.result(either.image.apply("corner_fast", n=int(n), threshold=float(threshold)))


def corner_moravec(image: Any, window_size: int = 1) -> Any:
    """Corners that differ from all their shifted copies (skimage.feature.corner_moravec).

    Parameters
    ----------
    image : array or Image
        Two axes; integers become floats between 0 and 1.
    window_size : int
        Windows have twice as many samples and one, and are shifted by up to so many.

    Returns
    -------
    numpy.ndarray or Image

    Raises
    ------
    ValueError
        For another number of axes, and windows beyond 1 to 64.
    """
    either = _plane(image)
    return either.result(either.image.apply("corner_moravec", window_size=int(window_size)))


def hessian_matrix_det(image: Any, sigma: float = 1, approximate: bool = True) -> Any:
    """The determinant of the Hessian (skimage.feature.hessian_matrix_det).

    Parameters
    ----------
    image : array or Image
        Any number of axes; integers become floats between 0 and 1.
    sigma : float
        The scale.
    approximate : bool
        Whether boxes stand for derivatives, in two dimensions: quick at every scale, and crude below 3.

    Returns
    -------
    numpy.ndarray or Image
    """
    either = Either(image)
    made = as_float(either.image)
    made = made.astype(float_dtype(made))
    if made.ndim == 2 and approximate:
        return either.result(made.astype(np.float64).apply("hessian_matrix_det", sigma=float(sigma)))
    h = hessian_matrix(made, sigma, use_gaussian_derivatives=False)
    if made.ndim == 2:
        return either.result(h[0] * h[2] - h[1] * h[1])
    if made.ndim != 3:
        return either.result(_of_matrices(lambda matrices: np.linalg.det(matrices), h, []))
    a, b, c, d, e, f = h
    return either.result(a * (d * f - e * e) - b * (b * f - c * e) + c * (b * e - c * d))


def shape_index(image: Any, sigma: float = 1, mode: str = "constant", cval: float = 0) -> Any:
    """Which shape the surface of grey values has: cup (-1), rut, saddle (0), ridge, cap (1) (skimage.feature.shape_index).

    Parameters
    ----------
    image : array or Image
        Two axes; integers become floats between 0 and 1.
    sigma : float
        Standard deviation of the Gaussian under which derivatives are taken.
    mode : str
        How samples outside the image are made.
    cval : float
        Their value in mode ``constant``.

    Returns
    -------
    numpy.ndarray or Image
        NaN where the surface is flat.
    """
    either = Either(image)
    h = hessian_matrix(either.image, sigma, mode=mode, cval=cval, order="rc", use_gaussian_derivatives=False)
    values = hessian_matrix_eigvals(h)
    large, small = values[0], values[1]
    return either.result(np.arctan((small + large) / (small - large)) * (2.0 / np.pi))


def corner_peaks(
    image: Any,
    min_distance: int = 1,
    threshold_abs: float | None = None,
    threshold_rel: float | None = None,
    exclude_border: bool | int | tuple[int, ...] = True,
    indices: bool = True,
    num_peaks: float = np.inf,
    footprint: Any = None,
    labels: Any = None,
    *,
    num_peaks_per_label: float = np.inf,
    p_norm: float = np.inf,
) -> Any:
    """Peaks of a corner measure, no two of which are near each other (skimage.feature.corner_peaks).

    Parameters
    ----------
    image : array or Image
        Of a lazy image, blocks with a halo are looked at; the peaks themselves are held in memory.
    min_distance, threshold_abs, threshold_rel, exclude_border, footprint, labels, num_peaks_per_label
        As for `peak_local_max`.
    indices : bool
        Whether coordinates are returned, or a mask.
    num_peaks : int
        The most peaks that are returned.
    p_norm : float
        Which norm tells distances.

    Returns
    -------
    numpy.ndarray or Image
        A row for each peak, the highest first; or a mask, that of a lazy image lazy.
    """
    places = peak_local_max(
        image, min_distance, threshold_abs, threshold_rel, exclude_border, np.inf, footprint, labels, num_peaks_per_label
    )
    if len(places):
        places = _apart(places, min_distance, p_norm)
        places = places[: None if np.isinf(num_peaks) else int(num_peaks)]
    if indices:
        return places
    either = Either(image)
    return either.result(painted(places, either.image.shape))


def _apart(places: np.ndarray, distance: float, p_norm: float) -> np.ndarray:
    """Points in their order, without those that are within a distance of one kept before."""
    kept: dict[tuple[int, ...], list[np.ndarray]] = {}
    cells = np.floor_divide(places, max(distance, 1)).astype(np.int64)
    around = list(np.ndindex((3,) * places.shape[1]))
    out = []
    for place, cell in zip(places, cells.tolist(), strict=True):
        near = [q for step in around for q in kept.get(tuple(c + s - 1 for c, s in zip(cell, step, strict=True)), ())]
        if near and (np.linalg.norm(np.abs(np.array(near) - place), ord=p_norm, axis=1) <= distance).any():
            continue
        kept.setdefault(tuple(cell), []).append(place)
        out.append(place)
    return np.array(out, np.int64).reshape(-1, places.shape[1])
