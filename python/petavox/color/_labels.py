"""Pictures of labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .._either import Either
from .._floats import as_float, float_dtype
from .._open import from_array
from ..image import Image
from ._channels import gray2rgb
from ._spaces import hsv2rgb, rgb2hsv

__all__ = ["label2rgb"]

#: Colours by name, in scikit-image's three digits.
_COLOURS = {
    "red": (1, 0, 0), "blue": (0, 0, 1), "yellow": (1, 1, 0), "magenta": (1, 0, 1), "green": (0, 0.502, 0), "indigo": (0.294, 0, 0.51),
    "darkorange": (1, 0.549, 0), "cyan": (0, 1, 1), "pink": (1, 0.753, 0.796), "yellowgreen": (0.604, 0.804, 0.196), "black": (0, 0, 0),
    "white": (1, 1, 1),
}  # fmt: skip
_IN_TURN = ("red", "blue", "yellow", "magenta", "green", "indigo", "darkorange", "cyan", "pink", "yellowgreen")


def _colour(given: Any) -> np.ndarray:
    if isinstance(given, str):
        if given not in _COLOURS:
            raise ValueError(f"colour: got {given!r}, expected three numbers from 0 to 1, or one of {', '.join(_COLOURS)}")
        return np.array(_COLOURS[given], float)
    return np.asarray(given, float)[:3]


def label2rgb(
    label: Any,
    image: Any = None,
    colors: Sequence[Any] | None = None,
    alpha: float = 0.3,
    bg_label: int = 0,
    bg_color: Any = (0, 0, 0),
    image_alpha: float = 1,
    kind: str = "overlay",
    *,
    saturation: float = 0,
    channel_axis: int = -1,
) -> Any:
    """A picture in which every label has a colour (skimage.color.label2rgb).

    Parameters
    ----------
    label : array or Image
        Labels.
    image : array or Image, optional
        What the colours are laid on: grey, or with three channels.
    colors : sequence of colours, optional
        Names or three numbers from 0 to 1, which labels take in turn.
    alpha : float
        Opacity of the colours.
    bg_label : int
        The label of the background.
    bg_color : colour, optional
        Its colour; None to leave the image there.
    image_alpha : float
        Opacity of the image.
    kind : {"overlay", "avg"}
        Colours in turn, or the mean colour of the image under each label.
    saturation : float
        How much colour the image keeps.
    channel_axis : int
        Where channels are.

    Returns
    -------
    numpy.ndarray or Image
        Three channels.

    Raises
    ------
    ValueError
        For another kind, ``"avg"`` without an image, and images that do not fit.

    Notes
    -----
    Which labels there are is found at once: a label's colour depends on how many come before it.

    Examples
    --------
    >>> import numpy as np
    >>> label2rgb(np.array([0, 1, 5]), bg_label=0).tolist()
    [[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
    """
    if kind not in ("overlay", "avg"):
        raise ValueError("`kind` must be either 'overlay' or 'avg'.")
    either = Either(label)
    either.is_image |= isinstance(image, Image)
    labels: Any = either.image.astype(np.uint8) if either.image.dtype == bool else either.image
    under: Any = None if image is None else from_array(image)
    if under is not None and under.ndim > labels.ndim:
        under = np.moveaxis(under, channel_axis, -1)
    if under is not None and (under.shape[: labels.ndim] != labels.shape or under.shape[labels.ndim :] not in ((), (3,))):
        raise ValueError(f"`image` and `label` must be the same shape: got {under.shape} and {labels.shape}, with 3 channels or none")
    known: Any = np.unique(labels)
    if kind == "avg":
        if under is None or under.ndim == labels.ndim:
            raise ValueError("label2rgb: kind 'avg' takes the mean of an image of three channels")
        made = _averaged(labels, under, known, bg_label, bg_color)
    else:
        made = _overlaid(labels, under, known, colors, alpha, bg_label, bg_color, image_alpha, saturation)
    moved: Any = np.moveaxis(made, -1, channel_axis)
    return either.result(moved)


def _painted(labels: Any, known: np.ndarray, table: np.ndarray, dtype: Any) -> Any:
    """Every label's row of a table, along a new last axis."""
    low = min(int(known.min()), 0) if len(known) else 0
    numbers = (labels.astype(np.int64) - low).astype(np.uint64)
    ids = [int(k) - low for k in known]
    planes = [numbers.apply("map_array", input_vals=ids, output_vals=column.tolist(), dtype="float64") for column in table.T]
    made: Any = np.stack(planes, axis=-1)
    return made.astype(dtype)


def _overlaid(
    labels: Any, under: Any, known: np.ndarray, colors: Any, alpha: float, bg_label: int, bg_color: Any, image_alpha: float, saturation: float
) -> Any:
    dtype = np.dtype(np.float64) if under is None else float_dtype(under)
    turn = [_colour(one) for one in (_IN_TURN if colors is None else colors)]
    ground: Any = None
    if under is None:
        alpha = 1.0
    else:
        ground = as_float(under).astype(dtype)
        if ground.ndim == labels.ndim:
            ground = gray2rgb(ground)
        else:
            hsv: Any = rgb2hsv(ground)
            ground = hsv2rgb(hsv * from_array(np.array([1.0, saturation, 1.0], dtype)))
        ground = ground * image_alpha + (1 - image_alpha)
    table = np.zeros((len(known), 3))
    is_label = known != bg_label
    table[is_label] = np.array(turn)[np.arange(np.count_nonzero(is_label)) % len(turn)]
    table[~is_label] = _colour((0, 0, 0) if bg_color is None else bg_color)
    ink = _painted(labels, known, table, np.float64)
    if ground is None:
        return ink * alpha
    made = ink * alpha + ground * (1 - alpha)
    if bg_color is None:
        made = np.where((labels == bg_label)[..., None], ground, made)
    return made


def _averaged(labels: Any, under: Any, known: np.ndarray, bg_label: int, bg_color: Any) -> Any:
    from ..ndimage import mean

    table = np.stack([np.asarray(mean(under[..., c], labels, known)) for c in range(3)], axis=1)
    table[known == bg_label] = _colour((0, 0, 0) if bg_color is None else bg_color)
    # As if written into an array of the image's dtype.
    return _painted(labels, known, table, np.float64).astype(under.dtype)
