"""Superpixels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .._either import Either
from .._floats import as_float, float_dtype
from ..filters import gaussian
from ..image import Image

__all__ = ["slic"]

#: CIE XYZ from linear RGB, and the white that Lab is relative to (D65, 2 degrees).
_XYZ = ((0.412453, 0.357580, 0.180423), (0.212671, 0.715160, 0.072169), (0.019334, 0.119193, 0.950227))
_WHITE = (0.95047, 1.0, 1.08883)


def _lab(image: Any) -> Any:
    """RGB along the last axis as CIE Lab, as scikit-image converts it."""
    dtype = image.dtype
    linear: Any = np.where(image > 0.04045, np.power((image + 0.055) / 1.055, 2.4), image / 12.92)
    red, green, blue = (linear[..., k] for k in range(3))
    curved = []
    for (r, g, b), white in zip(_XYZ, _WHITE, strict=True):
        part = (red * r + green * g + blue * b) / white
        curved.append(np.where(part > 0.008856, np.cbrt(part), 7.787 * part + 16.0 / 116.0))
    x, y, z = curved
    return np.stack([116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)], axis=-1).astype(dtype)


def slic(
    image: Any,
    n_segments: int = 100,
    compactness: float = 10.0,
    max_num_iter: int = 10,
    sigma: float | Sequence[float] = 0,
    spacing: Sequence[float] | None = None,
    convert2lab: bool | None = None,
    enforce_connectivity: bool = True,
    min_size_factor: float = 0.5,
    max_size_factor: float = 3,
    slic_zero: bool = False,
    start_label: int = 1,
    mask: Any = None,
    *,
    channel_axis: int | None = -1,
) -> Any:
    """Superpixels: k-means in space and colour (skimage.segmentation.slic).

    Parameters
    ----------
    image : array or Image
        Two or three axes, and one of channels unless `channel_axis` is None. Its extremes are found at once.
    n_segments : int
        About how many superpixels.
    compactness : float
        How much space counts against colour.
    max_num_iter : int
        Passes of k-means.
    sigma : float or sequence of float
        Standard deviation of a Gaussian that smooths before.
    spacing : sequence of float, optional
        The size of a sample.
    convert2lab : bool, optional
        Compare colours in CIE Lab; by default if there are three channels.
    enforce_connectivity : bool
        Let small pieces go to their neighbours.
    min_size_factor, max_size_factor : float
        Sizes of pieces, as shares of the usual one.
    slic_zero : bool
        Let compactness adapt.
    start_label : {0, 1}
        The first label.
    mask : None
        Not there: it needs k-means of points drawn at random.
    channel_axis : int or None
        The axis of channels.

    Returns
    -------
    numpy.ndarray or Image
        int64, without the channels.

    Raises
    ------
    ValueError
        For numbers of axes, labels, sizes and values that do not fit.
    NotImplementedError
        For a mask.

    Notes
    -----
    Centres look twice as far as they lie apart, and a pixel goes to the nearest of those that see it, the first of several: the result is
    scikit-image's, and does not depend on chunks or threads, for every pass has the whole image (in memory, or in a scratch file). ``float32`` is compared
    in doubles here, so that a pixel between two centres may go the other way.

    References
    ----------
    R. Achanta, A. Shaji, K. Smith, A. Lucchi, P. Fua and S. Suesstrunk, "SLIC superpixels compared to state-of-the-art superpixel methods",
    IEEE Trans. PAMI 34, 2012.

    Examples
    --------
    >>> import numpy as np
    >>> slic(np.array([[0.0, 0.0, 1.0, 1.0]] * 2), 2, compactness=0.1, channel_axis=None).tolist()
    [[1, 1, 2, 2], [1, 1, 2, 2]]
    """
    either = Either(image)
    made: Any = either.image
    if mask is not None:
        raise NotImplementedError("slic: mask is not there, because it needs k-means of points drawn at random")
    if made.ndim == 2 and channel_axis is not None:
        raise ValueError("channel_axis: a two-dimensional image has no channels; use channel_axis=None if it is grey")
    if start_label not in (0, 1):
        raise ValueError("start_label should be 0 or 1.")
    if channel_axis is not None:
        made = np.moveaxis(made, channel_axis, -1)
    n_axes = made.ndim - (channel_axis is not None)
    if n_axes not in (2, 3):
        raise ValueError(f"slic takes two or three axes, and channels; this has {n_axes} without channels")
    made = as_float(made).astype(float_dtype(made))
    low, high = (made.dtype.type(v) for v in (made.min().item(), made.max().item()))
    if np.isnan(low):
        raise ValueError("NaN values in image are not supported")
    if np.isinf(low) or np.isinf(high):
        raise ValueError("infinite values in image are not supported")
    made = made - low
    if high != low:
        made = made / (high - low)
    if channel_axis is not None and (convert2lab or convert2lab is None):
        if made.shape[-1] != 3 and convert2lab:
            raise ValueError("Lab colorspace conversion requires a RGB image.")
        if made.shape[-1] == 3:
            made = _lab(made)
    sizes = np.ones(n_axes) if spacing is None else np.asarray(spacing, np.float64)
    if sizes.shape != (n_axes,):
        raise ValueError(f"spacing: got {sizes.size} values, expected {n_axes}, one per axis")
    widths = np.full(n_axes, sigma) / sizes if np.isscalar(sigma) else np.asarray(sigma, np.float64)
    if widths.shape != (n_axes,):
        raise ValueError(f"sigma: got {widths.size} values, expected {n_axes}, one per axis")
    if (widths > 0).any():
        made = gaussian(made, [*widths.tolist(), *([0] if channel_axis is not None else [])], mode="reflect")
    return either.result(
        made.apply(
            "slic",
            n_segments=int(n_segments),
            compactness=float(compactness),
            max_num_iter=int(max_num_iter),
            spacing=sizes.tolist(),
            slic_zero=bool(slic_zero),
            start_label=int(start_label),
            enforce_connectivity=bool(enforce_connectivity),
            min_size_factor=float(min_size_factor),
            max_size_factor=float(max_size_factor),
            channels=channel_axis is not None,
        )
    )
