"""What is done with label images."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import config
from .._either import Either
from .._open import from_array
from ..image import Image
from ..measure import label
from ..metrics._segmentations import _pairs

__all__ = ["clear_border", "find_boundaries", "join_segmentations", "relabel_sequential"]


def _known(labels: Image) -> np.ndarray:
    """The labels that occur, rising, 0 too if it does."""
    values, _, _ = _pairs(labels, labels)
    return np.unique(values)


def relabel_sequential(label_field: Any, offset: int = 1) -> tuple[Any, dict[int, int], dict[int, int]]:
    """Number labels without gaps (skimage.segmentation.relabel_sequential); 0 stays 0.

    Parameters
    ----------
    label_field : array or Image
        Integers, 0 and more.
    offset : int
        The first new label.

    Returns
    -------
    relabeled : numpy.ndarray or Image
        The labels that occur are found at once, in one pass; an image is made when it is computed.
    forward_map, inverse_map : dict
        From old labels to new ones, and back (scikit-image has arrays of its own for it).

    Raises
    ------
    ValueError
        For labels below 0, and an offset below 1.
    TypeError
        For floats.

    Examples
    --------
    >>> import numpy as np
    >>> relabel_sequential(np.array([0, 7, 3, 7]))[0].tolist()
    [0, 2, 1, 2]
    """
    if offset <= 0:
        raise ValueError("Offset must be strictly positive.")
    either = Either(label_field)
    dtype = either.image.dtype
    if dtype.kind not in "iu":
        raise TypeError("label_field must have an integer dtype")
    try:
        old = _known(either.image)
    except ValueError as error:
        raise ValueError(f"Cannot relabel array that contains negative values. ({error})") from error
    new = np.arange(offset, offset + len(old))
    if len(old) and old[0] == 0:
        new = np.concatenate([[0], new[:-1]])
    last = int(new[-1]) if len(new) else 0
    needed = np.min_scalar_type(last)
    wanted = dtype if dtype.itemsize >= needed.itemsize and last < np.iinfo(dtype).max else needed
    mapped = either.image.apply("map_array", input_vals=old.tolist(), output_vals=new.tolist(), dtype=wanted.name)
    pairs = list(zip(old.tolist(), new.tolist(), strict=True))
    return either.result(mapped), dict(pairs), {b: a for a, b in pairs}


def join_segmentations(s1: Any, s2: Any, return_mapping: bool = False) -> Any:
    """The regions that two segmentations have in common, numbered (skimage.segmentation.join_segmentations).

    Parameters
    ----------
    s1, s2 : array or Image
        Labels, integers from 0.
    return_mapping : bool
        Return from which labels the new ones come.

    Returns
    -------
    joined : numpy.ndarray or Image
        int64; 0 where both are 0.
    from_s1, from_s2 : dict
        If `return_mapping`.

    Raises
    ------
    ValueError
        For images of different shapes.
    """
    first, second = Either(s1), Either(s2)
    if first.image.shape != second.image.shape:
        raise ValueError(f"Cannot join segmentations of different shape. s1.shape: {first.image.shape}, s2.shape: {second.image.shape}")
    a, b, _ = _pairs(first.image, second.image)
    # Dense numbers of the second, so that both fit one integer.
    known_a, ranks_a = np.unique(np.concatenate([[0], a]), return_inverse=True)
    known_b, ranks_b = np.unique(np.concatenate([[0], b]), return_inverse=True)
    n = len(known_b)
    pairs = np.unique(ranks_a[1:] * n + ranks_b[1:])
    starts_at = 0 if len(pairs) and pairs[0] == 0 else 1
    numbers = np.arange(starts_at, starts_at + len(pairs))
    dense = [
        image.apply("map_array", input_vals=known.tolist(), output_vals=list(range(len(known))), dtype="int64")
        for image, known in ((first.image, known_a), (second.image, known_b))
    ]
    joined = (dense[0] * n + dense[1]).apply("map_array", input_vals=pairs.tolist(), output_vals=numbers.tolist(), dtype="int64")
    result = joined if first.is_image or second.is_image else joined.compute()
    if not return_mapping:
        return result
    from_a = dict(zip(numbers.tolist(), known_a[pairs // n].tolist(), strict=True))
    from_b = dict(zip(numbers.tolist(), known_b[pairs % n].tolist(), strict=True))
    return result, from_a, from_b


def clear_border(labels: Any, buffer_size: int = 0, bgval: int = 0, mask: Any = None, *, out: Any = None) -> Any:
    """Remove the components of equal labels that touch the border (skimage.segmentation.clear_border).

    Parameters
    ----------
    labels : array or Image
        Integers or a mask.
    buffer_size : int
        Samples of border more than the outermost.
    bgval : int
        What they become.
    mask : array or Image, optional
        False where the border is, instead of the image's own.
    out : array, optional
        Where the result goes.

    Returns
    -------
    numpy.ndarray or Image
        The components at the border are found at once; an image is made when it is computed.

    Raises
    ------
    ValueError
        For a buffer as large as the image, and a mask of another shape.
    TypeError
        For a mask that is not bool.
    """
    either = Either(labels)
    image = either.image
    if mask is None and any(buffer_size >= n for n in image.shape):
        raise ValueError("buffer size may not be greater than labels size")
    parts = label(image)
    touching: set[int] = set()
    if mask is not None:
        edge = from_array(mask)
        if edge.shape != image.shape:
            raise ValueError(f"labels and mask should have the same shape but are {image.shape} and {edge.shape}")
        if edge.dtype != bool:
            raise TypeError("mask should be of type bool.")
        numbers, inside, _ = _pairs(parts, edge)
        touching |= set(numbers[inside == 0].tolist())
    else:
        for axis in range(image.ndim):
            for side in (slice(buffer_size + 1), slice(-buffer_size - 1, None)):
                slab = parts[(slice(None),) * axis + (side,)]
                table = slab._lazy.measure(["label"], config.settings())
                touching |= set(np.asarray(table["label"]).tolist())
    touching.discard(0)
    gone = sorted(touching)
    marks = parts.apply("map_array", input_vals=gone, output_vals=[1] * len(gone), dtype="bool")
    kept: Any = np.where(marks, from_array(np.asarray(bgval, image.dtype)), image)
    return either.result(kept.astype(image.dtype), out)


def find_boundaries(label_img: Any, connectivity: int = 1, mode: str = "thick", background: int = 0) -> Any:
    """Samples at which labels meet (skimage.segmentation.find_boundaries).

    Parameters
    ----------
    label_img : array or Image
        Integers or a mask.
    connectivity : int
        1 for faces, up to the number of axes.
    mode : {"thick", "inner", "outer", "subpixel"}
        Samples on both sides, those that are not background, or those that are background or between two labels. ``"subpixel"``: the
        places between samples, of an image almost twice as large along every axis.
    background : int
        The label of the background.

    Returns
    -------
    numpy.ndarray or Image
        bool.

    Raises
    ------
    ValueError
        For another mode.

    Examples
    --------
    >>> import numpy as np
    >>> find_boundaries(np.array([[0, 1, 1]]), mode="subpixel").astype(int)
    array([[0, 1, 0, 0, 0]])
    """
    if mode == "subpixel":
        either = Either(label_img)
        return either.result(_between(either.image))
    if mode not in ("thick", "inner", "outer"):
        raise ValueError(f"mode: got {mode!r}, expected 'thick', 'inner', 'outer' or 'subpixel'")
    from ..ndimage import generate_binary_structure, grey_dilation, grey_erosion

    either = Either(label_img)
    image = either.image.astype(np.uint8) if either.image.dtype == bool else either.image
    near = generate_binary_structure(image.ndim, connectivity)
    found = grey_dilation(image, footprint=near) != grey_erosion(image, footprint=near)
    if mode == "inner":
        found = found & (image != background)
    elif mode == "outer":
        around = generate_binary_structure(image.ndim, image.ndim)
        is_background = image == background
        largest = from_array(np.asarray(np.iinfo(image.dtype).max, image.dtype))
        turned = np.where(is_background, largest, image).astype(image.dtype)
        meets = (grey_dilation(image, footprint=around) != grey_erosion(turned, footprint=around)) & ~is_background
        found = found & (is_background | meets)
    return either.result(found)


def _between(labels: Image) -> Any:
    """The places between samples that have two labels around them."""
    low: Any = labels
    high: Any = labels
    for axis in range(labels.ndim):
        # Samples stay at even places; what lies between two knows the least and the largest of both.
        before, after = [(slice(None),) * axis + (cut,) for cut in (slice(-1), slice(1, None))]
        low, high = (np.repeat(one, 2, axis) for one in (low, high))
        low, high = np.minimum(low[before], low[after]), np.maximum(high[before], high[after])
    return low != high
