"""Shifts between images by phase correlation."""

from __future__ import annotations

import itertools
import math
import warnings
from typing import Any

import numpy as np

from .. import fft, ndimage
from .._open import from_array
from ..fft import Spectrum
from ..image import Image
from ._masked import masked_shift

__all__ = ["phase_cross_correlation"]


def phase_cross_correlation(
    reference_image: Any,
    moving_image: Any,
    *,
    upsample_factor: float = 1,
    space: str = "real",
    disambiguate: bool = False,
    reference_mask: Any = None,
    moving_mask: Any = None,
    overlap_ratio: float = 0.3,
    normalization: str | None = "phase",
) -> tuple[np.ndarray, float, float]:
    """The shift that puts an image on another, found by cross-correlation (skimage.registration.phase_cross_correlation).

    Parameters
    ----------
    reference_image, moving_image : array, Image or Spectrum
        Of one shape. Images may be bigger than memory: transforms go through scratch files.
    upsample_factor : float
        The shift is found to ``1 / upsample_factor`` of a sample.
    space : {"real", "fourier"}
        Whether images or their transforms are given.
    disambiguate : bool
        Whether shifts by half an image and more are told apart, by the correlation of what overlaps.
    reference_mask, moving_mask : array or Image, optional
        Samples that count. With masks the shift is found to a whole sample, and the images may differ in shape.
    overlap_ratio : float
        Shifts are looked for that leave this share of the greatest possible overlap, with masks.
    normalization : {"phase", None}
        Whether every frequency counts the same.

    Returns
    -------
    shift : numpy.ndarray
        What the moving image has to be shifted by, per axis.
    error : float
        The normalised root mean square error; NaN with masks.
    phasediff : float
        The global difference of phase; NaN with masks.

    Raises
    ------
    ValueError
        For images of different shapes, NaN, an unknown space or normalisation.

    Examples
    --------
    >>> import numpy as np
    >>> image = np.random.default_rng(0).random((32, 32))
    >>> shift, error, phasediff = phase_cross_correlation(image, np.roll(image, (-3, 5), (0, 1)))
    >>> shift.tolist()
    [3.0, -5.0]
    """
    if reference_mask is not None or moving_mask is not None:
        shift = masked_shift(reference_image, moving_image, reference_mask, moving_mask, overlap_ratio)
        return shift, np.nan, np.nan
    if _shape(reference_image) != _shape(moving_image):
        raise ValueError("images must be same shape")
    if space.lower() not in ("real", "fourier"):
        raise ValueError('space argument must be "real" of "fourier"')
    if normalization not in ("phase", None):
        raise ValueError("normalization must be either phase or None")
    pair = _Pair(reference_image, moving_image, space.lower() == "real")
    shape = pair.shape
    product = pair.source.times_conjugate(pair.target, normalization)
    if upsample_factor != 1:
        product = product.persist()
    size = float(math.prod(shape))
    peak, place = pair.highest(product)
    dtype = pair.dtype
    midpoint = np.array([np.trunc(n / 2) for n in shape])
    shift = np.array(place).astype(dtype)
    shift[shift > midpoint] -= np.array(shape)[shift > midpoint]
    amplitudes = [energy / size for energy in pair.energies()]
    if upsample_factor != 1:
        factor = np.array(upsample_factor, dtype)
        shift = np.round(shift * factor) / factor
        region = np.ceil(factor * 1.5)
        middle = np.trunc(region / 2.0)
        fine = pair.at_points(product, int(region), middle - shift * factor, float(factor))
        maxima = np.unravel_index(np.argmax(np.abs(fine)), fine.shape)
        peak = fine[maxima]
        shift += (np.array(maxima).astype(dtype) - middle) / factor
        amplitudes = [a * size for a in amplitudes]
    for axis, n in enumerate(shape):
        if n == 1:
            shift[axis] = 0
    if np.isnan(peak) or np.isnan(amplitudes).any():
        raise ValueError(
            "NaN values found, please remove NaNs from your input data or use the `reference_mask`/`moving_mask` keywords, eg: "
            "phase_cross_correlation(reference_image, moving_image, reference_mask=~np.isnan(reference_image), "
            "moving_mask=~np.isnan(moving_image))"
        )
    if disambiguate:
        shift = _disambiguated(pair.reference, pair.moving, shift)
    return shift, _error(peak, *amplitudes), float(np.arctan2(peak.imag, peak.real))


