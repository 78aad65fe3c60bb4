"""scikit-image's segmentation under its names: arrays give arrays at once, images give images."""

from . import _watershed
from ._watershed import *  # noqa: F403

_GROUPS = (_watershed,)
__all__ = sorted(name for group in _GROUPS for name in group.__all__)
