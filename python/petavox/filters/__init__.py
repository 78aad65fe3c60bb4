"""scikit-image's filters under their names: arrays give arrays at once, images give images."""

from . import _gaussian, _thresholds
from ._gaussian import *  # noqa: F403
from ._thresholds import *  # noqa: F403

__all__ = sorted(_gaussian.__all__ + _thresholds.__all__)
