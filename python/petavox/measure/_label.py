"""Connected components of equal values."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._either import Either
from ..image import Image

__all__ = ["label"]


def label(label_image: Any, background: int | None = None, return_num: bool = False, connectivity: int | None = None) -> Any:
    """Number the connected components of equal values (skimage.measure.label), in the raster order of their first samples.

    Parameters
    ----------
    label_image : array or Image
        Integers or a mask.
    background : int, optional
        The value that is not labelled, 0 by default.
    return_num : bool
        Return the number of components too.
    connectivity : int, optional
        1 for faces, up to the number of axes, the default.

    Returns
    -------
    labels : numpy.ndarray or Image
        int32, also where scikit-image gives int64 (for images of integers).
    num : int, or Image without axes
        If `return_num`.

    Raises
    ------
    TypeError
        For floats.
    ValueError
        For a connectivity that is not 1 to the number of axes.

    Examples
    --------
    >>> import numpy as np
    >>> label(np.array([[1, 1, 0, 2], [0, 1, 2, 2]])).tolist()
    [[1, 1, 0, 2], [0, 1, 2, 2]]
    """
    if not isinstance(label_image, Image):
        label_image = np.asarray(label_image)
    if np.dtype(label_image.dtype).kind not in "bui":
        raise TypeError(f"label takes integers, this is {label_image.dtype}")
    ndim = label_image.ndim
    connectivity = ndim if connectivity is None else int(connectivity)
    if not 1 <= connectivity <= max(ndim, 1):
        raise ValueError(f"Connectivity for {ndim}D image should be in [1, ..., {ndim}]. Got {connectivity}.")
    if not isinstance(label_image, Image) and label_image.size == 0:
        empty = np.zeros(label_image.shape, np.int32)
        return (empty, 0) if return_num else empty
    either = Either(label_image)
    params: dict[str, Any] = {"connectivity": connectivity}
    is_mask = np.dtype(label_image.dtype) == bool
    if not is_mask or background:
        params |= {"values": True, "background": str(0 if background is None else int(background))}
    labels = either.image.apply("label", **params)
    count = either.image.apply("count_components", **params)
    if either.is_image:
        return (labels, count) if return_num else labels
    from .._persist import compute

    result, n = compute(labels, count) if return_num else (labels.compute(), 0)
    return (result, int(n)) if return_num else result
