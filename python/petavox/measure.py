"""scikit-image's measurements under their names: arrays give arrays at once, images give images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from . import config
from ._either import Either
from ._open import from_array

__all__ = ["label", "regionprops_table"]


def label(label_image: Any, background: int | None = None, return_num: bool = False, connectivity: int | None = None) -> Any:
    """Number the connected components of a mask (skimage.measure.label).

    Parameters
    ----------
    label_image : array or Image
        A mask: every sample other than 0 is foreground. (Components of equal values are not there yet.)
    background : {None, 0}
        0.
    return_num : bool
        Return the number of components too.
    connectivity : int, optional
        1 for faces, up to the number of axes, the default.

    Returns
    -------
    labels : numpy.ndarray or Image
        int32.
    num : int, or Image without axes
        If `return_num`.

    Raises
    ------
    NotImplementedError
        For images of several values.
    """
    either = Either(label_image)
    if background not in (None, 0):
        raise NotImplementedError("label: only the background 0 is there yet")
    if either.image.dtype != bool:
        raise NotImplementedError("label: components of equal values are not there yet; give a mask such as image > 0")
    labels = either.image.apply("label", connectivity=either.image.ndim if connectivity is None else int(connectivity))
    result = either.result(labels)
    if not return_num:
        return result
    return result, labels.max() if either.is_image else int(result.max(initial=0))


def regionprops_table(
    label_image: Any,
    intensity_image: Any = None,
    properties: Sequence[str] = ("label", "bbox"),
    *,
    cache: bool = True,
    separator: str = "-",
    extra_properties: None = None,
    spacing: float | Sequence[float] | None = None,
) -> dict[str, np.ndarray]:
    """Measure the regions of a label image in one pass (skimage.measure.regionprops_table).

    Parameters
    ----------
    label_image : array or Image
        Integers; 0 is background.
    intensity_image : array or Image, optional
        Grey values of the same shape.
    properties : sequence of str
        Columns; an unknown one is answered with the list of those there are.
    cache : bool
        Ignored: everything is measured once.
    separator : str
        Between a property and its component, as in ``bbox-0``.
    extra_properties : None
        Not there yet.
    spacing : float or sequence of float, optional
        Physical size of a sample; 1 by default.

    Returns
    -------
    dict of numpy.ndarray
        One array per column, one row per region, by rising label. ``pandas.DataFrame`` makes a table of it.

    Raises
    ------
    ValueError
        For unknown properties and images of another shape.
    NotImplementedError
        For `extra_properties`.

    Examples
    --------
    >>> import numpy as np
    >>> table = regionprops_table(np.array([[1, 1, 0], [0, 0, 2]]), properties=("label", "area"))
    >>> {name: values.tolist() for name, values in table.items()}
    {'label': [1, 2], 'area': [2.0, 1.0]}
    """
    if extra_properties is not None:
        raise NotImplementedError("regionprops_table: extra_properties are not there yet")
    labels = from_array(label_image, spacing=1 if spacing is None else spacing)
    intensity = None if intensity_image is None else from_array(intensity_image)
    table = labels._lazy.measure(
        list(properties), config.settings(), None if intensity is None else intensity._lazy
    )
    return {name.replace("-", separator): np.asarray(values) for name, values in table.items()}
