"""What is measured over the samples of labels. Results are small, so that they are computed at once, also from lazy images."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .. import config
from .._open import from_array
from ..image import Image
from ._groups import Groups

__all__ = [
    "center_of_mass",
    "extrema",
    "find_objects",
    "histogram",
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
    "value_indices",
    "variance",
]


def sum_labels(input: Any, labels: Any = None, index: Any = None) -> Any:
    """Sum of the samples of each label (scipy.ndimage.sum_labels); exact, rounded once.

    Parameters
    ----------
    input : array or Image
        The samples.
    labels : array or Image, optional
        Integers, of a shape that broadcasts with the input's. All samples are one group without them.
    index : int or sequence of int, optional
        The labels that are measured; all above 0 together by default.

    Returns
    -------
    number or numpy.ndarray
        One for each of `index`, computed at once, also for lazy images.

    Examples
    --------
    >>> import numpy as np
    >>> sum_labels(np.array([1.0, 2.0, 4.0]), np.array([1, 2, 2]), index=[1, 2]).tolist()
    [1.0, 6.0]
    """
    groups = Groups(input, labels, index)
    if groups.is_empty and groups.is_single:
        return groups.no_samples().sum()
    columns = groups.measure("sample_sum")
    sums = columns.get("sample_sum", np.zeros(len(columns["found"])))
    if not groups.is_single:
        return groups.values(sums.astype(np.float64))
    if groups.dtype.kind == "u":
        sums = sums.view(np.uint64)
    return groups.values(sums.astype(np.zeros(0, groups.dtype).sum().dtype))


def sum(input: Any, labels: Any = None, index: Any = None) -> Any:
    """Sum of the samples of each label: `sum_labels` by its older name (scipy.ndimage.sum).

    Parameters
    ----------
    input, labels, index
        As for `sum_labels`.

    Returns
    -------
    number or numpy.ndarray
    """
    return sum_labels(input, labels, index)


def mean(input: Any, labels: Any = None, index: Any = None) -> Any:
    """Mean of the samples of each label (scipy.ndimage.mean).

    Parameters
    ----------
    input, labels, index
        As for `sum_labels`.

    Returns
    -------
    number or numpy.ndarray
        NaN for labels without samples.
    """
    return _ratio(Groups(input, labels, index), "intensity_mean")


def variance(input: Any, labels: Any = None, index: Any = None) -> Any:
    """Mean squared deviation of the samples of each label from their mean (scipy.ndimage.variance).

    Parameters
    ----------
    input, labels, index
        As for `sum_labels`.

    Returns
    -------
    number or numpy.ndarray
        NaN for labels without samples.
    """
    return _ratio(Groups(input, labels, index), "intensity_variance")


def standard_deviation(input: Any, labels: Any = None, index: Any = None) -> Any:
    """Square root of the `variance` of the samples of each label (scipy.ndimage.standard_deviation).

    Parameters
    ----------
    input, labels, index
        As for `sum_labels`.

    Returns
    -------
    number or numpy.ndarray
        NaN for labels without samples.
    """
    return np.sqrt(variance(input, labels, index))


def _ratio(groups: Groups, name: str) -> Any:
    columns = groups.measure(name)
    values = np.array(columns.get(name, np.zeros(len(columns["found"]))), np.float64)
    values[~columns["found"]] = np.nan
    return groups.values(values)


def _of_samples(groups: Groups, *names: str) -> list[np.ndarray]:
    """Columns of which a group without samples has none: numpy's error for a single one, 0 for others, as in scipy."""
    columns = groups.measure(*names)
    if groups.is_single and not columns["found"][0]:
        groups.no_samples().min()
    return [columns.get(name, np.zeros(len(columns["found"]), groups.dtype)) for name in names]


def minimum(input: Any, labels: Any = None, index: Any = None) -> Any:
    """Smallest sample of each label (scipy.ndimage.minimum).

    Parameters
    ----------
    input, labels, index
        As for `sum_labels`.

    Returns
    -------
    number or numpy.ndarray
        Of the input's dtype; 0 for labels without samples, as in scipy.

    Raises
    ------
    ValueError
        For a single group without samples.
    """
    groups = Groups(input, labels, index)
    return groups.values(_of_samples(groups, "sample_min")[0].astype(groups.dtype))


