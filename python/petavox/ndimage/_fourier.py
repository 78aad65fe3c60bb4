"""Filters of Fourier transforms: every coefficient times a number that depends on its frequency."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .._open import from_array
from ..fft import Spectrum
from ..image import Image
from ._arguments import axis_of, per_axis

__all__ = ["fourier_ellipsoid", "fourier_gaussian", "fourier_shift", "fourier_uniform"]


def _frequencies(shape: Sequence[int], n: int, axis: int) -> list[tuple[np.ndarray, int]]:
    """Frequencies along each axis, in periods of the whole, and the samples of the whole; `axis` is that of a real transform
    of `n` samples, if n is not negative."""
    found = []
    for a, extent in enumerate(shape):
        if a == axis and n >= 0:
            found.append((np.arange(extent), n))
        else:
            found.append((np.concatenate([np.arange((extent + 1) // 2), np.arange(-(extent // 2), 0)]), extent))
    return found


def _along(factors: np.ndarray, axis: int, ndim: int) -> np.ndarray:
    return factors.reshape([-1 if a == axis else 1 for a in range(ndim)])


def _result(input: Any, output: Any, *, is_complex: bool = False) -> tuple[Any, Any]:
    """The input, and the array or dtype that the result has."""
    image = input if isinstance(input, (Image, Spectrum)) else np.asarray(input)
    kept = [np.complex64, np.complex128] if is_complex else [np.complex64, np.complex128, np.float32]
    if output is None:
        return image, image.dtype if image.dtype in kept else np.dtype(np.complex128 if is_complex else np.float64)
    if isinstance(output, (type, np.dtype)):
        if np.dtype(output) not in (kept if is_complex else [*kept, np.dtype(np.float64)]):
            raise RuntimeError(f"output type not supported: {np.dtype(output)}")
        return image, np.dtype(output)
    if isinstance(image, (Image, Spectrum)):
        raise TypeError("output: a lazy image cannot be computed into an array; use compute()")
    if output.shape != image.shape:
        raise RuntimeError(f"output shape not correct: got {output.shape}, expected {image.shape}")
    return image, output


def _multiplied(name: str, image: Any, factors: list[np.ndarray], to: Any) -> Any:
    """The image times arrays that broadcast to it, as `to` says."""
    if isinstance(image, Image) and to.kind == "c":
        image = Spectrum.of(image)
    if isinstance(image, Spectrum):
        if to.kind != "c":
            raise TypeError(f"{name}: a spectrum stays complex; take real, imag or abs() of the result")
        product = image.astype(np.complex128)
        for factor in factors:
            product = product * factor
        return product.astype(to)
    if isinstance(image, Image):
        made = image.astype(np.float64)
        for factor in factors:
            made = made * from_array(factor)
        return made.astype(to)
    made = image.astype(np.complex128 if image.dtype.kind == "c" else np.float64)
    for factor in factors:
        made = made * factor
    if not isinstance(to, np.ndarray):
        return made.astype(to)
    to[...] = made if to.dtype.kind == "c" else made.real
    return to


def fourier_gaussian(
    input: Any, sigma: float | Sequence[float], n: int = -1, axis: int = -1, output: Any = None
) -> Any:
    """A Fourier transform times that of a Gaussian (scipy.ndimage.fourier_gaussian).

    Parameters
    ----------
    input : array, Image or Spectrum
        The transform (`petavox.fft`); images are real, spectra complex.
    sigma : float or sequence of float
        Standard deviation in samples, one or one per axis.
    n : int
        Samples along `axis` before a real transform; negative if the transform was complex.
    axis : int
        The axis of the real transform.
    output : array or dtype, optional
        Where the result goes, or its dtype.

    Returns
    -------
    numpy.ndarray, Image or petavox.fft.Spectrum

    Raises
    ------
    RuntimeError
        For an output of another shape or of integers.
    """
    image, to = _result(input, output)
    axis = axis_of(axis, image.ndim)
    factors = []
    for a, ((k, whole), s) in enumerate(
        zip(_frequencies(image.shape, n, axis), per_axis(sigma, image.ndim, "sigma"), strict=True)
    ):
        width = float(s) * np.pi / whole if whole else 0.0
        exponent = -2.0 * width * width * k * k
        factors.append(_along(np.where(np.abs(exponent) > 50.0, 0.0, np.exp(exponent)), a, image.ndim))
    return _multiplied("fourier_gaussian", image, factors, to)


def fourier_uniform(
    input: Any, size: float | Sequence[float], n: int = -1, axis: int = -1, output: Any = None
) -> Any:
    """A Fourier transform times that of a box (scipy.ndimage.fourier_uniform).

    Parameters
    ----------
    input : array, Image or Spectrum
        The transform (`petavox.fft`); images are real, spectra complex.
    size : float or sequence of float
        Extent of the box in samples, one or one per axis.
    n, axis, output
        As for `fourier_gaussian`.

    Returns
    -------
    numpy.ndarray, Image or petavox.fft.Spectrum
    """
    image, to = _result(input, output)
    axis = axis_of(axis, image.ndim)
    factors = []
    for a, ((k, whole), s) in enumerate(
        zip(_frequencies(image.shape, n, axis), per_axis(size, image.ndim, "size"), strict=True)
    ):
        turn = np.pi * float(s) / whole if whole else 0.0
        factors.append(_along(_sinc(turn * k, k == 0) if turn > 0 else (k == 0).astype(float), a, image.ndim))
    return _multiplied("fourier_uniform", image, factors, to)


def _sinc(x: np.ndarray, zero: np.ndarray) -> np.ndarray:
    safe = np.where(zero, 1.0, x)
    return np.where(zero, 1.0, np.sin(safe) / safe)


def fourier_ellipsoid(
    input: Any, size: float | Sequence[float], n: int = -1, axis: int = -1, output: Any = None
) -> Any:
    """A Fourier transform times that of an ellipsoid (scipy.ndimage.fourier_ellipsoid).

    Parameters
    ----------
    input : array or Image
        The transform of one, two or three axes; images are real, spectra (`petavox.fft`) complex.
    size : float or sequence of float
        Extents of the ellipsoid in samples, one or one per axis.
    n, axis, output
        As for `fourier_gaussian`.

    Returns
    -------
    numpy.ndarray, Image or petavox.fft.Spectrum

    Raises
    ------
    NotImplementedError
        For more than three axes, as in scipy.
    """
    image, to = _result(input, output)
    if image.ndim > 3:
        raise NotImplementedError("fourier_ellipsoid: one, two and three axes only")
    if not image.size:
        return image.astype(to) if isinstance(to, np.dtype) else to
    axis = axis_of(axis, image.ndim)
    sizes = per_axis(size, image.ndim, "size")
    squares = []
    for a, ((k, whole), s) in enumerate(zip(_frequencies(image.shape, n, axis), sizes, strict=True)):
        squares.append(_along((np.pi * float(s) / whole * k) ** 2, a, image.ndim))
    if not isinstance(image, (Image, Spectrum)):
        return _multiplied("fourier_ellipsoid", image, [_ball(sum(squares), image.ndim)], to)
    if isinstance(image, Image) and to.kind == "c":
        image = Spectrum.of(image)
    ndim = image.ndim
    parts = image.parts if isinstance(image, Spectrum) else image
    single = np.float32 if to in (np.complex64, np.float32) else np.float64

    def block(samples: np.ndarray, block_info: Any = None) -> np.ndarray:
        own = [tuple(slice(lo, hi) if a == b else slice(None) for b in range(ndim)) for a, (lo, hi) in enumerate(
            zip(block_info.start[:ndim], block_info.stop[:ndim], strict=True)
        )]  # fmt: skip
        ball = _ball(sum(square[at] for square, at in zip(squares, own, strict=True)), ndim)
        return (samples.astype(np.float64) * (ball if samples.ndim == ndim else ball[..., None])).astype(single)

    made = parts.map_blocks(block, dtype=single)
    return Spectrum(made) if isinstance(image, Spectrum) else made


def _ball(square: Any, ndim: int) -> np.ndarray:
    """The transform of a ball of one, two or three axes at frequencies of this square."""
    x = np.sqrt(square)
    safe = np.where(x > 0, x, 1.0)
    if ndim == 1:
        made = np.sin(safe) / safe
    elif ndim == 2:
        made = 2.0 * _bessel_j1(safe) / safe
    else:
        made = 3.0 * (np.sin(safe) - safe * np.cos(safe)) / safe**3
    return np.where(x > 0, made, 1.0)


def _bessel_j1(x: np.ndarray) -> np.ndarray:
    """The Bessel function of order 1, by the trapezoidal rule on its integral over one turn (Bessel's own definition), which is
    exact to rounding once there are more points than the argument is large."""
    quarter = int(np.max(x, initial=0.0) / 4 + 12)
    angles = (np.arange(quarter) + 0.5) * (np.pi / 2 / quarter)
    total = np.zeros_like(x)
    for angle in angles:
        total += np.sin(angle) * np.sin(x * np.sin(angle))
    return total / quarter


def fourier_shift(
    input: Any, shift: float | Sequence[float], n: int = -1, axis: int = -1, output: Any = None
) -> Any:
    """A Fourier transform times that of a shift (scipy.ndimage.fourier_shift).

    Parameters
    ----------
    input : array, Image or Spectrum
        The transform.
    shift : float or sequence of float
        In samples, one or one per axis.
    n, axis, output
        As for `fourier_gaussian`.

    Returns
    -------
    numpy.ndarray or petavox.fft.Spectrum
        Complex.
    """
    image, to = _result(input, output, is_complex=True)
    axis = axis_of(axis, image.ndim)
    factors = []
    for a, ((k, whole), s) in enumerate(
        zip(_frequencies(image.shape, n, axis), per_axis(shift, image.ndim, "shift"), strict=True)
    ):
        turn = -2.0 * np.pi * float(s) / whole if whole else 0.0
        factors.append(_along(np.exp(1j * turn * k), a, image.ndim))
    return _multiplied("fourier_shift", image, factors, to)
