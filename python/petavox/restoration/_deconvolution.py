"""Blur taken away again. Every sample of the result depends on the whole image: lazy ones are transformed out of core."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import fft
from .._open import from_array
from ..image import Image

__all__ = ["richardson_lucy", "wiener"]


def _source(image: Any) -> Any:
    """The image in scikit-image's floats: float32 for float32, else float64, values as they are."""
    made = image if isinstance(image, Image) else np.asarray(image)
    return made.astype(np.float32 if made.dtype in (np.float32, np.float16) else np.float64)


def _of_image(image: Image, response: np.ndarray) -> Any:
    """`_transfer` for a lazy image: a response is small, its transform is as large as the image."""
    response = response.astype(image.dtype)
    if any(n > m for n, m in zip(response.shape, image.shape, strict=True)):
        raise ValueError(f"psf, reg: got a response of shape {response.shape}, expected one that is not larger than the image, {image.shape}")
    whole: Any = np.pad(from_array(response), [(0, m - n) for n, m in zip(response.shape, image.shape, strict=True)])
    return fft.rfftn(np.roll(whole, [-(n // 2) for n in response.shape], axis=tuple(range(response.ndim))))


def _transfer(response: np.ndarray, shape: tuple[int, ...], is_real: bool = True) -> np.ndarray:
    """What a response does to each frequency of an image of `shape`, its middle taken for the origin."""
    whole = np.zeros(shape, response.dtype)
    whole[tuple(slice(n) for n in response.shape)] = response
    moved = np.roll(whole, [-(n // 2) for n in response.shape], axis=tuple(range(response.ndim)))
    return np.fft.rfftn(moved) if is_real else np.fft.fftn(moved)


def _laplacian(ndim: int) -> np.ndarray:
    made = np.zeros((3,) * ndim)
    middle = (1,) * ndim
    made[middle] = 2.0 * ndim
    for axis in range(ndim):
        for end in (0, 2):
            made[(*middle[:axis], end, *middle[axis + 1 :])] = -1.0
    return made


def wiener(image: Any, psf: Any, balance: float, reg: Any = None, is_real: bool = True, clip: bool = True) -> Any:
    """Wiener's and Hunt's deconvolution (skimage.restoration.wiener).

    Parameters
    ----------
    image : array or Image
        The blurred image; values are taken as they are.
    psf : array
        What a point became; or its transfer function, of the shape that ``numpy.fft.rfftn`` gives (``fftn``, if not `is_real`).
    balance : float
        How much smoothness counts against the data.
    reg : array, optional
        What smoothness is: a response or its transfer function; the Laplacian by default.
    is_real : bool
        The image is real. If not (arrays only), transfer functions are those of whole transforms.
    clip : bool
        Cut the result to -1 to 1.

    Returns
    -------
    numpy.ndarray or Image
        float32 for float32, else float64.

    Raises
    ------
    TypeError
        For a lazy image that is not real, which there is none of.
    ValueError
        For responses that are larger than a lazy image.

    Examples
    --------
    >>> import numpy as np
    >>> point = np.zeros((8, 8))
    >>> point[4, 4] = 1
    >>> psf = np.ones((3, 3)) / 9
    >>> blurred = np.fft.irfft2(np.fft.rfft2(point) * np.fft.rfft2(np.roll(np.pad(psf, (0, 5)), (-1, -1), (0, 1))))
    >>> float(wiener(blurred, psf, 1e-9)[4, 4]) > 0.9
    True

    References
    ----------
    F. Orieux, J.-F. Giovannelli and T. Rodet, "Bayesian estimation of regularization and point spread function parameters for Wiener-Hunt
    deconvolution", J. Opt. Soc. Am. A 27, 2010.
    """
    if isinstance(image, Image):
        if not is_real:
            raise TypeError("wiener: a lazy image is real; leave is_real out")
        return _wiener_of_image(_source(image), psf, balance, reg, clip)
    made = _source(image)
    smooth = np.asarray(_laplacian(made.ndim) if reg is None else reg)
    smooth = smooth if np.iscomplexobj(smooth) else _transfer(smooth.astype(np.float64), made.shape, is_real)
    smooth = smooth.real.astype(made.dtype)
    blur = np.asarray(psf).real.astype(made.dtype)
    passed = blur if blur.shape == smooth.shape else _transfer(blur, made.shape, is_real)
    back = np.conj(passed) / (np.abs(passed) ** 2 + balance * np.abs(smooth) ** 2)
    axes = range(made.ndim)
    forth, again = (np.fft.rfftn, np.fft.irfftn) if is_real else (np.fft.fftn, np.fft.ifftn)
    found: np.ndarray = again(back * forth(made), made.shape, axes=axes)
    found = found.real.astype(made.dtype)
    return np.clip(found, -1, 1) if clip else found


def _wiener_of_image(image: Image, psf: Any, balance: float, reg: Any, clip: bool) -> Image:
    seen = fft.rfftn(image)
    # As in scikit-image, of transfer functions that are given the real part counts.
    smooth = np.asarray(_laplacian(image.ndim) if reg is None else reg)
    of_smooth: Any = from_array(smooth.real.copy()) if np.iscomplexobj(smooth) else _of_image(image, smooth).real
    blur = np.asarray(psf).real
    if blur.shape == seen.shape:
        passed: Any = from_array(blur.astype(image.dtype))
        back, power = passed, passed**2
    else:
        passed = _of_image(image, blur)
        back, power = passed.conj(), passed.real**2 + passed.imag**2
    weight = 1 / (power + balance * of_smooth**2)
    found: Any = fft.irfftn(seen * back * weight, s=image.shape).astype(image.dtype)
    return np.clip(found, -1, 1) if clip else found


def richardson_lucy(image: Any, psf: Any, num_iter: int = 50, clip: bool = True, filter_epsilon: float | None = None) -> Any:
    """Richardson's and Lucy's deconvolution (skimage.restoration.richardson_lucy).

    Parameters
    ----------
    image : array or Image
        The blurred image; values are taken as they are.
    psf : array
        What a point became.
    num_iter : int
        How many steps; more sharpen more, noise too.
    clip : bool
        Cut the result to -1 to 1.
    filter_epsilon : float, optional
        Where the blurred estimate is below this, nothing is left.

    Returns
    -------
    numpy.ndarray or Image
        float32 for float32, else float64.

    Raises
    ------
    ValueError
        If image and point have different numbers of axes.

    Notes
    -----
    Outside the image is nothing. Convolutions of arrays go through numpy's transforms, on one core; those of lazy images through scratch
    files, where the steps are done at once, with one image kept between them.

    Examples
    --------
    >>> import numpy as np
    >>> point = np.zeros((9, 9))
    >>> point[3:6, 3:6] = 1 / 9
    >>> found = richardson_lucy(point, np.ones((3, 3)) / 9, 30)
    >>> bool(found[4, 4] > 0.5)
    True
    """
    made = _source(image)
    blur = np.asarray(psf).astype(made.dtype)
    if blur.ndim != made.ndim:
        raise ValueError(f"psf: got {blur.ndim} axes, expected {made.ndim} as the image has")
    full = [n + m - 1 for n, m in zip(made.shape, blur.shape, strict=True)]
    middle = tuple(slice((m - 1) // 2, (m - 1) // 2 + n) for n, m in zip(made.shape, blur.shape, strict=True))
    is_lazy = isinstance(image, Image)
    rfftn: Any
    rfftn, irfftn = (fft.rfftn, fft.irfftn) if is_lazy else (_rfftn, np.fft.irfftn)
    forth, back = (rfftn(from_array(p) if is_lazy else p, full, range(made.ndim)) for p in (blur, np.flip(blur).copy()))
    if is_lazy:
        forth, back = forth.persist(), back.persist()

    def convolved(array: Any, transfer: Any) -> Any:
        return irfftn(rfftn(array, full, range(made.ndim)) * transfer, full, range(made.ndim))[middle]

    half = made.dtype.type(0.5)
    found: Any = np.full_like(made, half)
    for _ in range(num_iter):
        seen = convolved(found, forth) + made.dtype.type(1e-12)
        ratio = made / seen
        if filter_epsilon:
            ratio = np.where(seen < filter_epsilon, made.dtype.type(0), ratio)
        found = found * convolved(ratio, back)
        found = found.astype(made.dtype).persist() if is_lazy else found.astype(made.dtype)
    return np.clip(found, -1, 1) if clip else found


def _rfftn(array: Any, shape: Any, axes: Any) -> np.ndarray:
    return np.fft.rfftn(array, shape, axes=axes)
