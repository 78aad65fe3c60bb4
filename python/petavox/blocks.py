"""Python functions that work on blocks of images: `map_blocks`, `map_overlap`."""

from __future__ import annotations

import json
import uuid
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ._block_call import Call, Place
from ._block_info import BlockInfo
from ._block_layout import layout as layout_of
from ._collected import BlockResults
from .image import Image

__all__ = ["BlockInfo", "BlockResults", "map_blocks", "map_overlap"]

_RETURNS = ("array", "list", "table")


def map_blocks(
    f: Callable[..., Any],
    *args: Any,
    dtype: Any = None,
    chunks: Sequence[int | Sequence[int]] | None = None,
    shape: Sequence[int] | None = None,
    drop_axis: int | str | Sequence[int | str] | None = None,
    new_axis: int | Sequence[int] | None = None,
    returns: str | None = None,
    **kwargs: Any,
) -> Image | BlockResults:
    """Call a function for every chunk of an image, and put together what it returns.

    The function is called once for each chunk of ``image.chunks`` (use `Image.rechunk` for others), from several threads; the
    interpreter's lock is held only inside it, so that functions that release it (numpy, scikit-image, PyTorch) run at the same
    time. Nothing is called before the result is computed, but for one call with a tiny block of ones that finds out what comes
    back, if `dtype` is not given.

    Parameters
    ----------
    f : callable
        Is given arrays of its own, which it may change and keep. If it has a parameter ``block_info`` it is told where the
        block lies (a `BlockInfo`); ``block_id`` is the block's number along each axis.
    *args, **kwargs
        Arguments of `f`. Images are given block by block, anything else as it is. The first image of the most axes has the
        chunks; others have the same shape, or one that broadcasts to it as in numpy.
    dtype : dtype, optional
        Of the result.
    chunks : sequence of int, optional
        Shape of what `f` returns for a whole chunk, where that is another shape. Chunks at the image's end come out smaller in
        proportion (rounded up), unless `shape` says otherwise.
    shape : sequence of int, optional
        Shape of the whole result.
    drop_axis : int, letter, or several, optional
        Axes that are not in the result; the image must be in one chunk along them.
    new_axis : int or several, optional
        Places of new axes in the result; their extent is 1, or what `chunks` says.
    returns : {"array", "list", "table"}, optional
        ``"list"``: anything, kept block by block; ``"table"``: a pandas DataFrame or a dict of columns. By default found out,
        and ``"array"`` if `dtype`, `chunks` or `shape` is given.

    Returns
    -------
    Image or BlockResults
        A lazy image, or for lists and tables a lazy collection, in raster order of the blocks.

    Raises
    ------
    ValueError
        If `f` returns another shape than was said; if what it returns cannot be found out.
    TypeError
        If `f` returns a dtype that does not become `dtype` without loss.

    Notes
    -----
    An exception in `f` comes out of ``compute`` as itself, with a note that names the block. The memory of blocks and results
    is part of the memory limit; what `f` takes beyond that while it runs, and the lists and tables it returns, are not known
    and come on top. Where an operation with a halo (a filter) follows, the result is kept for it, in memory or in a scratch file,
    so that `f` is called once for each chunk; not so on a cluster, where neighbours call it again: write it with `to_zarr` first.

    Examples
    --------
    >>> import numpy as np
    >>> import petavox
    >>> image = petavox.from_array(np.arange(12.0).reshape(3, 4), chunks=(2, 2))
    >>> petavox.map_blocks(np.flip, image).compute()
    array([[ 5.,  4.,  7.,  6.],
           [ 1.,  0.,  3.,  2.],
           [ 9.,  8., 11., 10.]])
    >>> petavox.map_blocks(lambda b: {"sum": [b.sum()]}, image).compute()["sum"].tolist()
    [10.0, 18.0, 17.0, 21.0]
    """
    options = {"chunks": chunks, "shape": shape, "drop_axis": drop_axis, "new_axis": new_axis}
    return _mapped(f, args, kwargs, dtype, options, returns, trim=False, coordinates=None)


def map_overlap(
    f: Callable[..., Any],
    *args: Any,
    depth: int | Sequence[Any] | Mapping[Any, Any] = 0,
    boundary: Any = "reflect",
    cval: float | None = None,
    trim: bool = True,
    dtype: Any = None,
    chunks: Sequence[int | Sequence[int]] | None = None,
    shape: Sequence[int] | None = None,
    drop_axis: int | str | Sequence[int | str] | None = None,
    new_axis: int | Sequence[int] | None = None,
    returns: str | None = None,
    coordinates: bool | Sequence[str] | None = None,
    **kwargs: Any,
) -> Image | BlockResults:
    """Call a function for every chunk of an image with samples around it, and put together what it returns.

    As `map_blocks`, but for what follows.

    Parameters
    ----------
    f : callable
        Is given each chunk with its halo.
    *args, **kwargs
        Arguments of `f`, images among them.
    depth : int, sequence, or dict by axis
        Samples of halo on each side; per axis a number, or (before, after).
    boundary : str, number, None, or one per axis
        How samples outside the image are made: scipy.ndimage's ``"reflect"``, ``"mirror"``, ``"nearest"``, ``"wrap"``,
        ``"constant"`` (of `cval`), or a number. ``"none"`` or None: the halo ends where the image ends.
    cval : float, optional
        For ``"constant"``.
    trim : bool
        Cut the halo off results that have it, that is, whose shape is that of the block with its halo. Results of the shape
        that is expected (the chunk's, or what `chunks` and `shape` say) are taken as they are; ``block_info.own`` is the chunk
        inside of what `f` is given, where `f` itself is to keep its part.
    dtype, chunks, shape, drop_axis, new_axis, returns
        As for `map_blocks`.
    coordinates : sequence of str, or True, optional
        For tables the columns that hold positions in samples, one per axis; True for arrays of points whose first columns are
        positions. They are moved to coordinates of the whole image, and rows that belong to neighbouring blocks (those nearer
        to a sample of the halo) are left out, so that nothing is counted twice.

    Returns
    -------
    Image or BlockResults

    Raises
    ------
    ValueError, TypeError
        As `map_blocks`.

    Examples
    --------
    >>> import numpy as np
    >>> import petavox
    >>> from scipy import ndimage
    >>> x = np.random.default_rng(0).random((40, 50))
    >>> image = petavox.from_array(x, chunks=(16, 16))
    >>> smooth = petavox.map_overlap(ndimage.gaussian_filter, image, depth=8, sigma=2)
    >>> bool((smooth.compute() == ndimage.gaussian_filter(x, 2)).all())
    True
    """
    options = {
        "depth": depth, "boundary": boundary, "cval": cval, "chunks": chunks, "shape": shape, "drop_axis": drop_axis,
        "new_axis": new_axis,
    }  # fmt: skip
    return _mapped(f, args, kwargs, dtype, options, returns, trim=trim, coordinates=coordinates)


