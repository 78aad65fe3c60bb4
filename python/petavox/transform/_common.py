"""What resizing and warping share: scikit-image's names of modes, its rules of orders, floats and clipping."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._floats import as_float
from ..image import Image

#: numpy.pad's names, and the boundary rules of interpolation that they are.
_MODES = {
    "constant": "grid-constant",
    "edge": "nearest",
    "symmetric": "reflect",
    "reflect": "mirror",
    "wrap": "grid-wrap",
}


def mode_of(mode: str) -> str:
    """The boundary rule that scikit-image means by `mode`."""
    if mode not in _MODES:
        raise ValueError(f"mode: got {mode!r}, expected one of {', '.join(_MODES)}")
    return _MODES[mode]


def order_of(dtype: np.dtype, order: int | None) -> int:
    """The order of the interpolation: 0 for masks, else 1 by default."""
    if order is None:
        return 0 if dtype == bool else 1
    if not 0 <= order <= 5:
        raise ValueError(f"order: got {order}, expected 0 to 5")
    if dtype == bool and order != 0:
        raise ValueError("order: a mask has no values in between; give order=0, or cast it to another dtype first")
    return order


def floats(image: Image, preserve_range: bool) -> Image:
    """The image in floats."""
    if not preserve_range:
        return as_float(image)
    return image if image.dtype.kind == "f" else image.astype(np.float64)


def clipped(made: Any, image: Any, mode: str, cval: float, order: int, clip: bool) -> Any:
    """The result held between the extremes of the input, as scikit-image does: splines overshoot.

    Values between neighbours cannot leave that range with order 0 and 1, so that nothing is done then; but for a constant outside.
    """
    if not clip or order == 0 or (order == 1 and mode != "constant"):
        return made
    low, high = image.min(), image.max()
    if mode == "constant":
        # The constant itself stays where it shows.
        least, most = made.min(), made.max()
        shows = ((low > cval) | (high < cval)) & (least <= cval) & (most >= cval)
        low, high = np.where(shows, np.minimum(low, cval), low), np.where(shows, np.maximum(high, cval), high)
    return np.minimum(np.maximum(made, low), high).astype(made.dtype)
