"""How two label images agree, from the counts of their pairs of labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import config
from .._open import from_array

__all__ = ["adapted_rand_error", "contingency_table", "variation_of_information"]


def _pairs(a: Any, b: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Labels of both, and how many samples have the pair, in one pass."""
    one, other = from_array(a), from_array(b)
    if one.shape != other.shape:
        raise ValueError("Input images must have the same dimensions.")
    first, second, counts = one._lazy.pairs(other._lazy, config.settings())
    return np.asarray(first).astype(np.int64), np.asarray(second).astype(np.int64), np.asarray(counts).astype(float)


def contingency_table(
    im_true: Any, im_test: Any, *, ignore_labels: Sequence[int] | None = None, normalize: bool = False, sparse_type: str = "matrix"
) -> Any:
    """How many samples have each pair of labels of two label images (skimage.metrics.contingency_table).

    Parameters
    ----------
    im_true, im_test : array or Image
        Integers, 0 and more.
    ignore_labels : sequence of int, optional
        Labels of `im_true` whose samples are not counted.
    normalize : bool
        Shares instead of counts.
    sparse_type : {"matrix", "array"}
        Which of scipy's sparse classes comes back.

    Returns
    -------
    scipy.sparse.csr_matrix or csr_array
        A row for each label of `im_true`, a column for each of `im_test`.

    Raises
    ------
    ValueError
        For images of different shapes, and an unknown `sparse_type`.
    """
    import scipy.sparse

    if sparse_type not in ("matrix", "array"):
        raise ValueError(f"`sparse_type` must be 'array' or 'matrix', got {sparse_type}")
    first, second, counts = _pairs(im_true, im_test)
    shape = (int(first.max(initial=0)) + 1, int(second.max(initial=0)) + 1)
    kept = np.isin(first, [] if ignore_labels is None else list(ignore_labels), invert=True)
    values = np.where(kept, counts, 0.0)
    if normalize:
        values = values / values.sum()
    table = scipy.sparse.csr_array((values, (first, second)), shape=shape)
    return scipy.sparse.csr_matrix(table) if sparse_type == "matrix" else table


def _counts(a: Any, b: Any, table: Any, ignore_labels: Sequence[int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    if table is not None:
        entries = table.tocoo()
        return entries.row, entries.col, entries.data.astype(float)
    first, second, counts = _pairs(a, b)
    kept = np.isin(first, list(ignore_labels), invert=True)
    return first[kept], second[kept], counts[kept]


def _sums(labels: np.ndarray, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sums by label, and which each pair belongs to."""
    _, places = np.unique(labels, return_inverse=True)
    return np.bincount(places, weights=counts), places


def variation_of_information(image0: Any = None, image1: Any = None, *, table: Any = None, ignore_labels: Sequence[int] = ()) -> np.ndarray:
    """What each of two segmentations does not tell about the other, in bits (skimage.metrics.variation_of_information).

    Parameters
    ----------
    image0, image1 : array or Image
        Labels, 0 and more.
    table : sparse matrix, optional
        A normalized `contingency_table` instead.
    ignore_labels : sequence of int
        Labels of `image0` whose samples are left out.

    Returns
    -------
    numpy.ndarray
        The conditional entropies of `image1` given `image0` (false splits), and of `image0` given `image1` (false merges).

    References
    ----------
    M. Meila, "Comparing clusterings: an information based distance", Journal of Multivariate Analysis 98, 2007.

    Examples
    --------
    >>> import numpy as np
    >>> variation_of_information(np.array([1, 1, 2, 2]), np.array([1, 2, 3, 3])).tolist()
    [0.5, 0.0]
    """
    first, second, counts = _counts(image0, image1, table, ignore_labels)
    shares = counts / counts.sum()
    p, of_first = _sums(first, shares)
    q, of_second = _sums(second, shares)
    some = shares > 0
    split = -(shares * np.log2(shares / p[of_first], where=some, out=np.zeros_like(shares))).sum()
    merged = -(shares * np.log2(shares / q[of_second], where=some, out=np.zeros_like(shares))).sum()
    return np.array([split + 0.0, merged + 0.0])


def adapted_rand_error(
    image_true: Any = None, image_test: Any = None, *, table: Any = None, ignore_labels: Sequence[int] = (0,), alpha: float = 0.5
) -> tuple[float, float, float]:
    """Which share of pairs of samples two segmentations put together differently (skimage.metrics.adapted_rand_error).

    Parameters
    ----------
    image_true, image_test : array or Image
        Labels, 0 and more.
    table : sparse matrix, optional
        A `contingency_table` instead.
    ignore_labels : sequence of int
        Labels of `image_true` whose samples are left out.
    alpha : float
        Weight of precision against recall, 0 to 1.

    Returns
    -------
    error, precision, recall : float

    Raises
    ------
    ValueError
        For an `alpha` out of range.

    References
    ----------
    I. Arganda-Carreras et al., "Crowdsourcing the creation of image segmentation algorithms for connectomics", Front. Neuroanat. 9, 2015.
    """
    if not 0 <= alpha <= 1:
        raise ValueError("alpha must be between 0 and 1")
    first, second, counts = _counts(image_true, image_test, table, ignore_labels)
    a, b = _sums(first, counts)[0], _sums(second, counts)[0]
    together = counts @ counts - counts.sum()
    in_true, in_test = a @ a - a.sum(), b @ b - b.sum()
    return 1.0 - together / (alpha * in_true + (1 - alpha) * in_test), together / in_true, together / in_test
