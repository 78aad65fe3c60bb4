"""Stains of slides in transmitted light: what each absorbs adds up."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._channels import converted, mixed

__all__ = ["combine_stains", "hed2rgb", "hed_from_rgb", "rgb2hed", "rgb_from_hed", "separate_stains"]

#: How much red, green and blue haematoxylin, eosin and DAB absorb (A. C. Ruifrok and D. A. Johnston, 2001).
rgb_from_hed = np.array([[0.65, 0.70, 0.29], [0.07, 0.99, 0.11], [0.27, 0.57, 0.78]])
hed_from_rgb = np.linalg.inv(rgb_from_hed)

#: The darkest light that is told apart from none.
_DARK = 1e-6


def _matrix(conv_matrix: Any) -> np.ndarray:
    matrix = np.asarray(conv_matrix, float)
    if matrix.shape != (3, 3):
        raise ValueError(f"conv_matrix: got the shape {matrix.shape}, expected (3, 3)")
    return matrix


def separate_stains(rgb: Any, conv_matrix: Any, *, channel_axis: int = -1) -> Any:
    """How much of each stain there is (skimage.color.separate_stains).

    Parameters
    ----------
    rgb : array or Image
        Red, green and blue along one axis; integers become floats between 0 and 1.
    conv_matrix : array
        From absorbed light to stains, 3 by 3: the inverse of the stains' colours, a row each.
    channel_axis : int
        The axis of channels.

    Returns
    -------
    numpy.ndarray or Image
        A channel for each stain, 0 and more.

    Raises
    ------
    ValueError
        For other numbers of channels, and other matrices.

    References
    ----------
    A. C. Ruifrok and D. A. Johnston, "Quantification of histochemical staining by color deconvolution", Anal. Quant. Cytol. Histol. 23,
    2001.
    """
    matrix = _matrix(conv_matrix)

    def stains(*light: Any) -> list[Any]:
        absorbed = [np.log(np.maximum(one, one.dtype.type(_DARK))).astype(np.float64) / np.log(_DARK) for one in light]
        return [np.maximum(mixed(absorbed, matrix[:, k].tolist()), 0.0) for k in range(3)]

    return converted(rgb, channel_axis, stains, np.float64)


def combine_stains(stains: Any, conv_matrix: Any, *, channel_axis: int = -1) -> Any:
    """The colours that stains have together (skimage.color.combine_stains).

    Parameters
    ----------
    stains : array or Image
        How much of each stain there is, along one axis.
    conv_matrix : array
        The stains' colours, a row each.
    channel_axis : int
        The axis of channels.

    Returns
    -------
    numpy.ndarray or Image
        Red, green and blue, 0 to 1.

    Raises
    ------
    ValueError
        For other numbers of channels, and other matrices.
    """
    matrix = _matrix(conv_matrix)

    def light(*amounts: Any) -> list[Any]:
        scaled = [one.astype(np.float64) * np.log(_DARK) for one in amounts]
        return [np.clip(np.exp(mixed(scaled, matrix[:, k].tolist())), 0, 1) for k in range(3)]

    return converted(stains, channel_axis, light, np.float64)


def rgb2hed(rgb: Any, *, channel_axis: int = -1) -> Any:
    """Haematoxylin, eosin and DAB of a stained slide (skimage.color.rgb2hed).

    Parameters
    ----------
    rgb : array or Image
        Red, green and blue along one axis; integers become floats between 0 and 1.
    channel_axis : int
        The axis of channels.

    Returns
    -------
    numpy.ndarray or Image
        A channel for each stain.

    Examples
    --------
    >>> import numpy as np
    >>> rgb2hed(np.ones((1, 3))).tolist()
    [[0.0, 0.0, 0.0]]
    """
    return separate_stains(rgb, hed_from_rgb, channel_axis=channel_axis)


def hed2rgb(hed: Any, *, channel_axis: int = -1) -> Any:
    """The colours of haematoxylin, eosin and DAB together (skimage.color.hed2rgb).

    Parameters
    ----------
    hed : array or Image
        A channel for each stain.
    channel_axis : int
        The axis of channels.

    Returns
    -------
    numpy.ndarray or Image
        Red, green and blue, 0 to 1.
    """
    return combine_stains(hed, rgb_from_hed, channel_axis=channel_axis)
