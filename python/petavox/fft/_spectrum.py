"""Lazy complex images."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._open import from_array
from ..image import Image


class Spectrum:
    """A lazy complex image, such as a Fourier transform.

    Parameters
    ----------
    parts : Image
        Of floats; the last axis has the real and the imaginary part.

    Raises
    ------
    ValueError
        If the parts are not such an image.

    Examples
    --------
    >>> import numpy as np
    >>> import petavox
    >>> image = petavox.from_array(np.eye(4))
    >>> spectrum = petavox.fft.fftn(image)
    >>> spectrum
    <petavox.fft.Spectrum (4, 4) complex128>
    >>> abs(spectrum).compute()[0].tolist()
    [4.0, 0.0, 0.0, 0.0]
    """

    __array_ufunc__ = None

    def __init__(self, parts: Image) -> None:
        if not isinstance(parts, Image) or parts.ndim < 2 or parts.shape[-1] != 2 or parts.dtype.kind != "f":
            raise ValueError("a spectrum is made of an image of floats whose last axis has two samples, the real and the imaginary part")
        self.parts = parts

    @classmethod
    def of(cls, value: Any) -> Spectrum:
        """What is complex already, or can be.

        Parameters
        ----------
        value : Spectrum, Image or array
            Images and real arrays get imaginary parts of 0.

        Returns
        -------
        Spectrum
        """
        if isinstance(value, Spectrum):
            return value
        if isinstance(value, Image):
            real = value if value.dtype.kind == "f" else value.astype(np.float64)
            return cls(_together(real, real * real.dtype.type(0)))
        return cls(from_array(interleaved(np.asarray(value))))

    @property
    def shape(self) -> tuple[int, ...]:
        """Complex samples per axis."""
        return self.parts.shape[:-1]

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return self.parts.ndim - 1

    @property
    def dtype(self) -> np.dtype:
        """complex64 or complex128."""
        return np.dtype(np.complex64 if self.parts.dtype == np.float32 else np.complex128)

    @property
    def size(self) -> int:
        """Number of complex samples."""
        return self.parts.size // 2

    @property
    def real(self) -> Image:
        """The real parts."""
        return self.parts[..., 0]

    @property
    def imag(self) -> Image:
        """The imaginary parts."""
        return self.parts[..., 1]

    def conj(self) -> Spectrum:
        """The complex conjugate (`numpy.conj`)."""
        return Spectrum(self.parts * from_array(np.array([1, -1], self.parts.dtype)))

    def __abs__(self) -> Image:
        length: Any = np.hypot(self.real, self.imag)
        return length

    def astype(self, dtype: Any) -> Spectrum:
        """The same numbers in another precision (`numpy.ndarray.astype`)."""
        if np.dtype(dtype).kind != "c":
            raise TypeError(f"{np.dtype(dtype)} is not complex; take real, imag or abs() of a spectrum")
        return Spectrum(self.parts.astype(np.float32 if np.dtype(dtype) == np.complex64 else np.float64))

    def __mul__(self, other: Any) -> Spectrum:
        if isinstance(other, Spectrum):
            return Spectrum(self.parts.apply("cross_power", other.parts, normalization="plain", conjugate=False))
        if isinstance(other, Image):
            return Spectrum(self.parts * other[..., None])
        factor = np.asarray(other)
        if factor.dtype.kind != "c":
            return Spectrum(self.parts * (from_array(factor[..., None]) if factor.ndim else factor[()]))
        a, b = self.real, self.imag
        c, d = ((from_array(p.copy()) if factor.ndim else p[()]) for p in (factor.real, factor.imag))
        return Spectrum(_together(a * c - b * d, a * d + b * c).astype(self.parts.dtype))

    __rmul__ = __mul__

    def times_conjugate(self, other: Spectrum, normalization: str | None = None) -> Spectrum:
        """This spectrum times the conjugate of another: the transform of a cross-correlation.

        Parameters
        ----------
        other : Spectrum
            Of the same shape and dtype.
        normalization : {None, "phase"}
            With ``"phase"``, every product is divided by its length.

        Returns
        -------
        Spectrum
        """
        return Spectrum(self.parts.apply("cross_power", other.parts, normalization=normalization or "plain"))

    def persist(self) -> Spectrum:
        """Compute it now and go on from what came out, as `Image.persist` does."""
        return Spectrum(self.parts.persist())

    def compute(self, **how: Any) -> np.ndarray:
        """The complex numbers in memory.

        Parameters
        ----------
        **how
            As for `Image.compute`.

        Returns
        -------
        numpy.ndarray
        """
        return complex_of(np.asarray(self.parts.compute(**how)))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        made = complex_of(np.asarray(self.parts))
        return made if dtype is None else made.astype(dtype)

    def __repr__(self) -> str:
        return f"<petavox.fft.Spectrum {self.shape} {self.dtype}>"


def _together(real: Image, imag: Image) -> Image:
    parts: Any = np.stack([real, imag], axis=-1)
    return parts


def complex_of(parts: np.ndarray) -> np.ndarray:
    """Pairs of floats along the last axis as complex numbers, without a copy."""
    to = np.complex64 if parts.dtype == np.float32 else np.complex128
    return np.ascontiguousarray(parts).view(to)[..., 0]


def interleaved(array: np.ndarray) -> np.ndarray:
    """Complex numbers as pairs of floats along a new last axis."""
    single = array.dtype in (np.dtype(np.complex64), np.dtype(np.float32), np.dtype(np.float16))
    made = np.ascontiguousarray(array, np.complex64 if single else np.complex128)
    return made.view(np.float32 if single else np.float64).reshape(*made.shape, 2)
