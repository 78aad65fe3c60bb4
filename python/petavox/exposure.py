"""scikit-image's exposure under its names: histograms, and samples changed by what the whole image looks like.

Arrays give arrays at once, images give images.

Examples
--------
>>> import numpy as np
>>> from petavox import exposure
>>> exposure.rescale_intensity(np.array([0.0, 5.0, 10.0])).tolist()
[0.0, 0.5, 1.0]
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from . import config
from ._either import Either
from ._floats import as_uint16, float_dtype
from ._open import from_array
from .image import Image

__all__ = [
    "adjust_gamma",
    "adjust_log",
    "adjust_sigmoid",
    "cumulative_distribution",
    "equalize_adapthist",
    "equalize_hist",
    "histogram",
    "is_low_contrast",
    "match_histograms",
    "rescale_intensity",
]

#: The grey levels that adaptive equalisation works on.
_N_GREY = 2**14


def histogram(
    image: Any,
    nbins: int = 256,
    source_range: str = "image",
    normalize: bool = False,
    *,
    channel_axis: int | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """How many samples have which value (skimage.exposure.histogram). An image is read at once: the result is small.

    Parameters
    ----------
    image : array or Image
        Integers are counted exactly, floats in `nbins` equal bins between the smallest and the largest.
    nbins : int
        Bins for floats.
    source_range : {"image", "dtype"}
        The bins of integers: the values that occur, or all that the dtype has.
    normalize : bool
        Shares instead of numbers.
    channel_axis : int, optional
        An axis each position of which has a histogram of its own; integers then need ``source_range="dtype"``.

    Returns
    -------
    hist : numpy.ndarray
        Samples in each bin.
    bin_centers : numpy.ndarray
        The middle of each bin.

    Raises
    ------
    ValueError
        For an unknown range, NaN, or no samples.

    Examples
    --------
    >>> import numpy as np
    >>> counts, centers = histogram(np.array([1, 1, 3], np.uint8))
    >>> counts.tolist(), centers.tolist()
    ([2, 0, 1], [1, 2, 3])

    References
    ----------
    skimage.exposure.histogram
    """
    if source_range not in ("image", "dtype"):
        raise ValueError("Incorrect value for `source_range` argument: expected 'image' or 'dtype'")
    given = from_array(image)
    if channel_axis is not None:
        axis = range(given.ndim)[channel_axis]
        channels = [given[(slice(None),) * axis + (i,)] for i in range(given.shape[axis])]
        both = [histogram(channel, nbins, source_range, normalize) for channel in channels]
        centers = both[0][1]
        if any(len(other) != len(centers) or np.any(other != centers) for _, other in both):
            raise ValueError('channels with other values have other bins: use source_range="dtype"')
        return np.stack([counts for counts, _ in both]), centers
    if given.dtype == bool:
        given = given.astype(np.uint8)
    if given.dtype.kind == "f" and source_range == "dtype":
        edges = np.linspace(*_limits(given.dtype), int(nbins) + 1)
        counts = _counted(given, edges, None)
        return (counts / counts.sum() if normalize else counts), (edges[:-1] + edges[1:]) / 2.0
    counts, centers = (np.array(values) for values in given._lazy.histogram(int(nbins), config.settings()))
    if given.dtype.kind == "f":
        centers = centers.astype(given.dtype)
    else:
        centers = np.round(centers).astype(np.int64)
        if source_range == "dtype":
            limits = np.iinfo(given.dtype)
            if limits.max - limits.min > 2**26:
                raise ValueError(f'histogram: {given.dtype} has more values than fit a table; use source_range="image"')
            every = np.zeros(limits.max - limits.min + 1, counts.dtype)
            every[centers - limits.min] = counts
            counts, centers = every, np.arange(limits.min, limits.max + 1)
    return (counts / counts.sum() if normalize else counts), centers


def cumulative_distribution(image: Any, nbins: int = 256) -> tuple[np.ndarray, np.ndarray]:
    """The share of samples up to each value (skimage.exposure.cumulative_distribution). An image is read at once.

    Parameters
    ----------
    image : array or Image
        Grey values.
    nbins : int
        Bins for floats.

    Returns
    -------
    img_cdf : numpy.ndarray
        From the share of the smallest value to 1.
    bin_centers : numpy.ndarray
        The middle of each bin.

    Raises
    ------
    ValueError
        For NaN, or no samples.
    """
    given = from_array(image)
    counts, centers = histogram(given, nbins)
    sums = counts.cumsum()
    return (sums / float(sums[-1])).astype(float_dtype(given)), centers


def equalize_hist(image: Any, nbins: int = 256, mask: Any = None) -> Any:
    """Every sample becomes the share of samples up to it, by the image's histogram (skimage.exposure.equalize_hist).

    Parameters
    ----------
    image : array or Image
        Grey values; integers have a bin each.
    nbins : int
        Bins for floats.
    mask : array or Image, optional
        The samples that the histogram is made of. Beside an Image they are counted at once.

    Returns
    -------
    numpy.ndarray or Image
        0 to 1; float32 for float32, else float64.

    Raises
    ------
    ValueError
        For a mask without samples, or integers of too many values.

    Examples
    --------
    >>> import numpy as np
    >>> equalize_hist(np.array([10, 10, 20, 40], np.uint8)).tolist()
    [0.5, 0.5, 0.75, 1.0]
    """
    either = Either(image)
    if mask is None:
        made = either.image.astype(np.uint8) if either.image.dtype == bool else either.image
        return either.result(made.apply("equalize_hist", nbins=int(nbins)))
    if either.is_image or isinstance(mask, Image):
        either.is_image = True
        shares, centers = _masked_distribution(either.image, mask, nbins)
    else:
        chosen = np.asarray(image)[np.asarray(mask, dtype=bool)]
        shares, centers = cumulative_distribution(chosen, nbins)
    return either.result(either.image.apply("interp", xp=centers.tolist(), fp=shares.tolist()))


def _counted(image: Image, edges: np.ndarray, mask: Any) -> np.ndarray:
    """Samples between edges, of all or of those of a mask."""
    from . import ndimage

    which = () if mask is None else (mask, 1)
    counts = ndimage.histogram(image, float(edges[0]), float(edges[-1]), len(edges) - 1, *which)
    return np.asarray(counts)


def _masked_distribution(image: Image, mask: Any, nbins: int) -> tuple[np.ndarray, np.ndarray]:
    """`cumulative_distribution` of the samples of a mask."""
    from . import ndimage

    given = image.astype(np.uint8) if image.dtype == bool else image
    chosen = from_array(mask)
    chosen = (chosen if chosen.dtype == bool else chosen != 0).astype(np.uint8)
    if not np.sum(chosen).compute():
        raise ValueError("equalize_hist: got a mask without samples, expected some to count")
    low, high = ndimage.minimum(given, chosen, 1), ndimage.maximum(given, chosen, 1)
    if given.dtype.kind == "f":
        edges = np.histogram_bin_edges(np.array([low, high], given.dtype), nbins)
        centers = (edges[:-1] + edges[1:]) / 2.0
    else:
        n = int(high) - int(low) + 1
        if n > 2**20:
            raise ValueError(f"equalize_hist: the samples of the mask span {n} values, expected at most 1048576; divide them first")
        centers = np.arange(int(low), int(high) + 1)
        edges = np.arange(int(low), int(high) + 2)
    sums = _counted(given, edges, chosen).cumsum()
    return (sums / float(sums[-1])).astype(float_dtype(given)), centers


#: Ranges by name, as scikit-image has them beside those of dtypes.
_RANGES = {"uint10": (0, 1023), "uint12": (0, 4095), "uint14": (0, 16383), "float": (-1, 1)}


def _limits(dtype: Any, clip_negative: bool = False) -> tuple[float, float]:
    """What samples of a dtype, or of a named range, lie between."""
    if isinstance(dtype, str) and dtype in _RANGES:
        low, high = _RANGES[dtype]
    else:
        dtype = np.dtype(dtype)
        info = np.iinfo(dtype) if dtype.kind in "iu" else None
        low, high = (info.min, info.max) if info else ((0, 1) if dtype == bool else (-1, 1))
    return float(0 if clip_negative else low), float(high)


def _range(image: Image, wanted: Any, clip_negative: bool = False) -> tuple[float, float]:
    """The range that scikit-image's arguments in_range and out_range mean."""
    if isinstance(wanted, (list, tuple, np.ndarray)):
        low, high = wanted
        return float(low), float(high)
    if isinstance(wanted, str) and wanted == "image":
        return float(image.min().compute()), float(image.max().compute())
    try:
        return _limits(image.dtype if isinstance(wanted, str) and wanted == "dtype" else wanted, clip_negative)
    except TypeError:
        raise ValueError(f"got the range {wanted!r}, expected 'image', 'dtype', the name of a dtype, or two numbers") from None


