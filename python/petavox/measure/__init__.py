"""scikit-image's measurements under their names: arrays give arrays at once, images give images, and tables come at once."""

from . import _block, _colocalization, _contours, _label, _profile, _regionprops, _regions, _shapes, _surface
from ._block import *  # noqa: F403
from ._colocalization import *  # noqa: F403
from ._contours import *  # noqa: F403
from ._label import *  # noqa: F403
from ._profile import *  # noqa: F403
from ._regionprops import *  # noqa: F403
from ._regions import *  # noqa: F403
from ._shapes import *  # noqa: F403
from ._surface import *  # noqa: F403

_GROUPS = (_block, _colocalization, _contours, _label, _profile, _regionprops, _regions, _shapes, _surface)
__all__ = sorted(name for group in _GROUPS for name in group.__all__)
