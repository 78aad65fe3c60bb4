"""Numbers about one mask or one image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .._either import Either
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
        The number of axes (neighbours by corners too), the only one there is so far.

    Returns
    -------
    int

    Raises
    ------
    NotImplementedError
        For another connectivity.
    """
    if connectivity is not None and connectivity != np.ndim(image) and connectivity != getattr(image, "ndim", None):
        raise NotImplementedError("euler_number: only the connectivity of all neighbours is there yet")
    return int(_one(image, "euler_number"))


def perimeter(image: Any, neighborhood: int = 4) -> float:
    """Length of the border of a 2-D mask (skimage.measure.perimeter).

    Parameters
    ----------
    image : array or Image
        What is above 0 is the object.
    neighborhood : {4}
        Neighbours that make a sample one of the border; 8 is not there yet.

    Returns
    -------
    float

    Raises
    ------
    NotImplementedError
        For other numbers of axes, and `neighborhood` 8.

    References
    ----------
    K. Benkrid and D. Crookes, "Design and FPGA implementation of a perimeter estimator", 2000.
    """
    if neighborhood != 4:
        raise NotImplementedError("perimeter: only a neighborhood of 4 is there yet")
    return float(_one(image, "perimeter", 0.0))


def perimeter_crofton(image: Any, directions: int = 4) -> float:
    """Length of the border of a 2-D mask by Crofton's formula (skimage.measure.perimeter_crofton).

    Parameters
    ----------
    image : array or Image
        What is above 0 is the object.
    directions : {4}
        Directions of the lines that are counted; 2 is not there yet.

    Returns
    -------
    float

    Raises
    ------
    NotImplementedError
        For other numbers of axes, and 2 directions.
    """
    if directions != 4:
        raise NotImplementedError("perimeter_crofton: only 4 directions are there yet")
    return float(_one(image, "perimeter_crofton", 0.0))


def _table(image: Any, name: str, spacing: Any) -> dict[str, np.ndarray]:
    image = image if isinstance(image, Image) else np.asarray(image)
    if image.dtype == bool:
        image = image.astype(np.uint8)
    everywhere = np.ones(image.shape, np.uint8) if not isinstance(image, Image) else (image == image) | True
    return Measured(everywhere, image, spacing).table([name])


def moments(image: Any, order: int = 3, *, spacing: float | Sequence[float] | None = None) -> np.ndarray:
    """Sums of samples times powers of their coordinates, up to the third (skimage.measure.moments).

    Parameters
    ----------
    image : array or Image
        2-D or 3-D.
    order : int
        The largest power, up to 3.
    spacing : float or sequence of float, optional
        Physical size of a sample.

    Returns
    -------
    numpy.ndarray
        Of shape ``(order + 1,) * ndim``.

    Raises
    ------
    NotImplementedError
        For an order above 3.
    """
    return _moments(image, "moments_weighted", order, spacing)


def _moments(image: Any, name: str, order: int, spacing: Any) -> np.ndarray:
    if order > 3:
        raise NotImplementedError("moments: an order above 3 is not there")
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
        2-D or 3-D.
    center : None
        The image's `centroid`; another is not there yet.
    order : int
        The largest power, up to 3.
    spacing : float or sequence of float, optional
        Physical size of a sample.

    Returns
    -------
    numpy.ndarray
        Of shape ``(order + 1,) * ndim``.

    Raises
    ------
    NotImplementedError
        For a centre that is given, or an order above 3.
    """
    if center is not None:
        raise NotImplementedError("moments_central: only the image's own centre is there yet")
    return _moments(image, "moments_weighted_central", order, spacing)


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
