"""scikit-image's morphology under its names: arrays give arrays at once, images give images."""

from . import _attribute, _binary, _convex, _flooding, _footprints, _grey, _masks, _medial
from ._attribute import *  # noqa: F403
from ._binary import *  # noqa: F403
from ._convex import *  # noqa: F403
from ._flooding import *  # noqa: F403
from ._footprints import *  # noqa: F403
from ._grey import *  # noqa: F403
from ._masks import *  # noqa: F403
from ._medial import *  # noqa: F403

_GROUPS = (_attribute, _binary, _convex, _flooding, _footprints, _grey, _masks, _medial)
__all__ = sorted(name for group in _GROUPS for name in group.__all__)
