"""Distance transforms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .._either import Either
from ._arguments import per_axis

__all__ = ["distance_transform_bf", "distance_transform_cdt", "distance_transform_edt"]


def _transform(
    name: str, input: Any, params: dict[str, Any], wanted: tuple[bool, bool], distances: Any, indices: Any, dtype: Any
) -> Any:
    """Distances, indices or both; into arrays where these are given."""
    places = [distances if isinstance(distances, np.ndarray) else None, indices if isinstance(indices, np.ndarray) else None]
    if not any(wanted):
        raise RuntimeError("at least one of return_distances/return_indices must be True")
    for want, place, which in zip(wanted, places, ("distances", "indices"), strict=True):
        if place is not None and not want:
            raise RuntimeError(f"return_{which} must be True if {which} is supplied")
    if name == "distance_transform_edt" and np.ndim(input) == 0:
        input = np.atleast_1d(input)
    either = Either(input)
    image = either.image if either.image.dtype == bool else either.image != 0
    if places[0] is not None:
        _check(name, "distances", places[0], image.shape, dtype)
    if places[1] is not None:
        _check(name, "indices", places[1], (image.ndim, *image.shape), np.int32)
    results = []
    for want, place, returns in zip(wanted, places, ("distances", "indices"), strict=True):
        if want:
            result = either.result(image.apply(name, returns=returns, **params), place)
            if place is None:
                results.append(result)
    return tuple(results) if len(results) > 1 else results[0] if results else None


def _check(name: str, which: str, place: np.ndarray, shape: tuple[int, ...], dtype: Any) -> None:
    # scipy's chamfer transform has ValueErrors where the others have RuntimeErrors.
    wrong = ValueError if name == "distance_transform_cdt" else RuntimeError
    if place.dtype != dtype:
        raise wrong(f"{which} must be of {np.dtype(dtype)} type; got {place.dtype}")
    if place.shape != shape:
        raise wrong(f"{which} has wrong shape: got {place.shape}, expected {shape}")


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
    return_distances, return_indices : bool
        What is returned: how far the nearest background sample is, and where, its coordinates along a new first axis.
    distances, indices : array, optional
        Where they go (float64 and int32); then they are not returned.

    Returns
    -------
    numpy.ndarray or Image, or a tuple of two
        float64, int32.

    Raises
    ------
    RuntimeError
        For arrays of another shape or dtype, or if nothing is to be returned.

    Notes
    -----
    Of several samples that are equally near, scipy's choice is returned. An image without background is infinitely far from it; scipy
    gives distances to a sample just outside there, which mean nothing.

    Examples
    --------
    >>> import numpy as np
    >>> distance_transform_edt(np.array([0, 1, 1, 1, 1]), return_indices=True)
    (array([0., 1., 2., 3., 4.]), array([[0, 0, 0, 0, 0]], dtype=int32))

    References
    ----------
    C. R. Maurer, R. Qi and V. Raghavan, "A linear time algorithm for computing exact Euclidean distance transforms of binary images in
    arbitrary dimensions", IEEE Trans. PAMI 25, 2003.
    """
    ndim = max(np.ndim(input), 1)
    params = {} if sampling is None else {"sampling": [float(s) for s in per_axis(sampling, ndim, "sampling")]}
    wanted = (bool(return_distances), bool(return_indices))
    return _transform("distance_transform_edt", input, params, wanted, distances, indices, np.float64)


def distance_transform_cdt(
    input: Any,
    metric: Any = "chessboard",
    return_distances: bool = True,
    return_indices: bool = False,
    distances: Any = None,
    indices: Any = None,
) -> Any:
    """Steps to the nearest 0 (scipy.ndimage.distance_transform_cdt).

    Parameters
    ----------
    input : array or Image
        Every sample other than 0 is foreground.
    metric : {"chessboard", "taxicab"} or array
        What a step is: to any neighbour, along one axis, or to those of a structure of three samples per axis.
    return_distances, return_indices : bool
        What is returned: how far the nearest background sample is, and where, its coordinates along a new first axis.
    distances, indices : array, optional
        Where they go (int32 both); then they are not returned.

    Returns
    -------
    numpy.ndarray or Image, or a tuple of two
        int32; -1 where no background is reached.

    Raises
    ------
    ValueError
        For another metric, or arrays of another shape or dtype.
    RuntimeError
        If nothing is to be returned.

    Examples
    --------
    >>> import numpy as np
    >>> distance_transform_cdt(np.array([0, 1, 1, 1, 0])).tolist()
    [0, 1, 2, 1, 0]
    """
    ndim = np.ndim(input)
    params: dict[str, Any]
    if isinstance(metric, str):
        if metric not in ("taxicab", "cityblock", "manhattan", "chessboard"):
            raise ValueError(f"invalid metric provided: {metric!r}")
        params = {"connectivity": ndim if metric == "chessboard" else 1}
    else:
        structure = np.asarray(metric)
        if structure.ndim != ndim or any(n != 3 for n in structure.shape):
            raise ValueError("metric sizes must be equal to 3")
        structure = structure != 0
        structure[(1,) * ndim] = True
        params = {"structure_shape": list(structure.shape), "structure": structure.astype(int).ravel().tolist()}
    wanted = (bool(return_distances), bool(return_indices))
    return _transform("distance_transform_cdt", input, params, wanted, distances, indices, np.int32)


def distance_transform_bf(
    input: Any,
    metric: str = "euclidean",
    sampling: float | Sequence[float] | None = None,
    return_distances: bool = True,
    return_indices: bool = False,
    distances: Any = None,
    indices: Any = None,
) -> Any:
    """Distance to the nearest 0 by trying all of them (scipy.ndimage.distance_transform_bf).

    Parameters
    ----------
    input : array or Image
        Every sample other than 0 is foreground.
    metric : {"euclidean", "taxicab", "chessboard"}
        How distance is measured.
    sampling : float or sequence of float, optional
        Size of a sample, for the Euclidean distance; 1 by default.
    return_distances, return_indices : bool
        What is returned: how far the nearest background sample is, and where, its coordinates along a new first axis.
    distances, indices : array, optional
        Where they go (float64, or uint32 for the other metrics; int32); then they are not returned.

    Returns
    -------
    numpy.ndarray or Image, or a tuple of two

    Raises
    ------
    RuntimeError
        For another metric, arrays of another shape or dtype, or if nothing is to be returned.

    Notes
    -----
    Time grows with the square of the image; the other transforms give the same distances at once.

    Examples
    --------
    >>> import numpy as np
    >>> distance_transform_bf(np.array([0, 1, 1, 1]), metric="taxicab").tolist()
    [0, 1, 2, 3]
    """
    metric = metric.lower()
    if metric not in ("euclidean", "taxicab", "cityblock", "manhattan", "chessboard"):
        raise RuntimeError("distance metric not supported")
    params: dict[str, Any] = {"metric": metric}
    if sampling is not None:
        params["sampling"] = [float(s) for s in per_axis(sampling, np.ndim(input), "sampling")]
    dtype = np.float64 if metric == "euclidean" else np.uint32
    wanted = (bool(return_distances), bool(return_indices))
    return _transform("distance_transform_bf", input, params, wanted, distances, indices, dtype)
