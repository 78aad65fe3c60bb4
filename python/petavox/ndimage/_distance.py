"""Distance transforms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .._either import Either

__all__ = ["distance_transform_edt"]


def distance_transform_edt(
    input: Any,
    sampling: float | Sequence[float] | None = None,
    return_distances: bool = True,
    return_indices: bool = False,
    distances: Any = None,
    indices: Any = None,
) -> Any:
    """Exact Euclidean distance to the nearest 0 (scipy.ndimage.distance_transform_edt).

    Parameters
    ----------
    input : array or Image
        Every sample other than 0 is foreground.
    sampling : float or sequence of float, optional
        Size of a sample, one or one per axis; 1 by default.
    return_distances, return_indices, indices
        Distances only; indices are not there yet.
    distances : array, optional
        Where the distances go.

    Returns
    -------
    numpy.ndarray or Image
        float64.

    Raises
    ------
    NotImplementedError
        For indices.
    """
    if return_indices or indices is not None or not return_distances:
        raise NotImplementedError("distance_transform_edt: indices are not there yet")
    either = Either(input)
    params = {} if sampling is None else {"sampling": [float(s) for s in np.atleast_1d(sampling)]}
    result = either.result((either.image != 0).apply("distance_transform_edt", **params), distances)
    return None if isinstance(distances, np.ndarray) else result
