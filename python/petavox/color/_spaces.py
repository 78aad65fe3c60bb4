"""Other ways to write down colours."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._channels import converted, mixed

__all__ = ["hsv2rgb", "lab2rgb", "rgb2hsv", "rgb2lab", "rgb2xyz", "rgb2ycbcr", "rgb2yuv", "xyz2lab", "xyz2rgb", "ycbcr2rgb", "yuv2rgb"]

#: CIE 1931 XYZ of linear sRGB, and the white of daylight (D65, two degrees), as scikit-image has them.
_XYZ = np.array([[0.412453, 0.357580, 0.180423], [0.212671, 0.715160, 0.072169], [0.019334, 0.119193, 0.950227]])
_WHITE = (0.95047, 1.0, 1.08883)
_YUV = np.array([[0.299, 0.587, 0.114], [-0.14714119, -0.28886916, 0.43601035], [0.61497538, -0.51496512, -0.10001026]])
_YCBCR = np.array([[65.481, 128.553, 24.966], [-37.797, -74.203, 112.0], [112.0, -93.786, -18.214]])


def _by(matrix: np.ndarray, channels: tuple[Any, ...]) -> list[Any]:
    return [mixed(channels, row.tolist()) for row in matrix]


def _to_xyz(*rgb: Any) -> list[Any]:
    linear = [np.where(one > 0.04045, np.power((one + 0.055) / 1.055, 2.4), one / 12.92).astype(one.dtype) for one in rgb]
    return _by(_XYZ, tuple(linear))


def _from_xyz(*xyz: Any) -> list[Any]:
    linear = _by(np.linalg.inv(_XYZ), xyz)
    # The root of what is below the threshold is not used; it is taken of something that has one.
    shown = [np.where(one > 0.0031308, 1.055 * np.power(np.maximum(one, 0), 1 / 2.4) - 0.055, one * 12.92) for one in linear]
    return [np.clip(one, 0, 1) for one in shown]


def _to_lab(*xyz: Any) -> list[Any]:
    shares = [one / one.dtype.type(white) for one, white in zip(xyz, _WHITE, strict=True)]
    x, y, z = (np.where(one > 0.008856, np.cbrt(one), 7.787 * one + 16.0 / 116.0) for one in shares)
    return [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]


def _from_lab(*lab: Any) -> list[Any]:
    y = (lab[0] + 16.0) / 116.0
    x, z = lab[1] / 500.0 + y, np.maximum(y - lab[2] / 200.0, 0)
    shares = [np.where(one > 0.2068966, np.power(one, 3.0), (one - 16.0 / 116.0) / 7.787) for one in (x, y, z)]
    return [one * one.dtype.type(white) for one, white in zip(shares, _WHITE, strict=True)]


def rgb2hsv(rgb: Any, *, channel_axis: int = -1) -> Any:
    """Hue, saturation and value (skimage.color.rgb2hsv).

    Parameters
    ----------
    rgb : array or Image
        Red, green and blue along one axis; integers become floats between 0 and 1.
    channel_axis : int
        That axis.

    Returns
    -------
    numpy.ndarray or Image
        0 to 1 each; the hue of greys is 0.

    Examples
    --------
    >>> import numpy as np
    >>> rgb2hsv(np.array([[0.0, 0.5, 0.0]])).round(3).tolist()
    [[0.333, 1.0, 0.5]]
    """

    def hsv(r: Any, g: Any, b: Any) -> list[Any]:
        most = np.maximum(np.maximum(r, g), b)
        span = most - np.minimum(np.minimum(r, g), b)
        grey, zero, one = span == 0, r.dtype.type(0), r.dtype.type(1)
        by = np.where(grey, one, span)
        turn = np.where(b == most, 4.0 + (r - g) / by, np.where(g == most, 2.0 + (b - r) / by, (g - b) / by))
        hue = np.where(grey, zero, np.remainder(turn / 6.0, 1.0))
        return [hue, np.where(grey, zero, span / np.where(grey, one, most)), most]

    return converted(rgb, channel_axis, hsv)


def hsv2rgb(hsv: Any, *, channel_axis: int = -1) -> Any:
    """Red, green and blue of hue, saturation and value (skimage.color.hsv2rgb).

    Parameters
    ----------
    hsv : array or Image
        0 to 1 each, along one axis.
    channel_axis : int
        That axis.

    Returns
    -------
    numpy.ndarray or Image
    """

    def rgb(h: Any, s: Any, v: Any) -> list[Any]:
        sixth = np.floor(h * 6)
        f = h * 6 - sixth
        p, q, t = v * (1 - s), v * (1 - f * s), v * (1 - (1 - f) * s)
        which = np.remainder(sixth.astype(np.uint8), 6)

        def chosen(*of: Any) -> Any:
            found = of[5]
            for k in reversed(range(5)):
                found = np.where(which == k, of[k], found)
            return found

        return [chosen(v, q, p, p, t, v), chosen(t, v, v, q, p, p), chosen(p, p, t, v, v, q)]

    return converted(hsv, channel_axis, rgb)


def rgb2xyz(rgb: Any, *, channel_axis: int = -1) -> Any:
    """CIE XYZ of sRGB (skimage.color.rgb2xyz).

    Parameters
    ----------
    rgb, channel_axis
        As for `rgb2hsv`.

    Returns
    -------
    numpy.ndarray or Image
    """
    return converted(rgb, channel_axis, _to_xyz)


def xyz2rgb(xyz: Any, *, channel_axis: int = -1) -> Any:
    """sRGB of CIE XYZ, what cannot be shown cut off (skimage.color.xyz2rgb).

    Parameters
    ----------
    xyz : array or Image
        X, Y and Z along one axis.
    channel_axis : int
        That axis.

    Returns
    -------
    numpy.ndarray or Image
    """
    return converted(xyz, channel_axis, _from_xyz)


def xyz2lab(xyz: Any, *, channel_axis: int = -1) -> Any:
    """CIE L*a*b* of CIE XYZ in daylight, D65 (skimage.color.xyz2lab).

    Parameters
    ----------
    xyz : array or Image
        X, Y and Z along one axis.
    channel_axis : int
        That axis.

    Returns
    -------
    numpy.ndarray or Image
    """
    return converted(xyz, channel_axis, _to_lab)


def rgb2lab(rgb: Any, *, channel_axis: int = -1) -> Any:
    """CIE L*a*b* of sRGB in daylight, D65 (skimage.color.rgb2lab).

    Parameters
    ----------
    rgb, channel_axis
        As for `rgb2hsv`.

    Returns
    -------
    numpy.ndarray or Image
        L from 0 to 100; distances in it are about as large as they are seen.
    """
    return converted(rgb, channel_axis, lambda *channels: _to_lab(*_to_xyz(*channels)))


def lab2rgb(lab: Any, *, channel_axis: int = -1) -> Any:
    """sRGB of CIE L*a*b* in daylight, D65 (skimage.color.lab2rgb).

    Parameters
    ----------
    lab : array or Image
        L, a and b along one axis.
    channel_axis : int
        That axis.

    Returns
    -------
    numpy.ndarray or Image
        What cannot be shown is cut off.
    """
    return converted(lab, channel_axis, lambda *channels: _from_xyz(*_from_lab(*channels)))


def rgb2yuv(rgb: Any, *, channel_axis: int = -1) -> Any:
    """Brightness and two differences of colour (skimage.color.rgb2yuv).

    Parameters
    ----------
    rgb, channel_axis
        As for `rgb2hsv`.

    Returns
    -------
    numpy.ndarray or Image
    """
    return converted(rgb, channel_axis, lambda *channels: _by(_YUV, channels))


def yuv2rgb(yuv: Any, *, channel_axis: int = -1) -> Any:
    """Red, green and blue of `rgb2yuv` (skimage.color.yuv2rgb).

    Parameters
    ----------
    yuv : array or Image
        Y, U and V along one axis.
    channel_axis : int
        That axis.

    Returns
    -------
    numpy.ndarray or Image
    """
    return converted(yuv, channel_axis, lambda *channels: _by(np.linalg.inv(_YUV), channels))


def rgb2ycbcr(rgb: Any, *, channel_axis: int = -1) -> Any:
    """The colours of digital video, in ranges of 8 bits (skimage.color.rgb2ycbcr).

    Parameters
    ----------
    rgb, channel_axis
        As for `rgb2hsv`.

    Returns
    -------
    numpy.ndarray or Image
        Y from 16 to 235, Cb and Cr from 16 to 240.
    """

    def of(*channels: Any) -> list[Any]:
        y, cb, cr = _by(_YCBCR, channels)
        return [y + 16, cb + 128, cr + 128]

    return converted(rgb, channel_axis, of)


def ycbcr2rgb(ycbcr: Any, *, channel_axis: int = -1) -> Any:
    """Red, green and blue of `rgb2ycbcr` (skimage.color.ycbcr2rgb).

    Parameters
    ----------
    ycbcr : array or Image
        Y, Cb and Cr along one axis; floats.
    channel_axis : int
        That axis.

    Returns
    -------
    numpy.ndarray or Image
    """
    inverse = np.linalg.inv(_YCBCR)
    return converted(ycbcr, channel_axis, lambda y, cb, cr: _by(inverse, (y - 16, cb - 128, cr - 128)))
