"""Tubes and lines, at several scales."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from .._derivatives import hessian_elements
from .._either import Either
from .._floats import float_dtype
from ..image import Image

__all__ = ["frangi", "hessian", "meijering", "sato"]

_SIGMAS = range(1, 10, 2)


def _over_scales(
    image: Any, sigmas: Iterable[float], black_ridges: bool, mode: str, cval: float, one: Callable[[list[Image], float], Image]
) -> Any:
    """The largest of what `one` makes of the Hessians at each scale."""
    either = Either(image)
    made: Any = either.image.astype(float_dtype(either.image))
    if made.ndim not in (2, 3):
        raise ValueError(f"The parameter `image` must be a 2 or 3-dimensional array; got {made.ndim} axes")
    if not black_ridges:
        made = np.negative(made)
    # The largest found so far is never less than 0.
    best: Any = np.zeros((), made.dtype)
    for sigma in sigmas:
        elements = hessian_elements(made, sigma, mode, cval)
        best = np.maximum(best, one(elements, sigma))
        if not either.is_image:
            best = best.persist()
    return either.result(best if isinstance(best, Image) else made * best)


def _norm(elements: list[Image]) -> Image:
    """Roots of the sums of squared eigenvalues, which are those of all elements of the matrices."""
    n = 2 if len(elements) == 3 else 3
    diagonal = [0, 2] if n == 2 else [0, 3, 5]
    total: Any = None
    for k, element in enumerate(elements):
        square = element.astype(np.float64)
        square = square * square * (1.0 if k in diagonal else 2.0)
        total = square if total is None else total + square
    return np.sqrt(total)


def frangi(
    image: Any,
    sigmas: Iterable[float] = _SIGMAS,
    scale_range: Any = None,
    scale_step: Any = None,
    alpha: float = 0.5,
    beta: float = 0.5,
    gamma: float | None = None,
    black_ridges: bool = True,
    mode: str = "reflect",
    cval: float = 0,
) -> Any:
    """Frangi's measure of tubes (skimage.filters.frangi).

    Parameters
    ----------
    image : array or Image
        Two or three axes.
    sigmas : iterable of float
        Scales, in samples.
    scale_range, scale_step
        The same as a range; deprecated.
    alpha, beta : float
        How much plates and blobs are unlike tubes.
    gamma : float, optional
        How strong a structure has to be; by default half of the largest norm of the Hessians at the first scale (which takes a pass
        over the whole image).
    black_ridges : bool
        Dark tubes, else bright ones.
    mode : str
        How samples outside the image are made.
    cval : float
        Their value in mode ``constant``.

    Returns
    -------
    numpy.ndarray or Image
        float32 for float32, else float64.

    Raises
    ------
    ValueError
        For other numbers of axes.

    Notes
    -----
    Eigenvalues and factors are computed in double whatever the dtype, so that float32 results differ from scikit-image's by its
    rounding.

    References
    ----------
    A. F. Frangi et al., "Multiscale vessel enhancement filtering", MICCAI 1998.
    """
    if scale_range is not None and scale_step is not None:
        warnings.warn("Use keyword parameter `sigmas` instead of `scale_range` and `scale_step`.", stacklevel=2)
        sigmas = np.arange(scale_range[0], scale_range[1], scale_step)
    limit: Any = gamma

    def one(elements: list[Image], sigma: float) -> Image:
        nonlocal limit
        norm = _norm(elements)
        if limit is None:
            half = norm.max() / 2.0
            limit = np.where(half == 0.0, 1.0, half)
        shape = elements[0].apply("eigenvalues", *elements[1:], measure="frangi", alpha=float(alpha), beta=float(beta))
        # In the image's dtype, in which weak structures come to nothing: `hessian` depends on that.
        strength = 1.0 - np.exp((-(norm * norm) / (2.0 * (limit * limit))).astype(shape.dtype))
        return shape * strength

    return _over_scales(image, sigmas, black_ridges, mode, cval, one)


def hessian(
    image: Any,
    sigmas: Iterable[float] = _SIGMAS,
    scale_range: Any = None,
    scale_step: Any = None,
    alpha: float = 0.5,
    beta: float = 0.5,
    gamma: float | None = 15,
    black_ridges: bool = True,
    mode: str = "reflect",
    cval: float = 0,
) -> Any:
    """`frangi` with 1 where that is 0 (skimage.filters.hessian).

    Parameters
    ----------
    image : array or Image
        Two or three axes.
    sigmas, scale_range, scale_step, alpha, beta, gamma, black_ridges, mode, cval
        As for `frangi`.

    Returns
    -------
    numpy.ndarray or Image

    Notes
    -----
    Of float32 images, structures so weak that their measure is about 6e-8 may be 1 here and not in scikit-image, or the other way
    round: that is where single precision ends.
    """
    either = Either(image)
    made = frangi(image, sigmas, scale_range, scale_step, alpha, beta, gamma, black_ridges, mode, cval)
    return np.where(made <= 0, np.ones((), made.dtype), made) if either.is_image else np.where(made <= 0, made.dtype.type(1), made)


def sato(
    image: Any, sigmas: Iterable[float] = _SIGMAS, black_ridges: bool = True, mode: str = "reflect", cval: float = 0
) -> Any:
    """Sato's measure of tubes (skimage.filters.sato).

    Parameters
    ----------
    image : array or Image
        Two or three axes.
    sigmas, black_ridges, mode, cval
        As for `frangi`.

    Returns
    -------
    numpy.ndarray or Image

    References
    ----------
    Y. Sato et al., "Three-dimensional multi-scale line filter", Medical Image Analysis 2, 1998.
    """

    def one(elements: list[Image], sigma: float) -> Image:
        return elements[0].apply("eigenvalues", *elements[1:], measure="sato") * float(sigma) ** 2

    return _over_scales(image, sigmas, black_ridges, mode, cval, one)


def meijering(
    image: Any,
    sigmas: Iterable[float] = _SIGMAS,
    alpha: float | None = None,
    black_ridges: bool = True,
    mode: str = "reflect",
    cval: float = 0,
) -> Any:
    """Meijering's measure of neurites (skimage.filters.meijering).

    Parameters
    ----------
    image : array or Image
        Two or three axes.
    sigmas, black_ridges, mode, cval
        As for `frangi`.
    alpha : float, optional
        How much of the other eigenvalues is added to each; ``1 / (ndim + 1)`` by default.

    Returns
    -------
    numpy.ndarray or Image

    Notes
    -----
    Every scale is divided by its largest value in the whole image, which takes a pass over it.

    References
    ----------
    E. Meijering et al., "Design and validation of a tool for neurite tracing", Cytometry A 58, 2004.
    """

    def one(elements: list[Image], sigma: float) -> Image:
        share = 1 / (elements[0].ndim + 1) if alpha is None else float(alpha)
        values = elements[0].apply("eigenvalues", *elements[1:], measure="meijering", alpha=share)
        largest = values.max()
        return values / np.where(largest > 0, largest, np.ones((), values.dtype))

    return _over_scales(image, sigmas, black_ridges, mode, cval, one)
