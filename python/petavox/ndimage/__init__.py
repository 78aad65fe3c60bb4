"""scipy.ndimage's functions under their names and with their numbers: arrays give arrays at once, on all cores; images give images.

Examples
--------
>>> import numpy as np
>>> from petavox import ndimage
>>> labels, n = ndimage.label(np.array([[1, 0, 1], [1, 0, 1]]))
>>> labels.tolist(), n
([[1, 0, 2], [1, 0, 2]], 2)
"""

from . import (
    _binary,
    _correlate,
    _distance,
    _edges,
    _flooding,
    _fourier,
    _generic,
    _grey,
    _interpolation,
    _label,
    _measurements,
    _ranks,
    _smooth,
    _structures,
)
from ._binary import *  # noqa: F403
from ._correlate import *  # noqa: F403
from ._distance import *  # noqa: F403
from ._edges import *  # noqa: F403
from ._flooding import *  # noqa: F403
from ._fourier import *  # noqa: F403
from ._generic import *  # noqa: F403
from ._grey import *  # noqa: F403
from ._interpolation import *  # noqa: F403
from ._label import *  # noqa: F403
from ._measurements import *  # noqa: F403
from ._ranks import *  # noqa: F403
from ._smooth import *  # noqa: F403
from ._structures import *  # noqa: F403

_GROUPS = (
    _binary,
    _correlate,
    _distance,
    _edges,
    _flooding,
    _fourier,
    _generic,
    _grey,
    _interpolation,
    _label,
    _measurements,
    _ranks,
    _smooth,
    _structures,
)
__all__ = sorted(name for group in _GROUPS for name in group.__all__)
