"""Labels and what is measured over them."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._either import Either
from ._structures import connectivity_of

__all__ = ["label"]


def label(input: Any, structure: Any = None, output: Any = None) -> Any:
    """Number the connected components of what is not 0, in the raster order of their first samples.

    Parameters
    ----------
    input : array or Image
        Every sample other than 0 is foreground.
    structure : array, optional
        What counts as a neighbour: a `generate_binary_structure`; faces only by default.
    output : array or dtype, optional
        Where the labels go (then only their number is returned, as in scipy), or their dtype.

    Returns
    -------
    labels : numpy.ndarray or Image
        int32.
    num_features : int, or Image without axes
        How many there are.

    Raises
    ------
    ValueError
        For a structure that is not a `generate_binary_structure`.

    References
    ----------
    scipy.ndimage.label
    """
    either = Either(input)
    connectivity = 1 if structure is None else connectivity_of(structure, either.image.ndim)
    labels = (either.image != 0).apply("label", connectivity=connectivity)
    if either.is_image:
        return either.result(labels, output), labels.max()
    result = either.result(labels, output)
    n = int(result.max(initial=0))
    return n if isinstance(output, np.ndarray) else (result, n)
