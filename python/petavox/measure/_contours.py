"""Contours: lines of one level."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import config
from .._open import from_array
from ..image import Image

__all__ = ["find_contours"]


def find_contours(
    image: Any,
    level: float | None = None,
    fully_connected: str = "low",
    positive_orientation: str = "low",
    *,
    mask: Any = None,
) -> list[np.ndarray]:
    """Lines along which an image has one value, by marching squares (skimage.measure.find_contours).

    Parameters
    ----------
    image : array or Image
        Two axes. Of a lazy image, blocks are looked at, whose pieces are joined across their borders; the lines are held in memory.
    level : float, optional
        The value; the middle between the lowest and the highest sample by default.
    fully_connected : {"low", "high"}
        Which samples hang together where only their corners meet.
    positive_orientation : {"low", "high"}
        Which samples lines go around counter-clockwise.
    mask : array or Image, optional
        Samples between which lines are looked for.

    Returns
    -------
    list of numpy.ndarray
        Each with a row for each point, its place along both axes; closed lines end where they begin. Where the level passes a NaN or a
        sample outside the mask, lines are open.

    Raises
    ------
    ValueError
        For an unknown word, an image of other than two axes or of fewer than two samples along one, a mask of another shape.
    TypeError
        For a mask that is not one.

    Examples
    --------
    >>> import numpy as np
    >>> image = np.zeros((3, 3))
    >>> image[0, 0] = 1
    >>> find_contours(image, 0.5)[0].tolist()
    [[0.0, 0.5], [0.5, 0.0]]
    """
    for name, word in (("fully_connected", fully_connected), ("positive_orientation", positive_orientation)):
        if word not in ("high", "low"):
            raise ValueError(f'Parameters "{name}" must be either "high" or "low".')
    made = from_array(image)
    if made.ndim != 2:
        raise ValueError("Only 2D arrays are supported.")
    if min(made.shape) < 2:
        raise ValueError("Input array must be at least 2x2.")
    marks = None
    if mask is not None:
        marks = from_array(mask)
        if marks.shape != made.shape:
            raise ValueError('Parameters "array" and "mask" must have same shape.')
        if marks.dtype != np.bool_:
            raise TypeError('Parameter "mask" must be a binary array.')
    if level is None:
        level = _middle(made)
    points, ends = made._lazy.contours(float(level), fully_connected == "high", config.settings(), None if marks is None else marks._lazy)
    lines = np.split(np.asarray(points).reshape(-1, 2), np.asarray(ends)[:-1].astype(np.int64)) if len(ends) else []
    return [line[::-1] for line in lines] if positive_orientation == "high" else lines


def _middle(image: Image) -> float:
    """Between the lowest and the highest sample that are numbers."""
    if image.dtype.kind == "f":
        far = image.dtype.type(np.inf)
        below: Any = np.where(np.isnan(image), far, image)
        above: Any = np.where(np.isnan(image), -far, image)
        low, high = below.min().compute(), above.max().compute()
        return float((low + high) / 2.0)
    return float((float(image.min().compute()) + float(image.max().compute())) / 2.0)
