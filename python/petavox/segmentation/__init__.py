"""scikit-image's segmentation under its names: arrays give arrays at once, images give images."""

from . import _labels, _watershed
from ._labels import *  # noqa: F403
from ._watershed import *  # noqa: F403

_GROUPS = (_labels, _watershed)
__all__ = sorted(name for group in _GROUPS for name in group.__all__)
