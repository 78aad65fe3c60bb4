"""Shifts between images of which some samples do not count (D. Padfield, IEEE Trans. Image Processing 21, 2012)."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import config, fft
from .._open import from_array
from ..fft import Spectrum
from ..image import Image


def masked_shift(
    reference_image: Any, moving_image: Any, reference_mask: Any, moving_mask: Any, overlap_ratio: float
) -> np.ndarray:
    """The shift where what overlaps of two masked images is most alike, to a whole sample."""
    reference, moving = from_array(reference_image), from_array(moving_image)
    if reference_mask is None:
        raise ValueError("reference_mask is needed where there is a moving_mask")
    own = from_array(reference_mask)
    if moving_mask is None:
        if reference.shape != moving.shape:
            raise ValueError("Input images have different shapes, moving_mask must be explicitly set.")
        moving_mask = reference_mask
    other = from_array(moving_mask)
    for image, mask in ((reference, own), (moving, other)):
        if image.shape != mask.shape:
            raise ValueError("Image sizes must match their respective mask sizes.")
    found = _correlation(moving, reference, other != 0, own != 0, overlap_ratio).persist()
    highest = found.max().compute()
    ranks, _ = (found == highest)._lazy.points(found._lazy, config.settings())
    places = np.transpose(np.unravel_index(np.asarray(ranks).astype(np.int64), found.shape))
    shifts = places.mean(axis=0) - np.array(reference.shape) + 1
    return -shifts + (np.array(moving.shape) - np.array(reference.shape)) / 2


def _correlation(fixed: Image, moving: Image, fixed_mask: Image, moving_mask: Image, overlap_ratio: float) -> Image:
    """The normalised correlation of two masked images for all shifts that let them overlap."""
    single = fixed.dtype == np.float32 and moving.dtype == np.float32
    dtype: np.dtype = np.dtype(np.float32 if single else np.float64)
    eps = float(np.finfo(np.float32 if single else np.float64).eps)
    final = [a + b - 1 for a, b in zip(fixed.shape, moving.shape, strict=True)]
    fast = [fft.next_fast_len(n) for n in final]
    wanted = tuple(slice(0, n) for n in final)

    def transform(image: Image) -> Spectrum:
        return fft.rfftn(image, s=fast).persist()

    def back(spectrum: Spectrum) -> Image:
        return fft.irfftn(spectrum, s=fast)[wanted].persist()

    def masked(image: Image, mask: Image) -> Image:
        shown: Any = np.where(mask, image.astype(dtype), dtype.type(0))
        return shown

    turn = (slice(None, None, -1),) * fixed.ndim
    a, b = masked(fixed, fixed_mask), masked(moving, moving_mask)[turn]
    a_mask, b_mask = fixed_mask.astype(dtype), moving_mask.astype(dtype)[turn]
    fa, fb, fam, fbm = transform(a), transform(b), transform(a_mask), transform(b_mask)
    counts: Any = np.fmax(np.rint(back(fbm * fam)), dtype.type(eps))
    overlap = counts.persist()
    sum_a, sum_b = back(fbm * fa), back(fam * fb)
    numerator = back(fb * fa) - sum_a * sum_b / overlap
    spread_a: Any = np.fmax(back(fbm * transform(a * a)) - sum_a * sum_a / overlap, 0.0)
    spread_b: Any = np.fmax(back(fam * transform(b * b)) - sum_b * sum_b / overlap, 0.0)
    root: Any = np.sqrt(spread_a * spread_b)
    denominator = root.persist()
    least = 1e3 * eps * float(denominator.max().compute())
    is_told = denominator > least
    found = np.where(is_told, numerator / np.where(is_told, denominator, dtype.type(1)), dtype.type(0))
    enough = overlap_ratio * float(overlap.max().compute())
    kept: Any = np.where(overlap < enough, dtype.type(0), np.clip(found, -1, 1))
    return kept
