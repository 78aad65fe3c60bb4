"""scikit-image's colours under their names: arrays give arrays at once, images give images."""

from . import _channels, _labels, _spaces, _stains
from ._channels import *  # noqa: F403
from ._labels import *  # noqa: F403
from ._spaces import *  # noqa: F403
from ._stains import *  # noqa: F403

__all__ = sorted(name for group in (_channels, _labels, _spaces, _stains) for name in group.__all__)
