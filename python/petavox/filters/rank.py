"""scikit-image's rank filters under their names: what the samples of a neighbourhood that lie inside the image tell.

Images are ``uint8`` or ``uint16``, of any number of axes, also where scikit-image has two only.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .. import ndimage
from .._either import Either
from .._open import from_array
from ..image import Image
from ..ndimage._ranks import cells_of

_SUMMARIES = {
    "autolevel": "The image stretched so that each neighbourhood's range becomes the whole range.",
    "autolevel_percentile": "The image stretched so that each neighbourhood's range from share `p0` to `p1` becomes the whole range.",
    "enhance_contrast": "The greatest or the least neighbour, whichever is nearer.",
    "enhance_contrast_percentile": "The neighbour at the share `p0` or at `p1`, whichever is nearer.",
    "entropy": "Shannon's entropy of the neighbours' values, in bits.",
    "equalize": "The share of neighbours up to each sample, stretched to the whole range.",
    "geometric_mean": "The geometric mean of the neighbours plus one, less one.",
    "gradient": "The greatest neighbour less the least.",
    "gradient_percentile": "The neighbour at the share `p1` less that at `p0`.",
    "majority": "The most frequent value of the neighbours, 0 if there are none.",
    "maximum": "The greatest neighbour.",
    "mean": "The mean of the neighbours, cut to an integer.",
    "mean_bilateral": "The mean of the neighbours within `s0` below and `s1` above each sample.",
    "mean_percentile": "The mean of the neighbours from share `p0` to `p1`.",
    "median": "The upper of the middle neighbours.",
    "minimum": "The least neighbour.",
    "modal": "The most frequent value of the neighbours.",
    "noise_filter": "How far the neighbours' nearest value is, the sample itself left out.",
    "otsu": "Otsu's threshold of the neighbours.",
    "percentile": "The value that the share `p0` of the neighbours lies at or below.",
    "pop": "How many neighbours there are.",
    "pop_bilateral": "How many neighbours lie within `s0` below and `s1` above each sample.",
    "pop_percentile": "How many neighbours there are from share `p0` to `p1`.",
    "subtract_mean": "Each sample less the mean of its neighbours, halved and moved to the middle of the range.",
    "subtract_mean_percentile": "Each sample less the mean of the neighbours from share `p0` to `p1`, halved and moved to the middle of the range.",
    "sum": "The sum of the neighbours, in the image's dtype.",
    "sum_bilateral": "The sum of the neighbours within `s0` below and `s1` above each sample, in the image's dtype.",
    "sum_percentile": "The sum of the neighbours from share `p0` to `p1`, in the image's dtype.",
    "threshold": "1 where a sample exceeds the mean of its neighbours.",
    "threshold_percentile": "The greatest value where a sample is not below the neighbour at the share `p0`, else 0.",
}

__all__ = [*_SUMMARIES, "windowed_histogram"]

_DOC = """{summary} (skimage.filters.rank.{name})

Parameters
----------
image : array or Image
    ``uint8`` or ``uint16``.
footprint : array
    The neighbourhood{default}.
out : array, optional
    Where the result goes.
mask : array or Image, optional
    Neighbours count where it is not 0.
shift_x, shift_y, shift_z : int
    Move the neighbourhood along the last axis, the one before and the one before that.
{more}
Returns
-------
numpy.ndarray or Image

Raises
------
TypeError
    For other dtypes.
