"""Bands of scales: unsharp masks, differences of Gaussians, Butterworth's and Gabor's filters."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import ndimage
from .._either import Either
from .._floats import as_float, float_dtype
from .._open import from_array
from ..image import Image
from ._gaussian import gaussian

__all__ = ["butterworth", "difference_of_gaussians", "gabor", "gabor_kernel", "unsharp_mask"]


def unsharp_mask(
    image: Any,
    radius: float | Sequence[float] = 1.0,
    amount: float = 1.0,
    preserve_range: bool = False,
    *,
    channel_axis: int | None = None,
) -> Any:
    """An image plus what a Gaussian takes from it (skimage.filters.unsharp_mask).

    Parameters
    ----------
    image : array or Image
        Integers become floats between 0 and 1 (or -1 and 1) unless `preserve_range`.
    radius : float or sequence of float
        Standard deviation of the Gaussian, in samples.
    amount : float
        How much of the difference is added.
    preserve_range : bool
        Keep the values as they are, and do not clip the result.
    channel_axis : int, optional
        An axis that is not smoothed.

    Returns
    -------
    numpy.ndarray or Image
        float32 for float32, else float64; clipped to 0 to 1, or -1 to 1 if any sample is negative.
    """
    either = Either(image)
    to = float_dtype(either.image)
    made = either.image.astype(to) if preserve_range else as_float(either.image).astype(to)
    blurred = gaussian(made, radius, mode="reflect", channel_axis=channel_axis)
    result = made + (made - blurred) * amount
    if not preserve_range:
        low: Any = np.zeros((), to)
        if either.image.dtype.kind in "if":
            low = np.negative((made < 0).any().astype(to))
        result = np.minimum(np.maximum(result, low), np.ones((), to))
    return either.result(result)


def difference_of_gaussians(
    image: Any,
    low_sigma: float | Sequence[float],
    high_sigma: float | Sequence[float] | None = None,
    *,
    mode: str = "nearest",
    cval: float = 0,
    channel_axis: int | None = None,
    truncate: float = 4.0,
) -> Any:
    """Structures between two scales (skimage.filters.difference_of_gaussians).

    Parameters
    ----------
    image : array or Image
        Integers become floats between 0 and 1 (or -1 and 1).
    low_sigma : float or sequence of float
        Standard deviation of the narrower Gaussian, in samples.
    high_sigma : float or sequence of float, optional
        That of the wider one, 1.6 times `low_sigma` by default.
    mode, cval, truncate
        As for `gaussian`.
    channel_axis : int, optional
        An axis that is not smoothed.

    Returns
    -------
    numpy.ndarray or Image

    Raises
    ------
    ValueError
        If the second Gaussian is narrower than the first, or their numbers do not fit the axes.
    """
    either = Either(image)
    made = as_float(either.image)
    n = made.ndim - (channel_axis is not None)
    low = np.array(low_sigma, float, ndmin=1)
    high = low * 1.6 if high_sigma is None else np.array(high_sigma, float, ndmin=1)
    for name, given in (("low_sigma", low), ("high_sigma", high)):
        if len(given) not in (1, n):
            raise ValueError(f"{name} must have length equal to number of spatial dimensions of input: {len(given)} for {n}")
    low, high = low * np.ones(n), high * np.ones(n)
    if np.any(high < low):
        raise ValueError("high_sigma must be equal to or larger than low_sigma for all axes")
    options: dict[str, Any] = {"mode": mode, "cval": cval, "channel_axis": channel_axis, "truncate": truncate}
    return either.result(gaussian(made, low.tolist(), **options) - gaussian(made, high.tolist(), **options))


def butterworth(
    image: Any,
    cutoff_frequency_ratio: float = 0.005,
    high_pass: bool = True,
    order: float = 2.0,
    channel_axis: int | None = None,
    *,
    squared_butterworth: bool = True,
    npad: int = 0,
) -> Any:
    """Frequencies above or below a limit (skimage.filters.butterworth).

    Parameters
    ----------
    image : array or Image
        Every sample of the result depends on all of the image: the transforms of a lazy one go through scratch files.
    cutoff_frequency_ratio : float
        The limit as a share of the sampling frequency, 0 to 0.5.
    high_pass : bool
        Keep what is above the limit, else what is below.
    order : float
        How steep the filter is.
    channel_axis : int, optional
        An axis that is not filtered.
    squared_butterworth : bool
        Use the square of the traditional filter.
    npad : int
        Samples that are repeated around the image first.

    Returns
    -------
    numpy.ndarray or Image
        Floats.

    Raises
    ------
    ValueError
        For a limit that is no such share, or a negative `npad`.
    """
    if npad < 0:
        raise ValueError("npad must be >= 0")
    if not 0 <= cutoff_frequency_ratio <= 0.5:
        raise ValueError("cutoff_frequency_ratio should be in the range [0, 0.5]")
    if isinstance(image, Image):
        return _butterworth_of_image(image, cutoff_frequency_ratio, high_pass, order, channel_axis, squared_butterworth, npad)
    array = np.asarray(image)
    kept = tuple(slice(npad, npad + n) for n in array.shape)
    array = np.pad(array, npad, mode="edge") if npad else array
    axes = [a for a in range(array.ndim) if channel_axis is None or a != channel_axis % array.ndim]
    shape = [array.shape[a] for a in axes]
    real = np.isrealobj(array)
    dtype = np.float32 if array.dtype in (np.float32, np.float16, np.complex64) else np.float64
    square: Any = sum(_frequencies(array.shape, axes, cutoff_frequency_ratio, halved=real), start=0.0)
    passed = _passed(square.astype(dtype), order, high_pass, squared_butterworth)
    if real:
        made: np.ndarray = np.fft.irfftn(passed * np.fft.rfftn(array.astype(dtype), axes=axes), s=shape, axes=axes)
    else:
        made = np.fft.ifftn(passed * np.fft.fftn(array, axes=axes), s=shape, axes=axes)
    return made[kept] if npad else made


def _frequencies(shape: Sequence[int], axes: Sequence[int], ratio: float, *, halved: bool) -> list[np.ndarray]:
    """The squares of the frequencies along each axis, in units of the limit, as scikit-image counts them."""
    found = []
    for axis in axes:
        n = shape[axis]
        along = np.fft.ifftshift((np.arange(-(n - 1) // 2, (n - 1) // 2 + 1) / (n * ratio)) ** 2)
        along = along[: n // 2 + 1] if halved and axis == axes[-1] else along
        found.append(along.reshape([-1 if a == axis else 1 for a in range(len(shape))]))
    return found


def _passed(square: Any, order: float, high_pass: bool, squared: bool) -> Any:
    """How much of each frequency is kept."""
    power = np.power(square, order)
    passed = 1 / (1 + power)
    if high_pass:
        passed = passed * power
    return passed if squared else np.sqrt(passed)


def _butterworth_of_image(
    image: Image, ratio: float, high_pass: bool, order: float, channel_axis: int | None, squared: bool, npad: int
) -> Image:
    from .. import fft

    kept = tuple(slice(npad, npad + n) for n in image.shape)
    source: Any = np.pad(image, npad, mode="edge") if npad else image
    source = source.astype(float_dtype(image))
    axes = [a for a in range(image.ndim) if channel_axis is None or a != channel_axis % image.ndim]
    square: Any = 0.0
    for along in _frequencies(source.shape, axes, ratio, halved=True):
        square = from_array(along) + square
    passed = _passed(square.astype(source.dtype), order, high_pass, squared)
    made: Any = fft.irfftn(fft.rfftn(source, axes=axes) * passed, s=[source.shape[a] for a in axes], axes=axes)
    return made[kept] if npad else made


def gabor_kernel(
    frequency: float,
    theta: float = 0,
    bandwidth: float = 1,
    sigma_x: float | None = None,
    sigma_y: float | None = None,
    n_stds: float = 3,
    offset: float = 0,
    dtype: Any = np.complex128,
) -> np.ndarray:
    """A wave under a Gaussian (skimage.filters.gabor_kernel).

    Parameters
    ----------
    frequency : float
        Periods per sample.
    theta : float
        Direction of the wave, in radians.
    bandwidth : float
        In octaves; decides the Gaussian where its deviations are not given.
    sigma_x, sigma_y : float, optional
        Standard deviations along the wave and across.
    n_stds : float
        The kernel ends at so many deviations.
    offset : float
        Phase of the wave.
    dtype : dtype
        Complex.

    Returns
    -------
    numpy.ndarray
        Complex.

    Raises
    ------
    ValueError
        For a dtype that is not complex.
    """
    if np.dtype(dtype).kind != "c":
        raise ValueError("dtype must be complex")
    octaves = 2.0**bandwidth
    usual = 1.0 / np.pi * math.sqrt(math.log(2) / 2.0) * (octaves + 1) / (octaves - 1) / frequency
    sigma_x = usual if sigma_x is None else sigma_x
    sigma_y = usual if sigma_y is None else sigma_y
    c, s = math.cos(theta), math.sin(theta)
    reach_x = math.ceil(max(abs(n_stds * sigma_x * c), abs(n_stds * sigma_y * s), 1))
    reach_y = math.ceil(max(abs(n_stds * sigma_y * c), abs(n_stds * sigma_x * s), 1))
    y, x = np.arange(-reach_y, reach_y + 1)[:, None], np.arange(-reach_x, reach_x + 1)[None, :]
    along, across = x * c + y * s, y * c - x * s
    made = np.empty(across.shape, dtype)
    bell = -0.5 * (along**2 / sigma_x**2 + across**2 / sigma_y**2)
    np.exp(bell + 1j * (2 * np.pi * frequency * along + offset), out=made)
    made *= 1 / (2 * np.pi * sigma_x * sigma_y)
    return made


def gabor(
    image: Any,
    frequency: float,
    theta: float = 0,
    bandwidth: float = 1,
    sigma_x: float | None = None,
    sigma_y: float | None = None,
    n_stds: float = 3,
    offset: float = 0,
    mode: str = "reflect",
    cval: float = 0,
) -> tuple[Any, Any]:
    """How much of a wave there is around every sample of a 2-D image (skimage.filters.gabor).

    Parameters
    ----------
    image : array or Image
        Two axes.
    frequency, theta, bandwidth, sigma_x, sigma_y, n_stds, offset
        The wave; as for `gabor_kernel`.
    mode : str
        How samples outside the image are made.
    cval : float
        Their value in mode ``constant``.

    Returns
    -------
    real, imaginary : numpy.ndarray or Image
        Responses to the even and to the odd part of the wave.

    Raises
    ------
    ValueError
        For other numbers of axes.
    """
    either = Either(image)
    made = either.image
    if made.ndim != 2:
        raise ValueError(f"The parameter `image` must be a 2-dimensional array; got {made.ndim} axes")
    dtype = np.promote_types(made.dtype, np.complex64) if made.dtype.kind == "f" else np.complex128
    wave = gabor_kernel(frequency, theta, bandwidth, sigma_x, sigma_y, n_stds, offset, dtype)
    return (
        either.result(ndimage.convolve(made, np.real(wave), mode=mode, cval=cval)),
        either.result(ndimage.convolve(made, np.imag(wave), mode=mode, cval=cval)),
    )
