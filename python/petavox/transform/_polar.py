"""Polar coordinates."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import ndimage
from .._either import Either
from ._common import clipped, floats, mode_of, order_of

__all__ = ["warp_polar"]


def warp_polar(
    image: Any,
    center: Sequence[float] | None = None,
    *,
    radius: float | None = None,
    output_shape: Sequence[int] | None = None,
    scaling: str = "linear",
    channel_axis: int | None = None,
    order: int | None = None,
    mode: str = "constant",
    cval: float = 0.0,
    clip: bool = True,
    preserve_range: bool = False,
) -> Any:
    """The image in polar coordinates: rows are angles, columns distances (skimage.transform.warp_polar).

    Parameters
    ----------
    image : array or Image
        Two axes, and one of channels if `channel_axis` says so.
    center : two float, optional
        Row and column; the middle by default.
    radius : float, optional
        How far to go; to the corners by default.
    output_shape : two int, optional
        Angles and distances; by default 360, and one per sample of the radius.
    scaling : {"linear", "log"}
        Of the distance.
    channel_axis : int, optional
        The axis of channels.
    order, mode, cval, clip, preserve_range
        As for `warp`.

    Returns
    -------
    numpy.ndarray or Image

    Raises
    ------
    ValueError
        For other numbers of axes and other scalings.

    Notes
    -----
    The points, two doubles for each sample of the result, are made at once.

    Examples
    --------
    >>> import numpy as np
    >>> warp_polar(np.ones((4, 4)), radius=1, output_shape=(2, 3)).shape
    (2, 3)
    """
    either = Either(image)
    made: Any = either.image
    if made.ndim != 2 + (channel_axis is not None):
        raise ValueError(f"warp_polar takes two axes, and a third one if channel_axis says so; got {made.ndim}")
    if scaling not in ("linear", "log"):
        raise ValueError("Scaling value must be in {'linear', 'log'}")
    order = order_of(made.dtype, order)
    made = floats(made, preserve_range)
    if channel_axis is not None:
        made = np.moveaxis(made, channel_axis, -1)
    rows, columns = made.shape[:2]
    middle = ((rows - 1) / 2, (columns - 1) / 2) if center is None else tuple(float(c) for c in center)
    radius = math.hypot(rows / 2, columns / 2) if radius is None else float(radius)
    height, width = (360, math.ceil(radius)) if output_shape is None else (int(n) for n in output_shape)
    angle = (np.arange(height) / (height / (2 * np.pi)))[:, None]
    far = np.arange(width) / (width / (radius if scaling == "linear" else np.log(radius)))
    far = far if scaling == "linear" else np.exp(far)
    points = np.stack([far * np.sin(angle) + middle[0], far * np.cos(angle) + middle[1]])

    def one(plane: Any) -> Any:
        found = ndimage.map_coordinates(plane, points, order=order, mode=mode_of(mode), cval=cval)
        return clipped(found, plane, mode, cval, order, clip)

    if channel_axis is None:
        return either.result(one(made))
    channels: Any = np.stack([one(made[..., k]) for k in range(made.shape[-1])], axis=-1)
    return either.result(np.moveaxis(channels, -1, channel_axis))