"""


def _made(name: str, image: Any, footprint: Any, mask: Any, shifts: tuple[int, int, int], params: dict[str, Any]) -> tuple[Either, Any]:
    either = Either(image)
    made = either.image
    if made.dtype not in (np.uint8, np.uint16):
        raise TypeError(f"rank.{name}: got {made.dtype}, expected uint8 or uint16")
    footprint = np.asarray(footprint) > 0
    if footprint.ndim != made.ndim:
        raise ValueError("Image dimensions and neighborhood dimensions do not match")
    origin = [0] * made.ndim
    for axis, shift in zip(range(made.ndim - 1, -1, -1), shifts, strict=False):
        origin[axis] = int(shift)
    if name == "noise_filter":
        footprint = footprint.copy()
        # scikit-image takes the place that the shift leads to for the middle.
        footprint[tuple(n // 2 + o for n, o in zip(footprint.shape, origin, strict=True))] = False
    if made.dtype == np.uint16 and name in _STRETCHED:
        params["n_bins"] = int(max(3, int(np.asarray(made.max())))) + 1
    masks = []
    if mask is not None:
        either.is_image |= isinstance(mask, Image)
        masks = [from_array(mask) != 0]
    return either, made.apply("local_statistic", *masks, statistic=name, origin=origin, **cells_of(footprint), **params)


def _apply(name: str, image: Any, footprint: Any, out: Any, mask: Any, shifts: tuple[int, int, int], **params: Any) -> Any:
    either, found = _made(name, image, footprint, mask, shifts, params)
    return either.result(found, out)


def windowed_histogram(
    image: Any, footprint: Any, out: Any = None, mask: Any = None, shift_x: int = 0, shift_y: int = 0, n_bins: int | None = None
) -> Any:
    """The share of each grey value among the neighbours, along a new last axis (skimage.filters.rank.windowed_histogram).

    Parameters
    ----------
    image : array or Image
        ``uint8`` or ``uint16``.
    footprint : array
        The neighbourhood.
    out : array, optional
        Where the result goes.
    mask : array or Image, optional
        Neighbours count where it is not 0.
    shift_x, shift_y : int
        Move the neighbourhood along the last axis, and the one before.
    n_bins : int, optional
        Grey values; by default one more than the greatest sample, which is found at once.

    Returns
    -------
    numpy.ndarray or Image
        float64.

    Raises
    ------
    TypeError
        For other dtypes.

    Examples
    --------
    >>> import numpy as np
    >>> windowed_histogram(np.array([[0, 1, 1]], np.uint8), np.ones((1, 3)))[0, 1].round(2).tolist()
    [0.33, 0.67]
    """
    bins = int(np.asarray(Either(image).image.max())) + 1 if n_bins is None else int(n_bins)
    either, found = _made("windowed_histogram", image, footprint, mask, (shift_x, shift_y, 0), {"n_bins": bins})
    return either.result(found, out)


#: Those whose results depend on how many grey values there are.
_STRETCHED = {
    "autolevel",
    "autolevel_percentile",
    "equalize",
    "gradient_percentile",
    "noise_filter",
    "subtract_mean",
    "subtract_mean_percentile",
    "threshold_percentile",
}

_MORE = {
    "p0": "p0 : float\n    The share, from 0 to 1.\n",
    "p0, p1": "p0, p1 : float\n    The shares, from 0 to 1.\n",
    "s0, s1": "s0, s1 : int\n    How far below each sample, and above.\n",
}


def _filter(name: str) -> Callable[..., Any]:
    more = ""
    if name in ("percentile", "threshold_percentile"):

        def one_share(
            image: Any, footprint: Any, out: Any = None, mask: Any = None, shift_x: int = 0, shift_y: int = 0, p0: float = 0
        ) -> Any:
            return _apply(name, image, footprint, out, mask, (shift_x, shift_y, 0), p0=float(p0))

        made: Callable[..., Any] = one_share
        more = _MORE["p0"]
    elif name.endswith("_percentile"):

        def two_shares(
            image: Any,
            footprint: Any,
            out: Any = None,
            mask: Any = None,
            shift_x: int = 0,
            shift_y: int = 0,
            p0: float = 0,
            p1: float = 1,
        ) -> Any:
            return _apply(name, image, footprint, out, mask, (shift_x, shift_y, 0), p0=float(p0), p1=float(p1))

        made = two_shares
        more = _MORE["p0, p1"]
    elif name.endswith("_bilateral"):

        def near(
            image: Any,
            footprint: Any,
            out: Any = None,
            mask: Any = None,
            shift_x: int = 0,
            shift_y: int = 0,
            s0: int = 10,
            s1: int = 10,
        ) -> Any:
            return _apply(name, image, footprint, out, mask, (shift_x, shift_y, 0), s0=int(s0), s1=int(s1))

        made = near
        more = _MORE["s0, s1"]
    elif name == "median":

        def median(
            image: Any,
            footprint: Any = None,
            out: Any = None,
            mask: Any = None,
            shift_x: int = 0,
            shift_y: int = 0,
            shift_z: int = 0,
        ) -> Any:
            if footprint is None:
                footprint = ndimage.generate_binary_structure(np.ndim(image), np.ndim(image))
            return _apply(name, image, footprint, out, mask, (shift_x, shift_y, shift_z))

        made = median
    else:

        def other(
            image: Any, footprint: Any, out: Any = None, mask: Any = None, shift_x: int = 0, shift_y: int = 0, shift_z: int = 0
        ) -> Any:
            return _apply(name, image, footprint, out, mask, (shift_x, shift_y, shift_z))

        made = other
    made.__name__ = made.__qualname__ = name
    default = "; by default three samples along each axis" if name == "median" else ""
    made.__doc__ = _DOC.format(summary=_SUMMARIES[name].rstrip("."), name=name, default=default, more=more)
    return made


globals().update({name: _filter(name) for name in _SUMMARIES})


def __getattr__(name: str) -> Any:
    raise AttributeError(f"petavox.filters.rank has no {name!r}; it has {', '.join(__all__)}")
