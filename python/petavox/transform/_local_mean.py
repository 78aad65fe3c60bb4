"""Means of boxes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .._either import Either

__all__ = ["downscale_local_mean"]


def downscale_local_mean(image: Any, factors: int | Sequence[int], cval: float = 0, clip: bool = True) -> Any:
    """Fewer samples: the means of boxes (skimage.transform.downscale_local_mean).

    Parameters
    ----------
    image : array or Image
        Any number of axes.
    factors : int or sequence of int
        Samples per box and axis. Where the boxes reach over the end, the image is continued with `cval`.
    cval : float
        What lies outside the image.
    clip : bool
        Ignored, as in scikit-image.

    Returns
    -------
    numpy.ndarray or Image
        float64, or float32 for float32.

    Raises
    ------
    ValueError
        For factors that do not fit the axes.
    """
    either = Either(image)
    made: Any = either.image.astype(np.float64) if either.image.dtype.kind != "f" else either.image
    factors = [int(f) for f in np.broadcast_to(factors, made.ndim)]
    missing = [(0, -n % f) for n, f in zip(made.shape, factors, strict=True)]
    if any(after for _, after in missing):
        made = np.pad(made, missing, constant_values=cval)
    return either.result(made.apply("downscale", factors=factors, method="mean"))
