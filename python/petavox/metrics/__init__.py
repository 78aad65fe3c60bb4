"""scikit-image's comparisons of images and segmentations under their names. Results are small, so that they are computed at once."""

from . import _differences, _segmentations, _sets
from ._differences import *  # noqa: F403
from ._segmentations import *  # noqa: F403
from ._sets import *  # noqa: F403

__all__ = sorted(name for group in (_differences, _segmentations, _sets) for name in group.__all__)
