"""scikit-image's features under its names: arrays give arrays at once, images give images."""

from . import (
    _canny,
    _hessian,
)
from ._canny import *  # noqa: F403
from ._hessian import *  # noqa: F403

_GROUPS = (
    _canny,
    _hessian,
)
__all__ = sorted(name for group in _GROUPS for name in group.__all__)
