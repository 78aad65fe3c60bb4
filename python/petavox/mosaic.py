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
from ._core import LazyImage, fuse_tiles, read_layout, stitch_tiles
from ._open import from_array
from .image import Image

__all__ = ["fuse", "stitch"]


def fuse(
    tiles: str | os.PathLike[str] | Sequence[Any],
    *,
    positions: Any = None,
    affines: Any = None,
    spacing: float | Sequence[float] | None = None,
    blend: str = "linear",
    interpolation: str = "linear",
    skip_missing: bool = False,
) -> Image:
    """Tiles with known places as one lazy image: it can be filtered, looked at and saved like any other.

    Parameters
    ----------
    tiles : path, or sequence of paths, arrays or images
        A layout (JSON, CSV, Fiji's ``TileConfiguration.txt``), which has the places; or the tiles.
    positions : array_like, optional
        Of the first sample's centre of every tile, per space axis (z, y, x), in the unit of `spacing`.
    affines : sequence of array_like, optional
        Instead of positions: from every tile's samples (counted in `spacing`) to the world, a row per space axis, the offset as the last
        column; a homogeneous last row may follow.
    spacing : float or sequence of float, optional
        Physical size of a sample; 1 by default.
    blend : {"linear", "mean", "max", "first"}
        What becomes of samples that several tiles show; ``"linear"`` is the mean with weights that fall towards the border of a tile.
    interpolation : {"linear", "nearest", "cubic"}
        How values between samples are made; ``"nearest"`` puts tiles at whole samples.
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
    layout, given = _layout(tiles, positions, affines, spacing)
    options = {"blend": blend, "interpolation": interpolation, "skip_missing": skip_missing}
    return Image(fuse_tiles(json.dumps(layout), given, json.dumps(options)))


def stitch(
    tiles: str | os.PathLike[str] | Sequence[Any],
    *,
    positions: Any = None,
    spacing: float | Sequence[float] | None = None,
    align_channel: int | None = None,
    max_shift: float | None = None,
    sigma: float | None = None,
    blend: str = "linear",
    interpolation: str = "linear",
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
    blend, interpolation, skip_missing
        As for `fuse`.

    Returns
    -------
    image : Image
        The mosaic, lazy.
    found : dict
        What ``petavox stitch`` writes into positions.json: ``tiles`` with the positions found, ``pairs`` with shift, score and residual,
        ``unregistered`` tiles and why, ``warnings``.

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
    layout, given = _layout(tiles, positions, None, spacing)
    options = {"align_channel": align_channel, "max_shift": max_shift, "sigma": sigma, "skip_missing": skip_missing}
    found = json.loads(stitch_tiles(json.dumps(layout), given, json.dumps(options), config.settings()))
    how = {"blend": blend, "interpolation": interpolation, "skip_missing": skip_missing}
    image = Image(fuse_tiles(json.dumps({"tiles": found["tiles"], "unit": found.get("unit")}), given, json.dumps(how)))
    return image, found


def _layout(
    tiles: Any, positions: Any, affines: Any, spacing: float | Sequence[float] | None
) -> tuple[dict[str, Any], list[LazyImage]]:
    """A layout as JSON has it, and the images that stand for its files."""
    numbers = None if spacing is None else np.atleast_1d(np.asarray(spacing, dtype=float)).tolist()
    if isinstance(tiles, (str, os.PathLike)):
        if positions is not None or affines is not None:
            raise ValueError("tiles: got a layout and places beside it, expected places in the layout")
        layout: dict[str, Any] = json.loads(read_layout(os.fspath(tiles), numbers))
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
        entries.append(entry if numbers is None else {**entry, "spacing": numbers})
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
