"""Noise taken away: means of what is alike, and even areas between edges."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .._either import Either
from .._floats import as_float, float_dtype

__all__ = ["denoise_bilateral", "denoise_nl_means", "denoise_tv_chambolle"]

_MODES = {"constant": "constant", "edge": "nearest", "symmetric": "reflect", "reflect": "mirror", "wrap": "wrap"}


def _skewed(size: int, sigma: float, dtype: np.dtype) -> list[float]:
    """The window's weights as scikit-image reads them from its table, whose rows are longer by one than it takes them for."""
    places = np.arange(-size // 2, size // 2 + 1)
    far = np.hypot(places[:, None], places[None, :])
    table = np.exp(-0.5 * (far**2 / sigma**2), dtype=dtype).ravel()
    side = 2 * ((size - 1) // 2) + 1
    rows = np.arange(side)
    return table[rows[:, None] * size + rows[None, :]].astype(np.float64).ravel().tolist()


def denoise_bilateral(
    image: Any,
    win_size: int | None = None,
    sigma_color: float | None = None,
    sigma_spatial: float = 1,
    bins: int = 10000,
    mode: str = "constant",
    cval: float = 0,
    *,
    channel_axis: int | None = None,
    skewed: bool = False,
) -> Any:
    """Means of neighbours, weighted by how near and how alike they are (skimage.restoration.denoise_bilateral).

    Parameters
    ----------
    image : array or Image
        Any number of axes. Its extremes, and its deviation if `sigma_color` is not given, are found at once.
    win_size : int, optional
        Extent of the window; by default three deviations on each side, at least 5.
    sigma_color : float, optional
        Differences of grey values that count; for integers as fractions of their dtype's range. The image's standard deviation by default.
    sigma_spatial : float
        Distances that count, in samples.
    bins : int
        Entries of the table of differences.
    mode : {"constant", "edge", "symmetric", "reflect", "wrap"}
        What stands outside.
    cval : float
        The constant.
    channel_axis : int, optional
        An axis of channels, which are compared together.
    skewed : bool
        Weigh the window as scikit-image 0.26 does; see the notes. Two axes only.

    Returns
    -------
    numpy.ndarray or Image
        float32 for float32, else float64.

    Raises
    ------
    ValueError
        For modes, windows and numbers of axes that do not fit.

    Notes
    -----
    scikit-image makes a table of the window's weights that has a row and a column more than the window, and reads it as if it had not: the
    weights of its windows lie aside of the middle, and the image comes out moved and smeared. Where values are negative, it looks differences up
    in a table that was made for a smaller range. Here the weights lie around the middle, and the table is that of the range; all else is equal. ``skewed=True`` gives scikit-image's numbers. More than two axes, which it does not take, are treated in the same way as two.

    Examples
    --------
    >>> import numpy as np
    >>> noisy = np.array([[0.0, 0.1, 0.0, 1.0, 0.9, 1.0]] * 6)
    >>> denoise_bilateral(noisy, 3, sigma_color=0.1, mode="edge")[2, 1:5].round(2).tolist()
    [0.06, 0.03, 0.97, 0.94]

    References
    ----------
    C. Tomasi and R. Manduchi, "Bilateral filtering for gray and color images", IEEE International Conference on Computer Vision, 1998.
    """
    either = Either(image)
    made: Any = either.image
    if mode not in _MODES:
        raise ValueError(f"mode: got {mode!r}, expected one of {', '.join(_MODES)}")
    n_axes = made.ndim - (channel_axis is not None)
    if skewed and n_axes != 2:
        raise ValueError(f"skewed: scikit-image has this filter for two axes only, this has {n_axes}")
    size = max(5, 2 * math.ceil(3 * sigma_spatial) + 1) if win_size is None else int(win_size)
    if size < 1:
        raise ValueError(f"win_size: got {size}, expected 1 or more")
    if made.size == 0:
        return either.result(made)
    low, high = made.min().item(), made.max().item()
    if low == high:
        return either.result(made)
    to = float_dtype(made)
    made = as_float(made).astype(to)
    wide = float(sigma_color) if sigma_color else float(made.std().item())
    table: dict[str, Any] = {"near": _skewed(size, sigma_spatial, to), "table_value": float(high)} if skewed else {}
    if channel_axis is not None:
        made = np.moveaxis(made, channel_axis, -1)
    # scikit-image takes the greatest value for the table from the image as it came.
    most = float(high) - min(float(low), 0.0)
    if low < 0:
        made = made - to.type(low)
    found = made.apply(
        "denoise_bilateral",
        win_size=2 * ((size - 1) // 2) + 1,
        sigma_color=wide,
        sigma_spatial=float(sigma_spatial),
        bins=int(bins),
        max_value=most,
        mode=_MODES[mode],
        cval=float(cval),
        channels=channel_axis is not None,
        **table,
    )
    if low < 0:
        found = found + to.type(low)
    return either.result(found if channel_axis is None else np.moveaxis(found, -1, channel_axis))


def denoise_nl_means(
    image: Any,
    patch_size: int = 7,
    patch_distance: int = 11,
    h: float = 0.1,
    fast_mode: bool = True,
    sigma: float = 0.0,
    *,
    preserve_range: bool = False,
    channel_axis: int | None = None,
) -> Any:
    """Means of samples whose surroundings are alike (skimage.restoration.denoise_nl_means).

    Parameters
    ----------
    image : array or Image
        Any number of axes.
    patch_size : int
        Extent of what is compared.
    patch_distance : int
        How far to look along each axis.
    h : float
        Differences that count.
    fast_mode : bool
        Weigh all of a patch the same, else by a Gaussian.
    sigma : float
        Standard deviation of the noise, whose share of a difference is taken away.
    preserve_range : bool
        Keep the values of integers instead of making them fractions of their dtype's range.
    channel_axis : int, optional
        An axis of channels, which are compared together.

    Returns
    -------
    numpy.ndarray or Image
        float32 for float32, else float64.

    Raises
    ------
    ValueError
        For numbers out of range.

    Notes
    -----
    As in scikit-image patches are weighed with an exponential that is right to 4 %, those farther apart than 5 not at all; in fast mode they lack their first
    row. Distances are summed patch by patch, in doubles also for ``float32``, so that results do not
    depend on chunks; scikit-image's integral images round differently.

    Examples
    --------
    >>> import numpy as np
    >>> denoise_nl_means(np.full((8, 8), 0.5), 3, 2).round(6).max()
    np.float64(0.5)

    References
    ----------
    A. Buades, B. Coll and J.-M. Morel, "A non-local algorithm for image denoising", IEEE CVPR, 2005; J. Darbon, A. Cunha, T. F. Chan,
    S. Osher and G. J. Jensen, "Fast nonlocal filtering applied to electron cryomicroscopy", IEEE ISBI, 2008.
    """
    either = Either(image)
    made: Any = either.image
    to = float_dtype(made)
    made = made.astype(to) if preserve_range else as_float(made).astype(to)
    if channel_axis is not None:
        made = np.moveaxis(made, channel_axis, -1)
    found = made.apply(
        "denoise_nl_means",
        patch_size=int(patch_size),
        patch_distance=int(patch_distance),
        h=float(h),
        sigma=float(sigma),
        fast_mode=bool(fast_mode),
        channels=channel_axis is not None,
    )
    return either.result(found if channel_axis is None else np.moveaxis(found, -1, channel_axis))


def denoise_tv_chambolle(
    image: Any, weight: float = 0.1, eps: float = 2.0e-4, max_num_iter: int = 200, *, channel_axis: int | None = None
) -> Any:
    """Even areas between edges, by total variation (skimage.restoration.denoise_tv_chambolle).

    Parameters
    ----------
    image : array or Image
        Any number of axes.
    weight : float
        How much is smoothed.
    eps : float
        Stop when the cost changes by less than this share of what it was at first.
    max_num_iter : int
        Stop after so many iterations.
    channel_axis : int, optional
        An axis of channels, each of which is treated by itself.

    Returns
    -------
    numpy.ndarray or Image
        float32 for float32, else float64.

    Raises
    ------
    ValueError
        For a weight that is not positive.

    Notes
    -----
    Every iteration has the whole image, in memory or in a scratch file, and the cost is summed in a fixed order: neither the result nor the number of
    iterations depends on chunks. ``float32`` is computed in doubles, so that it may stop an iteration earlier or later than in scikit-image.

    Examples
    --------
    >>> import numpy as np
    >>> denoise_tv_chambolle(np.array([0.0, 0.1, 0.0, 1.0, 0.9, 1.0]), 0.1).round(2).tolist()
    [0.07, 0.07, 0.07, 0.93, 0.93, 0.93]

    References
    ----------
    A. Chambolle, "An algorithm for total variation minimization and applications", Journal of Mathematical Imaging and Vision 20, 2004.
    """
    either = Either(image)
    made: Any = either.image
    made = as_float(made).astype(float_dtype(made))
    params = {"weight": float(weight), "eps": float(eps), "max_num_iter": int(max_num_iter)}
    if channel_axis is None:
        return either.result(made.apply("denoise_tv_chambolle", **params))
    parts = np.moveaxis(made, channel_axis, 0)
    channels = [parts[k].apply("denoise_tv_chambolle", **params) for k in range(parts.shape[0])]
    whole: Any = np.stack(channels)
    return either.result(np.moveaxis(whole, 0, channel_axis))
