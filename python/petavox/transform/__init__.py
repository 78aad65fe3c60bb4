"""scikit-image's transformations under their names: arrays give arrays at once, images give images."""

from . import _local_mean, _matrices, _pyramids, _resize, _warp
from ._local_mean import *  # noqa: F403
from ._matrices import *  # noqa: F403
from ._pyramids import *  # noqa: F403
from ._resize import *  # noqa: F403
from ._warp import *  # noqa: F403

__all__ = sorted(_local_mean.__all__ + _matrices.__all__ + _pyramids.__all__ + _resize.__all__ + _warp.__all__)
