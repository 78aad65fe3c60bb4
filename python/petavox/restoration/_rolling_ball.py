"""Backgrounds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .._either import Either
from .._floats import float_dtype

__all__ = ["ball_kernel", "ellipsoid_kernel", "rolling_ball"]


def ball_kernel(radius: float, ndim: int) -> np.ndarray:
    """Heights of the upper half of a ball (skimage.restoration.ball_kernel).

    Parameters
    ----------
    radius : float
        In samples.
    ndim : int
        Number of axes.

    Returns
    -------
    numpy.ndarray
        float64; infinite outside the ball.
    """
    line = np.arange(-np.ceil(radius), np.ceil(radius) + 1)
    square: Any = sum(axis**2 for axis in np.meshgrid(*[line] * ndim, indexing="ij", sparse=True))
    return np.where(np.sqrt(square) > radius, np.inf, np.sqrt(np.clip(radius**2 - square, 0, None)))


def ellipsoid_kernel(shape: Sequence[int], intensity: float) -> np.ndarray:
    """Heights of the upper half of an ellipsoid (skimage.restoration.ellipsoid_kernel).

    Parameters
    ----------
    shape : sequence of int
        Extents along the image's axes.
    intensity : float
        Half its extent in grey values.

    Returns
    -------
    numpy.ndarray
        float64; infinite outside the ellipsoid.
    """
    half = np.clip(np.asarray(shape) // 2, 1, None)
    axes = np.meshgrid(*[np.arange(-n, n + 1) for n in half], indexing="ij", sparse=True)
    rest: Any = 1 - sum((axis / n) ** 2 for axis, n in zip(axes, half, strict=True))
    return np.where(rest < 0, np.inf, intensity * np.sqrt(np.clip(rest, 0, None)))


def rolling_ball(
    image: Any, *, radius: float = 100, kernel: Any = None, nansafe: bool = False, workers: int | None = None
) -> Any:
    """The background: how far a ball that rolls below the image rises (skimage.restoration.rolling_ball).

    Parameters
    ----------
    image : array or Image
        Any number of axes.
    radius : float
        Of the ball, in samples.
    kernel : array, optional
        Heights of another body; infinite where it has none.
    nansafe : bool
        Give NaN wherever one lies in the box of the kernel.
    workers : int, optional
        Ignored: all cores are used.

    Returns
    -------
    numpy.ndarray or Image
        Of the input's shape and dtype.

    Raises
    ------
    ValueError
        For a kernel of other axes.

    References
    ----------
    S. R. Sternberg, "Biomedical image processing", Computer 16, 1983.
    """
    either = Either(image)
    made = either.image.astype(float_dtype(either.image))
    heights = np.asarray(ball_kernel(radius, made.ndim) if kernel is None else kernel).astype(made.dtype)
    if heights.ndim != made.ndim:
        raise ValueError(f"kernel: got {heights.ndim} axes, expected {made.ndim} as the image has")
    middle = heights[tuple(n // 2 for n in heights.shape)]
    # What reaches beyond the image from everywhere in it is cut off; the middle stays the middle.
    reach = [max(n - 1, 0) for n in made.shape]
    heights = heights[tuple(slice(max(0, n // 2 - r), n // 2 + r + 1) for n, r in zip(heights.shape, reach, strict=True))]
    belongs = np.isfinite(heights)
    cells = "".join("x" if cell else "." for cell in belongs.ravel())
    lowered = (heights[belongs] - middle).astype(np.float64).tolist()
    found: Any = made.apply(
        "minimum_filter", size=list(heights.shape), cells=cells, structure=lowered, mode="constant", cval="inf"
    )
    if nansafe:
        # As scikit-image has it: also the corners of the kernel's box, where the ball is not.
        lacks: Any = np.isnan(made)
        lacking = lacks.astype("uint8").apply("maximum_filter", size=list(heights.shape), mode="constant", cval=0)
        found = np.where(lacking != 0, np.nan, found)
    return either.result(found.astype(either.image.dtype))
