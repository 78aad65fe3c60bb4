"""Skeletons as graphs of branches, under skan's names.

Examples
--------
>>> import numpy as np
>>> from petavox.skeleton import Skeleton, summarize
>>> image = np.array([[1, 0, 1], [0, 1, 0], [0, 1, 0]], bool)
>>> skeleton = Skeleton(image, spacing=0.5)
>>> skeleton.n_paths
3
>>> summarize(skeleton)["branch_type"].tolist()  # doctest: +SKIP
[1, 1, 1]
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from . import config
from ._core import analyse as analyse_here
from ._open import from_array
from .image import Image

if TYPE_CHECKING:
    import pandas

__all__ = ["Skeleton", "analyse", "summarize"]


class Skeleton:
    """The branches of a skeleton image.

    Voxels that touch, diagonally too, are joined by edges of the length of the step; voxels with three or more neighbours form
    junctions, each replaced by its minimum spanning tree. Branches run between tips and junctions, or around in rings. These
    are the definitions of skan 0.13 [1]_, and the numbers are the same.

    Parameters
    ----------
    image : array or Image
        2-D or 3-D; every sample other than 0 is skeleton. An `Image` is read block by block and never held whole.
    spacing : float or sequence of float
        Physical size of a sample. For an `Image` its own spacing unless another is given.
    source_image : array or Image, optional
        Averaged over each branch, in the column ``mean_intensity``. (skan 0.13 takes one too, but its table does not use it.)
    mask : array or Image, optional
        The foreground that was thinned: radii are exact distances to its nearest background voxel. Without it they are
        those of the skeleton itself.
    value_is_height : bool
        The samples of a 2-D `image` are heights, part of every length and position.
    memory, threads, progress
        As for `Image.compute`.

    Attributes
    ----------
    n_paths : int
        Number of branches.
    coordinates : numpy.ndarray
        Positions of the voxels in samples, ``(n_voxels, ndim)``, in raster order.
    spacing : tuple of float
        Physical size of a sample per axis.

    Raises
    ------
    ValueError
        For images that have not 2 or 3 axes, or a mask or source image of another shape.

    References
    ----------
    .. [1] J. Nunez-Iglesias et al., "A new Python library to analyse skeleton images confirms malaria parasite remodelling of
       the red blood cell membrane skeleton", PeerJ 6:e4312, 2018.
    """

    def __init__(
        self,
        image: Any,
        *,
        spacing: float | Sequence[float] | None = None,
        source_image: Any = None,
        mask: Any = None,
        value_is_height: bool = False,
        memory: int | str | None = None,
        threads: int | None = None,
        progress: bool | None = None,
    ) -> None:
        lazy = _placed(image, spacing)
        mask = None if mask is None else _placed(mask, spacing)._lazy
        source = None if source_image is None else _placed(source_image, spacing)._lazy
        traced = lazy._lazy.trace(config.settings(memory, threads, progress), mask, source, bool(value_is_height))
        self.skeleton_image = image
        self.source_image = source_image
        self.spacing = lazy.spacing
        self._shape = lazy.shape
        self._table = traced["table"]
        self._ranks = traced["ranks"]
        self._offsets = traced["offsets"].astype(np.int64)
        self._voxels = traced["voxels"]
        #: Sample of the skeleton image at each voxel.
        self.pixel_values = np.ones(len(self._ranks), bool) if traced["values"] is None else traced["values"]

    @property
    def n_paths(self) -> int:
        """Number of branches."""
        return len(self._offsets) - 1

    @property
    def coordinates(self) -> np.ndarray:
        """Positions of the voxels in samples, in raster order."""
        places = np.unravel_index(self._ranks.astype(np.int64), self._shape)
        return np.stack(places, axis=1) if len(self._ranks) else np.zeros((0, len(self._shape)), np.int64)

    def path(self, index: int) -> np.ndarray:
        """The voxels of a branch from one end to the other, as rows of `coordinates`.

        Parameters
        ----------
        index : int
            The branch: a row of the table.

        Returns
        -------
        numpy.ndarray
            Whole numbers, one per voxel.

        Raises
        ------
        IndexError
            If there is no such branch.
        """
        if not -self.n_paths <= index < self.n_paths:
            raise IndexError(f"branch {index} is out of bounds for {self.n_paths} branches")
        index %= self.n_paths
        return self._voxels[self._offsets[index] : self._offsets[index + 1]]

    def paths_list(self) -> list[list[int]]:
        """The voxels of every branch."""
        return [self.path(i).tolist() for i in range(self.n_paths)]

    def path_coordinates(self, index: int) -> np.ndarray:
        """Positions of the voxels of a branch.

        Parameters
        ----------
        index : int
            The branch: a row of the table.

        Returns
        -------
        numpy.ndarray
            In samples, ``(n, ndim)``.
        """
        ranks = self._ranks[self.path(index)].astype(np.int64)
        return np.stack(np.unravel_index(ranks, self._shape), axis=1)

    def path_lengths(self) -> np.ndarray:
        """Length of every branch in the unit of the spacing."""
        return self._table["branch_distance"]

    def path_means(self) -> np.ndarray:
        """Mean of the skeleton image's samples over every branch."""
        return self._table["mean_pixel_value"]

    def path_stdev(self) -> np.ndarray:
        """Standard deviation of the skeleton image's samples over every branch."""
        return self._table["stdev_pixel_value"]

    def path_label_image(self) -> np.ndarray:
        """An image of the skeleton's shape in which each branch has its number, from 1 on."""
        labels = np.zeros(self._shape, np.uint32)
        for i in range(self.n_paths):
            labels.flat[self._ranks[self.path(i)].astype(np.int64)] = i + 1
        return labels

    def __repr__(self) -> str:
        return f"<petavox.skeleton.Skeleton of {len(self._ranks)} voxels in {self.n_paths} branches, shape {self._shape}>"


