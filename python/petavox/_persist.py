"""Results that are kept to go on from, and several results at once."""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
import weakref
from typing import Any

import numpy as np

from . import config
from ._core import LazyImage
from .image import Image
from .interop.reader import InMemory


def compute(
    *images: Image, memory: int | str | None = None, threads: int | None = None, progress: bool | None = None
) -> tuple[np.ndarray, ...]:
    """Compute several images together: what they have in common is read and computed once where one pass can make them all.

    Parameters
    ----------
    *images : Image
        What to compute.
    memory, threads, progress
        As for `Image.compute`.

    Returns
    -------
    tuple of numpy.ndarray
        One for each image.

    Raises
    ------
    TypeError
        If something else is given.

    Examples
    --------
    >>> import numpy as np
    >>> import petavox
    >>> image = petavox.from_array(np.arange(6.0))
    >>> petavox.compute(image + 1, image * 2)
    (array([1., 2., 3., 4., 5., 6.]), array([ 0.,  2.,  4.,  6.,  8., 10.]))
    """
    for image in images:
        if not isinstance(image, Image):
            raise TypeError(f"expected images, got {type(image).__name__}")
    results = [np.empty(image.shape, image.dtype) for image in images]
    if images:
        LazyImage.compute_all_into([i._lazy for i in images], results, config.settings(memory, threads, progress))
    return tuple(result if result.ndim else result[()] for result in results)


def persisted(image: Image, memory: Any, threads: Any, progress: Any, share: float) -> Image:
    """The image computed, in memory or in a scratch file."""
    limit = config.parse_bytes(memory) or config.get("memory") or _available() // 2
    if image.nbytes <= share * limit:
        samples = np.asarray(image.compute(memory=memory, threads=threads, progress=progress))
        placed = {"axes": image.axes, "spacing": image.spacing, "origin": image.origin, "unit": image.unit}
        return Image(InMemory(samples, **placed).lazy(), chunks=image.chunks)
    folder = Scratch(tempfile.mkdtemp(prefix="petavox-", dir=config.get("scratch")))
    path = os.path.join(folder.path, "image.zarr")
    image.save(path, levels=1, chunks=image.chunks, memory=memory, threads=threads, progress=progress)
    lazy = LazyImage.open(path, image.axes, list(image.spacing))
    return Image(lazy.holding(folder, f"python:{uuid.uuid4().hex}"), chunks=image.chunks)


class Scratch:
    """A folder that goes when nobody needs it any more."""

    def __init__(self, path: str) -> None:
        self.path = path
        weakref.finalize(self, shutil.rmtree, path, ignore_errors=True)

    def __reduce__(self) -> tuple[Any, ...]:
        # Another process may read it, but does not own it.
        return _Name, (self.path,)


class _Name:
    def __init__(self, path: str) -> None:
        self.path = path


def _available() -> int:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_AVPHYS_PAGES")
    except (ValueError, OSError, AttributeError):
        return 4 << 30
