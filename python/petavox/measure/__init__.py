"""scikit-image's measurements under their names: arrays give arrays at once, images give images, and tables come at once."""

from . import _label, _regionprops, _regions, _shapes
from ._label import *  # noqa: F403
from ._regionprops import *  # noqa: F403
from ._regions import *  # noqa: F403
from ._shapes import *  # noqa: F403

_GROUPS = (_label, _regionprops, _regions, _shapes)
__all__ = sorted(name for group in _GROUPS for name in group.__all__)
