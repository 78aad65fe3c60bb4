"""scipy.ndimage's functions under their names and with their numbers: arrays give arrays at once, on all cores; images give images.

Examples
--------
>>> import numpy as np
>>> from petavox import ndimage
>>> labels, n = ndimage.label(np.array([[1, 0, 1], [1, 0, 1]]))
>>> labels.tolist(), n
([[1, 0, 2], [1, 0, 2]], 2)
"""

from . import _binary, _distance, _filters, _measurements, _structures
from ._binary import *  # noqa: F403
from ._distance import *  # noqa: F403
from ._filters import *  # noqa: F403
from ._measurements import *  # noqa: F403
from ._structures import *  # noqa: F403

__all__ = sorted(_binary.__all__ + _distance.__all__ + _filters.__all__ + _measurements.__all__ + _structures.__all__)
