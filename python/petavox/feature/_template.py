"""Places that look like a template."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._either import Either
from .._floats import float_dtype

__all__ = ["match_template"]

#: numpy's names of how arrays are padded, and scipy's of the same.
_MODES = {"constant": "constant", "edge": "nearest", "reflect": "mirror", "symmetric": "reflect", "wrap": "wrap"}


def match_template(
    image: Any, template: Any, pad_input: bool = False, mode: str = "constant", constant_values: float = 0
) -> Any:
    """How alike every part of an image is to a template: the coefficient of correlation (skimage.feature.match_template).

    Parameters
    ----------
    image : array or Image
        Two or three axes.
    template : array
        No larger than the image along any axis; held in memory.
    pad_input : bool
        Whether the result has the image's shape, with matches in the middle of the template, or one sample for each place where the
        whole template fits, with matches at its first sample.
    mode : {"constant", "edge", "reflect", "symmetric", "wrap"}
        numpy's rule for samples outside the image, with `pad_input`.
    constant_values : float
        Their value in mode ``constant``.

    Returns
    -------
    numpy.ndarray or Image
        Between -1 and 1.

    Raises
    ------
    ValueError
        For a template that does not fit into the image, another number of axes, and numpy's other modes.

    Notes
    -----
    Large templates are matched by Fourier transforms of tiles at fixed places, so that chunks do not show. Where the image is the same
    everywhere under the template, the result is 0, also where rounding leaves something else in scikit-image.

    Examples
    --------
    >>> import numpy as np
    >>> image = np.zeros((6, 6))
    >>> image[3, 4], image[4, 4] = 1, 2
    >>> result = match_template(image, image[3:5, 3:5])
    >>> [int(x) for x in np.unravel_index(result.argmax(), result.shape)]
    [3, 3]
    """
    either = Either(image)
    small = np.asarray(template)
    ndim = either.image.ndim
    if ndim not in (2, 3):
        raise ValueError("The parameter `image` must be a 2 or 3-dimensional array")
    if small.ndim != ndim:
        raise ValueError("Dimensionality of template must be less than or equal to the dimensionality of image.")
    if any(n < t for n, t in zip(either.image.shape, small.shape, strict=True)):
        raise ValueError("Image must be larger than template.")
    if mode not in _MODES:
        raise ValueError(f"mode '{mode}' is not one of {', '.join(_MODES)}")
    made = either.image.astype(float_dtype(either.image))
    return either.result(
        made.apply(
            "match_template",
            weights=small.astype(np.float64).ravel().tolist(),
            shape=list(small.shape),
            pad_input=bool(pad_input),
            mode=_MODES[mode],
            cval=float(constant_values),
        )
    )
