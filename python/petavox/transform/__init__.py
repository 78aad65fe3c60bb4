"""scikit-image's transformations under their names: arrays give arrays at once, images give images."""

from . import _integral, _local_mean, _matrices, _polar, _pyramids, _resize, _warp
from ._integral import *  # noqa: F403
from ._local_mean import *  # noqa: F403
from ._matrices import *  # noqa: F403
from ._polar import *  # noqa: F403
from ._pyramids import *  # noqa: F403
from ._resize import *  # noqa: F403
from ._warp import *  # noqa: F403

_GROUPS = (_integral, _local_mean, _matrices, _polar, _pyramids, _resize, _warp)
__all__ = sorted(name for group in _GROUPS for name in group.__all__)
