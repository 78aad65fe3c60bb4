"""Matrices of derivatives and their eigenvalues."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from itertools import combinations_with_replacement
from typing import Any

import numpy as np

from .. import ndimage
from .._derivatives import hessian_elements
from .._either import Either
from .._floats import as_float
from .._open import from_array
from ..blocks import map_blocks
from ..image import Image

__all__ = ["hessian_matrix", "hessian_matrix_eigvals", "structure_tensor", "structure_tensor_eigenvalues"]


def _axes(ndim: int, order: str) -> list[int]:
    if order not in ("rc", "xy"):
        raise ValueError(f"order {order} is invalid. Must be either 'rc' or 'xy'")
    if order == "xy" and ndim > 2:
        raise ValueError("order='xy' is only supported for 2D images.")
    return list(range(ndim))[:: 1 if order == "rc" else -1]


def hessian_matrix(
    image: Any,
    sigma: float | Sequence[float] = 1,
    mode: str = "constant",
    cval: float = 0,
    order: str = "rc",
    use_gaussian_derivatives: bool | None = None,
) -> list[Any]:
    """Second derivatives of every sample's surroundings (skimage.feature.hessian_matrix).

    Parameters
    ----------
    image : array or Image
        Any number of axes; integers become floats between 0 and 1 (or -1 and 1).
    sigma : float or sequence of float
        Standard deviation of the Gaussian, in samples.
    mode : str
        How samples outside the image are made.
    cval : float
        Their value in mode ``constant``.
    order : {"rc", "xy"}
        The first axis first, or (in two dimensions) the last.
    use_gaussian_derivatives : bool, optional
        Derivatives of a Gaussian, or (the default, with scikit-image's warning) differences of the smoothed image.

    Returns
    -------
    list of numpy.ndarray or Image
        The upper triangle of the symmetric matrices, row by row.

    Raises
    ------
    ValueError
        For an unknown order.
    """
    either = Either(image)
    made = as_float(either.image)
    axes = _axes(made.ndim, order)
    if use_gaussian_derivatives is None:
        use_gaussian_derivatives = False
        warnings.warn(
            "use_gaussian_derivatives currently defaults to False, but will change to True in a future version. Please specify this "
            "argument explicitly to maintain the current behavior",
            category=FutureWarning,
            stacklevel=2,
        )
    if use_gaussian_derivatives:
        elements = hessian_elements(made, sigma, mode, cval, axes)
    else:
        smooth = ndimage.gaussian_filter(made, sigma, mode=mode, cval=cval)
        firsts = [np.gradient(smooth, axis=axis) for axis in range(made.ndim)]
        if not either.is_image:
            firsts = [first.persist() for first in firsts]
        elements = [np.gradient(firsts[a], axis=b) for a, b in combinations_with_replacement(axes, 2)]
    return [either.result(element) for element in elements]


def structure_tensor(
    image: Any, sigma: float | Sequence[float] = 1, mode: str = "constant", cval: float = 0, order: str = "rc"
) -> list[Any]:
    """Products of first derivatives, summed under a Gaussian (skimage.feature.structure_tensor).

    Parameters
    ----------
    image : array or Image
        Two axes or more; integers become floats between 0 and 1 (or -1 and 1).
    sigma : float or sequence of float
        Standard deviation of the Gaussian, in samples.
    mode, cval, order
        As for `hessian_matrix`.

    Returns
    -------
    list of numpy.ndarray or Image
        The upper triangle of the symmetric matrices, row by row.

    Raises
    ------
    ValueError
        For an unknown order, or a number of deviations that does not fit the axes.
    """
    either = Either(image)
    made = as_float(either.image.squeeze())
    if not np.isscalar(sigma) and len(sigma) != made.ndim:  # type: ignore[arg-type]
        raise ValueError("sigma must have as many elements as image has axes")
    derivatives = [ndimage.sobel(made, axis, mode=mode, cval=cval) for axis in _axes(made.ndim, order)]
    products = [a * b for a, b in combinations_with_replacement(derivatives, 2)]
    return [either.result(ndimage.gaussian_filter(one, sigma, mode=mode, cval=cval)) for one in products]


def _side(elements: Sequence[Any]) -> int:
    return int((math.sqrt(8 * len(elements) + 1) - 1) / 2)


def _of_matrices(f: Callable[[np.ndarray], np.ndarray], elements: Sequence[Any], values: list[int]) -> Any:
    """What a function makes of the symmetric matrices whose upper triangles are given: some values each, along first axes."""
    n = _side(elements)
    images = [from_array(one) for one in elements]

    def over(*parts: np.ndarray) -> np.ndarray:
        matrices = np.zeros((*parts[0].shape, n, n), parts[0].dtype)
        for (row, column), one in zip(combinations_with_replacement(range(n), 2), parts, strict=True):
            matrices[..., row, column] = matrices[..., column, row] = one
        return f(matrices)

    first = images[0].rechunk("auto")
    shape, chunks = [*values, *first.shape], [*values, *first.chunks]
    return map_blocks(over, first, *images[1:], dtype=first.dtype, shape=shape, chunks=chunks, new_axis=list(range(len(values))) or None)


def _eigenvalues(elements: Sequence[Any]) -> Any:
    is_image = any(isinstance(one, Image) for one in elements)
    if len(elements) == 3:
        a, b, c = (from_array(one) for one in elements)
        half = (a + c) / 2
        root = np.sqrt(np.square(b) + np.square((a - c) / 2))
        stacked: Any = np.stack([half + root, half - root])
    elif len(elements) == 6:
        first, *others = (from_array(one) for one in elements)
        stacked = np.stack([first.apply("eigenvalues", *others, which=k) for k in range(3)])
    else:
        stacked = _of_matrices(lambda matrices: np.moveaxis(np.linalg.eigvalsh(matrices)[..., ::-1], -1, 0), elements, [_side(elements)])
    return stacked if is_image else stacked.compute()


def hessian_matrix_eigvals(H_elems: Sequence[Any]) -> Any:
    """Eigenvalues of the matrices of `hessian_matrix` (skimage.feature.hessian_matrix_eigvals).

    Parameters
    ----------
    H_elems : list of array or Image
        The upper triangle of the symmetric matrices, row by row.

    Returns
    -------
    numpy.ndarray or Image
        The eigenvalues along a new first axis, the largest first.

    Notes
    -----
    Those of 3 x 3 matrices are found by Jacobi's rotations in double and agree with LAPACK's to its rounding.
    """
    return _eigenvalues(H_elems)


def structure_tensor_eigenvalues(A_elems: Sequence[Any]) -> Any:
    """Eigenvalues of the matrices of `structure_tensor` (skimage.feature.structure_tensor_eigenvalues).

    Parameters
    ----------
    A_elems : list of array or Image
        The upper triangle of the symmetric matrices, row by row.

    Returns
    -------
    numpy.ndarray or Image
        The eigenvalues along a new first axis, the largest first.
    """
    return _eigenvalues(A_elems)
