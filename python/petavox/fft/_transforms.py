"""Transforms of images and arrays, over any axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .._open import from_array
from ..image import Image
from ._spectrum import Spectrum, complex_of, interleaved

_NORMS = ("backward", "ortho", "forward")


def _axes(ndim: int, s: Any, axes: Any) -> list[int]:
    """The axes of a transform, as numbers from 0 on."""
    if axes is None:
        n = ndim if s is None else len(np.atleast_1d(s))
        if n > ndim:
            raise ValueError("shape requires more axes than are present")
        return list(range(ndim - n, ndim))
    found = []
    for axis in np.atleast_1d(axes).tolist():
        if not -ndim <= axis < ndim:
            raise ValueError("axes exceeds dimensionality of input")
        found.append(axis % ndim)
    if len(set(found)) != len(found):
        raise ValueError("all axes must be unique")
    return found


def _lengths(s: Any, axes: list[int]) -> dict[int, int]:
    if s is None:
        return {}
    lengths = np.atleast_1d(s).tolist()
    if len(lengths) != len(axes):
        raise ValueError("when given, axes and shape arguments have to be of the same length")
    if min(lengths, default=1) < 1:
        raise ValueError(f"invalid number of data points ({min(lengths)}) specified")
    return dict(zip(axes, lengths, strict=True))


def _fitted(image: Image, lengths: dict[int, int]) -> Image:
    """The image cut, or filled up with 0, to lengths along some axes."""
    cut = tuple(slice(0, lengths[a]) if a in lengths else slice(None) for a in range(image.ndim))
    image = image[cut]
    missing = [(0, max(0, lengths.get(a, 0) - image.shape[a])) for a in range(image.ndim)]
    padded: Any = np.pad(image, missing) if any(high for _, high in missing) else image
    return padded


class _Given:
    """The input of a transform as an image, with parts if it is complex, and how its result goes back."""

    def __init__(self, value: Any) -> None:
        self.is_lazy = isinstance(value, (Image, Spectrum))
        if isinstance(value, Spectrum):
            self.is_complex, self.image = True, value.parts
        elif isinstance(value, Image):
            self.is_complex, self.image = False, value
        else:
            array = np.asarray(value)
            self.is_complex = array.dtype.kind == "c"
            if array.dtype == np.float16:
                array = array.astype(np.float32)
            self.image = from_array(interleaved(array) if self.is_complex else array)
        self.ndim = self.image.ndim - int(self.is_complex)

    def spectrum(self, image: Image) -> Any:
        return Spectrum(image) if self.is_lazy else complex_of(image.compute())

    def real(self, image: Image) -> Any:
        return image if self.is_lazy else image.compute()


def _norm(norm: str | None) -> str:
    if norm is None:
        return "backward"
    if norm not in _NORMS:
        raise ValueError(f"Invalid norm value '{norm}', should be \"backward\", \"ortho\" or \"forward\"")
    return norm


def _complex(name: str, x: Any, s: Any, axes: Any, norm: str | None) -> Any:
    given = _Given(x)
    over = _axes(given.ndim, s, axes)
    image = _fitted(given.image, _lengths(s, over))
    return given.spectrum(image.apply(name, axes=over, norm=_norm(norm), complex=given.is_complex))


def fftn(x: Any, s: Any = None, axes: Any = None, norm: str | None = None) -> Any:
    """Discrete Fourier transform over any axes (scipy.fft.fftn).

    Parameters
    ----------
    x : array, Image or Spectrum
        Real or complex; single precision stays single, everything else is transformed in double.
    s : sequence of int, optional
        Lengths along the axes: what is longer is cut, what is shorter is filled up with 0.
    axes : sequence of int, optional
        All, or the last ones if `s` is given.
    norm : {"backward", "ortho", "forward"}, optional
        Which way the result is divided by the number of samples.

    Returns
    -------
    numpy.ndarray or Spectrum

    Examples
    --------
    >>> import numpy as np
    >>> fftn(np.ones((2, 2))).real.tolist()
    [[4.0, 0.0], [0.0, 0.0]]
    """
    return _complex("fftn", x, s, axes, norm)


def ifftn(x: Any, s: Any = None, axes: Any = None, norm: str | None = None) -> Any:
    """Inverse of `fftn` (scipy.fft.ifftn).

    Parameters
    ----------
    x : array, Image or Spectrum
        The transform.
    s, axes, norm
        As for `fftn`.

    Returns
    -------
    numpy.ndarray or Spectrum
    """
    return _complex("ifftn", x, s, axes, norm)


def rfftn(x: Any, s: Any = None, axes: Any = None, norm: str | None = None) -> Any:
    """Half of the transform of a real image, which the other half follows from (scipy.fft.rfftn).

    Parameters
    ----------
    x : array or Image
        Real.
    s, axes, norm
        As for `fftn`; the transform is halved along the last of the axes.

    Returns
    -------
    numpy.ndarray or Spectrum

    Raises
    ------
    TypeError
        For complex samples.
    """
    given = _Given(x)
    if given.is_complex:
        raise TypeError("x must be a real sequence")
    over = _axes(given.ndim, s, axes)
    image = _fitted(given.image, _lengths(s, over))
    to_last = _order(given.ndim, over)
    image = _transposed(image, to_last)
    made = image.apply("rfftn", axes=[to_last.index(a) for a in over], norm=_norm(norm))
    back = [*np.argsort(to_last).tolist(), given.ndim]
    return given.spectrum(_transposed(made, back))


def irfftn(x: Any, s: Any = None, axes: Any = None, norm: str | None = None) -> Any:
    """Inverse of `rfftn` (scipy.fft.irfftn).

    Parameters
    ----------
    x : array, Image or Spectrum
        Half of a transform.
    s : sequence of int, optional
        Lengths of the result along the axes. The last one is even by default, for the half does not tell.
    axes, norm
        As for `rfftn`.

    Returns
    -------
    numpy.ndarray or Image
        Real.

    Raises
    ------
    ValueError
        For a result without samples.
    """
    given = _Given(x)
    over = _axes(given.ndim, s, axes)
    lengths = _lengths(s, over)
    last = over[-1]
    n = lengths.pop(last, None)
    image = _fitted(given.image, lengths)
    if not given.is_complex:
        image = Spectrum.of(image).parts
    if n is None:
        n = 2 * (image.shape[last] - 1)
    if n < 1:
        raise ValueError(f"Invalid number of data points ({n}) specified")
    to_last = _order(given.ndim, over)
    image = _transposed(image, [*to_last, given.ndim])
    made = image.apply("irfftn", axes=[to_last.index(a) for a in over], norm=_norm(norm), n=int(n))
    return given.real(_transposed(made, np.argsort(to_last).tolist()))


def _order(ndim: int, axes: list[int]) -> list[int]:
    """All axes, the last of `axes` at the end."""
    return [a for a in range(ndim) if a != axes[-1]] + [axes[-1]]


def _transposed(image: Image, order: Sequence[int]) -> Image:
    return image if list(order) == list(range(image.ndim)) else image.transpose(*order)


def fft(x: Any, n: int | None = None, axis: int = -1, norm: str | None = None) -> Any:
    """Discrete Fourier transform along one axis (scipy.fft.fft).

    Parameters
    ----------
    x : array, Image or Spectrum
        Real or complex.
    n : int, optional
        Length along the axis: what is longer is cut, what is shorter is filled up with 0.
    axis : int
        The axis.
    norm : {"backward", "ortho", "forward"}, optional
        As for `fftn`.

    Returns
    -------
    numpy.ndarray or Spectrum
    """
    return fftn(x, None if n is None else [n], [axis], norm)


def ifft(x: Any, n: int | None = None, axis: int = -1, norm: str | None = None) -> Any:
    """Inverse of `fft` (scipy.fft.ifft).

    Parameters
    ----------
    x : array, Image or Spectrum
        The transform.
    n, axis, norm
        As for `fft`.

    Returns
    -------
    numpy.ndarray or Spectrum
    """
    return ifftn(x, None if n is None else [n], [axis], norm)


def rfft(x: Any, n: int | None = None, axis: int = -1, norm: str | None = None) -> Any:
    """Half of the transform of a real image along one axis (scipy.fft.rfft).

    Parameters
    ----------
    x : array or Image
        Real.
    n, axis, norm
        As for `fft`.

    Returns
    -------
    numpy.ndarray or Spectrum
    """
    return rfftn(x, None if n is None else [n], [axis], norm)


def irfft(x: Any, n: int | None = None, axis: int = -1, norm: str | None = None) -> Any:
    """Inverse of `rfft` (scipy.fft.irfft).

    Parameters
    ----------
    x : array, Image or Spectrum
        Half of a transform.
    n : int, optional
        Length of the result along the axis; even by default.
    axis, norm
        As for `fft`.

    Returns
    -------
    numpy.ndarray or Image
    """
    return irfftn(x, None if n is None else [n], [axis], norm)


def fft2(x: Any, s: Any = None, axes: Any = (-2, -1), norm: str | None = None) -> Any:
    """`fftn` over two axes (scipy.fft.fft2).

    Parameters
    ----------
    x, s, axes, norm
        As for `fftn`.

    Returns
    -------
    numpy.ndarray or Spectrum
    """
    return fftn(x, s, axes, norm)


def ifft2(x: Any, s: Any = None, axes: Any = (-2, -1), norm: str | None = None) -> Any:
    """`ifftn` over two axes (scipy.fft.ifft2).

    Parameters
    ----------
    x, s, axes, norm
        As for `ifftn`.

    Returns
    -------
    numpy.ndarray or Spectrum
    """
    return ifftn(x, s, axes, norm)


def rfft2(x: Any, s: Any = None, axes: Any = (-2, -1), norm: str | None = None) -> Any:
    """`rfftn` over two axes (scipy.fft.rfft2).

    Parameters
    ----------
    x, s, axes, norm
        As for `rfftn`.

    Returns
    -------
    numpy.ndarray or Spectrum
    """
    return rfftn(x, s, axes, norm)


def irfft2(x: Any, s: Any = None, axes: Any = (-2, -1), norm: str | None = None) -> Any:
    """`irfftn` over two axes (scipy.fft.irfft2).

    Parameters
    ----------
    x, s, axes, norm
        As for `irfftn`.

    Returns
    -------
    numpy.ndarray or Image
    """
    return irfftn(x, s, axes, norm)


def _rolled(x: Any, axes: Any, direction: int) -> Any:
    shape = x.shape if isinstance(x, (Image, Spectrum)) else np.shape(x)
    over = list(range(len(shape))) if axes is None else _axes(len(shape), None, axes)
    shifts = [direction * (shape[a] // 2) for a in over]
    rolled: Any = np.roll(x.parts if isinstance(x, Spectrum) else x, shifts, over)
    return Spectrum(rolled) if isinstance(x, Spectrum) else rolled


def fftshift(x: Any, axes: Any = None) -> Any:
    """Frequency 0 in the middle (scipy.fft.fftshift).

    Parameters
    ----------
    x : array, Image or Spectrum
        A transform.
    axes : int or sequence of int, optional
        Along these axes; all by default.

    Returns
    -------
    numpy.ndarray, Image or Spectrum
    """
    return _rolled(x, axes, 1)


def ifftshift(x: Any, axes: Any = None) -> Any:
    """Frequency 0 first again: the inverse of `fftshift` (scipy.fft.ifftshift).

    Parameters
    ----------
    x, axes
        As for `fftshift`.

    Returns
    -------
    numpy.ndarray, Image or Spectrum
    """
    return _rolled(x, axes, -1)


def next_fast_len(target: int) -> int:
    """The least length from `target` on that is quick to transform: without prime factors above 5.

    Parameters
    ----------
    target : int
        A length.

    Returns
    -------
    int

    Raises
    ------
    ValueError
        For lengths below 0.

    Notes
    -----
    scipy.fft.next_fast_len also allows 7 and 11, which are quick there.
    """
    if target < 0:
        raise ValueError("Target length must be positive")
    n = max(int(target), 1)
    while True:
        rest = n
        for prime in (2, 3, 5):
            while rest % prime == 0:
                rest //= prime
        if rest == 1:
            return n if target else 0
        n += 1
