"""Labels that grow, and pictures of where they meet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import ndimage
from .._either import Either
from .._floats import as_float, float_dtype
from .._open import from_array
from ..image import Image
from ..ndimage._arguments import per_axis
from ._labels import find_boundaries

__all__ = ["expand_labels", "inverse_gaussian_gradient", "mark_boundaries"]


def expand_labels(label_image: Any, distance: float = 1, spacing: float | Sequence[float] = 1) -> Any:
    """Let labels grow into the background around them without overlapping (skimage.segmentation.expand_labels).

    Parameters
    ----------
    label_image : array or Image
        Labels, 0 for the background.
    distance : float
        How far they grow.
    spacing : float or sequence of float
        The size of a sample, one or one per axis.

    Returns
    -------
    numpy.ndarray or Image
        Of the input's dtype.

    Raises
    ------
    ValueError
        For a negative distance.

    Notes
    -----
    Where two labels are equally near, the one that `petavox.ndimage.distance_transform_edt` finds is taken, which is scikit-image's choice.
    A block needs what is `distance` around it, no more.

    Examples
    --------
    >>> import numpy as np
    >>> expand_labels(np.array([0, 1, 0, 0, 0, 0, 2])).tolist()
    [1, 1, 1, 0, 0, 2, 2]
    """
    either = Either(label_image)
    params = {"distance": float(distance) if np.isfinite(distance) else str(float(distance))}
    sizes = [float(s) for s in per_axis(spacing, either.image.ndim, "spacing")]
    return either.result(either.image.apply("expand_labels", spacing=sizes, **params))


def inverse_gaussian_gradient(image: Any, alpha: float = 100.0, sigma: float = 5.0) -> Any:
    """Near 1 where the image is even, near 0 at edges (skimage.segmentation.inverse_gaussian_gradient).

    Parameters
    ----------
    image : array or Image
        Grey values.
    alpha : float
        How steep it falls.
    sigma : float
        Standard deviation of the Gaussian that smooths before.

    Returns
    -------
    numpy.ndarray or Image
        Floats.
    """
    either = Either(image)
    steep = ndimage.gaussian_gradient_magnitude(either.image, sigma, mode="nearest")
    return either.result(1.0 / np.sqrt(1.0 + alpha * steep))


def _in_colours(image: Image) -> Any:
    """Three channels, behind the axes."""
    return np.stack([image] * 3, axis=-1) if image.ndim == 2 else image


def mark_boundaries(
    image: Any,
    label_img: Any,
    color: Sequence[float] = (1, 1, 0),
    outline_color: Sequence[float] | None = None,
    mode: str = "outer",
    background_label: int = 0,
) -> Any:
    """A picture in which the boundaries of labels are drawn (skimage.segmentation.mark_boundaries).

    Parameters
    ----------
    image : array or Image
        Grey, or with three channels along the last axis.
    label_img : array or Image
        Labels.
    color : three float
        Of the boundaries.
    outline_color : three float, optional
        Of what is beside them.
    mode : {"thick", "inner", "outer", "subpixel"}
        As for `find_boundaries`.
    background_label : int
        The label of the background.

    Returns
    -------
    numpy.ndarray or Image
        Floats from 0 to 1, with three channels.

    Examples
    --------
    >>> import numpy as np
    >>> mark_boundaries(np.zeros((1, 4)), np.array([[1, 1, 2, 2]]), mode="thick")[0, 1].tolist()
    [1.0, 1.0, 0.0]
    """
    either = Either(image)
    either.is_image |= isinstance(label_img, Image)
    dtype = float_dtype(either.image)
    made: Any = _in_colours(as_float(either.image).astype(dtype))
    if mode == "subpixel":
        made = ndimage.zoom(made, [*(2 - 1 / n for n in made.shape[:-1]), 1], mode="mirror")
    found: Any = find_boundaries(from_array(label_img), mode=mode, background=background_label)

    def painted(made: Any, where: Any, colour: Sequence[float]) -> Any:
        ink = from_array(np.broadcast_to(np.asarray(colour, dtype), (1,) * (made.ndim - 1) + (3,)).copy())
        return np.where(np.expand_dims(where, -1), ink, made).astype(dtype)

    if outline_color is not None:
        beside = ndimage.binary_dilation(found, structure=np.ones((3,) * found.ndim))
        made = painted(made, beside, outline_color)
    return either.result(painted(made, found, color))
