"""scikit-image's features under its names: arrays give arrays at once, images give images, and lists of points come at once."""

from . import (
    _canny,
    _hessian,
    _peaks,
)
from ._canny import *  # noqa: F403
from ._hessian import *  # noqa: F403
from ._peaks import *  # noqa: F403

_GROUPS = (
    _canny,
    _hessian,
    _peaks,
)
__all__ = sorted(name for group in _GROUPS for name in group.__all__)