def _dtype_of_range(image: Image, wanted: Any) -> np.dtype:
    if isinstance(wanted, (list, tuple, np.ndarray)):
        return float_dtype(image)
    if isinstance(wanted, str) and wanted in ("image", "dtype"):
        return image.dtype
    if isinstance(wanted, str) and wanted in _RANGES:
        return np.dtype(np.float64 if wanted == "float" else np.uint16)
    return np.dtype(wanted)


def rescale_intensity(image: Any, in_range: Any = "image", out_range: Any = "dtype") -> Any:
    """Samples stretched from one range to another (skimage.exposure.rescale_intensity).

    Parameters
    ----------
    image : array or Image
        Grey values.
    in_range, out_range : str, dtype or two numbers
        ``"image"``: from the smallest to the largest sample. ``"dtype"``, or a dtype: what it can hold; floats from 0 (or
        -1, if the image has negative samples) to 1. Two numbers: from one to the other; what lies outside is cut off.

    Returns
    -------
    numpy.ndarray or Image
        Of the image's dtype, or the one named by `out_range`; floats if that is two numbers.

    Raises
    ------
    ValueError
        For an unknown range.

    Notes
    -----
    Where a range is that of the image, its smallest and largest sample are looked for when this is called, also of an Image.
    """
    either = Either(image)
    source = either.image
    low, high = _range(source, in_range)
    out_low, out_high = _range(source, out_range, clip_negative=low >= 0)
    dtype = _dtype_of_range(source, out_range)
    if np.any(np.isnan([low, high, out_low, out_high])):
        raise ValueError("rescale_intensity: the range has NaN; give in_range as two numbers, such as those of nanmin and nanmax")
    made = np.clip(source, low, high)
    if low == high:
        return either.result(np.clip(made, out_low, out_high).astype(dtype))
    return either.result(((made - low) / (high - low) * (out_high - out_low) + out_low).astype(dtype))