class _Pair:
    """Two images and their transforms: halves of them where the images are real."""

    def __init__(self, reference: Any, moving: Any, is_real_space: bool) -> None:
        self.shape = _shape(reference)
        self.is_half = is_real_space and not _is_complex(reference) and not _is_complex(moving)
        if self.is_half:
            self.reference, self.moving = from_array(reference), from_array(moving)
            if self.reference.dtype != self.moving.dtype:
                self.reference, self.moving = self.reference.astype(np.float64), self.moving.astype(np.float64)
            self.source, self.target = fft.rfftn(self.reference), fft.rfftn(self.moving)
        else:
            self.source, self.target = (Spectrum.of(image) for image in (reference, moving))
            if is_real_space:
                self.source, self.target = fft.fftn(self.source), fft.fftn(self.target)
            self.source, self.target = self.source.astype(np.complex128), self.target.astype(np.complex128)

    def __getattr__(self, name: str) -> Any:
        # Real images of what was given as transforms, for those who ask.
        if name in ("reference", "moving"):
            return fft.ifftn(self.source if name == "reference" else self.target).real
        raise AttributeError(name)

    @property
    def dtype(self) -> np.dtype:
        """Of coordinates."""
        return self.source.parts.dtype

    def energies(self) -> list[float]:
        """The sums of the squares of both transforms."""
        if self.is_half:
            # Parseval: a transform has its image's energy, as often as there are samples.
            sums = [(image.astype(np.float64) ** 2).sum() for image in (self.reference, self.moving)]
            return [float(s.compute()) * math.prod(self.shape) for s in sums]
        return [float((one.parts.astype(np.float64) ** 2).sum().compute()) for one in (self.source, self.target)]

    def highest(self, product: Spectrum) -> tuple[complex, tuple[int, ...]]:
        """Where the correlation is highest, and what it is there."""
        if self.is_half:
            found: Any = fft.irfftn(product, s=self.shape).persist()
            place = np.unravel_index(int(np.abs(found).argmax().compute()), self.shape)
            return complex(float(found[place].compute())), tuple(int(p) for p in place)
        found = fft.ifftn(product).persist()
        place = np.unravel_index(int(abs(found).argmax().compute()), self.shape)
        return complex(Spectrum(found.parts[place][None]).compute()[0]), tuple(int(p) for p in place)

    def at_points(self, product: Spectrum, n_points: int, offsets: np.ndarray, factor: float) -> np.ndarray:
        """The correlation, times the number of samples, at points finer than samples: `offsets` before the first, `factor` to a sample."""
        passes = [("no", "no", product)]
        if self.is_half:
            passes.append(("all", "others", product.conj()))
        total: Any = 0.0
        for others, last, spectrum in passes:
            parts = spectrum.parts
            for axis in reversed(range(len(self.shape))):
                mirrored = last if axis == len(self.shape) - 1 else others
                parts = parts.apply(
                    "fourier_points", axis=axis, points=n_points, n=self.shape[axis], mirrored=mirrored,
                    start=float(-offsets[axis] / factor), step=1.0 / factor,
                ).persist()  # fmt: skip
            total = total + Spectrum(parts).compute()
        return total


def _shape(value: Any) -> tuple[int, ...]:
    return tuple(int(n) for n in (value.shape if hasattr(value, "shape") else np.shape(value)))


def _is_complex(value: Any) -> bool:
    return isinstance(value, Spectrum) or (not isinstance(value, Image) and np.iscomplexobj(value))


def _error(peak: complex, source: float, target: float) -> float:
    amplitude = source * target
    if amplitude == 0:
        warnings.warn(
            f"Could not determine RMS error between images with the normalized average intensities {source!r} and {target!r}. "
            "Either the reference or moving image may be empty.",
            UserWarning,
            stacklevel=3,
        )
        return float("nan") if peak == 0 else float("inf")
    return float(np.sqrt(np.abs(1.0 - (peak * peak.conjugate()).real / amplitude)))


def _disambiguated(reference: Image, moving: Image, shift: np.ndarray) -> np.ndarray:
    """Of the shifts that a periodic one may stand for, the one whose overlap is alike."""
    shape = reference.shape
    positive = [float(s) % n for s, n in zip(shift, shape, strict=True)]
    order = 3 if np.any(np.asarray(shift) % 1 != 0) else 0
    shifted = ndimage.shift(moving, shift.tolist(), mode="grid-wrap", order=order).persist()
    indices = np.round(positive).astype(int).tolist()
    best, best_parts = -1.0, None
    for parts in itertools.product(*((slice(0, i), slice(i, None)) for i in indices)):
        alike = _correlation(reference[parts], shifted[parts])
        if alike > best:
            best, best_parts = alike, parts
    if best_parts is None:
        warnings.warn(
            f"Could not determine real-space shift for periodic shift {shift!r} as requested by `disambiguate=True` "
            "(disambiguation is degenerate).",
            stacklevel=3,
        )
        return shift
    return np.array([p if part.stop is None else p - n for part, p, n in zip(best_parts, positive, shape, strict=True)])


def _correlation(a: Image, b: Image) -> float:
    """The coefficient of correlation; -1 of too few samples."""
    if a.size <= 2:
        return -1.0
    a, b = a.astype(np.float64), b.astype(np.float64)
    a, b = a - float(a.mean().compute()), b - float(b.mean().compute())
    both, aa, bb = (float(product.sum().compute()) for product in (a * b, a * a, b * b))
    return both / math.sqrt(aa * bb) if aa * bb > 0 else -1.0
