"""scikit-image's filters under their names: arrays give arrays at once, images give images."""

from . import (
    _edges,
    _gaussian,
    _local,
    _ridges,
    _sharpen,
    _thresholds,
    rank,
)
from ._edges import *  # noqa: F403
from ._gaussian import *  # noqa: F403
from ._local import *  # noqa: F403
from ._ridges import *  # noqa: F403
from ._sharpen import *  # noqa: F403
from ._thresholds import *  # noqa: F403

_GROUPS = (
    _edges,
    _gaussian,
    _local,
    _ridges,
    _sharpen,
    _thresholds,
)
__all__ = sorted([name for group in _GROUPS for name in group.__all__] + ["rank"])