def maximum(input: Any, labels: Any = None, index: Any = None) -> Any:
    """Largest sample of each label (scipy.ndimage.maximum).

    Parameters
    ----------
    input, labels, index
        As for `sum_labels`.

    Returns
    -------
    number or numpy.ndarray
        Of the input's dtype; 0 for labels without samples, as in scipy.

    Raises
    ------
    ValueError
        For a single group without samples.
    """
    groups = Groups(input, labels, index)
    return groups.values(_of_samples(groups, "sample_max")[0].astype(groups.dtype))


def median(input: Any, labels: Any = None, index: Any = None) -> Any:
    """Median of the samples of each label (scipy.ndimage.median); exact.

    Parameters
    ----------
    input, labels, index
        As for `sum_labels`.

    Returns
    -------
    number or numpy.ndarray
        The mean of the two samples in the middle where their number is even; NaN for labels without samples.

    Notes
    -----
    The different values under each label are held in memory with their counts: little for 8 and 16 bits, as much as the image for
    floats. The memory limit is kept: what exceeds it is refused with the bytes it takes.
    """
    groups = Groups(input, labels, index)
    columns = groups.measure("intensity_median")
    values = np.array(columns.get("intensity_median", np.zeros(len(columns["found"]))), np.float64)
    values[~columns["found"]] = np.nan
    if groups.dtype.kind == "f":
        values = values.astype(groups.dtype)
    return groups.values(values)


def minimum_position(input: Any, labels: Any = None, index: Any = None) -> Any:
    """Where the smallest sample of each label is (scipy.ndimage.minimum_position): the first in raster order if there are several.

    Parameters
    ----------
    input, labels, index
        As for `sum_labels`.

    Returns
    -------
    tuple of int, or list of tuple
    """
    groups = Groups(input, labels, index)
    return groups.places(_of_samples(groups, "sample_argmin")[0].astype(np.int64))


def maximum_position(input: Any, labels: Any = None, index: Any = None) -> Any:
    """Where the largest sample of each label is (scipy.ndimage.maximum_position): the first in raster order if there are several.

    Parameters
    ----------
    input, labels, index
        As for `sum_labels`.

    Returns
    -------
    tuple of int, or list of tuple
    """
    groups = Groups(input, labels, index)
    return groups.places(_of_samples(groups, "sample_argmax")[0].astype(np.int64))


def extrema(input: Any, labels: Any = None, index: Any = None) -> tuple[Any, Any, Any, Any]:
    """Smallest and largest sample of each label, and where they are (scipy.ndimage.extrema), in one pass.

    Parameters
    ----------
    input, labels, index
        As for `sum_labels`.

    Returns
    -------
    minimums, maximums : number or numpy.ndarray
        Of the input's dtype.
    min_positions, max_positions : tuple of int, or list of tuple
        The first in raster order.
    """
    groups = Groups(input, labels, index)
    least, most, at_least, at_most = _of_samples(groups, "sample_min", "sample_max", "sample_argmin", "sample_argmax")
    values = [groups.values(one.astype(groups.dtype)) for one in (least, most)]
    return (*values, groups.places(at_least.astype(np.int64)), groups.places(at_most.astype(np.int64)))


def center_of_mass(input: Any, labels: Any = None, index: Any = None) -> Any:
    """Mean place of the samples of each label, weighted by the samples (scipy.ndimage.center_of_mass).

    Parameters
    ----------
    input, labels, index
        As for `sum_labels`.

    Returns
    -------
    tuple of float, or list of tuple
        In samples; not finite where the weights add up to 0.

    Examples
    --------
    >>> import numpy as np
    >>> [float(x) for x in center_of_mass(np.array([[0, 1, 1], [0, 1, 1]]))]
    [0.5, 1.5]
    """
    groups = Groups(input, labels, index)
    columns = groups.measure("centroid_weighted")
    found = columns["found"]
    ndim = len(groups.shape)
    axes = [np.array(columns.get(f"centroid_weighted-{axis}", np.zeros(len(found))), np.float64) for axis in range(ndim)]
    for values in axes:
        values[~found] = np.nan
    if groups.is_single:
        return tuple(values[0] for values in axes)
    return [tuple(point) for point in np.transpose(axes)]


