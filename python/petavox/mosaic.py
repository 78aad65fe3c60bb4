"""Mosaics: many overlapping tiles as one image.

Source: the two commands of the program, ``petavox fuse`` and ``petavox stitch``.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from . import config
from ._core import LazyImage, fuse_tiles, orientations_of, read_layout, stitch_tiles
from ._open import from_array
from .image import Image

__all__ = ["fuse", "orientations", "stitch"]


def fuse(
    tiles: str | os.PathLike[str] | Sequence[Any],
    *,
    positions: Any = None,
    affines: Any = None,
    spacing: float | Sequence[float] | None = None,
    blend: str = "linear",
    interpolation: str = "linear",
    masks: Sequence[Any] | None = None,
    orientation: str | None = None,
    flatfield: str | os.PathLike[str] | None = None,
    darkfield: str | os.PathLike[str] | None = None,
    balance: bool = False,
    channels_first: bool = False,
    pattern: str | None = None,
    overlap: float | Sequence[float] | None = None,
    skip_missing: bool = False,
) -> Image:
    """Tiles with known places as one lazy image: it can be filtered, looked at and saved like any other.

    Parameters
    ----------
    tiles : path, or sequence of paths, arrays or images
        A layout (JSON, CSV, Fiji's ``TileConfiguration.txt``, a plate of ImageXpress, Micro-Manager's metadata, OME-XML beside its images,
        or a folder), which has the places; or the tiles.
    positions : array_like, optional
        Of the first sample's centre of every tile, per space axis (z, y, x), in the unit of `spacing`.
    affines : sequence of array_like, optional
        Instead of positions: from every tile's samples (counted in `spacing`) to the world, a row per space axis, the offset as the last
        column; a homogeneous last row may follow.
    spacing : float or sequence of float, optional
        Physical size of a sample; 1 by default.
    blend : {"linear", "content", "mean", "max", "first"}
        What becomes of samples that several tiles show; ``"linear"`` is the mean with weights that fall towards the border of a tile,
        ``"content"`` weighs by the contrast around a sample too.
    interpolation : {"linear", "nearest", "cubic"}
        How values between samples are made; ``"nearest"`` puts tiles at whole samples.
    masks : sequence of path, array, image or None, optional
        For every tile an image that is 0 where the tile does not count, of the tile's shape or of its height and width.
    orientation : {"none", "flip-x", "flip-y", "rot90", "rot180", "rot270", "transpose", "anti-transpose"}, optional
        How the camera's images lie under the stage; `orientations` tells which.
    flatfield : path, optional
        An image of even light by which tiles are divided, or ``"auto"``: as the tiles themselves tell.
    darkfield : path, optional
        An image without light, which is subtracted.
    balance : bool
        Give every tile a gain so that overlapping ones are equally bright.
    channels_first : bool
        Make colours that lie side by side in the tiles (axes yxc) a first axis (cyx), as OME-Zarr has them.
    pattern, overlap : optional
        For folders: names such as ``"tile_{row}_{col}.tif"``, and the part of a tile that it shares with the next.
    skip_missing : bool
        Leave out tiles that cannot be read.

    Returns
    -------
    Image

    Raises
    ------
    ValueError
        If tiles and places do not fit each other.
    FileNotFoundError
        If there is no such tile.

    Examples
    --------
    >>> import numpy as np, petavox
    >>> left, right = np.full((4, 6), 1, "u1"), np.full((4, 6), 2, "u1")
    >>> image = petavox.mosaic.fuse([left, right], positions=[(0, 0), (0, 4)], blend="max")
    >>> np.asarray(image)[0].tolist()
    [1, 1, 1, 1, 2, 2, 2, 2, 2, 2]
    """
    layout, given = _layout(tiles, positions, affines, spacing, orientation, pattern, overlap, skip_missing)
    options = {
        "blend": blend, "interpolation": interpolation, "skip_missing": skip_missing, "balance": balance, "channels_first": channels_first,
        "flatfield": None if flatfield is None else os.fspath(flatfield),
        "darkfield": None if darkfield is None else os.fspath(darkfield),
    }
    covers = _masks(masks, layout)
    return Image(fuse_tiles(json.dumps(layout), given, covers, json.dumps(options)))


def orientations(
    tiles: str | os.PathLike[str] | Sequence[Any],
    *,
    positions: Any = None,
    spacing: float | Sequence[float] | None = None,
    pattern: str | None = None,
    overlap: float | Sequence[float] | None = None,
    skip_missing: bool = False,
) -> list[dict[str, Any]]:
    """The eight ways in which the camera may be mounted, those first whose overlaps agree best.

    Source: ``petavox stitch --preview-orientation``.

    Parameters
    ----------
    tiles : path, or sequence of paths, arrays or images
        A layout, or the tiles.
    positions : array_like, optional
        Where the tiles are said to lie, per space axis.
    spacing : float or sequence of float, optional
        Physical size of a sample; 1 by default.
    pattern, overlap : optional
        As for `fuse`.
    skip_missing : bool
        Leave out tiles that cannot be read.

    Returns
    -------
    list of dict
        Of every way its ``orientation`` (the name that `fuse` and `stitch` take), the ``agreement`` of overlaps (1: the same), ``n_pairs``
        that were compared, and a small ``picture`` of the mosaic (uint8).

    Raises
    ------
    ValueError
        If tiles have no axes y and x, or tiles and places do not fit each other.

    Examples
    --------
    >>> import numpy as np, petavox
    >>> scene = np.random.default_rng(0).normal(size=(200, 200)).astype("f4")
    >>> places = [(0, 0), (0, 88), (88, 0)]
    >>> tiles = [scene[y : y + 110, x : x + 110][::-1] for y, x in places]
    >>> petavox.mosaic.orientations(tiles, positions=places)[0]["orientation"]
    'flip-y'
    """
    layout, given = _layout(tiles, positions, None, spacing, None, pattern, overlap, skip_missing)
    found = orientations_of(json.dumps(layout), given, skip_missing, config.settings())
    names = ("orientation", "agreement", "n_pairs", "picture")
    ranked = []
    for name, agreement, n_pairs, shape, grey in found:
        picture = np.frombuffer(bytes(grey), dtype="u1").reshape(shape)
        ranked.append(dict(zip(names, (name, agreement, n_pairs, picture), strict=True)))
    return ranked


def stitch(
    tiles: str | os.PathLike[str] | Sequence[Any],
    *,
    positions: Any = None,
    spacing: float | Sequence[float] | None = None,
    align_channel: int | None = None,
    max_shift: float | None = None,
    sigma: float | None = None,
    model: str = "translation",
    cycles: Sequence[int] | None = None,
    blend: str = "linear",
    interpolation: str = "linear",
    masks: Sequence[Any] | None = None,
    orientation: str | None = None,
    flatfield: str | os.PathLike[str] | None = None,
    darkfield: str | os.PathLike[str] | None = None,
    balance: bool = False,
    channels_first: bool = False,
    pattern: str | None = None,
    overlap: float | Sequence[float] | None = None,
    skip_missing: bool = False,
) -> tuple[Image, dict[str, Any]]:
    """Find where overlapping tiles lie, and fuse them.

    Parameters
    ----------
    tiles : path, or sequence of paths, arrays or images
        A layout, or the tiles.
    positions : array_like, optional
        Where the tiles are said to lie, roughly, per space axis.
    spacing : float or sequence of float, optional
        Physical size of a sample; 1 by default.
    align_channel : int, optional
        The channel in which tiles are compared; the places hold for all.
    max_shift : float, optional
        How far a tile may lie from where it should lie against its neighbour; a tenth of the tile by default.
    sigma : float, optional
        Smoothing before tiles are compared, in samples; chosen by the data by default.
    model : {"translation", "similarity", "affine"}
        What every tile may be besides moved: nothing, turned and scaled, or sheared too. Tiles that share too little with others to tell
        are simpler, and listed so.
    cycles : sequence of int, optional
        For every tile, which time its grid was imaged: the tiles of the first keep the places that they have among themselves, those of
        grids that were imaged again are aligned to them. Layouts have a ``cycle`` for each tile.
    blend, interpolation, masks, orientation, flatfield, darkfield, balance, channels_first, pattern, overlap, skip_missing
        As for `fuse`.

    Returns
    -------
    image : Image
        The mosaic, lazy.
    found : dict
        What ``petavox stitch`` writes into positions.json: ``tiles`` with the positions found, ``pairs`` with shift, score and residual,
        ``unregistered`` tiles and why, ``unconfirmed`` ones that hang on one pair alone, ``warnings``. With a `model`, tiles have an
        ``affine`` instead of a position, and ``models`` tells the scale, rotation and shear of each.

    Raises
    ------
    ValueError
        If tiles and places do not fit each other.

    Examples
    --------
    >>> import numpy as np, petavox
    >>> scene = np.random.default_rng(0).normal(size=(120, 200)).astype("f4")
    >>> tiles = [scene[:, :110], scene[:, 88:198]]
    >>> image, found = petavox.mosaic.stitch(tiles, positions=[(0, 0), (0, 90)])
    >>> [round(x) for x in np.subtract(found["tiles"][1]["position"], found["tiles"][0]["position"])]
    [0, 88]
    """
    layout, given = _layout(tiles, positions, None, spacing, orientation, pattern, overlap, skip_missing)
    if cycles is not None:
        numbers = [int(cycle) for cycle in cycles]
        if len(numbers) != len(layout["tiles"]) or min(numbers, default=0) < 0:
            raise ValueError(f"cycles: got {numbers} for {len(layout['tiles'])} tiles, expected a number from 0 for each")
        for entry, number in zip(layout["tiles"], numbers, strict=True):
            entry["cycle"] = number
    options = {"align_channel": align_channel, "max_shift": max_shift, "sigma": sigma, "model": model, "skip_missing": skip_missing}
    covers = _masks(masks, layout)
    found = json.loads(stitch_tiles(json.dumps(layout), given, covers, json.dumps(options), config.settings()))
    how = {
        "blend": blend, "interpolation": interpolation, "skip_missing": skip_missing, "balance": balance, "channels_first": channels_first,
        "flatfield": None if flatfield is None else os.fspath(flatfield),
        "darkfield": None if darkfield is None else os.fspath(darkfield),
    }
    placed = {"tiles": found["tiles"], "unit": found.get("unit")}
    image = Image(fuse_tiles(json.dumps(placed), given, covers, json.dumps(how)))
    return image, found


def _masks(masks: Sequence[Any] | None, layout: dict[str, Any]) -> list[LazyImage | None]:
    """One for each tile, or none; the file of one is written into the layout, so that it goes with its tile."""
    if masks is None:
        return []
    entries = layout["tiles"]
    masks = list(masks)
    if len(masks) != len(entries):
        raise ValueError(f"masks: got {len(masks)} for {len(entries)} tiles, expected one for each, None for those without")
    if all(mask is None or isinstance(mask, (str, os.PathLike)) for mask in masks):
        for entry, mask in zip(entries, masks, strict=True):
            if mask is not None:
                entry["mask"] = os.fspath(mask)
        return []
    return [None if mask is None else _lazy(mask) for mask in masks]


def _layout(
    tiles: Any,
    positions: Any,
    affines: Any,
    spacing: float | Sequence[float] | None,
    orientation: str | None,
    pattern: str | None,
    overlap: float | Sequence[float] | None,
    skip_missing: bool,
) -> tuple[dict[str, Any], list[LazyImage]]:
    """A layout as JSON has it, and the images that stand for its files."""
    numbers = None if spacing is None else np.atleast_1d(np.asarray(spacing, dtype=float)).tolist()
    if isinstance(tiles, (str, os.PathLike)):
        if positions is not None or affines is not None:
            raise ValueError("tiles: got a layout and places beside it, expected places in the layout")
        shared = None if overlap is None else np.atleast_1d(np.asarray(overlap, dtype=float)).tolist()
        layout: dict[str, Any] = json.loads(read_layout(os.fspath(tiles), numbers, pattern, shared, orientation, skip_missing))
        return layout, []
    tiles = list(tiles)
    if (positions is None) == (affines is None):
        raise ValueError("expected positions or affines, one of them, with a row for every tile")
    name, places = ("position", positions) if affines is None else ("affine", affines)
    places = [np.asarray(place, dtype=float).tolist() for place in places]
    if len(places) != len(tiles):
        raise ValueError(f"{name}s: got {len(places)} for {len(tiles)} tiles, expected one for each")
    are_files = all(isinstance(tile, (str, os.PathLike)) for tile in tiles)
    entries = []
    for number, (tile, place) in enumerate(zip(tiles, places, strict=True)):
        entry = {"path": os.fspath(tile) if are_files else f"tile {number}", name: place}
        if numbers is not None:
            entry["spacing"] = numbers
        if orientation is not None:
            entry["orientation"] = orientation
        entries.append(entry)
    if are_files:
        return {"tiles": entries}, []
    return {"tiles": entries}, [_lazy(tile) for tile in tiles]


def _lazy(tile: Any) -> LazyImage:
    if isinstance(tile, Image):
        return tile._lazy
    if isinstance(tile, (str, os.PathLike)):
        from ._open import open as open_image

        return open_image(tile)._lazy
    return from_array(tile)._lazy