def _scaled(name: str, image: Any) -> tuple[Either, Image, float]:
    either = Either(image)
    source = either.image
    if source.dtype.kind in "if" and source.size and source.min().compute()[()] < 0:
        raise ValueError(f"{name}: got negative samples, expected none: rescale the image first")
    low, high = _limits(source.dtype, clip_negative=True)
    return either, source, high - low


def adjust_gamma(image: Any, gamma: float = 1, gain: float = 1) -> Any:
    """Samples as shares of their range to the power of `gamma`, times `gain` (skimage.exposure.adjust_gamma).

    Parameters
    ----------
    image : array or Image
        No negative samples.
    gamma : float
        The exponent, 0 or more.
    gain : float
        The factor.

    Returns
    -------
    numpy.ndarray or Image
        Of the image's dtype.

    Raises
    ------
    ValueError
        For negative samples or exponents.
    """
    if gamma < 0:
        raise ValueError("Gamma should be a non-negative real number.")
    either, source, scale = _scaled("adjust_gamma", image)
    if source.dtype == np.uint8:
        # scikit-image makes a table of 256 values, cut to integers.
        table = 255 * gain * np.linspace(0, 1, 256) ** gamma
        table = np.minimum(np.rint(table), 255).astype(np.uint8)
        return either.result(source.apply("interp", xp=list(range(256)), fp=table.tolist()).astype(np.uint8))
    return either.result((((source / scale) ** gamma) * scale * gain).astype(source.dtype))


