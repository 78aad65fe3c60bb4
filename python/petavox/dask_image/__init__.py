"""dask-image's modules under their names: what differs from scipy.ndimage, and the rest with dask-image's arguments.

``from petavox import dask_image`` and ``dask_image.ndfilters.gaussian_filter(image, 2)``: arrays give arrays at once, images give images, which
`petavox.Image.to_dask` hands to Dask. Numbers are scipy's where dask-image's are not: mode ``wrap`` at the ends, ties of order 0, the edges of splines.

Examples
--------
>>> import numpy as np
>>> from petavox import dask_image
>>> dask_image.ndmeasure.area(np.ones((2, 3)), np.array([[1, 1, 0], [0, 2, 2]]), [1, 2]).tolist()
[2, 2]
"""

from . import imread, ndfilters, ndfourier, ndinterp, ndmeasure, ndmorph

__all__ = ["imread", "ndfilters", "ndfourier", "ndinterp", "ndmeasure", "ndmorph"]
