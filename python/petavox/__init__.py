"""Image analysis for n-dimensional scientific images bigger than memory.

Images are lazy: opening one reads no samples, and operations only write down what is to be done. ``compute`` makes a numpy
array, ``save`` and ``to_zarr`` make files, inside a memory budget and on all cores; the answer is the same however the image
is cut into chunks.

Examples
--------
>>> import numpy as np
>>> import petavox
>>> image = petavox.from_array(np.arange(24.0).reshape(4, 6))
>>> image
<petavox.Image (4, 6) float64, axes yx>
>>> smooth = image.apply("gaussian", sigma=1)
>>> smooth.compute().shape
(4, 6)
"""

import importlib
from typing import TYPE_CHECKING, Any

from . import config
from ._core import __version__
from ._open import from_array, imread, open
from ._persist import compute
from ._threads import register_controller as _register_controller
from .blocks import BlockInfo, BlockResults, map_blocks, map_overlap
from .image import Image

if TYPE_CHECKING:
    from . import (
        color,
        dask_image,
        exposure,
        feature,
        fft,
        filters,
        measure,
        metrics,
        morphology,
        mosaic,
        ndimage,
        registration,
        restoration,
        segmentation,
        skeleton,
        transform,
        util,
    )
    from .serving import Server, serve

__all__ = [
    "BlockInfo",
    "BlockResults",
    "Image",
    "Server",
    "__version__",
    "color",
    "compute",
    "config",
    "dask_image",
    "exposure",
    "feature",
    "fft",
    "filters",
    "from_array",
    "imread",
    "map_blocks",
    "map_overlap",
    "measure",
    "metrics",
    "morphology",
    "mosaic",
    "ndimage",
    "open",
    "registration",
    "restoration",
    "segmentation",
    "serve",
    "skeleton",
    "transform",
    "util",
]



def __getattr__(name: str) -> Any:
    """Namespaces are imported when they are first used: most programs use a few of them."""
    if name in ("Server", "serve"):
        found = getattr(importlib.import_module(".serving", __name__), name)
    elif name in __all__:
        found = importlib.import_module(f".{name}", __name__)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


_register_controller()
