"""Numbers about one mask or one image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import ndimage
from .._either import Either
from .._open import from_array
from ..image import Image
from ._regionprops import Measured

__all__ = [
    "centroid",
    "euler_number",
    "moments",
    "moments_central",
    "moments_hu",
    "moments_normalized",
    "perimeter",
    "perimeter_crofton",
    "shannon_entropy",
]


def _mask(image: Any) -> Any:
    image = image if isinstance(image, Image) else np.asarray(image)
    return image > 0 if image.dtype != bool else image


def _one(image: Any, name: str, default: Any = 0) -> Any:
    table = Measured(_mask(image), None, None).table(["label", name])
    return table[name][0] if len(table[name]) else default


def euler_number(image: Any, connectivity: int | None = None) -> int:
    """Components minus holes, and in 3-D plus cavities minus tunnels, of a mask (skimage.measure.euler_number).

    Parameters
    ----------
    image : array or Image
        2-D or 3-D; what is above 0 is the object.
    connectivity : int, optional
        1 for neighbours by faces, or the number of axes for neighbours by corners too, which is the default.

    Returns
    -------
    int

    Raises
    ------
    NotImplementedError
        For connectivity 2 in 3-D, whose holes have no connectivity of their own.

    Examples
    --------
    >>> import numpy as np
    >>> corners = np.eye(3)
    >>> euler_number(corners), euler_number(corners, connectivity=1)
    (1, 3)
    """
    mask = _mask(image)
    if connectivity in (None, mask.ndim):
        return int(_one(image, "euler_number"))
    if connectivity != 1:
        raise NotImplementedError(
            f"euler_number: got connectivity {connectivity} of {mask.ndim} axes, expected 1 or {mask.ndim}: others are not defined"
        )
    # By faces, samples are the points of a complex: pairs of neighbours its edges, full squares and cubes its cells.
    cells = mask
    total = 0
    for corner in np.ndindex((2,) * mask.ndim):
        cells = mask[tuple(slice(mask.shape[a] - c) for a, c in enumerate(corner))]
        for other in np.ndindex(tuple(c + 1 for c in corner)):
            if any(other):
                cells = cells & mask[tuple(slice(o, mask.shape[a] - c + o) for a, (o, c) in enumerate(zip(other, corner, strict=True)))]
        total += (-1) ** sum(corner) * int(np.sum(cells)) if cells.size else 0
    return total


def perimeter(image: Any, neighborhood: int = 4) -> float:
    """Length of the border of a 2-D mask (skimage.measure.perimeter).

    Parameters
    ----------
    image : array or Image
        What is above 0 is the object.
    neighborhood : {4, 8}
        Neighbours outside that make a sample one of the border.

    Returns
    -------
    float

    Raises
    ------
    NotImplementedError
        For other numbers of axes.

    References
    ----------
    K. Benkrid and D. Crookes, "Design and FPGA implementation of a perimeter estimator", 2000.
    """
    if neighborhood == 4:
        return float(_one(image, "perimeter", 0.0))
    either = Either(image)
    if either.image.ndim != 2:
        raise NotImplementedError("`perimeter` supports 2D images only")
    mask = _mask(either.image)
    border = mask & ~ndimage.binary_erosion(mask, np.ones((3, 3), bool))
    # How a sample of the border goes on: neighbours by sides count 2, by corners 10, itself 1.
    ways = ndimage.convolve(border.astype(np.uint8), np.array([[10, 2, 10], [2, 1, 2], [10, 2, 10]]), mode="constant")
    lengths = np.zeros(50)
    lengths[[5, 7, 15, 17, 25, 27]] = 1
    lengths[[21, 33]] = np.sqrt(2)
    lengths[[13, 23]] = (1 + np.sqrt(2)) / 2
    return float(ndimage.histogram(ways, 0, 50, 50) @ lengths)


def perimeter_crofton(image: Any, directions: int = 4) -> float:
    """Length of the border of a 2-D mask by Crofton's formula (skimage.measure.perimeter_crofton).

    Parameters
    ----------
    image : array or Image
        What is above 0 is the object.
    directions : {2, 4}
        Directions of the lines that are counted: along the axes, or diagonals too.

    Returns
    -------
    float

    Raises
    ------
    NotImplementedError
        For other numbers of axes.
    """
    if directions != 2:
        return float(_one(image, "perimeter_crofton", 0.0))
    mask = _mask(image)
    if mask.ndim != 2:
        raise NotImplementedError("`perimeter_crofton` supports 2D images only")
    # Lines along an axis cross the border twice for every run of samples.
    runs = 0
    for axis in (0, 1):
        turned = np.moveaxis(mask, axis, 0)
        runs += int(np.sum(turned[:1])) + int(np.sum(turned[1:] & ~turned[:-1]))
    return np.pi / 2 * runs


def _table(image: Any, name: str, spacing: Any) -> dict[str, np.ndarray]:
    image = image if isinstance(image, Image) else np.asarray(image)
    if image.size == 0:
        raise ValueError(f"{name}: got an image of shape {image.shape}, expected samples")
    if image.dtype == bool:
        image = image.astype(np.uint8)
    everywhere = np.ones(image.shape, np.uint8) if not isinstance(image, Image) else (image == image) | True
    return Measured(everywhere, image, spacing).table([name])


def moments(image: Any, order: int = 3, *, spacing: float | Sequence[float] | None = None) -> np.ndarray:
    """Sums of samples times powers of their coordinates (skimage.measure.moments).

    Parameters
    ----------
    image : array or Image
        Any number of axes.
    order : int
        The largest power.
    spacing : float or sequence of float, optional
        Physical size of a sample.

    Returns
    -------
    numpy.ndarray
        Of shape ``(order + 1,) * ndim``.

    """
    image = image if isinstance(image, Image) else np.asarray(image)
    if order > 3 or image.ndim not in (2, 3):
        return _summed(image, np.zeros(image.ndim), order, spacing)
    return _moments(image, "moments_weighted", order, spacing)


def _summed(image: Any, center: np.ndarray, order: int, spacing: Any) -> np.ndarray:
    """Moments about a point, one axis after another; what the first sums of an image leave is held in memory."""
    ndim = image.ndim
    steps = np.broadcast_to(1.0 if spacing is None else spacing, ndim)
    found: Any = image.astype(np.float64)
    for axis in range(ndim):
        away = np.arange(image.shape[axis]) * steps[axis] - center[axis]
        if axis == 0 and isinstance(found, Image):
            weights = [from_array((away**k).reshape(-1, *(1,) * (ndim - 1))) for k in range(order + 1)]
            sums: Any = np.stack([(found * weight).sum(axis=0) for weight in weights], axis=-1)
            found = np.asarray(sums.compute())
            continue
        # The axis that is summed goes, the one of its powers comes last; after all axes they are in order again.
        found = np.tensordot(found, away[:, None] ** np.arange(order + 1), axes=(0, 0))
    return found


def _moments(image: Any, name: str, order: int, spacing: Any) -> np.ndarray:
    table = _table(image, name, spacing)
    ndim = np.ndim(image) if not isinstance(image, Image) else image.ndim
    values = np.array([column[0] for column in table.values()]).reshape((4,) * ndim)
    return values[(slice(order + 1),) * ndim]


def centroid(image: Any, *, spacing: float | Sequence[float] | None = None) -> np.ndarray:
    """The mean place of an image's samples, weighted by them (skimage.measure.centroid).

    Parameters
    ----------
    image : array or Image
        Any number of axes.
    spacing : float or sequence of float, optional
        Physical size of a sample.

    Returns
    -------
    numpy.ndarray
        A coordinate for each axis.
    """
    return np.array([column[0] for column in _table(image, "centroid_weighted", spacing).values()])


def moments_central(
    image: Any, center: Sequence[float] | None = None, order: int = 3, *, spacing: float | Sequence[float] | None = None
) -> np.ndarray:
    """Moments about the mean place (skimage.measure.moments_central).

    Parameters
    ----------
    image : array or Image
        Any number of axes.
    center : sequence of float, optional
        The point; by default the image's `centroid`.
    order : int
        The largest power.
    spacing : float or sequence of float, optional
        Physical size of a sample.

    Returns
    -------
    numpy.ndarray
        Of shape ``(order + 1,) * ndim``.

    Raises
    ------
    ValueError
        For a centre that has not a coordinate per axis.
    """
    image = image if isinstance(image, Image) else np.asarray(image)
    ndim = image.ndim
    if center is not None and np.shape(center) != (ndim,):
        raise ValueError(f"center: got {center!r}, expected {ndim} coordinates")
    if center is not None or order > 3 or ndim not in (2, 3):
        about = centroid(image, spacing=spacing) if center is None else np.asarray(center, float)
        found = _summed(image, about, order, spacing)
        return found if center is not None else _up_to(found, order)
    return _up_to(_moments(image, "moments_weighted_central", order, spacing), order)


def _up_to(moments: np.ndarray, order: int) -> np.ndarray:
    """Zeros where powers add up to more than the order: scikit-image finds no others about an image's own centre."""
    return np.where(np.indices(moments.shape).sum(0) <= order, moments, 0.0)