def summarize(skeleton: Skeleton, *, value_is_height: bool = False, separator: str = "_") -> pandas.DataFrame:
    """The table of branches: `skan.summarize`'s columns in its order, then radius and tortuosity.

    Parameters
    ----------
    skeleton : Skeleton
        The skeleton; one made with ``value_is_height=True`` if that is wanted here.
    value_is_height : bool
        Checked against how the skeleton was made.
    separator : str
        Between the words of column names.

    Returns
    -------
    pandas.DataFrame
        One row per branch. ``skeleton_id``, ``node_id_src``, ``node_id_dst``, ``branch_distance`` (along the branch, in the unit
        of the spacing), ``branch_type`` (0 tip to tip, 1 tip to junction, 2 junction to junction, 3 ring), ``mean_pixel_value``,
        ``stdev_pixel_value``, ``image_coord_src_0`` ... (in samples), ``coord_src_0`` ... (times spacing),
        ``euclidean_distance``, then ``mean_radius``, ``min_radius``, ``max_radius``, ``tortuosity`` (branch distance over
        euclidean distance), and ``mean_intensity`` if there was a source image.

    Raises
    ------
    ImportError
        If pandas is not there.
    """
    try:
        import pandas
    except ImportError as e:
        raise ImportError("petavox.skeleton.summarize gives a pandas DataFrame: pip install 'petavox[tables]'") from e
    if value_is_height and "coord_src_2" not in skeleton._table:
        raise ValueError("value_is_height: make the Skeleton with value_is_height=True")
    return pandas.DataFrame({name.replace("_", separator): values for name, values in skeleton._table.items()})


def _placed(image: Any, spacing: float | Sequence[float] | None) -> Image:
    return from_array(image, spacing=spacing)


def analyse(
    image: Any,
    path: str | os.PathLike[str],
    *,
    sigma: float | Sequence[float] = 0.0,
    threshold: float | str = "otsu",
    min_size: int = 0,
    is_mask: bool = False,
    method: str | None = None,
    intensity: bool = False,
    prune: float = 0.0,
    exports: Sequence[str] = (),
    overwrite: bool = False,
    memory: int | str | None = None,
    threads: int | None = None,
    progress: bool | None = None,
    scheduler: Any = None,
) -> dict[str, Any]:
    """Go the whole way from a volume to a table of its branches: what ``petavox skeleton`` does.

    The image is smoothed, thresholded, cleaned, thinned and measured, inside the memory that is granted; the folder `path` gets
    ``branches.parquet`` (a row per branch, skan's columns and radii), ``skeleton.zarr`` (branch numbers as labels),
    ``report.html`` and ``run.json``.

    Parameters
    ----------
    image : Image or array
        One grey 2-D or 3-D image.
    path : str or path
        The folder to write. It appears when everything is in it.
    sigma : float or sequence of float
        Gaussian smoothing first, in samples.
    threshold : float or str
        Foreground is above this, or above what ``otsu``, ``li``, ``yen``, ``triangle`` or ``isodata`` finds.
    min_size : int
        Components of fewer voxels are removed.
    is_mask : bool
        The image is a mask already.
    method : {"parity", "lee", "zhang"}, optional
        The rule of thinning; ``parity`` in 3-D and ``zhang`` in 2-D by default.
    intensity : bool
        Also measure the image along the branches: one more pass over the image.
    prune : float
        Tip branches shorter than this are removed, in the unit of the spacing.
    exports : sequence of {"swc", "graphml"}
        Further files.
    overwrite : bool
        Replace a folder that is there.
    memory, threads, progress, scheduler
        As for `Image.compute`. On a cluster the workers make the mask together, and one of them thins and traces it; the table
        and the skeleton are the same bytes.

    Returns
    -------
    dict
        The contents of ``run.json``.

    Raises
    ------
    FileExistsError
        If the folder is there and `overwrite` was not given.
    ValueError
        For images with channels or time points, and options that make no sense.
    """
    job = {
        "options": {
            "sigma": [float(s) for s in np.atleast_1d(sigma)],
            "threshold": str(threshold),
            "min_size": int(min_size),
            "is_mask": bool(is_mask),
            "method": method,
            "intensity": bool(intensity),
        },
        "prune": float(prune),
        "exports": list(exports),
        "overwrite": bool(overwrite),
    }
    lazy = _placed(image, None)
    if scheduler is not None:
        from . import distributed

        return distributed.skeleton(lazy, path, scheduler, job, memory=memory, progress=progress)
    settings = config.settings(memory, threads, progress)
    return json.loads(analyse_here(lazy._lazy, os.fspath(path), json.dumps(job), settings))
