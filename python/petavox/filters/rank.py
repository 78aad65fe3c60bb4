"""scikit-image's rank filters under their names: what the samples of a neighbourhood that lie inside the image tell.

Images are ``uint8`` or ``uint16``, of any number of axes. Masks and scikit-image's other filters are not there yet.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .. import ndimage
from .._either import Either
from ..ndimage._ranks import cells_of

_SUMMARIES = {
    "autolevel": "The image stretched so that each neighbourhood's range becomes the whole range.",
    "equalize": "The share of neighbours up to each sample, stretched to the whole range.",
    "entropy": "Shannon's entropy of the neighbours' values, in bits.",
    "enhance_contrast": "The greatest or the least neighbour, whichever is nearer.",
    "gradient": "The greatest neighbour less the least.",
    "maximum": "The greatest neighbour.",
    "mean": "The mean of the neighbours, cut to an integer.",
    "median": "The upper of the middle neighbours.",
    "minimum": "The least neighbour.",
    "modal": "The most frequent value of the neighbours.",
    "percentile": "The value that the share `p0` of the neighbours lies at or below.",
    "pop": "How many neighbours there are.",
    "sum": "The sum of the neighbours, in the image's dtype.",
    "threshold": "1 where a sample exceeds the mean of its neighbours.",
}

__all__ = list(_SUMMARIES)

_DOC = """{summary} (skimage.filters.rank.{name})

Parameters
----------
image : array or Image
    ``uint8`` or ``uint16``.
footprint : array
    The neighbourhood{default}.
out : array, optional
    Where the result goes.
mask : None
    Not there yet.
shift_x, shift_y, shift_z : int
    Move the neighbourhood along the last axis, the one before and the one before that.
{more}
Returns
-------
numpy.ndarray or Image

Raises
------
NotImplementedError
    For a mask.
TypeError
    For other dtypes.
"""


def _apply(name: str, image: Any, footprint: Any, out: Any, mask: Any, shifts: tuple[int, int, int], **params: float) -> Any:
    if mask is not None:
        raise NotImplementedError(f"rank.{name}: mask is not there yet")
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
    if made.dtype == np.uint16 and name in ("autolevel", "equalize"):
        params["n_bins"] = int(max(3, int(np.asarray(made.max())))) + 1
    found = made.apply("local_statistic", statistic=name, origin=origin, **cells_of(footprint), **params)
    return either.result(found, out)


def _filter(name: str) -> Callable[..., Any]:
    if name == "percentile":

        def percentile(
            image: Any, footprint: Any, out: Any = None, mask: Any = None, shift_x: int = 0, shift_y: int = 0, p0: float = 0
        ) -> Any:
            return _apply(name, image, footprint, out, mask, (shift_x, shift_y, 0), p0=float(p0))

        made: Callable[..., Any] = percentile
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
    more = "p0 : float\n    The share, from 0 to 1.\n" if name == "percentile" else ""
    made.__doc__ = _DOC.format(summary=_SUMMARIES[name].rstrip("."), name=name, default=default, more=more)
    return made


globals().update({name: _filter(name) for name in __all__})


def __getattr__(name: str) -> Any:
    raise AttributeError(f"petavox.filters.rank has no {name!r}; it has {', '.join(__all__)}")
