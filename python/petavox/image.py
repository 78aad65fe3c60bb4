"""The lazy image."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from . import config
from ._arraylike import ArrayLike
from ._core import LazyImage

__all__ = ["Image"]

#: Smaller results are copied: numpy's own memory costs less than a mapping.
IN_PLACE_FROM_BYTES = 1 << 20


class Image(ArrayLike):
    """A lazy n-dimensional image: what is to be computed, not yet the samples.

    Make one with `petavox.open`, `petavox.imread` or `petavox.from_array`. Only `compute`, ``numpy.asarray``, `save` and
    `to_zarr` compute.
    """

    __slots__ = ("_chunks", "_lazy", "__weakref__")

    def __init__(self, lazy: LazyImage, *, chunks: tuple[int, ...] | None = None) -> None:
        self._lazy = lazy
        self._chunks = chunks

    # What it is.

    @property
    def shape(self) -> tuple[int, ...]:
        """Samples per axis."""
        return tuple(self._lazy.shape)

    @property
    def dtype(self) -> np.dtype:
        """Type of a sample."""
        return np.dtype(self._lazy.dtype)

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self._lazy.shape)

    @property
    def size(self) -> int:
        """Number of samples."""
        return int(np.prod(self._lazy.shape, dtype=object))

    @property
    def nbytes(self) -> int:
        """Bytes of all samples."""
        return self.size * self.dtype.itemsize

    @property
    def chunks(self) -> tuple[int, ...]:
        """Samples per axis of the parts in which the image is stored, handed to Dask, or given to `map_blocks`."""
        return tuple(self._lazy.chunks) if self._chunks is None else self._chunks

    @property
    def axes(self) -> str:
        """Meaning of the axes, such as ``"zyx"``."""
        return self._lazy.axes

    @property
    def spacing(self) -> tuple[float, ...]:
        """Physical size of a sample per axis."""
        return tuple(self._lazy.spacing)

    @property
    def unit(self) -> str | None:
        """Unit of the spacing, if it is known."""
        return self._lazy.unit

    @property
    def origin(self) -> tuple[float, ...]:
        """Physical position of the first sample's centre."""
        return tuple(self._lazy.origin)

    def __repr__(self) -> str:
        return f"<petavox.Image {self.shape} {self.dtype}, axes {self.axes}>"

    def _repr_html_(self) -> str:
        from ._repr import image_html

        return image_html(self)

    # What can be done with it.

    def apply(self, name: str, *others: Image, **params: Any) -> Image:
        """Apply an operation by its name on the command line (`petavox help operations`).

        Parameters
        ----------
        name : str
            The operation.
        *others : Image
            Further images, for operations of several.
        **params
            Its parameters.

        Returns
        -------
        Image

        Raises
        ------
        ValueError
            If there is no such operation or parameter; the message has the nearest name there is.
        """
        lazy = self._lazy.apply(name, json.dumps(params, default=_as_json), [other._lazy for other in others])
        return Image(lazy, chunks=self._chunks if tuple(lazy.shape) == self.shape else None)

    def rechunk(self, chunks: int | Sequence[int] | str = "auto") -> Image:
        """The same image that comes in other chunks; no result changes.

        Parameters
        ----------
        chunks : int, sequence of int, or "auto"
            Samples per axis; -1 or None for a whole axis.

        Returns
        -------
        Image

        Raises
        ------
        ValueError
            If there is not one value per axis, or one makes no sense.
        """
        if isinstance(chunks, str):
            return Image(self._lazy)
        wanted = [chunks] * self.ndim if chunks is None or isinstance(chunks, int) else list(chunks)
        if len(wanted) != self.ndim:
            raise ValueError(f"chunks: got {len(wanted)} values, expected one per axis of {self.axes}")
        full = []
        for extent, size in zip(wanted, self.shape, strict=True):
            extent = size if extent in (-1, None) else int(extent)
            if extent < 1 and size > 0:
                raise ValueError(f"chunks: got {extent}, expected 1 or more samples, or -1 for a whole axis")
            full.append(max(1, min(extent, size)))
        return Image(self._lazy, chunks=tuple(full))

    def map_blocks(self, f: Any, *args: Any, **options: Any) -> Any:
        """Call a Python function for every chunk: `petavox.map_blocks` with this image as the function's first argument.

        Parameters
        ----------
        f : callable
            Is given chunks as numpy arrays.
        *args, **options
            As for `petavox.map_blocks`.

        Returns
        -------
        Image or BlockResults
        """
        from .blocks import map_blocks

        return map_blocks(f, self, *args, **options)

    def map_overlap(
        self, f: Any, depth: Any, boundary: Any = "reflect", trim: bool = True, *args: Any, **options: Any
    ) -> Any:
        """Call a Python function for every chunk with samples around it: `petavox.map_overlap` with this image as the function's first
        argument.

        Parameters
        ----------
        f : callable
            Is given chunks with their halos as numpy arrays.
        depth : int, sequence, or dict by axis
            Samples of halo on each side.
        boundary : str, number, None, or one per axis
            How samples outside the image are made.
        trim : bool
            Cut the halo off results that have it.
        *args, **options
            As for `petavox.map_overlap`.

        Returns
        -------
        Image or BlockResults
        """
        from .blocks import map_overlap

        return map_overlap(f, self, *args, depth=depth, boundary=boundary, trim=trim, **options)

    # What computes.

    def compute(
        self,
        *,
        memory: int | str | None = None,
        threads: int | None = None,
        progress: bool | None = None,
        scheduler: Any = None,
    ) -> np.ndarray:
        """Compute all samples.

        Parameters
        ----------
        memory : int or str, optional
            Limit on the resident memory of the whole process, the result included, such as ``"2GiB"``.
        threads : int, optional
            Threads that compute at once.
        progress : bool, optional
            Show a progress bar.
        scheduler : dask.distributed.Client or str, optional
            Compute on a Dask cluster, given by its client or its scheduler's address; see `petavox.distributed`.

        Returns
        -------
        numpy.ndarray
            Of the image's shape and dtype; a scalar for an image without axes.

        Raises
        ------
        MemoryError
            If it does not fit; the message has the smallest limit that works.
        """
        if scheduler is not None:
            from . import distributed

            return distributed.compute(self, scheduler, memory=memory, progress=progress)
        settings = config.settings(memory, threads, progress)
        if self.nbytes >= IN_PLACE_FROM_BYTES and (made := self._lazy.compute_in_place(settings)) is not None:
            return np.asarray(made)
        result = np.empty(self.shape, self.dtype)
        self._lazy.compute_into(result, settings)
        return result if self.ndim else result[()]

    def persist(
        self,
        *,
        memory: int | str | None = None,
        threads: int | None = None,
        progress: bool | None = None,
        share: float = 0.25,
    ) -> Image:
        """Compute the image now and go on from what came out, instead of computing it again in everything made of it.

        Parameters
        ----------
        memory, threads, progress
            As for `compute`.
        share : float
            Images of up to this share of the memory limit are kept in memory; larger ones in a Zarr in the scratch folder, which
            goes when nothing is made of it any more.

        Returns
        -------
        Image
            Of the same samples, chunks, axes and spacing.

        Raises
        ------
        ValueError
            If `share` is not from 0 to 1.
        """
        from ._persist import persisted

        if not 0 <= share <= 1:
            raise ValueError(f"share: got {share}, expected 0 to 1")
        return persisted(self, memory, threads, progress, share)

    def to_xarray(self, **settings: Any) -> Any:
        """Compute the image as an xarray.DataArray, its axes as dimensions, its spacing and origin as coordinates.

        Parameters
        ----------
        **settings
            As for `compute`.

        Returns
        -------
        xarray.DataArray

        Raises
        ------
        ImportError
            If xarray is not installed.
        """
        from .interop.xarray_ import to_xarray

        return to_xarray(self, self.compute(**settings))

    def save(
        self,
        path: str | os.PathLike[str],
        *,
        overwrite: bool = False,
        chunks: Sequence[int] | None = None,
        shards: Sequence[int] | None = None,
        codec: str | None = None,
        levels: int | None = None,
        zarr_format: int = 3,
        labels: bool = False,
        resume: bool = False,
        memory: int | str | None = None,
        threads: int | None = None,
        progress: bool | None = None,
    ) -> dict[str, Any]:
        """Compute the image into a file, which appears under its name when it is complete.

        Parameters
        ----------
        path : str or path
            The ending picks the format: ``.zarr``, ``.tif``, ``.ome.tif``, ``.npy``, ``.png``.
        overwrite : bool
            Replace a file that is there.
        chunks, shards : sequence of int, optional
            Samples per axis of a chunk, and of a shard that groups chunks.
        codec : str, optional
            Compression such as ``"zstd:3"``, ``"blosc:lz4"``, ``"gzip:6"``, ``"none"``.
        levels : int, optional
            Levels of the pyramid, 1 for none.
        zarr_format : {3, 2}
            OME-Zarr 0.5 on Zarr v3, or 0.4 on v2.
        labels : bool
            The image holds labels: coarser levels are picked, not averaged.
        resume : bool
            Go on with what an interrupted call left.
        memory, threads, progress
            As for `compute`.

        Returns
        -------
        dict
            What was done: path, shape, levels, seconds, bytes read and written, peak memory.

        Raises
        ------
        FileExistsError
            If the file is there and `overwrite` was not given.
        MemoryError
            If the plan does not fit the memory; the message has the smallest limit that works.
        """
        options = self._file_options(
            chunks=chunks,
            shards=shards,
            codec=codec,
            levels=levels,
            zarr_format=zarr_format,
            overwrite=overwrite,
            resume=resume,
            labels=labels,
        )
        return json.loads(self._lazy.save(os.fspath(path), options, config.settings(memory, threads, progress)))

    def to_zarr(
        self, path: str | os.PathLike[str], *, overwrite: bool = False, scheduler: Any = None, **options: Any
    ) -> dict[str, Any]:
        """Compute the image into an OME-Zarr, a folder whose name ends in ``.zarr``.

        Parameters
        ----------
        path : str or path
            The folder to write.
        overwrite : bool
            Replace what is there.
        scheduler : dask.distributed.Client or str, optional
            Compute on a Dask cluster; the path must be one that all workers see. See `petavox.distributed`.
        **options
            As for `save`.

        Returns
        -------
        dict
            What was done.
        """
        if scheduler is not None:
            from . import distributed

            return distributed.to_zarr(self, path, scheduler, overwrite=overwrite, **options)
        return self.save(path, overwrite=overwrite, **options)

    def to_dask(self) -> Any:
        """The image as a lazy dask array of the same chunks: one task per chunk, which reads its own surroundings.

        Returns
        -------
        dask.array.Array

        Notes
        -----
        Numbers about the whole image (a threshold, the components of a mask) are found by tasks of their own, once. Images that
        take passes over the whole of another (thinning, exact distances) have to be written first.
        """
        from . import distributed

        return distributed.to_dask(self)

    def _file_options(
        self,
        *,
        chunks: Sequence[int] | None = None,
        shards: Sequence[int] | None = None,
        codec: str | None = None,
        levels: int | None = None,
        zarr_format: int = 3,
        overwrite: bool = False,
        resume: bool = False,
        labels: bool = False,
    ) -> dict[str, Any]:
        chunks = self._chunks if chunks is None else chunks
        return {
            "chunk_shape": None if chunks is None else [int(c) for c in chunks],
            "shard_shape": None if shards is None else [int(s) for s in shards],
            "codec": codec,
            "levels": levels,
            "zarr_format": zarr_format,
            "overwrite": overwrite,
            "resume": resume,
            "labels": labels,
        }

    def explain(self, format: str = "text", *, memory: int | str | None = None, threads: int | None = None) -> str:
        """The plan of computing the image: its stages, their memory, what they read.

        Parameters
        ----------
        format : {"text", "html", "dot", "json"}
            What it is written as.
        memory, threads
            As for `compute`.

        Returns
        -------
        str
            Drawn as a table where a notebook shows it.

        Raises
        ------
        MemoryError
            If the plan does not fit the memory.
        """
        from ._repr import Explanation

        settings = config.settings(memory, threads, False)
        told = self._lazy.explain(format, settings)
        return Explanation(told, self._lazy.explain("html", settings)) if format in ("text", "html") else told

    # The plan travels, not the pixels (but for arrays that are only in memory).

    def view(self, *, labels: Any = (), browser: bool | None = None, **options: Any) -> Any:
        """Look at the image in a browser or notebook; only what is looked at is computed.

        Parameters
        ----------
        labels : Image or array_like, or several, optional
            Images of labels to show above it.
        browser : bool, optional
            Open a browser; by default outside notebooks, where the viewer is shown inline.
        **options
            Those of `petavox.serve`.

        Returns
        -------
        petavox.Server
            What shows it, until its `stop` is called or the process ends.

        Raises
        ------
        OSError
            If the port is taken.

        Examples
        --------
        >>> import numpy as np
        >>> import petavox
        >>> server = petavox.from_array(np.zeros((4, 6))).view(browser=False)
        >>> server.stop()
        """
        from .serving import view

        return view(self, labels, browser, options)

    def __reduce__(self) -> tuple[Any, ...]:
        return _from_plan, (self._lazy.to_plan(), self._lazy.held(), self._chunks)


def _from_plan(plan: str, held: dict[str, Any], chunks: tuple[int, ...] | None) -> Image:
    return Image(LazyImage.from_plan(plan, held), chunks=chunks)


def _as_json(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    raise TypeError(f"{value!r} cannot be a parameter")
