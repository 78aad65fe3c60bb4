"""Openings and closings by the area and the extent of regions, whatever their form."""

from __future__ import annotations

from typing import Any

from .._either import Either
from ._flooding import neighbourhood

__all__ = ["area_closing", "area_opening", "diameter_closing", "diameter_opening"]


def _opened(name: str, image: Any, connectivity: Any, parent: Any, tree_traverser: Any, **threshold: float) -> Any:
    if parent is not None or tree_traverser is not None:
        raise NotImplementedError(f"{name}: trees are not kept here; leave parent and tree_traverser out")
    either = Either(image)
    is_hops = not hasattr(connectivity, "shape")
    near = neighbourhood(None if is_hops else connectivity, connectivity if is_hops else None, either.image.ndim)
    return either.result(either.image.apply(name, **near, **threshold))


def area_opening(image: Any, area_threshold: float = 64, connectivity: Any = 1, parent: Any = None, tree_traverser: Any = None) -> Any:
    """Level bright regions of fewer samples than a threshold (skimage.morphology.area_opening).

    Every sample becomes the highest level at which the region around it is large enough.

    Parameters
    ----------
    image : array or Image
        Grey values, any number of axes.
    area_threshold : float
        Samples that a region has at least.
    connectivity : int or array
        Neighbours: 1 for faces, up to the number of axes, or a footprint.
    parent, tree_traverser : None
        scikit-image's ways to use a tree again.

    Returns
    -------
    numpy.ndarray or Image
        Of the input's dtype.

    Raises
    ------
    NotImplementedError
        For a tree.

    Notes
    -----
    Exact for images of any size: samples are sorted and joined in a working volume, in memory or in a scratch file; from a file it is slow.

    Examples
    --------
    >>> import numpy as np
    >>> area_opening(np.array([1, 5, 9, 5, 1, 7, 7, 7]), 3).tolist()
    [1, 5, 5, 5, 1, 7, 7, 7]

    References
    ----------
    L. Vincent, "Grayscale area openings and closings, their efficient implementation and applications", EURASIP workshop on mathematical
    morphology, 1993.
    """
    return _opened("area_opening", image, connectivity, parent, tree_traverser, area_threshold=float(area_threshold))


def area_closing(image: Any, area_threshold: float = 64, connectivity: Any = 1, parent: Any = None, tree_traverser: Any = None) -> Any:
    """Fill dark regions of fewer samples than a threshold (skimage.morphology.area_closing).

    Parameters
    ----------
    image : array or Image
        Grey values, any number of axes.
    area_threshold : float
        Samples that a region has at least.
    connectivity, parent, tree_traverser
        As for `area_opening`.

    Returns
    -------
    numpy.ndarray or Image
        Of the input's dtype.

    Examples
    --------
    >>> import numpy as np
    >>> area_closing(np.array([5, 1, 0, 1, 5]), 3).tolist()
    [5, 1, 1, 1, 5]
    """
    return _opened("area_closing", image, connectivity, parent, tree_traverser, area_threshold=float(area_threshold))


def diameter_opening(
    image: Any, diameter_threshold: float = 8, connectivity: Any = 1, parent: Any = None, tree_traverser: Any = None
) -> Any:
    """Level bright regions that are shorter than a threshold along every axis (skimage.morphology.diameter_opening).

    Parameters
    ----------
    image : array or Image
        Grey values, any number of axes.
    diameter_threshold : float
        How many samples the longest side of a region's bounding box has at least.
    connectivity, parent, tree_traverser
        As for `area_opening`.

    Returns
    -------
    numpy.ndarray or Image
        Of the input's dtype.

    Examples
    --------
    >>> import numpy as np
    >>> diameter_opening(np.array([1, 5, 9, 5, 1, 7, 7, 7]), 3).tolist()
    [1, 5, 5, 5, 1, 7, 7, 7]
    """
    return _opened("diameter_opening", image, connectivity, parent, tree_traverser, diameter_threshold=float(diameter_threshold))


def diameter_closing(
    image: Any, diameter_threshold: float = 8, connectivity: Any = 1, parent: Any = None, tree_traverser: Any = None
) -> Any:
    """Fill dark regions that are shorter than a threshold along every axis (skimage.morphology.diameter_closing).

    Parameters
    ----------
    image : array or Image
        Grey values, any number of axes.
    diameter_threshold, connectivity, parent, tree_traverser
        As for `diameter_opening`.

    Returns
    -------
    numpy.ndarray or Image
        Of the input's dtype.
    """
    return _opened("diameter_closing", image, connectivity, parent, tree_traverser, diameter_threshold=float(diameter_threshold))
