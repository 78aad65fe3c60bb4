"""Masks: small objects, holes, skeletons."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import config
from .._either import Either

__all__ = ["remove_small_holes", "remove_small_objects", "skeletonize", "thin"]


def _mask(name: str, either: Either) -> Any:
    if either.image.dtype != bool:
        raise TypeError(f"{name} takes a mask, this is {either.image.dtype}: give a comparison such as image > 0")
    return either.image


def remove_small_objects(
    ar: Any, min_size: int | None = None, connectivity: int = 1, *, max_size: int | None = None, out: Any = None
) -> Any:
    """Remove components of at most `max_size` samples from a mask, or such labels (skimage.morphology.remove_small_objects).

    Parameters
    ----------
    ar : array or Image
        A mask, or labels, whose sizes are then counted at once.
    min_size : int, optional
        scikit-image's older argument: components of fewer samples are removed.
    connectivity : int
        1 for faces, up to the number of axes.
    max_size : int, optional
        64 by default.
    out : array, optional
        Where the result goes.

    Returns
    -------
    numpy.ndarray or Image
        Of the input's dtype.

    Raises
    ------
    TypeError
        For floats.
    ValueError
        For labels below 0.
    """
    either = Either(ar)
    most = int(min_size) - 1 if min_size is not None else 64 if max_size is None else int(max_size)
    if either.image.dtype.kind in "iu":
        table = either.image._lazy.measure(["label", "num_pixels"], config.settings())
        labels = np.asarray(table["label"])[np.asarray(table["num_pixels"]) <= most]
        gone = either.image.apply("map_array", input_vals=labels.tolist(), output_vals=[0] * len(labels), keep=True, dtype=either.image.dtype.name)
        return either.result(gone, out)
    size = {"min_size": int(min_size)} if min_size is not None else {"max_size": 64 if max_size is None else int(max_size)}
    return either.result(_mask("remove_small_objects", either).apply("remove_small_objects", connectivity=connectivity, **size), out)


def remove_small_holes(
    ar: Any, area_threshold: int | None = None, connectivity: int = 1, *, max_size: int | None = None, out: Any = None
) -> Any:
    """Fill background components of at most `max_size` samples (skimage.morphology.remove_small_holes).

    Parameters
    ----------
    ar : array or Image
        A mask.
    area_threshold : int, optional
        scikit-image's older argument: holes of fewer samples are filled.
    connectivity : int
        1 for faces, up to the number of axes.
    max_size : int, optional
        64 by default.
    out : array, optional
        Where the result goes.

    Returns
    -------
    numpy.ndarray or Image
        bool.
    """
    either = Either(ar)
    if area_threshold is not None:
        size = {"area_threshold": int(area_threshold)}
    else:
        size = {"max_size": 64 if max_size is None else int(max_size)}
    return either.result(_mask("remove_small_holes", either).apply("remove_small_holes", connectivity=connectivity, **size), out)


def skeletonize(image: Any, *, method: str | None = None) -> Any:
    """Thin a mask to its skeleton.

    Parameters
    ----------
    image : array or Image
        2-D or 3-D; every sample other than 0 is foreground.
    method : {"zhang", "lee", "parity"}, optional
        ``zhang`` (2-D, the default there) and ``lee`` (the default in 3-D) give skimage.morphology.skeletonize's result, sample
        for sample. ``parity`` keeps the topology exactly: as many components, loops and cavities as the mask has.

    Returns
    -------
    numpy.ndarray or Image
        bool.

    Raises
    ------
    ValueError
        For other numbers of axes or methods.

    Examples
    --------
    >>> import numpy as np
    >>> bar = np.zeros((5, 9), bool)
    >>> bar[1:4, 1:8] = True
    >>> skeletonize(bar).astype(int)[2].tolist()
    [0, 1, 1, 1, 1, 1, 0, 0, 0]

    References
    ----------
    T. Y. Zhang and C. Y. Suen, "A fast parallel algorithm for thinning digital patterns", CACM 27, 1984; T.-C. Lee, R. L. Kashyap
    and C.-N. Chu, "Building skeleton models via 3-D medial surface/axis thinning algorithms", CVGIP 56, 1994.
    """
    either = Either(image)
    mask = either.image if either.image.dtype == bool else either.image != 0
    method = method or ("zhang" if mask.ndim == 2 else "lee")
    return either.result(mask.apply("skeletonize", method=method))


def thin(image: Any, max_num_iter: int | None = None) -> Any:
    """Thin a 2-D mask to lines (skimage.morphology.thin).

    Parameters
    ----------
    image : array or Image
        2-D; every sample other than 0 is foreground.
    max_num_iter : int, optional
        How many passes at most; until nothing changes by default.

    Returns
    -------
    numpy.ndarray or Image
        bool.

    Raises
    ------
    ValueError
        For other numbers of axes.

    Examples
    --------
    >>> import numpy as np
    >>> int(thin(np.ones((5, 9))).sum())
    5

    References
    ----------
    Z. Guo and R. W. Hall, "Parallel thinning with two-subiteration algorithms", CACM 32, 1989.
    """
    either = Either(image)
    mask = either.image if either.image.dtype == bool else either.image != 0
    if mask.ndim != 2:
        raise ValueError(f"thin: the image must have 2 axes, this has {mask.ndim}")
    return either.result(mask.apply("thin", max_num_iter=int(max_num_iter or 0)))
