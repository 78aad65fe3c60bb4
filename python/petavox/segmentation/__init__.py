"""scikit-image's segmentation under its names: arrays give arrays at once, images give images."""

from . import _grown, _labels, _slic, _watershed
from ._grown import *  # noqa: F403
from ._labels import *  # noqa: F403
from ._slic import *  # noqa: F403
from ._watershed import *  # noqa: F403

_GROUPS = (_grown, _labels, _slic, _watershed)
__all__ = sorted(name for group in _GROUPS for name in group.__all__)
