"""scikit-image's morphology under its names: arrays give arrays at once, images give images."""

from . import _binary, _flooding, _footprints, _grey, _masks
from ._binary import *  # noqa: F403
from ._flooding import *  # noqa: F403
from ._footprints import *  # noqa: F403
from ._grey import *  # noqa: F403
from ._masks import *  # noqa: F403

_GROUPS = (_binary, _flooding, _footprints, _grey, _masks)
__all__ = sorted(name for group in _GROUPS for name in group.__all__)
