"""dask_image.ndfourier: scipy.ndimage's filters of transformed images."""

from ..ndimage import fourier_gaussian, fourier_shift, fourier_uniform

__all__ = ["fourier_gaussian", "fourier_shift", "fourier_uniform"]