def adjust_log(image: Any, gain: float = 1, inv: bool = False) -> Any:
    """Samples as shares of their range through ``log2(1 + x)``, or ``2**x - 1`` (skimage.exposure.adjust_log).

    Parameters
    ----------
    image : array or Image
        No negative samples.
    gain : float
        A factor.
    inv : bool
        The inverse.

    Returns
    -------
    numpy.ndarray or Image
        Of the image's dtype.

    Raises
    ------
    ValueError
        For negative samples.
    """
    either, source, scale = _scaled("adjust_log", image)
    share = source / scale
    made = (2**share - 1) if inv else np.log2(1 + share)
    return either.result((made * scale * gain).astype(source.dtype))


def adjust_sigmoid(image: Any, cutoff: float = 0.5, gain: float = 10, inv: bool = False) -> Any:
    """Samples as shares of their range through ``1 / (1 + exp(gain * (cutoff - x)))`` (skimage.exposure.adjust_sigmoid).

    Parameters
    ----------
    image : array or Image
        No negative samples.
    cutoff : float
        Where the curve is in the middle.
    gain : float
        How steep it is.
    inv : bool
        One minus the curve.

    Returns
    -------
    numpy.ndarray or Image
        Of the image's dtype.

    Raises
    ------
    ValueError
        For negative samples.
    """
    either, source, scale = _scaled("adjust_sigmoid", image)
    curve = 1 / (1 + np.exp(gain * (cutoff - source / scale)))
    made = (1 - curve) * scale if inv else curve * scale
    return either.result(made.astype(source.dtype))


def equalize_adapthist(
    image: Any, kernel_size: int | Sequence[int] | None = None, clip_limit: float = 0.01, nbins: int = 256
) -> Any:
    """Contrast equalised region by region, and limited (CLAHE; skimage.exposure.equalize_adapthist of one channel).

    Parameters
    ----------
    image : array or Image
        Grey values of any number of axes.
    kernel_size : int or sequence of int, optional
        Samples of a region along each axis; an eighth of the image by default.
    clip_limit : float
        Largest share of a region in one bin, 0 to 1; more is contrast.
    nbins : int
        Bins of a region's histogram.

    Returns
    -------
    numpy.ndarray or Image
        0 to 1, float64 (float32 for float32).

    Raises
    ------
    ValueError
        For regions of no size, or another number of them than of axes.

    Notes
    -----
    The image's range has to be known before anything else, and that of the result at the end: for an Image both are found when
    this is called, by passes over it.

    References
    ----------
    K. Zuiderveld, "Contrast limited adaptive histogram equalization", Graphics Gems IV, 1994.
    """
    either = Either(image)
    params: dict[str, Any] = {"clip_limit": float(clip_limit), "nbins": int(nbins)}
    if kernel_size is not None:
        params["kernel_size"] = [int(k) for k in np.atleast_1d(kernel_size)]
    if either.image.dtype in (np.uint8, np.uint16):
        # Few values: the operation itself spreads them over the grey levels, by a table.
        grey = either.image
        times = 257 if grey.dtype == np.uint8 else 1
        params["range"] = [times * end for end in _range(grey, "image")]
    else:
        whole: Any = rescale_intensity(as_uint16(either.image), out_range=(0, _N_GREY - 1))
        grey = np.rint(whole).astype(np.uint16)
    equalized = grey.apply("equalize_adapthist", **params)
    if not either.is_image:
        equalized = from_array(equalized.compute())
    ends = _range(equalized, "image")
    dtype = float_dtype(either.image)
    levels = np.arange(_N_GREY)
    made = np.asarray(rescale_intensity(levels.astype(dtype), in_range=ends))
    return either.result(equalized.apply("interp", xp=levels.tolist(), fp=made.astype(np.float64).tolist()).astype(dtype))


