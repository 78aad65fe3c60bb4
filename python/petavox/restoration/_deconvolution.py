"""Blur taken away again; arrays only, because every sample of the result depends on the whole image."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..image import Image

__all__ = ["richardson_lucy", "wiener"]


def _array(name: str, image: Any) -> np.ndarray:
    """The image in scikit-image's floats: float32 for float32, else float64, values as they are."""
    if isinstance(image, Image):
        raise NotImplementedError(f"{name} takes arrays only, because it transforms the whole image; use compute()")
    array = np.asarray(image)
    return array.astype(np.float32 if array.dtype in (np.float32, np.float16) else np.float64)


def _transfer(response: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """What a response does to each frequency of an image of `shape`, its middle taken for the origin."""
    whole = np.zeros(shape, response.dtype)
    whole[tuple(slice(n) for n in response.shape)] = response
    moved = np.roll(whole, [-(n // 2) for n in response.shape], axis=tuple(range(response.ndim)))
    return np.fft.rfftn(moved)


def _laplacian(ndim: int) -> np.ndarray:
    made = np.zeros((3,) * ndim)
    middle = (1,) * ndim
    made[middle] = 2.0 * ndim
    for axis in range(ndim):
        for end in (0, 2):
            made[(*middle[:axis], end, *middle[axis + 1 :])] = -1.0
    return made


def wiener(image: Any, psf: Any, balance: float, reg: Any = None, is_real: bool = True, clip: bool = True) -> np.ndarray:
    """Wiener's and Hunt's deconvolution (skimage.restoration.wiener); arrays only.

    Parameters
    ----------
    image : array
        The blurred image; values are taken as they are.
    psf : array
        What a point became; or its transfer function, of the shape that ``numpy.fft.rfftn`` gives.
    balance : float
        How much smoothness counts against the data.
    reg : array, optional
        What smoothness is: a response or its transfer function; the Laplacian by default.
    is_real : bool
        True only: images are real.
    clip : bool
        Cut the result to -1 to 1.

    Returns
    -------
    numpy.ndarray
        float32 for float32, else float64.

    Raises
    ------
    NotImplementedError
        For lazy images, and `is_real` False.

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
    if not is_real:
        raise NotImplementedError("wiener: is_real=False is not there, images are real")
    made = _array("wiener", image)
    smooth = np.asarray(_laplacian(made.ndim) if reg is None else reg)
    smooth = smooth if np.iscomplexobj(smooth) else _transfer(smooth.astype(np.float64), made.shape)
    smooth = smooth.real.astype(made.dtype)
    blur = np.asarray(psf).real.astype(made.dtype)
    passed = blur if blur.shape == smooth.shape else _transfer(blur, made.shape)
    back = np.conj(passed) / (np.abs(passed) ** 2 + balance * np.abs(smooth) ** 2)
    found: np.ndarray = np.fft.irfftn(back * np.fft.rfftn(made), made.shape, axes=range(made.ndim)).astype(made.dtype)
    return np.clip(found, -1, 1) if clip else found


def richardson_lucy(image: Any, psf: Any, num_iter: int = 50, clip: bool = True, filter_epsilon: float | None = None) -> np.ndarray:
    """Richardson's and Lucy's deconvolution (skimage.restoration.richardson_lucy); arrays only.

    Parameters
    ----------
    image : array
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
    numpy.ndarray
        float32 for float32, else float64.

    Raises
    ------
    NotImplementedError
        For lazy images.
    ValueError
        If image and point have different numbers of axes.

    Notes
    -----
    Outside the image is nothing. Convolutions go through numpy's transforms, on one core.

    Examples
    --------
    >>> import numpy as np
    >>> point = np.zeros((9, 9))
    >>> point[3:6, 3:6] = 1 / 9
    >>> found = richardson_lucy(point, np.ones((3, 3)) / 9, 30)
    >>> bool(found[4, 4] > 0.5)
    True
    """
    made = _array("richardson_lucy", image)
    blur = np.asarray(psf).astype(made.dtype)
    if blur.ndim != made.ndim:
        raise ValueError(f"psf: got {blur.ndim} axes, expected {made.ndim} as the image has")
    full = [n + m - 1 for n, m in zip(made.shape, blur.shape, strict=True)]
    axes = range(made.ndim)
    middle = tuple(slice((m - 1) // 2, (m - 1) // 2 + n) for n, m in zip(made.shape, blur.shape, strict=True))
    forth, back = (np.fft.rfftn(p, full, axes=axes) for p in (blur, np.flip(blur)))

    def convolved(array: np.ndarray, transfer: np.ndarray) -> np.ndarray:
        return np.fft.irfftn(np.fft.rfftn(array, full, axes=axes) * transfer, full, axes=axes)[middle]

    found = np.full(made.shape, 0.5, made.dtype)
    for _ in range(num_iter):
        seen = convolved(found, forth) + 1e-12
        ratio = made / seen
        if filter_epsilon:
            ratio = np.where(seen < filter_epsilon, 0, ratio)
        found *= convolved(ratio, back)
    return np.clip(found, -1, 1) if clip else found
