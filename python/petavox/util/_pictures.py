"""Parts of images, and several in one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .._either import Either
from .._floats import as_float
from .._made import from_places
from .._open import from_array
from ..image import Image

__all__ = ["compare_images", "crop", "label_points", "montage"]


def crop(ar: Any, crop_width: Any, copy: bool = False, order: str = "K") -> Any:
    """An image without some samples at the ends of its axes (skimage.util.crop).

    Parameters
    ----------
    ar : array or Image
        Any number of axes.
    crop_width : int, pair, or sequence of pairs
        Samples at both ends: of all axes the same, or a pair for each.
    copy : bool
        Copy the samples of arrays.
    order : str
        Order of the copy in memory, for arrays.

    Returns
    -------
    numpy.ndarray or Image

    Raises
    ------
    ValueError
        For widths that do not fit the axes.
    """
    image = ar if isinstance(ar, Image) else np.asarray(ar)
    widths = np.asarray(crop_width)
    if widths.shape not in ((), (1,), (2,), (1, 2), (image.ndim, 2)):
        raise ValueError(f"crop_width: got {crop_width!r}, expected a number, a pair, or a pair for each of {image.ndim} axes")
    pairs = np.broadcast_to(widths, (image.ndim, 2)).tolist()
    cut = image[tuple(slice(a, n - b) for n, (a, b) in zip(image.shape, pairs, strict=True))]
    return np.array(cut, order=order, copy=True) if copy and isinstance(cut, np.ndarray) else cut  # type: ignore[call-overload]


def label_points(coords: Any, output_shape: Sequence[int]) -> np.ndarray:
    """An image in which every point has its number, from 1 on (skimage.util.label_points).

    Parameters
    ----------
    coords : array
        A row of coordinates for each point; they are rounded.
    output_shape : sequence of int
        Samples per axis.

    Returns
    -------
    numpy.ndarray
        uint64; where points coincide the last one counts.

    Raises
    ------
    ValueError
        For points with other numbers of coordinates, or below 0.
    IndexError
        For points outside.
    """
    points = np.asarray(coords)
    if points.ndim != 2 or points.shape[1] != len(output_shape):
        raise ValueError("Dimensionality of points should match the output shape")
    if np.any(points < 0):
        raise ValueError("Coordinates should be positive and start from 0")
    labels = np.zeros(tuple(output_shape), np.uint64)
    labels[tuple(np.round(points).astype(int).T)] = np.arange(1, len(points) + 1)
    return labels


def compare_images(image0: Any, image1: Any, *, method: str = "diff", n_tiles: tuple[int, int] = (8, 8)) -> Any:
    """Two images in one picture (skimage.util.compare_images).

    Parameters
    ----------
    image0, image1 : array or Image
        Of one shape; integers become floats between 0 and 1.
    method : {"diff", "blend", "checkerboard"}
        The absolute difference, the mean, or fields of both in turn.
    n_tiles : pair of int
        Fields along rows and columns.

    Returns
    -------
    numpy.ndarray or Image
        Floats.

    Raises
    ------
    ValueError
        For another method, images of different shapes, and a checkerboard of other than two axes.

    Examples
    --------
    >>> import numpy as np
    >>> compare_images(np.array([[0.5, 1.0]]), np.array([[0.0, 0.5]])).tolist()
    [[0.5, 0.5]]
    """
    either, other = Either(image0), from_array(image1)
    either.is_image |= isinstance(image1, Image)
    if either.image.shape != other.shape:
        raise ValueError("Images must have the same shape.")
    a, b = as_float(either.image), as_float(other)
    if method == "diff":
        return either.result(abs(b - a))
    if method == "blend":
        return either.result(0.5 * (b + a))
    if method != "checkerboard":
        raise ValueError('Wrong value for `method`. Must be either "diff", "blend" or "checkerboard".')
    if a.ndim != 2:
        raise ValueError("Images must be 2-dimensional to be compared with the checkerboard method.")
    steps = [int(n / tiles) for n, tiles in zip(a.shape, n_tiles, strict=True)]

    def fields(at: tuple[slice, ...]) -> np.ndarray:
        rows, columns = (np.arange(one.start, one.stop) // max(step, 1) for one, step in zip(at, steps, strict=True))
        within = (rows < n_tiles[0])[:, None] & (columns < n_tiles[1])[None, :]
        return within & ((rows[:, None] + columns[None, :]) % 2 == 0)

    picture: Any = np.where(from_places(fields, a.shape, bool), a, b)
    return either.result(picture)


def montage(
    arr_in: Any,
    fill: Any = "mean",
    rescale_intensity: bool = False,
    grid_shape: tuple[int, int] | None = None,
    padding_width: int = 0,
    *,
    channel_axis: int | None = None,
) -> Any:
    """Several images in rows and columns (skimage.util.montage).

    Parameters
    ----------
    arr_in : array or Image
        Images along the first axis.
    fill : number, sequence of number, or "mean"
        What is between and behind them, one for each channel.
    rescale_intensity : bool
        Stretch every image to the range of its dtype.
    grid_shape : pair of int, optional
        Rows and columns; as many of both by default.
    padding_width : int
        Samples around images.
    channel_axis : int, optional
        An axis of channels.

    Returns
    -------
    numpy.ndarray or Image
        Rows, columns, and channels if there are.

    Raises
    ------
    ValueError
        For other numbers of axes, and a grid that is too small.
    """
    from ..exposure import rescale_intensity as stretched

    either = Either(arr_in)
    made: Any = either.image
    made = made[..., None] if channel_axis is None else np.moveaxis(made, channel_axis, -1)
    if made.ndim != 4:
        raise ValueError("Input array has to be 3-dimensional for grayscale images, or 4-dimensional with a `channel_axis` specified.")
    n, _, _, channels = made.shape
    side = int(np.ceil(np.sqrt(n)))
    rows, columns = (side, side) if grid_shape is None else (int(s) for s in grid_shape)
    if rows * columns < n:
        raise ValueError(f"grid_shape: got {rows} by {columns}, expected places for {n} images")
    parts = [stretched(made[k]) if rescale_intensity else made[k] for k in range(n)]
    if isinstance(fill, str):
        if fill != "mean":
            raise ValueError(f"fill: got {fill!r}, expected a number for each channel, or 'mean'")
        whole: Any = np.stack(parts)
        fill = whole.mean(axis=(0, 1, 2)).compute()
    ground = from_array(np.broadcast_to(np.atleast_1d(np.asarray(fill)).astype(made.dtype), (1, 1, channels)).copy())
    pad = int(padding_width)

    def between(height: int, width: int) -> Any:
        return np.broadcast_to(ground, (height, width, channels))

    height, width = made.shape[1:3]
    lines: list[Any] = []
    for row in range(rows):
        line: list[Any] = []
        for column in range(columns):
            k = row * columns + column
            line += [between(height, pad)] * (pad > 0) + [parts[k] if k < n else between(height, width)]
        joined = np.concatenate([*line, *[between(height, pad)] * (pad > 0)], axis=1)
        lines += [between(pad, joined.shape[1])] * (pad > 0) + [joined]
    picture: Any = np.concatenate([*lines, *[between(pad, lines[-1].shape[1])] * (pad > 0)], axis=0)
    return either.result(picture if channel_axis is not None else picture[..., 0])
