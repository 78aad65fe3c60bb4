"""scikit-image's utilities under their names: arrays give arrays at once, images give images."""

from . import _dtypes, _map_array, _pictures
from ._dtypes import *  # noqa: F403
from ._map_array import *  # noqa: F403
from ._pictures import *  # noqa: F403

__all__ = sorted(name for group in (_dtypes, _map_array, _pictures) for name in group.__all__)