def histogram(input: Any, min: float, max: float, bins: int, labels: Any = None, index: Any = None) -> Any:
    """Histogram of the samples of each label (scipy.ndimage.histogram).

    Parameters
    ----------
    input : array or Image
        The samples.
    min, max : float
        Ends of the range; samples beyond it are not counted.
    bins : int
        Number of bins of equal width.
    labels, index
        As for `sum_labels`.

    Returns
    -------
    numpy.ndarray
        Counts of the bins; for several labels an array of arrays, None for labels without samples.

    Raises
    ------
    ValueError
        For an index without labels.
    """
    if labels is None and index is not None:
        raise ValueError("index without defined labels")
    groups = Groups(input, labels, index)
    edges = np.linspace(min, max, bins + 1)
    single = labels is None or index is None
    columns = groups.measure("histogram", edges=edges)
    found = columns["found"]
    counts = np.zeros((len(found), bins), np.int64)
    for k in range(bins):
        counts[:, k] = columns.get(f"histogram-{k}", 0)
    if single:
        return counts[0]
    result = np.empty(len(found), object)
    for k in np.flatnonzero(found).tolist():
        result[k] = counts[k]
    return result[0] if np.isscalar(index) else result.reshape(np.shape(np.atleast_1d(index)))


def find_objects(input: Any, max_label: int = 0) -> list[Any]:
    """Boxes around labels (scipy.ndimage.find_objects).

    Parameters
    ----------
    input : array or Image
        Labels, integers; 0 and less is background.
    max_label : int
        The largest label that is looked for; the largest there is by default.

    Returns
    -------
    list of tuple of slice
        For the labels 1, 2, ...; None for those that do not occur.

    Raises
    ------
    TypeError
        For labels that are complex.
    RuntimeError
        For labels that are floats.

    Examples
    --------
    >>> import numpy as np
    >>> find_objects(np.array([0, 1, 1, 0, 3]))
    [(slice(1, 3, None),), None, (slice(4, 5, None),)]
    """
    labels = input if isinstance(input, Image) else np.asarray(input)
    kind = np.dtype(labels.dtype).kind
    if kind == "c":
        raise TypeError("Complex type not supported")
    if kind not in "bui":
        raise RuntimeError(f"find_objects: labels are integers, not {labels.dtype}")
    if labels.ndim == 0:
        value = int(labels.compute() if isinstance(labels, Image) else labels)
        return [None] * (value - 1) + [()] if value > 0 else []
    if 0 in labels.shape:
        if max_label < 1:
            raise ValueError("zero-size array to reduction operation maximum which has no identity")
        return [None] * max_label
    image = from_array(labels)
    if kind == "i":
        image = image.apply("maximum", value=0)
    table = image._lazy.measure(["label", "bbox"], config.settings())
    found = np.asarray(table["label"])
    n = max_label if max_label >= 1 else int(found.max(initial=0))
    result: list[Any] = [None] * n
    boxes = np.transpose([np.asarray(table[f"bbox-{k}"]) for k in range(2 * labels.ndim)])
    for number, box in zip(found.tolist(), boxes.tolist(), strict=True):
        if number <= n:
            result[number - 1] = tuple(slice(box[a], box[a + labels.ndim], None) for a in range(labels.ndim))
    return result


def value_indices(arr: Any, *, ignore_value: int | None = None) -> dict[Any, tuple[np.ndarray, ...]]:
    """Where each value of an integer array is (scipy.ndimage.value_indices).

    Parameters
    ----------
    arr : array
        Integers. What comes back is larger than the array, so that images that do not fit into memory are refused.
    ignore_value : int, optional
        A value that is left out.

    Returns
    -------
    dict
        From values to tuples of index arrays, as ``numpy.nonzero`` gives them.

    Raises
    ------
    ValueError
        For floats.
    NotImplementedError
        For lazy images.
    """
    if isinstance(arr, Image):
        raise NotImplementedError("value_indices takes arrays only, because its result is larger than the image; use compute()")
    values = np.asarray(arr)
    if values.dtype.kind not in "bui":
        raise ValueError("Parameter 'arr' must be an integer array")
    flat = values.ravel()
    order = np.argsort(flat, kind="stable")
    known, first = np.unique(flat[order], return_index=True)
    pieces = np.split(order, first[1:])
    ignored = None if ignore_value is None else values.dtype.type(ignore_value)
    return {
        value: np.unravel_index(piece, values.shape)
        for value, piece in zip(known, pieces, strict=True)
        if ignored is None or value != ignored
    }


