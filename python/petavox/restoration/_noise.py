"""How much noise there is."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import ndimage
from .._either import Either

__all__ = ["estimate_sigma"]

#: The high-pass half of Daubechies' wavelet with two vanishing moments.
_HIGH = np.array([1 - np.sqrt(3), -(3 - np.sqrt(3)), 3 + np.sqrt(3), -(1 + np.sqrt(3))]) / (4 * np.sqrt(2))
#: The 75th percentile of the normal distribution, which is the median of its absolute values.
_MEDIAN = 0.6744897501960817


def estimate_sigma(image: Any, average_sigmas: bool = False, *, channel_axis: int | None = None) -> Any:
    """The standard deviation of Gaussian noise, from the finest details (skimage.restoration.estimate_sigma).

    Parameters
    ----------
    image : array or Image
        Any number of axes; values are taken as they are.
    average_sigmas : bool
        Give the mean of the channels' deviations instead of a list.
    channel_axis : int, optional
        The axis of channels.

    Returns
    -------
    float or list of float
        Computed at once; an image's details are never in memory as a whole.

    Examples
    --------
    >>> import numpy as np
    >>> noise = np.random.default_rng(0).normal(0, 3, (64, 64))
    >>> round(float(estimate_sigma(noise)), 1)
    3.0

    References
    ----------
    D. L. Donoho and I. M. Johnstone, "Ideal spatial adaptation by wavelet shrinkage", Biometrika 81, 1994.
    """
    made: Any = Either(image).image
    if channel_axis is not None:
        parts = np.moveaxis(made, channel_axis, 0)
        sigmas = [estimate_sigma(parts[k]) for k in range(parts.shape[0])]
        return np.mean(sigmas) if average_sigmas else sigmas
    made = made if made.dtype.kind == "f" else made.astype(np.float64)
    for axis in range(made.ndim):
        # Every second place of the image and the mirrored samples that the wavelet reaches at its end.
        ends = [(3, 3) if a == axis else (0, 0) for a in range(made.ndim)]
        padded = np.pad(made, ends, mode="symmetric")
        found = ndimage.correlate1d(padded, _HIGH, axis=axis, origin=-2, mode="nearest")
        length = (made.shape[axis] + 3) // 2
        made = found[(slice(None),) * axis + (slice(1, 1 + 2 * length, 2),)]
    size: Any = abs(made)
    # Details that are exactly 0 are no noise: they are taken for what was masked.
    n_zero = int(np.asarray((size == 0).sum()))
    n = size.size - n_zero
    if n == 0:
        return np.float64(np.nan)
    ranks = n_zero + np.array([(n - 1) // 2, n // 2])
    # From half a rank below up to the next one, so that rounding does not matter.
    shares = 100.0 * np.maximum(ranks - 0.5, 0) / max(size.size - 1, 1)
    low, high = (np.asarray(np.percentile(size, float(q), method="higher")) for q in shares)
    return np.float64((float(low) + float(high)) / 2 / _MEDIAN)
