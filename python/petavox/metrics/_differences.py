"""How far two images differ, in a number."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from .._open import from_array

__all__ = ["mean_squared_error", "normalized_root_mse", "peak_signal_noise_ratio", "structural_similarity"]


def _both(a: Any, b: Any) -> tuple[Any, Any]:
    first, second = from_array(a), from_array(b)
    if first.shape != second.shape:
        raise ValueError("Input images must have the same dimensions.")
    return first, second


def _floats(a: Any, b: Any) -> tuple[Any, Any]:
    single = a.dtype == b.dtype == np.float32
    to = np.float32 if single else np.float64
    return a.astype(to), b.astype(to)


def range_of(image: Any) -> tuple[float, float]:
    """The values that scikit-image expects of a dtype."""
    if image.dtype.kind == "f":
        return -1.0, 1.0
    if image.dtype.kind == "b":
        return 0.0, 1.0
    limits = np.iinfo(image.dtype)
    return float(limits.min), float(limits.max)


def mean_squared_error(image0: Any, image1: Any) -> float:
    """The mean of the squared differences (skimage.metrics.mean_squared_error).

    Parameters
    ----------
    image0, image1 : array or Image
        Of one shape.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        For images of different shapes.

    Examples
    --------
    >>> import numpy as np
    >>> mean_squared_error(np.array([1, 2]), np.array([1, 4]))
    2.0
    """
    a, b = _floats(*_both(image0, image1))
    return float(np.square((a - b).astype(np.float64) if a.dtype == np.float64 else a - b).mean(dtype=np.float64).compute())


def normalized_root_mse(image_true: Any, image_test: Any, *, normalization: str = "euclidean") -> float:
    """The root of the mean squared difference, as a share of the image (skimage.metrics.normalized_root_mse).

    Parameters
    ----------
    image_true, image_test : array or Image
        Of one shape.
    normalization : {"euclidean", "min-max", "mean"}
        A share of the root mean square, of the range, or of the mean of `image_true`.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        For images of different shapes, and another normalization.
    """
    a, b = _floats(*_both(image_true, image_test))
    kind = normalization.lower()
    if kind == "euclidean":
        whole = float(np.sqrt(np.square(a).mean(dtype=np.float64).compute()))
    elif kind == "min-max":
        whole = float(a.max().compute() - a.min().compute())
    elif kind == "mean":
        whole = float(a.mean().compute())
    else:
        raise ValueError(f"normalization: got {normalization!r}, expected 'euclidean', 'min-max' or 'mean'")
    return float(np.sqrt(mean_squared_error(a, b)) / whole)


def peak_signal_noise_ratio(image_true: Any, image_test: Any, *, data_range: float | None = None) -> float:
    """The peak over the noise, in decibel (skimage.metrics.peak_signal_noise_ratio).

    Parameters
    ----------
    image_true, image_test : array or Image
        Of one shape.
    data_range : float, optional
        From the least to the largest value there may be; that of the dtype by default, from 0 on if no sample is below.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        For images of different shapes, and floats beyond -1 and 1 without a range.
    """
    a, b = _both(image_true, image_test)
    if data_range is None:
        if a.dtype != b.dtype:
            warnings.warn("Inputs have mismatched dtype. Setting data_range based on image_true.", stacklevel=2)
        low, high = range_of(a)
        least, most = float(a.min().compute()), float(a.max().compute())
        if most > high or least < low:
            raise ValueError("image_true has intensity values outside the range expected for its data type: give data_range")
        data_range = high if least >= 0 else high - low
    error = mean_squared_error(a, b)
    with np.errstate(divide="ignore"):
        return float(10 * np.log10(np.float64(data_range) ** 2 / error))


def structural_similarity(
    im1: Any,
    im2: Any,
    *,
    win_size: int | None = None,
    gradient: bool = False,
    data_range: float | None = None,
    channel_axis: int | None = None,
    gaussian_weights: bool = False,
    full: bool = False,
    K1: float = 0.01,
    K2: float = 0.03,
    sigma: float = 1.5,
    use_sample_covariance: bool = True,
) -> Any:
    """How alike the surroundings of samples are: mean, contrast and structure (skimage.metrics.structural_similarity).

    Parameters
    ----------
    im1, im2 : array or Image
        Of one shape.
    win_size : int, optional
        Samples of the window along every axis, an odd number; 7 by default.
    gradient : bool
        Return the derivative with respect to `im1` too.
    data_range : float, optional
        From the least to the largest value there may be; that of integers' dtype by default, floats have to be told.
    channel_axis : int, optional
        An axis whose positions are compared one by one.
    gaussian_weights : bool
        Weigh samples under a Gaussian of `sigma` instead of a box.
    full : bool
        Return the similarity of all samples too.
    K1, K2 : float
        Keep quotients of small numbers finite.
    sigma : float
        Standard deviation of the Gaussian, in samples.
    use_sample_covariance : bool
        Divide covariances by the number of samples less one.

    Returns
    -------
    mssim : float
        The mean, without the border that windows reach beyond.
    grad : numpy.ndarray or Image
        If `gradient`.
    S : numpy.ndarray or Image
        If `full`.

    Raises
    ------
    ValueError
        For images that are smaller than the window or differ in shape, even windows, and floats without a range.

    References
    ----------
    Z. Wang, A. C. Bovik, H. R. Sheikh and E. P. Simoncelli, "Image quality assessment: from error visibility to structural similarity",
    IEEE Trans. Image Processing 13, 2004.

    Examples
    --------
    >>> import numpy as np
    >>> image = np.arange(64.0).reshape(8, 8)
    >>> structural_similarity(image, image, data_range=63)
    1.0
    """
    from ..image import Image
    from ..ndimage import gaussian_filter, uniform_filter

    a, b = _both(im1, im2)
    is_lazy = isinstance(im1, Image) or isinstance(im2, Image)
    if channel_axis is not None:
        at = [(slice(None),) * (channel_axis % a.ndim) + (k,) for k in range(a.shape[channel_axis])]
        options: dict[str, Any] = {
            "win_size": win_size, "gradient": gradient, "data_range": data_range, "gaussian_weights": gaussian_weights, "full": full,
            "K1": K1, "K2": K2, "sigma": sigma, "use_sample_covariance": use_sample_covariance,
        }  # fmt: skip
        parts = [structural_similarity(a[k] if is_lazy else a[k].compute(), b[k], **options) for k in at]
        if not (gradient or full):
            return float(np.mean(parts))
        means, *images = zip(*parts, strict=True)
        stacks = [np.stack(one, axis=channel_axis) for one in images]
        return (float(np.mean(means)), *(one if is_lazy else np.asarray(one) for one in stacks))
    if min(K1, K2, sigma) < 0:
        raise ValueError("K1, K2 and sigma must be positive")
    if win_size is None:
        win_size = 2 * int(3.5 * sigma + 0.5) + 1 if gaussian_weights else 7
    if min(a.shape) < win_size:
        raise ValueError(f"win_size exceeds image extent: got a window of {win_size} for {a.shape}; give a smaller win_size, or channel_axis")
    if win_size % 2 != 1:
        raise ValueError("Window size must be odd.")
    if data_range is None:
        if "f" in (a.dtype.kind, b.dtype.kind):
            raise ValueError("data_range: floats may lie anywhere, say how far the least and the largest value may be apart")
        low, high = range_of(a)
        data_range = high - low
    size = int(win_size)

    def over(image: Any) -> Any:
        return gaussian_filter(image, sigma, truncate=3.5, mode="reflect") if gaussian_weights else uniform_filter(image, size)

    to = np.float32 if a.dtype == np.float32 else np.float64
    a, b = a.astype(to), b.astype(to)
    n = size**a.ndim
    norm = n / (n - 1) if use_sample_covariance else 1.0
    mean_a, mean_b = over(a), over(b)
    var_a, var_b = norm * (over(a * a) - mean_a * mean_a), norm * (over(b * b) - mean_b * mean_b)
    both = norm * (over(a * b) - mean_a * mean_b)
    c1, c2 = (K1 * data_range) ** 2, (K2 * data_range) ** 2
    a1, a2 = 2 * mean_a * mean_b + c1, 2 * both + c2
    b1, b2 = mean_a**2 + mean_b**2 + c1, var_a + var_b + c2
    whole = b1 * b2
    similar = a1 * a2 / whole
    edge = (size - 1) // 2
    mean = float(similar[tuple(slice(edge, extent - edge) for extent in a.shape)].mean(dtype=np.float64).compute())
    results: list[Any] = [mean]
    if gradient:
        slope = over(a1 / whole) * a + over(-similar / b2) * b + over((mean_a * (a2 - a1) - mean_b * (b2 - b1) * similar) / whole)
        results.append(slope * (2 / a.size))
    if full:
        results.append(similar)
    images = [one if is_lazy else one.compute() for one in results[1:]]
    return (mean, *images) if images else mean
