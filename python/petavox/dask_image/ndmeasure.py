"""dask_image.ndmeasure: scipy.ndimage's measurements, with dask-image's arguments; numbers come at once, positions as arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import ndimage
from .._either import Either
from .._open import from_array
from ..image import Image

__all__ = [
    "area",
    "center_of_mass",
    "extrema",
    "find_objects",
    "histogram",
    "label",
    "labeled_comprehension",
    "maximum",
    "maximum_position",
    "mean",
    "median",
    "minimum",
    "minimum_position",
    "standard_deviation",
    "sum",
    "sum_labels",
    "variance",
]


def area(image: Any, label_image: Any = None, index: Any = None) -> Any:
    """How many samples labels have (dask_image.ndmeasure.area).

    Parameters
    ----------
    image : array or Image
        Its shape counts.
    label_image : array or Image, optional
        Labels; without, everything counts.
    index : int or sequence of int, optional
        The labels that are asked for; without, all above 0 together.

    Returns
    -------
    numpy.ndarray or int
    """
    if label_image is None:
        return int(np.prod(np.shape(image), dtype=np.int64))
    labels = from_array(label_image)
    if index is None:
        return int(np.asarray((labels > 0).sum()))
    counted = np.asarray(ndimage.sum_labels(labels == labels, labels, index))
    return counted.astype(np.int64)


def label(image: Any, structure: Any = None, wrap_axes: Sequence[int] | None = None) -> tuple[Any, int]:
    """Number connected components (dask_image.ndmeasure.label).

    Parameters
    ----------
    image : array or Image
        Every sample other than 0 is foreground.
    structure : array, optional
        What is connected; faces by default.
    wrap_axes : sequence of int, optional
        Axes whose last samples are beside their first ones.

    Returns
    -------
    labels : numpy.ndarray or Image
        In the raster order of the components' first samples.
    n : int
        How many there are; found at once.

    Examples
    --------
    >>> import numpy as np
    >>> label(np.array([1, 0, 1, 0, 1]), wrap_axes=(0,))
    (array([1, 0, 2, 0, 1], dtype=int32), 2)
    """
    either = Either(image)
    labels: Any
    labels, n = ndimage.label(either.image, structure)
    if not wrap_axes:
        return either.result(labels), int(n)
    near = ndimage.generate_binary_structure(labels.ndim, 1) if structure is None else np.asarray(structure, bool)
    pairs = []
    for axis in wrap_axes:
        last, first = (np.asarray(labels[(slice(None),) * (axis % labels.ndim) + (end,)].compute()) for end in (-1, 0))
        for offset in np.argwhere(np.take(near, 2, axis)) - 1:
            here = tuple(slice(max(0, -o), n - max(0, o)) for o, n in zip(offset, first.shape, strict=True))
            there = tuple(slice(max(0, o), n - max(0, -o)) for o, n in zip(offset, first.shape, strict=True))
            met = np.column_stack([last[here].ravel(), first[there].ravel()])
            pairs.append(np.unique(met[(met > 0).all(axis=1)], axis=0))
    names = np.arange(int(n) + 1)
    edges = np.unique(np.concatenate(pairs), axis=0)
    # The least number of each group spreads until nothing changes.
    while True:
        least = names.copy()
        np.minimum.at(least, edges[:, 0], names[edges[:, 1]])
        np.minimum.at(least, edges[:, 1], names[edges[:, 0]])
        least = least[least]
        if np.array_equal(least, names):
            break
        names = least
    _, numbers = np.unique(names, return_inverse=True)
    mapped = labels.apply("map_array", input_vals=list(range(int(n) + 1)), output_vals=numbers.tolist(), dtype=labels.dtype.name)
    return either.result(mapped), int(numbers.max(initial=0))


def find_objects(label_image: Any) -> Any:
    """The boxes of labels (dask_image.ndmeasure.find_objects).

    Parameters
    ----------
    label_image : array or Image
        Labels.

    Returns
    -------
    pandas.DataFrame
        A row for each label that occurs, a column of slices for each axis; dask-image has a lazy one.

    Raises
    ------
    ValueError
        For other dtypes than integers.
    ImportError
        If pandas is not there.
    """
    labels = from_array(label_image)
    if labels.dtype.kind not in "iu":
        raise ValueError("find_objects only accepts integer dtype arrays")
    try:
        import pandas
    except ImportError as error:
        raise ImportError("dask_image.ndmeasure.find_objects makes a table: install petavox[tables], or use ndimage.find_objects") from error
    boxes = {number: box for number, box in enumerate(ndimage.find_objects(labels), 1) if box is not None}
    columns = {axis: [box[axis] for box in boxes.values()] for axis in range(labels.ndim)}
    return pandas.DataFrame(columns, index=list(boxes), dtype=object)


def histogram(image: Any, min: float, max: float, bins: int, label_image: Any = None, index: Any = None) -> Any:
    """How the values of labels are spread (dask_image.ndmeasure.histogram).

    Parameters
    ----------
    image : array or Image
        Grey values.
    min, max, bins
        The range, and into how many parts it is cut.
    label_image, index
        As for `area`.

    Returns
    -------
    numpy.ndarray
        Counts; for several labels an array of such.
    """
    return ndimage.histogram(image, min, max, bins, label_image, index)


def labeled_comprehension(
    image: Any, label_image: Any, index: Any, func: Callable[..., Any], out_dtype: Any, default: float, pass_positions: bool = False
) -> Any:
    """What a function makes of the samples of each label (dask_image.ndmeasure.labeled_comprehension).

    Parameters
    ----------
    image, label_image, index
        As for `area`.
    func : callable
        Is given the samples, and with `pass_positions` their numbers in raster order.
    out_dtype : dtype
        Of the result.
    default : number
        For labels that do not occur.
    pass_positions : bool
        Pass positions too.

    Returns
    -------
    number or numpy.ndarray
    """
    return ndimage.labeled_comprehension(image, label_image, index, func, out_dtype, default, pass_positions)


def extrema(image: Any, label_image: Any = None, index: Any = None) -> tuple[Any, Any, Any, Any]:
    """The least and the greatest value of labels, and where they are (dask_image.ndmeasure.extrema).

    Parameters
    ----------
    image, label_image, index
        As for `mean`.

    Returns
    -------
    minimums, maximums, minimum_positions, maximum_positions : numpy.ndarray
    """
    low, high, at_low, at_high = ndimage.extrema(image, label_image, index)
    return np.asarray(low), np.asarray(high), np.asarray(at_low), np.asarray(at_high)


def center_of_mass(image: Any, label_image: Any = None, index: Any = None) -> Any:
    """The centre of the values of labels (dask_image.ndmeasure.center_of_mass).

    Parameters
    ----------
    image, label_image, index
        As for `mean`.

    Returns
    -------
    numpy.ndarray
        A row of coordinates for each label.
    """
    return np.asarray(ndimage.center_of_mass(image, label_image, index))


def maximum(image: Any, label_image: Any = None, index: Any = None) -> Any:
    """The greatest value of labels (dask_image.ndmeasure.maximum).

    Parameters
    ----------
    image, label_image, index
        As for `mean`.

    Returns
    -------
    numpy.ndarray
        One for each label.
    """
    return np.asarray(ndimage.maximum(image, label_image, index))


def maximum_position(image: Any, label_image: Any = None, index: Any = None) -> Any:
    """Where the greatest value of labels is (dask_image.ndmeasure.maximum_position).

    Parameters
    ----------
    image, label_image, index
        As for `mean`.

    Returns
    -------
    numpy.ndarray
        A row of coordinates for each label.
    """
    return np.asarray(ndimage.maximum_position(image, label_image, index))


def mean(image: Any, label_image: Any = None, index: Any = None) -> Any:
    """The mean of labels (dask_image.ndmeasure.mean).

    Parameters
    ----------
    image : array or Image
        Grey values.
    label_image : array or Image, optional
        Labels; without, everything counts.
    index : int or sequence of int, optional
        The labels that are asked for; without, all above 0 together.

    Returns
    -------
    numpy.ndarray
        One for each label.
    """
    return np.asarray(ndimage.mean(image, label_image, index))


def median(image: Any, label_image: Any = None, index: Any = None) -> Any:
    """The median of labels (dask_image.ndmeasure.median).

    Parameters
    ----------
    image, label_image, index
        As for `mean`.

    Returns
    -------
    numpy.ndarray
        One for each label.
    """
    return np.asarray(ndimage.median(image, label_image, index))


def minimum(image: Any, label_image: Any = None, index: Any = None) -> Any:
    """The least value of labels (dask_image.ndmeasure.minimum).

    Parameters
    ----------
    image, label_image, index
        As for `mean`.

    Returns
    -------
    numpy.ndarray
        One for each label.
    """
    return np.asarray(ndimage.minimum(image, label_image, index))


def minimum_position(image: Any, label_image: Any = None, index: Any = None) -> Any:
    """Where the least value of labels is (dask_image.ndmeasure.minimum_position).

    Parameters
    ----------
    image, label_image, index
        As for `mean`.

    Returns
    -------
    numpy.ndarray
        A row of coordinates for each label.
    """
    return np.asarray(ndimage.minimum_position(image, label_image, index))


def standard_deviation(image: Any, label_image: Any = None, index: Any = None) -> Any:
    """The standard deviation of labels (dask_image.ndmeasure.standard_deviation).

    Parameters
    ----------
    image, label_image, index
        As for `mean`.

    Returns
    -------
    numpy.ndarray
        One for each label.
    """
    return np.asarray(ndimage.standard_deviation(image, label_image, index))


def sum_labels(image: Any, label_image: Any = None, index: Any = None) -> Any:
    """The sum of labels (dask_image.ndmeasure.sum_labels).

    Parameters
    ----------
    image, label_image, index
        As for `mean`.

    Returns
    -------
    numpy.ndarray
        One for each label.
    """
    return np.asarray(ndimage.sum_labels(image, label_image, index))


def variance(image: Any, label_image: Any = None, index: Any = None) -> Any:
    """The variance of labels (dask_image.ndmeasure.variance).

    Parameters
    ----------
    image, label_image, index
        As for `mean`.

    Returns
    -------
    numpy.ndarray
        One for each label.
    """
    return np.asarray(ndimage.variance(image, label_image, index))


def sum(image: Any, label_image: Any = None, index: Any = None) -> Any:
    """The older name of `sum_labels` (dask_image.ndmeasure.sum).

    Parameters
    ----------
    image, label_image, index
        As for `sum_labels`.

    Returns
    -------
    numpy.ndarray
    """
    return sum_labels(image, label_image, index)
