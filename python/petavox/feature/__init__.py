"""scikit-image's features under its names: arrays give arrays at once, images give images, and lists of points come at once."""

from . import (
    _blobs,
    _canny,
    _corners,
    _hessian,
    _peaks,
    _refined,
    _template,
    _texture,
)
from ._blobs import *  # noqa: F403
from ._canny import *  # noqa: F403
from ._corners import *  # noqa: F403
from ._hessian import *  # noqa: F403
from ._peaks import *  # noqa: F403
from ._refined import *  # noqa: F403
from ._template import *  # noqa: F403
from ._texture import *  # noqa: F403

_GROUPS = (
    _blobs,
    _canny,
    _corners,
    _hessian,
    _peaks,
    _refined,
    _template,
    _texture,
)
__all__ = sorted(name for group in _GROUPS for name in group.__all__)
