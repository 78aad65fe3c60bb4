"""scikit-image's restoration under its names: arrays give arrays at once, images give images."""

from . import _deconvolution, _denoise, _noise, _rolling_ball
from ._deconvolution import *  # noqa: F403
from ._denoise import *  # noqa: F403
from ._noise import *  # noqa: F403
from ._rolling_ball import *  # noqa: F403

_GROUPS = (_deconvolution, _denoise, _noise, _rolling_ball)
__all__ = sorted(name for group in _GROUPS for name in group.__all__)
