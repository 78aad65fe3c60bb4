"""How far two sets of points, or the spread of two images' values, are apart."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._open import from_array
from ..ndimage import distance_transform_edt

__all__ = ["hausdorff_distance", "normalized_mutual_information"]


def hausdorff_distance(image0: Any, image1: Any, method: str = "standard") -> float:
    """How far the foreground of either mask is from the other at most (skimage.metrics.hausdorff_distance).

    Parameters
    ----------
    image0, image1 : array or Image
        Masks of one shape.
    method : {"standard", "modified"}
        The largest distance, or the larger one of both means.

    Returns
    -------
    float
        In samples; infinite if one is empty, 0 if both are.

    Raises
    ------
    ValueError
        For another method, and masks of different shapes.

    Notes
    -----
    Distances are taken from a distance transform of either mask, out of core: no table of points is made.

    Examples
    --------
    >>> import numpy as np
    >>> hausdorff_distance(np.array([1, 0, 0, 0]), np.array([1, 0, 0, 1]))
    3.0
    """
    if method not in ("standard", "modified"):
        raise ValueError(f"unrecognized method {method}")
    masks = [from_array(image) != 0 for image in (image0, image1)]
    if masks[0].shape != masks[1].shape:
        raise ValueError(f"hausdorff_distance: got {masks[0].shape} and {masks[1].shape}, expected masks of one shape")
    empty = [not bool(mask.any().compute()) for mask in masks]
    if any(empty):
        return 0.0 if all(empty) else float("inf")
    found = []
    for one, other in (masks, masks[::-1]):
        away: Any = np.where(one, distance_transform_edt(~other), 0.0)
        if method == "standard":
            found.append(float(away.max().compute()))
        else:
            found.append(float(away.sum().compute()) / int(one.sum().compute()))
    return max(found)


def normalized_mutual_information(image0: Any, image1: Any, *, bins: int | tuple[int, int] = 100) -> float:
    """How much two images tell about each other, from 1 (nothing) to 2 (all) (skimage.metrics.normalized_mutual_information).

    Parameters
    ----------
    image0, image1 : array or Image
        With as many axes; the smaller one is filled up with 0.
    bins : int or pair of int
        Equal bins of the values.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        For other numbers of axes.
    """
    made: list[Any] = [from_array(image) for image in (image0, image1)]
    if made[0].ndim != made[1].ndim:
        raise ValueError(f"NMI requires images of same number of dimensions. Got {made[0].ndim}D for `image0` and {made[1].ndim}D for `image1`.")
    extents = np.maximum(made[0].shape, made[1].shape)
    made = [np.pad(one, [(0, int(m - n)) for n, m in zip(one.shape, extents, strict=True)]) if tuple(extents) != one.shape else one for one in made]
    numbers = []
    for image, n in zip(made, np.broadcast_to(bins, 2).tolist(), strict=True):
        low, high = float(image.min().compute()), float(image.max().compute())
        edges = np.linspace(*((low, high) if low < high else (low - 0.5, high + 0.5)), n + 1)
        numbers.append(np.minimum(np.digitize(image.astype(np.float64), edges), n).astype(np.uint32))
    from ._segmentations import _pairs

    first, second, counts = _pairs(*numbers)
    shares = counts / counts.sum()

    def entropy(p: np.ndarray) -> float:
        return float(-(p * np.log(p)).sum())

    alone = [entropy(sums[sums > 0]) for sums in (np.bincount(first, shares), np.bincount(second, shares))]
    together = entropy(shares)
    # Two images that are the same everywhere tell nothing.
    return sum(alone) / together if together else float("nan")
