"""Fourier transforms under scipy.fft's names: arrays give arrays at once, images give lazy images and spectra.

A transform of an image bigger than memory goes axis by axis through a scratch file. The complex side is a `Spectrum`: its `parts` are an
image whose last axis has the real and the imaginary part of every sample.
"""

from ._spectrum import Spectrum
from ._transforms import (
    fft,
    fft2,
    fftn,
    fftshift,
    ifft,
    ifft2,
    ifftn,
    ifftshift,
    irfft,
    irfft2,
    irfftn,
    next_fast_len,
    rfft,
    rfft2,
    rfftn,
)

__all__ = [
    "Spectrum",
    "fft",
    "fft2",
    "fftn",
    "fftshift",
    "ifft",
    "ifft2",
    "ifftn",
    "ifftshift",
    "irfft",
    "irfft2",
    "irfftn",
    "next_fast_len",
    "rfft",
    "rfft2",
    "rfftn",
]
