"""Thresholds of a whole image, from one exact histogram."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .. import _core
from .._either import Either
from .._open import from_array
from ..exposure import histogram
from ..image import Image

__all__ = [
    "threshold_isodata",
    "threshold_li",
    "threshold_mean",
    "threshold_minimum",
    "threshold_multiotsu",
    "threshold_otsu",
    "threshold_triangle",
    "threshold_yen",
]


def _given(hist: Any) -> tuple[np.ndarray, np.ndarray]:
    """Counts and middles of bins of a histogram that the caller made."""
    pair = isinstance(hist, (tuple, list)) and len(hist) == 2 and np.ndim(hist[0]) == 1
    counts, centers = hist if pair else (hist, None)
    counts = np.asarray(counts)
    if counts.ndim != 1 or (counts < 0).any() or not np.array_equal(counts, np.trunc(counts)):
        raise ValueError("hist: expected whole counts of one axis, or (counts, bin_centers)")
    return counts, np.arange(counts.size) if centers is None else np.asarray(centers)


def _found(method: str, image: Any, nbins: int, hist: Any, n: int = 0) -> np.ndarray:
    """What a method finds in a histogram: the one that is given, or that of the image, which is read at once."""
    if hist is None and image is None:
        raise ValueError("Either image or hist must be provided.")
    if hist is not None:
        counts, centers = _given(hist)
        dtype = "float32" if centers.dtype == np.float32 else ("int64" if centers.dtype.kind in "iu" else "float64")
    else:
        source = from_array(image)
        counts, centers = histogram(source, nbins)
        dtype = source.dtype.name if source.dtype.kind == "f" else "int64"
    found = _core.thresholds(method, counts.astype(np.uint64).tolist(), centers.astype(np.float64).tolist(), dtype, int(n))
    return np.asarray(found).astype(centers.dtype)


def _threshold(method: str, image: Any, nbins: int, hist: Any = None) -> Any:
    # A histogram that is given decides in scikit-image, also beside an image.
    if hist is not None or image is None:
        return _found(method, image, nbins, hist)[0]
    either = Either(image)
    return either.result(either.image.apply("threshold_value", method=method, nbins=int(nbins)))


def threshold_otsu(image: Any = None, nbins: int = 256, *, hist: Any = None) -> Any:
    """Otsu's threshold: foreground is what lies above it (skimage.filters.threshold_otsu).

    Parameters
    ----------
    image : array or Image
        Grey values. Integers are counted exactly; floats in `nbins` bins.
    nbins : int
        Bins for floats.
    hist : array or (array, array), optional
        Counts, or counts and middles of the bins, instead of those of the image.

    Returns
    -------
    number, or Image without axes

    Raises
    ------
    ValueError
        Without image and histogram.

    Examples
    --------
    >>> import numpy as np
    >>> int(threshold_otsu(np.array([1, 1, 2, 8, 9, 9], np.uint8)))
    2
    >>> int(threshold_otsu(hist=[0, 2, 1, 0, 0, 0, 0, 0, 1, 2]))
    2

    References
    ----------
    N. Otsu, "A threshold selection method from gray-level histograms", IEEE Trans. SMC 9, 1979.
    """
    return _threshold("otsu", image, nbins, hist)


def threshold_yen(image: Any = None, nbins: int = 256, *, hist: Any = None) -> Any:
    """Yen's threshold (skimage.filters.threshold_yen).

    Parameters
    ----------
    image : array or Image
        Grey values.
    nbins : int
        Bins for floats.
    hist : array or (array, array), optional
        As for `threshold_otsu`.

    Returns
    -------
    number, or Image without axes
    """
    return _threshold("yen", image, nbins, hist)


def threshold_triangle(image: Any, nbins: int = 256) -> Any:
    """Threshold by the triangle method (skimage.filters.threshold_triangle).

    Parameters
    ----------
    image : array or Image
        Grey values.
    nbins : int
        Bins for floats.

    Returns
    -------
    number, or Image without axes
    """
    return _threshold("triangle", image, nbins)


def threshold_isodata(image: Any = None, nbins: int = 256, return_all: bool = False, *, hist: Any = None) -> Any:
    """The first threshold of the ISODATA method, or all of them (skimage.filters.threshold_isodata).

    Parameters
    ----------
    image : array or Image
        Grey values.
    nbins : int
        Bins for floats.
    return_all : bool
        Every threshold; an image is read at once then, since nobody knows how many there are.
    hist : array or (array, array), optional
        As for `threshold_otsu`.

    Returns
    -------
    number, Image without axes, or numpy.ndarray
    """
    return _found("isodata_all", image, nbins, hist) if return_all else _threshold("isodata", image, nbins, hist)


def threshold_minimum(image: Any = None, nbins: int = 256, max_num_iter: int = 10000, *, hist: Any = None) -> Any:
    """The lowest point between the two peaks of the smoothed histogram (skimage.filters.threshold_minimum).

    Parameters
    ----------
    image : array or Image
        Grey values; an image is read at once.
    nbins : int
        Bins for floats.
    max_num_iter : int
        Rounds of smoothing at most.
    hist : array or (array, array), optional
        As for `threshold_otsu`.

    Returns
    -------
    number

    Raises
    ------
    RuntimeError
        If two peaks are not to be had.

    References
    ----------
    J. M. S. Prewitt and M. L. Mendelsohn, "The analysis of cell images", Ann. N. Y. Acad. Sci. 128, 1966.
    """
    try:
        return _found("minimum", image, nbins, hist, max_num_iter)[0]
    except ValueError as error:
        if "peaks" in str(error):
            raise RuntimeError(f"Unable to find two maxima in histogram: {error}") from None
        raise


def threshold_mean(image: Any) -> Any:
    """The mean (skimage.filters.threshold_mean).

    Parameters
    ----------
    image : array or Image
        Grey values.

    Returns
    -------
    number, or Image without axes
    """
    either = Either(image)
    return either.result(either.image.mean())


def threshold_multiotsu(image: Any = None, classes: int = 3, nbins: int = 256, *, hist: Any = None) -> np.ndarray:
    """The thresholds between several classes, by Otsu's method (skimage.filters.threshold_multiotsu).

    Parameters
    ----------
    image : array or Image
        Grey values; an image is read at once.
    classes : int
        Number of classes. All combinations of bins are tried: each more class takes as many times longer as there are bins.
    nbins : int
        Bins for floats.
    hist : array or (array, array), optional
        As for `threshold_otsu`.

    Returns
    -------
    numpy.ndarray
        ``classes - 1`` thresholds, rising.

    Raises
    ------
    ValueError
        If there are fewer different values than classes.

    References
    ----------
    P.-S. Liao et al., "A fast algorithm for multilevel thresholding", J. Inf. Sci. Eng. 17, 2001.
    """
    return _found("multiotsu", image, nbins, hist, classes)


def threshold_li(
    image: Any,
    *,
    tolerance: float | None = None,
    initial_guess: float | Callable[[np.ndarray], float] | None = None,
    iter_callback: Callable[[float], Any] | None = None,
) -> Any:
    """Li's threshold, of least cross-entropy (skimage.filters.threshold_li).

    Parameters
    ----------
    image : array or Image
        Grey values. A lazy result for an Image of integers without the options; otherwise an Image is read at once, once for integers
        and once per round for floats.
    tolerance : float, optional
        The iteration ends when the threshold moves less: 0.5 for integers, half the smallest difference between samples for floats,
        which an Image has to be told.
    initial_guess : float or callable, optional
        Where it begins, or a function that tells, of the samples less the least one (lazy ones of an Image); the mean by default.
    iter_callback : callable, optional
        Called with the threshold of every round.

    Returns
    -------
    number, or Image without axes

    Raises
    ------
    NotImplementedError
        For an Image of floats without a tolerance.
    ValueError
        For a guess that lies outside the image's range.

    References
    ----------
    C. H. Li and P. K. S. Tam, "An iterative algorithm for minimum cross entropy thresholding", Pattern Recognit. Lett. 19, 1998.
    """
    either = Either(image)
    options = (tolerance, initial_guess, iter_callback)
    if either.image.dtype.kind in "iu" and all(one is None for one in options):
        return _threshold("li", image, 256)
    if not either.is_image:
        return _li(np.asarray(image), *options)
    if callable(initial_guess):
        least = either.image.min()
        away: Any = (either.image - least).astype(either.image.dtype)
        # From here on a guess is a value of the image.
        initial_guess = float(np.asarray(initial_guess(away))) + least.item()
        options = (tolerance, initial_guess, iter_callback)
    if either.image.dtype.kind in "iub":
        return _li_of_table(*histogram(either.image), *options)
    if tolerance is None:
        raise NotImplementedError(
            "threshold_li: the smallest difference between samples, where the rounds end, is not known of an Image of floats; "
            "give a tolerance, or compute() the image first"
        )
    return _li_by_rounds(either.image, tolerance, initial_guess, iter_callback)


def _li(image: np.ndarray, tolerance: Any, guess: Any, told: Any) -> Any:
    samples = image[~np.isnan(image)] if image.dtype.kind == "f" else image.ravel()
    if samples.size == 0:
        return np.nan
    if np.all(samples == samples.flat[0]):
        return samples.flat[0]
    samples = samples[np.isfinite(samples)]
    if samples.size == 0:
        return 0.0
    least = samples.min()
    samples = samples - least
    if callable(guess):
        first = guess(samples)
    else:
        first = _first_guess(guess, lambda: np.mean(samples), least, samples.max())
    if image.dtype.kind in "iu":
        counts, centers = histogram(samples)
        return _li_rounds(_means_of_table(counts, centers), first, tolerance or 0.5, least, told)

    def means(limit: float) -> tuple[Any, Any]:
        above = samples > limit
        return np.mean(samples[above]), np.mean(samples[~above])

    return _li_rounds(means, first, tolerance or np.min(np.diff(np.unique(samples))) / 2, least, told)


def _li_of_table(counts: np.ndarray, values: np.ndarray, tolerance: Any, guess: Any, told: Any) -> Any:
    """Of integers that are known by how often each value occurs."""
    there = counts > 0
    counts, values = counts[there], values[there]
    if len(values) == 1:
        return values[0]
    least = values[0]
    away = values - least
    first = _first_guess(guess, lambda: np.average(away, weights=counts), least, away[-1])
    return _li_rounds(_means_of_table(counts, away), first, tolerance or 0.5, least, told)


def _li_by_rounds(image: Image, tolerance: float, guess: Any, told: Any) -> Any:
    """Of an Image of floats, which is read in every round."""
    from ..ndimage import mean

    number: Any = np.isfinite(image)
    if not bool(number.any()):
        unknown: Any = np.isnan(image)
        return np.nan if bool(unknown.all()) else 0.0
    # Samples that are no numbers are of no class.
    one = number.astype(np.uint8)
    least, most = (float(end) for end in (_extreme("minimum", image, one), _extreme("maximum", image, one)))
    if least == most:
        return image.dtype.type(least)
    away: Any = (image - least).astype(image.dtype)
    first = _first_guess(guess, lambda: mean(away, one, 1), least, most - least)

    def means(limit: float) -> tuple[Any, Any]:
        classes: Any = one + one * (away > limit).astype(np.uint8)
        back, fore = mean(away, classes, [1, 2])
        return fore, back

    return _li_rounds(means, first, tolerance, least, told)


def _extreme(which: str, image: Image, one: Any) -> Any:
    from .. import ndimage

    return getattr(ndimage, which)(image, one, 1)


def _first_guess(guess: Any, usual: Callable[[], Any], least: Any, span: Any) -> Any:
    """Where the rounds begin, as a distance from the least sample."""
    if guess is None:
        return usual()
    if not 0 < guess - least < span:
        raise ValueError(f"threshold_li: got the guess {guess}, expected one between {least} and {span + least}")
    return guess - least


def _means_of_table(counts: np.ndarray, centers: np.ndarray) -> Callable[[float], tuple[Any, Any]]:
    weights = counts.astype(np.float32)

    def means(limit: float) -> tuple[Any, Any]:
        above = centers > limit
        fore, back = (np.average(centers[part], weights=weights[part]) for part in (above, ~above))
        return fore, back

    return means


def _li_rounds(means: Callable[[float], tuple[Any, Any]], first: Any, tolerance: Any, least: Any, told: Any) -> Any:
    """From guess to guess, until the threshold moves by no more than `tolerance`; `means` are those above and below a threshold."""
    following = first
    current = -2 * tolerance
    if told is not None:
        told(following + least)
    while abs(following - current) > tolerance:
        current = following
        fore, back = means(current)
        if back == 0.0:
            break
        following = (back - fore) / (np.log(back) - np.log(fore))
        if told is not None:
            told(following + least)
    return following + least
