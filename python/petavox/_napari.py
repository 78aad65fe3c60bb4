"""napari's door: ``napari x.zarr`` opens images lazily, by the manifest in napari.yaml."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from . import _open
from .image import Image

Layer = tuple[Any, dict[str, Any], str]
#: Of channels whose file names none.
COLOURS = ("magenta", "green", "cyan", "yellow", "red", "blue")
Paths = str | os.PathLike[str] | Sequence[str | os.PathLike[str]]


def get_reader(path: Paths) -> Callable[[Paths], list[Layer]] | None:
    """What reads a path into layers of napari, or nothing, so that others are asked.

    Parameters
    ----------
    path : str, path, or several
        What napari was asked to open.

    Returns
    -------
    callable or None

    Raises
    ------
    Never: a warning says why a file is not read.
    """
    for one in _several(path):
        try:
            _open.open(one)
        except (OSError, TypeError, ValueError) as error:
            if str(one).rstrip("/").endswith(".zarr"):
                warnings.warn(f"Petavox does not read it: {error}", stacklevel=2)
            return None
    return read


def read(path: Paths) -> list[Layer]:
    """Layers of napari: the levels of each image, which nothing is read of yet, and of the labels beside it.

    Parameters
    ----------
    path : str, path, or several

    Returns
    -------
    list of (levels, arguments of the layer, kind of layer)
    """
    layers = []
    for one in _several(path):
        found = _layers(os.fspath(one))
        labels = json.loads(_open.open(one)._lazy.info() or "{}").get("labels", ())
        layers += found + [layer for name in labels for layer in _layers(os.path.join(one, "labels", name))]
    return layers


def _several(path: Paths) -> list[str | os.PathLike[str]]:
    return list(path) if isinstance(path, list | tuple) else [path]  # type: ignore[list-item]


def _layers(path: str) -> list[Layer]:
    """The image at a path: one layer, or one per channel."""
    image = _open.open(path)
    info = json.loads(image._lazy.info() or "{}")
    levels = [image, *(_open.open(os.path.join(path, level["path"])) for level in info.get("levels", ())[1:])]
    about = {"name": _name(path), "metadata": {"path": path}, "multiscale": len(levels) > 1}
    if _is_labels(path, image):
        return [(_one_or_all(levels), about | _place(image, image.axes), "labels")]
    if image.axes.endswith("yxc") and image.shape[-1] in (3, 4) and image.dtype.name == "uint8":
        return [(_one_or_all(levels), about | _place(image, image.axes[:-1]) | {"rgb": True}, "image")]
    channel = image.axes.find("c")
    if channel < 0:
        return [(_one_or_all(levels), about | _place(image, image.axes), "image")]
    n = image.shape[channel]
    known = [*info.get("channels", ())[:n], *[{}] * n][:n]
    layers: list[Layer] = []
    for k, told in enumerate(known):
        at = (slice(None),) * channel + (k,)
        own = _channel(f"{about['name']} {k}", told, COLOURS[k % len(COLOURS)] if n > 1 else "gray")
        place = _place(image, image.axes.replace("c", ""))
        layers.append((_one_or_all([level[at] for level in levels]), about | place | own, "image"))
    return layers


def _one_or_all(levels: list[Any]) -> Any:
    return levels if len(levels) > 1 else levels[0]


def _place(image: Image, axes: str) -> dict[str, Any]:
    """Where an image lies, along the axes that the layer has."""
    at = [image.axes.index(a) for a in axes]
    place = {"scale": [image.spacing[a] for a in at], "translate": [image.origin[a] for a in at], "axis_labels": tuple(axes)}
    # Time and what is counted have no unit of length.
    units = {"units": tuple(image.unit if a in "zyx" else "pixel" for a in axes)} if image.unit else {}
    return place | units


def _name(path: str) -> str:
    name = Path(path).name or path
    for ending in (".ome.zarr", ".zarr", ".ome.tif", ".ome.tiff", ".tif", ".tiff", ".nii.gz", ".nii", ".npy"):
        if name.lower().endswith(ending):
            return name[: -len(ending)]
    return name


def _channel(name: str, told: dict[str, Any], colour: str) -> dict[str, Any]:
    """Name, colour and contrast of a channel, where the file tells them."""
    colour = f"#{told['color'].lstrip('#')}" if told.get("color") else colour
    about: dict[str, Any] = {"name": told.get("name") or name, "colormap": colour, "blending": "additive"}
    return about | ({"contrast_limits": list(told["window"])} if told.get("window") else {})


def _is_labels(path: str, image: Image) -> bool:
    """True for integers that the file calls labels, by their place among the labels of an OME-Zarr or by its attributes."""
    if image.dtype.kind not in "iu" or not os.path.isdir(path):
        return False
    if Path(path).parent.name == "labels":
        return True
    for name in ("zarr.json", ".zattrs"):
        document = Path(path) / name
        if document.is_file() and '"image-label"' in document.read_text():
            return True
    return False
