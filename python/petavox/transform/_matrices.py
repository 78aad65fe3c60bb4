"""Transformations by homogeneous matrices, as scikit-image writes them: of points (x, y), columns first."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ._estimates import linear, rigid

__all__ = ["AffineTransform", "EuclideanTransform", "ProjectiveTransform", "SimilarityTransform", "estimate_transform"]


class ProjectiveTransform:
    """A map of points by a homogeneous matrix (skimage.transform.ProjectiveTransform).

    Parameters
    ----------
    matrix : array, optional
        With a row and a column more than there are coordinates; the identity by default.
    dimensionality : int
        Coordinates of a point, where there is no matrix.

    Attributes
    ----------
    params : numpy.ndarray
        The matrix.

    Raises
    ------
    ValueError
        For a matrix that is not square.

    Examples
    --------
    >>> half = ProjectiveTransform([[0.5, 0, 0], [0, 0.5, 0], [0, 0, 1]])
    >>> half([[2, 6]]).tolist()
    [[1.0, 3.0]]
    """

    params: np.ndarray

    def __init__(self, matrix: Any = None, *, dimensionality: int = 2) -> None:
        self.params = np.eye(dimensionality + 1) if matrix is None else np.asarray(matrix, dtype=np.float64)
        if self.params.ndim != 2 or self.params.shape[0] != self.params.shape[1] or len(self.params) < 2:
            raise ValueError(f"matrix: got the shape {self.params.shape}, expected a square of at least 2")

    def __call__(self, coords: Any) -> np.ndarray:
        """The points that these are taken to, a row each."""
        points = np.atleast_2d(np.asarray(coords, dtype=np.float64))
        made = np.hstack((points, np.ones((len(points), 1)))) @ self.params.T
        # What is taken to infinity goes very far.
        scale = np.where(made[:, -1:] == 0, np.finfo(float).eps, made[:, -1:])
        result: np.ndarray = made[:, :-1] / scale
        return result

    @property
    def inverse(self) -> ProjectiveTransform:
        """The way back."""
        return type(self)(matrix=np.linalg.inv(self.params))

    @property
    def dimensionality(self) -> int:
        """Coordinates of a point."""
        return len(self.params) - 1

    @staticmethod
    def _fit(src: Any, dst: Any, weights: Any) -> np.ndarray:
        return linear(src, dst, weights, projective=True)

    def estimate(self, src: Any, dst: Any, weights: Any = None) -> bool:
        """Become the transformation that takes points nearest to others, by least squares.

        Parameters
        ----------
        src, dst : array
            A row for each point, and for where it is to go.
        weights : array, optional
            How much each pair counts; not for Euclidean transformations and similarities.

        Returns
        -------
        bool
            False if the points do not decide it; the matrix is NaN then.

        Raises
        ------
        ValueError
            If there is not one point for each other, or weights are given where there are none.
        """
        self.params = self._fit(src, dst, weights)
        return bool(np.isfinite(self.params).all())

    @classmethod
    def from_estimate(cls, src: Any, dst: Any, weights: Any = None) -> Any:
        """The transformation that takes points nearest to others, by least squares.

        Parameters
        ----------
        src, dst, weights
            As for `estimate`.

        Returns
        -------
        ProjectiveTransform
            Of the class that is asked.

        Raises
        ------
        ValueError
            If the points do not decide it (scikit-image returns an object that is false).

        Examples
        --------
        >>> found = SimilarityTransform.from_estimate([[0, 0], [1, 0], [0, 1]], [[1, 1], [3, 1], [1, 3]])
        >>> (found.params.round(9) + 0).tolist()
        [[2.0, 0.0, 1.0], [0.0, 2.0, 1.0], [0.0, 0.0, 1.0]]
        """
        made = cls(dimensionality=np.shape(src)[-1])
        if not made.estimate(src, dst, weights):
            raise ValueError(f"{cls.__name__}.from_estimate: the points do not decide the transformation; more are needed, not all in one place or line")
        return made

    def __add__(self, other: Any) -> ProjectiveTransform:
        if not hasattr(other, "params"):
            raise TypeError("a transformation is added to another one")
        kind = type(self) if type(self) is type(other) else ProjectiveTransform
        return kind(np.asarray(other.params) @ self.params)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(matrix={self.params.tolist()})"


def _only_matrix(matrix: Any, *given: Any) -> bool:
    """True if there is nothing to make a matrix of."""
    some = any(value is not None for value in given)
    if some and matrix is not None:
        raise ValueError("matrix: other parameters cannot be given with it")
    return not some


class AffineTransform(ProjectiveTransform):
    """Scale, shear, turn and move points of two coordinates, or take a matrix (skimage.transform.AffineTransform).

    Parameters
    ----------
    matrix : array, optional
        Homogeneous.
    scale : float or two float, optional
        Along x and y.
    shear : float or two float, optional
        Angles.
    rotation : float, optional
        Radians, from x towards y.
    translation : two float, optional
        Along x and y.
    dimensionality : int
        Coordinates of a point, where nothing is given.

    Raises
    ------
    ValueError
        If a matrix is given together with others.

    Examples
    --------
    >>> AffineTransform(scale=2, translation=(1, 0))([[3, 4]]).tolist()
    [[7.0, 8.0]]
    """

    def __init__(
        self,
        matrix: Any = None,
        *,
        scale: Any = None,
        shear: Any = None,
        rotation: float | None = None,
        translation: Any = None,
        dimensionality: int = 2,
    ) -> None:
        if _only_matrix(matrix, scale, shear, rotation, translation):
            super().__init__(matrix, dimensionality=dimensionality)
            return
        sx, sy = np.broadcast_to(1 if scale is None else scale, 2)
        angles = np.atleast_1d(0 if shear is None else shear)
        hx, hy = float(angles[0]), float(angles[1]) if len(angles) > 1 else 0.0
        c, s = math.cos(rotation or 0), math.sin(rotation or 0)
        x, y = (0, 0) if translation is None else translation
        super().__init__(
            [
                [sx * (c + math.tan(hy) * s), -sy * (math.tan(hx) * c + s), x],
                [sx * (s - math.tan(hy) * c), -sy * (math.tan(hx) * s - c), y],
                [0, 0, 1],
            ]
        )

    @staticmethod
    def _fit(src: Any, dst: Any, weights: Any) -> np.ndarray:
        return linear(src, dst, weights, projective=False)


class EuclideanTransform(ProjectiveTransform):
    """Turn and move points of two coordinates, or take a matrix (skimage.transform.EuclideanTransform).

    Parameters
    ----------
    matrix : array, optional
        Homogeneous.
    rotation : float, optional
        Radians, from x towards y.
    translation : sequence of float, optional
        Along x and y; more coordinates where nothing is turned.
    dimensionality : int
        Coordinates of a point, where nothing is given.

    Raises
    ------
    ValueError
        If a matrix is given together with others.
    """

    def __init__(
        self, matrix: Any = None, *, rotation: float | None = None, translation: Any = None, dimensionality: int = 2
    ) -> None:
        if _only_matrix(matrix, rotation, translation):
            super().__init__(matrix, dimensionality=dimensionality)
        else:
            super().__init__(_turned(1, rotation, translation, dimensionality))

    @staticmethod
    def _fit(src: Any, dst: Any, weights: Any) -> np.ndarray:
        if weights is not None:
            raise ValueError("weights: all points count the same for a EuclideanTransform")
        return rigid(src, dst, scales=False)


class SimilarityTransform(ProjectiveTransform):
    """Scale, turn and move points of two coordinates, or take a matrix (skimage.transform.SimilarityTransform).

    Parameters
    ----------
    matrix : array, optional
        Homogeneous.
    scale : float, optional
        Along all coordinates.
    rotation : float, optional
        Radians, from x towards y.
    translation : sequence of float, optional
        Along x and y; more coordinates where nothing is turned.
    dimensionality : int
        Coordinates of a point, where nothing is given.

    Raises
    ------
    ValueError
        If a matrix is given together with others.
    """

    def __init__(
        self,
        matrix: Any = None,
        *,
        scale: float | None = None,
        rotation: float | None = None,
        translation: Any = None,
        dimensionality: int = 2,
    ) -> None:
        if _only_matrix(matrix, scale, rotation, translation):
            super().__init__(matrix, dimensionality=dimensionality)
        else:
            super().__init__(_turned(1 if scale is None else scale, rotation, translation, dimensionality))

    @staticmethod
    def _fit(src: Any, dst: Any, weights: Any) -> np.ndarray:
        if weights is not None:
            raise ValueError("weights: all points count the same for a SimilarityTransform")
        return rigid(src, dst, scales=True)


def _turned(scale: float, rotation: float | None, translation: Any, dimensionality: int) -> np.ndarray:
    n = dimensionality if translation is None else len(translation)
    if rotation is not None and (n != 2 or np.ndim(rotation)):
        raise ValueError("rotation: one angle, of points with two coordinates; give a matrix for others")
    matrix = np.eye(n + 1)
    if rotation is not None:
        c, s = math.cos(rotation), math.sin(rotation)
        matrix[:2, :2] = [[c, -s], [s, c]]
    matrix[:n, :n] *= scale
    if translation is not None:
        matrix[:n, n] = translation
    return matrix


_KINDS: dict[str, type[ProjectiveTransform]] = {
    "euclidean": EuclideanTransform,
    "similarity": SimilarityTransform,
    "affine": AffineTransform,
    "projective": ProjectiveTransform,
}


def estimate_transform(ttype: str, src: Any, dst: Any, weights: Any = None) -> Any:
    """The transformation that takes points nearest to others (skimage.transform.estimate_transform).

    Parameters
    ----------
    ttype : {"euclidean", "similarity", "affine", "projective"}
        Of which kind.
    src, dst : array
        A row for each point, and for where it is to go.
    weights : array, optional
        How much each pair counts, for the last two kinds.

    Returns
    -------
    ProjectiveTransform

    Raises
    ------
    ValueError
        For other kinds, and points that do not decide it.
    """
    if ttype.lower() not in _KINDS:
        raise ValueError(f"ttype: got {ttype!r}, expected one of {', '.join(_KINDS)}")
    return _KINDS[ttype.lower()].from_estimate(src, dst, weights)