def is_low_contrast(
    image: Any,
    fraction_threshold: float = 0.05,
    lower_percentile: float = 1,
    upper_percentile: float = 99,
    method: str = "linear",
) -> bool:
    """Whether the samples fill less than a share of their dtype's range (skimage.exposure.is_low_contrast).

    Parameters
    ----------
    image : array or Image
        Grey values of one channel. An image is read at once.
    fraction_threshold : float
        The share.
    lower_percentile, upper_percentile : float
        Samples below and above do not count.
    method : {"linear"}
        The only one, as in scikit-image.

    Returns
    -------
    bool
    """
    given = from_array(image)
    if given.dtype == bool:
        return not bool((given.max() != given.min()).compute()[()])
    low, high = _limits(given.dtype)
    ends = np.percentile(given, [lower_percentile, upper_percentile]).compute()
    return bool((ends[1] - ends[0]) / (high - low) < fraction_threshold)


def match_histograms(image: Any, reference: Any, *, channel_axis: int | None = None) -> Any:
    """Samples changed so that the histogram becomes that of another image (skimage.exposure.match_histograms).

    Parameters
    ----------
    image : array or Image
        Integers; floats too where both are arrays.
    reference : array or Image
        Its histogram and the image's are made at once.
    channel_axis : int, optional
        An axis whose positions are matched one by one.

    Returns
    -------
    numpy.ndarray or Image
        float64; with `channel_axis` of the image's dtype.

    Raises
    ------
    TypeError
        For lazy images of floats: as many different values as samples make no table.
    ValueError
        If the channels are not as many in both.
    """
    either, other = Either(image), from_array(reference)
    source = either.image
    if (source.dtype.kind == "f" or other.dtype.kind == "f") and (either.is_image or isinstance(reference, Image)):
        raise TypeError("match_histograms: got lazy floats, expected integers, whose values are a table; use compute()")
    if source.ndim != other.ndim:
        raise ValueError("Image and reference must have the same number of channels.")
    if channel_axis is not None:
        axis = range(source.ndim)[channel_axis]
        if source.shape[axis] != other.shape[axis]:
            raise ValueError("Number of channels in the input image and reference image must match!")
        before = (slice(None),) * axis
        pairs = [(source[(*before, i)], other[(*before, i)]) for i in range(source.shape[axis])]
        made = np.stack([_matched(a, b).astype(source.dtype) for a, b in pairs], axis=axis)
    else:
        made = _matched(source, other)
    return either.result(made)


def _matched_floats(source: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Every value becomes the one below which as large a share of the reference lies."""
    _, places, counts = np.unique(source, return_inverse=True, return_counts=True)
    values, of_reference = np.unique(reference, return_counts=True)
    shares, others = np.cumsum(counts) / source.size, np.cumsum(of_reference) / reference.size
    return np.interp(shares, others, values)[places].reshape(source.shape)


def _matched(source: Image, reference: Image) -> Image:
    if source.dtype.kind == "f" or reference.dtype.kind == "f":
        return from_array(_matched_floats(source.compute(), reference.compute()))
    (ours, values), (theirs, wanted) = histogram(source), histogram(reference)
    values, shares = values[ours > 0], (np.cumsum(ours) / source.size)[ours > 0]
    wanted, targets = wanted[theirs > 0], (np.cumsum(theirs) / reference.size)[theirs > 0]
    return source.apply("interp", xp=values.tolist(), fp=np.interp(shares, targets, wanted).tolist())
