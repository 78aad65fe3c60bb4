"""Edges."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import ndimage
from .._either import Either
from .._floats import as_float
from .._open import from_array
from ..image import Image

__all__ = [
    "farid",
    "farid_h",
    "farid_v",
    "laplace",
    "prewitt",
    "prewitt_h",
    "prewitt_v",
    "roberts",
    "roberts_neg_diag",
    "roberts_pos_diag",
    "scharr",
    "scharr_h",
    "scharr_v",
    "sobel",
    "sobel_h",
    "sobel_v",
]

_DIFFERENCE = np.array([1.0, 0.0, -1.0])
_SOBEL = np.array([1.0, 2.0, 1.0]) / 4
_SCHARR = np.array([3.0, 10.0, 3.0]) / 16
_PREWITT = np.full(3, 1 / 3)
# Table 3 of Farid and Simoncelli, five taps, first order.
_FARID = np.array([0.0376593171958126, 0.249153396177344, 0.426374573253687, 0.249153396177344, 0.0376593171958126])
_FARID_EDGE = np.array([0.109603762960254, 0.276690988455557, 0.0, -0.276690988455557, -0.109603762960254])


def _masked(result: Image, mask: Any) -> Image:
    """The result where all neighbours are in the mask, else 0."""
    if mask is None:
        return result
    inside = ndimage.binary_erosion(from_array(mask), np.ones((3,) * result.ndim, bool))
    return result * inside


def _edge(
    image: Any, mask: Any, smooth: np.ndarray, edge: np.ndarray, axis: Any, mode: str, cval: float, ndim: int | None = None
) -> Any:
    either = Either(image)
    made = as_float(either.image)
    if ndim is not None and made.ndim != ndim:
        raise ValueError(f"The parameter `image` must be a {ndim}-dimensional array; got {made.ndim} axes")
    one = bool(np.isscalar(axis))
    axes: list[int] = list(range(made.ndim)) if axis is None else [int(a) for a in ([axis] if one else axis)]
    if not axes:
        raise ValueError(f"image: got {made.ndim} axes and axis={axis}, expected one axis or more")
    total: Any = None
    for across in axes:
        kernel = _shaped(edge, across, made.ndim)
        for other in range(made.ndim):
            if other != across % made.ndim:
                kernel = kernel * _shaped(smooth, other, made.ndim)
        part = ndimage.convolve(made, kernel, mode=mode, cval=cval)
        if len(axes) > 1:
            part = part * part
        total = part if total is None else total + part
    if len(axes) > 1:
        total = np.sqrt(total) / np.sqrt(made.ndim, dtype=made.dtype)
    return either.result(_masked(total, mask))


def _shaped(weights: np.ndarray, axis: int, ndim: int) -> np.ndarray:
    return weights.reshape([-1 if a == axis % ndim else 1 for a in range(ndim)])


def sobel(
    image: Any, mask: Any = None, *, axis: int | Sequence[int] | None = None, mode: str = "reflect", cval: float = 0.0
) -> Any:
    """Edges by Sobel's weights (skimage.filters.sobel).

    Parameters
    ----------
    image : array or Image
        Any number of axes; integers become floats between 0 and 1 (or -1 and 1).
    mask : array or Image, optional
        Where edges are kept; the outermost samples of it are not, for their neighbours do not count.
    axis : int or sequence of int, optional
        Edges across this axis, with their sign; of several axes (all by default) the magnitude.
    mode : str
        How samples outside the image are made.
    cval : float
        Their value in mode ``constant``.

    Returns
    -------
    numpy.ndarray or Image
        float32 for float32, else float64.

    Examples
    --------
    >>> import numpy as np
    >>> sobel(np.array([[0.0, 0.0, 1.0, 1.0]]), axis=1).tolist()
    [[0.0, 1.0, 1.0, 0.0]]

    References
    ----------
    skimage.filters.sobel
    """
    return _edge(image, mask, _SOBEL, _DIFFERENCE, axis, mode, cval)


def sobel_h(image: Any, mask: Any = None) -> Any:
    """Horizontal edges of a 2-D image by Sobel's weights (skimage.filters.sobel_h).

    Parameters
    ----------
    image : array or Image
        Two axes.
    mask : array or Image, optional
        Where edges are kept.

    Returns
    -------
    numpy.ndarray or Image
    """
    return _edge(image, mask, _SOBEL, _DIFFERENCE, 0, "reflect", 0.0, ndim=2)


def sobel_v(image: Any, mask: Any = None) -> Any:
    """Vertical edges of a 2-D image by Sobel's weights (skimage.filters.sobel_v).

    Parameters
    ----------
    image : array or Image
        Two axes.
    mask : array or Image, optional
        Where edges are kept.

    Returns
    -------
    numpy.ndarray or Image
    """
    return _edge(image, mask, _SOBEL, _DIFFERENCE, 1, "reflect", 0.0, ndim=2)


def scharr(
    image: Any, mask: Any = None, *, axis: int | Sequence[int] | None = None, mode: str = "reflect", cval: float = 0.0
) -> Any:
    """Edges by Scharr's weights (skimage.filters.scharr); see `sobel`.

    Parameters
    ----------
    image : array or Image
        Any number of axes.
    mask, axis, mode, cval
        As for `sobel`.

    Returns
    -------
    numpy.ndarray or Image
    """
    return _edge(image, mask, _SCHARR, _DIFFERENCE, axis, mode, cval)


def scharr_h(image: Any, mask: Any = None) -> Any:
    """Horizontal edges of a 2-D image by Scharr's weights (skimage.filters.scharr_h).

    Parameters
    ----------
    image : array or Image
        Two axes.
    mask : array or Image, optional
        Where edges are kept.

    Returns
    -------
    numpy.ndarray or Image
    """
    return _edge(image, mask, _SCHARR, _DIFFERENCE, 0, "reflect", 0.0, ndim=2)


def scharr_v(image: Any, mask: Any = None) -> Any:
    """Vertical edges of a 2-D image by Scharr's weights (skimage.filters.scharr_v).

    Parameters
    ----------
    image : array or Image
        Two axes.
    mask : array or Image, optional
        Where edges are kept.

    Returns
    -------
    numpy.ndarray or Image
    """
    return _edge(image, mask, _SCHARR, _DIFFERENCE, 1, "reflect", 0.0, ndim=2)


def prewitt(
    image: Any, mask: Any = None, *, axis: int | Sequence[int] | None = None, mode: str = "reflect", cval: float = 0.0
) -> Any:
    """Edges by Prewitt's weights (skimage.filters.prewitt); see `sobel`.

    Parameters
    ----------
    image : array or Image
        Any number of axes.
    mask, axis, mode, cval
        As for `sobel`.

    Returns
    -------
    numpy.ndarray or Image
    """
    return _edge(image, mask, _PREWITT, _DIFFERENCE, axis, mode, cval)


def prewitt_h(image: Any, mask: Any = None) -> Any:
    """Horizontal edges of a 2-D image by Prewitt's weights (skimage.filters.prewitt_h).

    Parameters
    ----------
    image : array or Image
        Two axes.
    mask : array or Image, optional
        Where edges are kept.

    Returns
    -------
    numpy.ndarray or Image
    """
    return _edge(image, mask, _PREWITT, _DIFFERENCE, 0, "reflect", 0.0, ndim=2)


def prewitt_v(image: Any, mask: Any = None) -> Any:
    """Vertical edges of a 2-D image by Prewitt's weights (skimage.filters.prewitt_v).

    Parameters
    ----------
    image : array or Image
        Two axes.
    mask : array or Image, optional
        Where edges are kept.

    Returns
    -------
    numpy.ndarray or Image
    """
    return _edge(image, mask, _PREWITT, _DIFFERENCE, 1, "reflect", 0.0, ndim=2)


def farid(
    image: Any, mask: Any = None, *, axis: int | Sequence[int] | None = None, mode: str = "reflect", cval: float = 0.0
) -> Any:
    """Edges by Farid and Simoncelli's weights (skimage.filters.farid); see `sobel`.

    Parameters
    ----------
    image : array or Image
        Any number of axes.
    mask, axis, mode, cval
        As for `sobel`.

    Returns
    -------
    numpy.ndarray or Image

    References
    ----------
    H. Farid and E. P. Simoncelli, "Differentiation of discrete multidimensional signals", IEEE Trans. Image Processing 13, 2004.
    """
    return _edge(image, mask, _FARID, _FARID_EDGE, axis, mode, cval)


def farid_h(image: Any, *, mask: Any = None) -> Any:
    """Horizontal edges of a 2-D image by Farid and Simoncelli's weights (skimage.filters.farid_h).

    Parameters
    ----------
    image : array or Image
        Two axes.
    mask : array or Image, optional
        Where edges are kept.

    Returns
    -------
    numpy.ndarray or Image
    """
    return _edge(image, mask, _FARID, _FARID_EDGE, 0, "reflect", 0.0, ndim=2)


def farid_v(image: Any, *, mask: Any = None) -> Any:
    """Vertical edges of a 2-D image by Farid and Simoncelli's weights (skimage.filters.farid_v).

    Parameters
    ----------
    image : array or Image
        Two axes.
    mask : array or Image, optional
        Where edges are kept.

    Returns
    -------
    numpy.ndarray or Image
    """
    return _edge(image, mask, _FARID, _FARID_EDGE, 1, "reflect", 0.0, ndim=2)


def _window(image: Image, weights: Any, mask: Any, ndim: int | None = None) -> Image:
    if ndim is not None and image.ndim != ndim:
        raise ValueError(f"The parameter `image` must be a {ndim}-dimensional array; got {image.ndim} axes")
    return _masked(ndimage.convolve(as_float(image), weights), mask)


def roberts(image: Any, mask: Any = None) -> Any:
    """Edges of a 2-D image by Roberts' cross (skimage.filters.roberts).

    Parameters
    ----------
    image : array or Image
        Two axes.
    mask : array or Image, optional
        Where edges are kept.

    Returns
    -------
    numpy.ndarray or Image
    """
    either = Either(image)
    falling = _window(either.image, [[1, 0], [0, -1]], mask, 2)
    rising = _window(either.image, [[0, 1], [-1, 0]], mask, 2)
    return either.result(np.sqrt(np.square(falling) + np.square(rising)) / np.sqrt(2, dtype=falling.dtype))


def roberts_pos_diag(image: Any, mask: Any = None) -> Any:
    """Differences along the falling diagonals of a 2-D image (skimage.filters.roberts_pos_diag).

    Parameters
    ----------
    image : array or Image
        Two axes.
    mask : array or Image, optional
        Where edges are kept.

    Returns
    -------
    numpy.ndarray or Image
    """
    either = Either(image)
    return either.result(_window(either.image, [[1, 0], [0, -1]], mask, 2))


def roberts_neg_diag(image: Any, mask: Any = None) -> Any:
    """Differences along the rising diagonals of a 2-D image (skimage.filters.roberts_neg_diag).

    Parameters
    ----------
    image : array or Image
        Two axes.
    mask : array or Image, optional
        Where edges are kept.

    Returns
    -------
    numpy.ndarray or Image
    """
    either = Either(image)
    return either.result(_window(either.image, [[0, 1], [-1, 0]], mask, 2))


def laplace(image: Any, ksize: int = 3, mask: Any = None) -> Any:
    """How much a sample is above its neighbours along the axes (skimage.filters.laplace); the sign is not that of
    `petavox.ndimage.laplace`.

    Parameters
    ----------
    image : array or Image
        Any number of axes.
    ksize : int
        Of no effect, as in scikit-image.
    mask : array or Image, optional
        Where edges are kept.

    Returns
    -------
    numpy.ndarray or Image
    """
    either = Either(image)
    ndim = either.image.ndim
    weights = np.zeros((3,) * ndim)
    for axis in range(ndim):
        weights[tuple(slice(None) if a == axis else 1 for a in range(ndim))] = -1
    weights[(1,) * ndim] = 2 * ndim
    return either.result(_window(either.image, weights, mask))