def _mapped(
    f: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    dtype: Any,
    options: dict[str, Any],
    returns: str | None,
    *,
    trim: bool,
    coordinates: Any,
) -> Image | BlockResults:
    if not callable(f):
        raise TypeError(f"the first argument is the function that is called; got {type(f).__name__}")
    if returns is not None and returns not in _RETURNS:
        raise ValueError(f"returns: got {returns!r}, expected 'array', 'list' or 'table'")
    images, args, kwargs = _taken_out(args, kwargs)
    layout = layout_of(images[0], **options)
    call = Call(f, args, kwargs, layout, name=f"python:{uuid.uuid4().hex}", trim=trim)
    if returns is None and (dtype is not None or options["chunks"] is not None or options["shape"] is not None):
        returns = "array"
    if returns is None or (returns == "array" and dtype is None):
        sample = _tried(call, images)
        returns = _kind(sample) if returns is None else returns
        dtype = np.asarray(sample).dtype if returns == "array" else None
    if returns != "array":
        return BlockResults(images, call, returns, coordinates)
    if coordinates is not None:
        raise ValueError("coordinates: for functions that return points or tables")
    call.dtype = np.dtype(dtype).newbyteorder("=")
    if call.dtype.kind not in "biuf" or call.dtype.itemsize == 2 and call.dtype.kind == "f" or call.dtype.itemsize > 8:
        raise TypeError(
            f"{call.label} returns {call.dtype}; images are bool, int8 to int64, uint8 to uint64, float32 or float64: convert in the "
            f"function and give dtype="
        )
    mapping = layout.mapping(call.name, call.label, call.dtype.name, images[0].unit)
    lazy = images[0]._lazy.map_blocks(call, json.dumps(mapping), [other._lazy for other in images[1:]])
    return Image(lazy, chunks=tuple(min(c, max(n, 1)) for c, n in zip(layout.out_chunk, layout.out_shape, strict=True)))


def _taken_out(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[list[Image], tuple[Any, ...], dict[str, Any]]:
    """The images among arguments, the one with the chunks first, and the arguments with places for their blocks."""
    images = [a for a in (*args, *kwargs.values()) if isinstance(a, Image)]
    if not images:
        raise TypeError("expected an Image among the arguments; petavox.from_array makes one of an array")
    # The largest, and of equals the first.
    first = max(range(len(images)), key=lambda k: (images[k].ndim, images[k].size, -k))
    images.insert(0, images.pop(first))
    order = {id(image): k for k, image in reversed(list(enumerate(images)))}

    def placed(a: Any) -> Any:
        return Place(order[id(a)]) if isinstance(a, Image) else a

    return images, tuple(placed(a) for a in args), {k: placed(v) for k, v in kwargs.items()}


def _tried(call: Call, images: list[Image]) -> Any:
    """What the function returns for a tiny block of ones."""
    layout = call.layout
    most = 8 if len(layout.shape) <= 3 else 4
    own = [max(1, min(c, most)) for c in layout.chunk]
    given = [n + lo + hi for n, lo, hi in zip(own, layout.low, layout.high, strict=True)]
    arrays = []
    for image in images:
        skip = len(given) - image.ndim
        extents = [given[skip + a] if n == layout.shape[skip + a] else 1 for a, n in enumerate(image.shape)]
        arrays.append(np.ones(extents, image.dtype))
    info = BlockInfo(
        (0,) * len(own), (1,) * len(own), (0,) * len(own), tuple(own), tuple(-lo for lo in layout.low),
        tuple(n + hi for n, hi in zip(own, layout.high, strict=True)), tuple(own), layout.axes, layout.spacing, layout.origin,
    )  # fmt: skip
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            return call.run(arrays, info)
    except Exception as error:
        raise ValueError(
            f"what {call.label} returns could not be found out: called with a tiny block of ones, of shape {tuple(given)}, it raised "
            f"{type(error).__name__}: {error}. Give dtype= (or returns=\"list\" or \"table\") and it will not be tried"
        ) from error


def _kind(result: Any) -> str:
    if isinstance(result, Mapping) or (hasattr(result, "columns") and hasattr(result, "iloc")):
        return "table"
    is_array = hasattr(result, "__array__") or isinstance(result, (bool, int, float, complex))
    return "array" if is_array and np.asarray(result).dtype.kind in "biufc" else "list"