def moments_normalized(mu: np.ndarray, order: int = 3, spacing: Sequence[float] | None = None) -> np.ndarray:
    """Central moments made independent of scale (skimage.measure.moments_normalized).

    Parameters
    ----------
    mu : numpy.ndarray
        Central moments.
    order : int
        The largest power.
    spacing : sequence of float, optional
        Physical size of a sample.

    Returns
    -------
    numpy.ndarray
        NaN where powers add up to less than 2.

    Raises
    ------
    ValueError
        If there are fewer moments.
    """
    mu = np.asarray(mu, float)
    if min(mu.shape) <= order:
        raise ValueError("Shape of image moments must be >= `order`")
    powers = np.indices((order + 1,) * mu.ndim).sum(0)
    scale = 1.0 if spacing is None else float(np.min(spacing))
    part = mu[(slice(order + 1),) * mu.ndim]
    found = part / scale**powers / mu.flat[0] ** (powers / mu.ndim + 1)
    result = np.zeros_like(mu)
    result[(slice(order + 1),) * mu.ndim] = np.where(powers < 2, np.nan, found)
    return result


def moments_hu(nu: np.ndarray) -> np.ndarray:
    """Hu's seven moments, which do not change when a 2-D image is turned, moved or scaled (skimage.measure.moments_hu).

    Parameters
    ----------
    nu : numpy.ndarray
        Normalized central moments, 4 by 4.

    Returns
    -------
    numpy.ndarray
        Seven values.

    References
    ----------
    M. K. Hu, "Visual pattern recognition by moment invariants", IRE Trans. Info. Theory 8, 1962.
    """
    nu = np.asarray(nu, float)
    total, difference, mixed = nu[2, 0] + nu[0, 2], nu[2, 0] - nu[0, 2], nu[1, 1]
    a, b = nu[3, 0] + nu[1, 2], nu[2, 1] + nu[0, 3]
    c, d = nu[3, 0] - 3 * nu[1, 2], 3 * nu[2, 1] - nu[0, 3]
    return np.array(
        [
            total,
            difference**2 + 4 * mixed**2,
            c**2 + d**2,
            a**2 + b**2,
            c * a * (a**2 - 3 * b**2) + d * b * (3 * a**2 - b**2),
            difference * (a**2 - b**2) + 4 * mixed * a * b,
            d * a * (a**2 - 3 * b**2) - c * b * (3 * a**2 - b**2),
        ]
    )


def shannon_entropy(image: Any, base: float = 2) -> float:
    """How evenly the values of an image are spread, in bits (skimage.measure.shannon_entropy).

    Parameters
    ----------
    image : array or Image
        Integers for lazy images: their values are counted as labels are.
    base : float
        Of the logarithm.

    Returns
    -------
    float

    Raises
    ------
    NotImplementedError
        For lazy images of floats.
    """
    either = Either(image)
    if either.image.dtype.kind == "f":
        if either.is_image:
            raise NotImplementedError("shannon_entropy takes floats as arrays only, because every different value is counted; use compute()")
        counts = np.unique(np.asarray(image), return_counts=True)[1]
    else:
        from ..metrics._segmentations import _pairs

        counts = _pairs(either.image, either.image)[2]
    shares = counts / counts.sum()
    return float(-(shares * np.log(shares)).sum() / np.log(base))