def labeled_comprehension(
    input: Any, labels: Any, index: Any, func: Callable[..., Any], out_dtype: Any, default: Any, pass_positions: bool = False
) -> Any:
    """Call a Python function with the samples of each label (scipy.ndimage.labeled_comprehension).

    Parameters
    ----------
    input : array or Image
        The samples. Of lazy images the boxes around labels are computed one after another and held in memory: a box has to fit.
    labels : array, Image or None
        Integers.
    index : int, sequence of int, or None
        The labels; all above 0 together for None.
    func : callable
        Called with the samples, and their raster numbers if `pass_positions`.
    out_dtype : dtype
        Of the result.
    default : number
        For labels without samples.
    pass_positions : bool
        Give the function raster numbers too.

    Returns
    -------
    number or numpy.ndarray

    Raises
    ------
    ValueError
        For an index without labels, or labels of another shape.
    """
    if isinstance(input, Image) or isinstance(labels, Image):
        return _comprehended_in_boxes(input, labels, index, func, out_dtype, default, pass_positions)
    samples = np.asarray(input)
    places = np.arange(samples.size).reshape(samples.shape)
    given = [samples, places] if pass_positions else [samples]
    if labels is None:
        if index is not None:
            raise ValueError("index without defined labels")
        return func(*[one.ravel() for one in given])
    try:
        *given, marks = np.broadcast_arrays(*given, np.asarray(labels))
    except ValueError as error:
        raise ValueError("input and labels must have the same shape (excepting dimensions with width 1)") from error
    if index is None:
        return func(*[one[marks > 0] for one in given])
    wanted = np.atleast_1d(index)
    if np.any(wanted.astype(marks.dtype).astype(wanted.dtype) != wanted):
        raise ValueError(f"Cannot convert index values from <{wanted.dtype}> to <{marks.dtype}> (labels' type) without loss of precision")
    wanted = wanted.astype(marks.dtype)
    inside = (marks >= wanted.min()) & (marks <= wanted.max())
    marks = marks[inside]
    order = np.argsort(marks, kind="stable")
    marks = marks[order]
    given = [one[inside][order] for one in given]
    result = np.empty(wanted.shape, out_dtype)
    result[...] = default
    begins, ends = np.searchsorted(marks, wanted, "left"), np.searchsorted(marks, wanted, "right")
    for place in np.ndindex(wanted.shape):
        if begins[place] < ends[place]:
            result[place] = func(*[one[begins[place] : ends[place]] for one in given])
    return result[0] if np.isscalar(index) else result


def _comprehended_in_boxes(
    input: Any, labels: Any, index: Any, func: Callable[..., Any], out_dtype: Any, default: Any, pass_positions: bool
) -> Any:
    """`labeled_comprehension` of lazy images."""
    if labels is None and index is not None:
        raise ValueError("index without defined labels")
    image = from_array(input)
    groups = Groups(image, labels, index)
    boxes = groups.boxes()

    def of(k: int) -> Any:
        box = boxes.get(k, (slice(0, 0),) * image.ndim)
        own, samples = groups.crop(box, k)
        if not pass_positions:
            return func(samples[own])
        return func(samples[own], np.ravel_multi_index([x + s.start for x, s in zip(np.nonzero(own), box, strict=True)], groups.shape))

    if index is None:
        return of(1)
    wanted = np.atleast_1d(index)
    found = [of(k) if k in boxes else default for k in groups.ids()]
    result = np.empty(wanted.size, out_dtype)
    for place, value in enumerate(found):
        result[place] = value
    return result[0] if np.isscalar(index) else result.reshape(wanted.shape)
