"""How much two channels have in common."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .._open import from_array

__all__ = ["intersection_coeff", "manders_coloc_coeff", "manders_overlap_coeff", "pearson_corr_coeff"]


def _mask(name: str, value: Any) -> Any:
    image = from_array(value)
    if image.dtype != bool:
        raise ValueError(f"{name}: got {image.dtype}, expected a mask (bool), such as image > 0")
    return image


def _given(*images: Any, mask: Any) -> list[Any]:
    """The images as they are, and where they count; no sample counts more than once."""
    made = [from_array(image) for image in images] + ([] if mask is None else [_mask("mask", mask)])
    if any(image.shape != made[0].shape for image in made):
        raise ValueError(f"Input images must have the same dimensions: got {', '.join(str(image.shape) for image in made)}")
    return made if mask is not None else [*made, None]


def _sums(values: list[Any], mask: Any) -> list[float]:
    """Sums of several images where the mask is, in one pass."""
    kept = [value if mask is None else np.where(mask, value, value.dtype.type(0)) for value in values]
    stacked: Any = np.stack([one.astype(np.float64).sum() for one in kept])
    return [float(x) for x in stacked.compute()]


def pearson_corr_coeff(image0: Any, image1: Any, mask: Any = None) -> tuple[float, float]:
    """Pearson's correlation of two channels, and how likely chance gives as much (skimage.measure.pearson_corr_coeff).

    Parameters
    ----------
    image0, image1 : array or Image
        Grey values, of one shape.
    mask : array or Image, optional
        The samples that count.

    Returns
    -------
    correlation : float
        -1 to 1; NaN if a channel is the same everywhere.
    p_value : float
        Of the hypothesis that the channels are independent; needs scipy.

    Raises
    ------
    ValueError
        For images of different shapes, and fewer than two samples.

    Notes
    -----
    Computed at once, in two passes over the images: the means, and what is left without them.

    Examples
    --------
    >>> import numpy as np
    >>> a = np.array([1.0, 2, 3, 4])
    >>> [round(x, 6) for x in pearson_corr_coeff(a, 2 * a + 1)]
    [1.0, 0.0]
    """
    from scipy.special import betainc

    first, second, inside = _given(image0, image1, mask=mask)
    a, b = first.astype(np.float64), second.astype(np.float64)
    n = a.size if inside is None else int(inside.sum().compute())
    if n < 2:
        raise ValueError(f"pearson_corr_coeff: got {n} samples, expected 2 or more")
    mean_a, mean_b = (total / n for total in _sums([a, b], inside))
    a, b = a - mean_a, b - mean_b
    aa, bb, ab = _sums([a * a, b * b, a * b], inside)
    if aa == 0 or bb == 0:
        return math.nan, math.nan
    found = max(-1.0, min(1.0, ab / (math.sqrt(aa) * math.sqrt(bb))))
    if n == 2:
        return float(round(found)), 1.0
    # Half of the square of Student's t is what the incomplete beta function takes.
    return found, float(betainc(n / 2 - 1, 0.5, 1 - found * found))


def manders_coloc_coeff(image0: Any, image1_mask: Any, mask: Any = None) -> float:
    """Which share of a channel lies where another one is (skimage.measure.manders_coloc_coeff).

    Parameters
    ----------
    image0 : array or Image
        Grey values, 0 and more.
    image1_mask : array or Image
        Where the other channel is; bool.
    mask : array or Image, optional
        The samples that count; bool.

    Returns
    -------
    float
        0 to 1; 0 if the channel is empty.

    Raises
    ------
    ValueError
        For values below 0, and images that do not fit each other.

    Examples
    --------
    >>> import numpy as np
    >>> manders_coloc_coeff(np.array([1, 3, 4]), np.array([True, True, False]))
    0.5
    """
    grey, there, inside = _given(image0, _mask("image1_mask", image1_mask), mask=mask)
    _not_below_zero("image", grey, inside)
    both: Any = np.where(there, grey, grey.dtype.type(0))
    shared, total = _sums([both, grey], inside)
    return shared / total if total else 0.0


def manders_overlap_coeff(image0: Any, image1: Any, mask: Any = None) -> float:
    """How much two channels overlap, whatever their brightness (skimage.measure.manders_overlap_coeff).

    Parameters
    ----------
    image0, image1 : array or Image
        Grey values, 0 and more.
    mask : array or Image, optional
        The samples that count; bool.

    Returns
    -------
    float
        0 to 1.

    Raises
    ------
    ValueError
        For values below 0, and images that do not fit each other.

    Notes
    -----
    Squares are summed in double; scikit-image sums them in the image's dtype, where those of small integers overflow.
    """
    first, second, inside = _given(image0, image1, mask=mask)
    for name, image in (("image0", first), ("image1", second)):
        _not_below_zero(name, image, inside)
    a, b = first.astype(np.float64), second.astype(np.float64)
    aa, bb, ab = _sums([a * a, b * b, a * b], inside)
    return ab / math.sqrt(aa * bb) if aa * bb else math.nan


def intersection_coeff(image0_mask: Any, image1_mask: Any, mask: Any = None) -> float:
    """Which share of a mask's samples belongs to another one (skimage.measure.intersection_coeff).

    Parameters
    ----------
    image0_mask, image1_mask : array or Image
        Masks of one shape; bool.
    mask : array or Image, optional
        The samples that count; bool.

    Returns
    -------
    float
        0 to 1; 0 if the first is empty.

    Raises
    ------
    ValueError
        For images that are no masks, or differ in shape.
    """
    first, second, inside = _given(_mask("image0_mask", image0_mask), _mask("image1_mask", image1_mask), mask=mask)
    shared, total = _sums([first & second, first], inside)
    return shared / total if total else 0.0


def _not_below_zero(name: str, image: Any, mask: Any) -> None:
    below: Any = image < 0 if mask is None else (image < 0) & mask
    if image.dtype.kind in "if" and bool(below.any().compute()):
        raise ValueError(f"{name} contains negative values")
