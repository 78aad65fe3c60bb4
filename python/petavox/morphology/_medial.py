"""The medial axis."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._either import Either
from .._open import from_array
from ..image import Image

__all__ = ["medial_axis"]


def medial_axis(image: Any, mask: Any = None, return_distance: bool = False, *, rng: Any = None) -> Any:
    """The ridge of the distance to the background of a 2-D mask (skimage.morphology.medial_axis).

    Parameters
    ----------
    image : array or Image
        Two axes; every sample other than 0 is foreground.
    mask : array or Image, optional
        Where to look; elsewhere the image stays as it is.
    return_distance : bool
        Return the distances too.
    rng : numpy.random.Generator or int, optional
        Draws lots among samples that are equally far from the background and have as much of it around them, as scikit-image does: the
        same generator gives its result. Without it they go in raster order, so that the result is always the same.

    Returns
    -------
    axis : numpy.ndarray or Image
        bool.
    distance : numpy.ndarray or Image
        float64, if `return_distance`.

    Raises
    ------
    ValueError
        For other numbers of axes.
    NotImplementedError
        For an image and `rng`: the lots have to be in memory.

    Notes
    -----
    Samples go one after another from the border inwards, unless the axis would break or end there. Each decision needs those before it: the
    image is worked on as a whole, in memory or in a scratch file.

    Examples
    --------
    >>> import numpy as np
    >>> medial_axis(np.pad(np.ones((3, 5), bool), 1)).astype(int)[1:4].tolist()
    [[0, 1, 0, 0, 0, 1, 0], [0, 0, 1, 1, 1, 0, 0], [0, 1, 0, 0, 0, 1, 0]]
    """
    either = Either(image)
    given: Any = either.image if either.image.dtype == bool else either.image != 0
    if given.ndim != 2:
        raise ValueError(f"medial_axis: the image must have 2 axes, this has {given.ndim}")
    limit: Any = None
    if mask is not None:
        limit = from_array(mask)
        limit = limit if limit.dtype == bool else limit != 0
        either.is_image |= isinstance(mask, Image)
    inside: Any = given if limit is None else given & limit
    ties = []
    if rng is not None:
        if either.is_image:
            raise NotImplementedError("medial_axis: lots are drawn for arrays only; leave rng out, or use compute()")
        inside_array = inside.compute()
        lots = np.zeros(inside_array.shape, np.int64)
        lots[inside_array] = np.random.default_rng(rng).permutation(np.arange(inside_array.sum()))
        ties = [from_array(lots)]
    axis: Any = inside.apply("medial_axis", *ties)
    if limit is not None:
        axis = (axis & limit) | (given & ~limit)
    if not return_distance:
        return either.result(axis)
    return either.result(axis), either.result(inside.apply("distance_transform_edt"))
