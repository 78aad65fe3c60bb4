"""Geometry: where samples come from."""

import numpy as np

ANGLE = 0.2
MATRIX = np.array([[np.cos(ANGLE), -np.sin(ANGLE)], [np.sin(ANGLE), np.cos(ANGLE)]])


def samples(ndim, dtype=np.float32):
    def make(n):
        noise = np.random.default_rng(0).random((n,) * ndim, dtype=np.float32)
        return ((noise * 60000).astype(dtype) if dtype != np.float32 else noise,)

    return make


def turning(ndim):
    """A turn of the last two axes, with a shift along the first."""
    matrix = np.eye(ndim)
    matrix[-2:, -2:] = MATRIX
    return matrix, [3.3] * ndim


def affine(package, ndim):
    def call(array):
        import importlib

        matrix, offset = turning(ndim)
        return importlib.import_module(package).affine_transform(array, matrix, offset, order=1)

    return call


def affine_dask(array):
    import dask.array
    import dask_image.ndinterp

    matrix, offset = turning(array.ndim)
    lazy = dask.array.from_array(array, 128 if array.ndim == 3 else 2048)
    return dask_image.ndinterp.affine_transform(lazy, matrix, offset, order=1, output_chunks=lazy.chunksize).compute()


def affine_cv(array):
    import cv2

    n = array.shape[0]
    matrix = np.array([[MATRIX[1, 1], MATRIX[1, 0], 3.3], [MATRIX[0, 1], MATRIX[0, 0], 3.3]])
    return cv2.warpAffine(array, matrix, (n, n), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)


def affine_itk(array):
    import SimpleITK as sitk

    matrix, offset = turning(array.ndim)
    transform = sitk.AffineTransform(array.ndim)
    transform.SetMatrix(matrix[::-1, ::-1].ravel().tolist())
    transform.SetTranslation(offset[::-1])
    return sitk.GetArrayFromImage(sitk.Resample(sitk.GetImageFromArray(array), transform, sitk.sitkLinear))


def halved(package):
    def call(array):
        import importlib

        return importlib.import_module(f"{package}.transform").downscale_local_mean(array, (2,) * array.ndim)

    return call


def halved_itk(array):
    import SimpleITK as sitk

    return sitk.GetArrayFromImage(sitk.BinShrink(sitk.GetImageFromArray(array), [2] * array.ndim))


def halved_cv(array):
    import cv2

    return cv2.resize(array, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)


def zoomed(package):
    def call(array):
        import importlib

        return importlib.import_module(package).zoom(array, 1.5, order=3)

    return call


CASES = [
    {
        "name": "affine 1 f32, 512^3", "size": 512, "data": samples(3), "petavox": affine("petavox.ndimage", 3),
        "peers": {"SimpleITK": affine_itk, "scipy": affine("scipy.ndimage", 3), "dask-image": affine_dask},
    },
    {
        "name": "affine 1 f32, 8192^2", "size": 8192, "data": samples(2), "petavox": affine("petavox.ndimage", 2),
        "peers": {"OpenCV": affine_cv, "scipy": affine("scipy.ndimage", 2)},
    },
    {
        "name": "mean of 2^3 u16, 512^3", "size": 512, "data": samples(3, np.uint16), "petavox": halved("petavox"),
        "peers": {"SimpleITK": halved_itk, "scikit-image": halved("skimage")},
    },
    {
        "name": "mean of 2^2 u16, 8192^2", "size": 8192, "data": samples(2, np.uint16), "petavox": halved("petavox"),
        "peers": {"OpenCV": halved_cv, "scikit-image": halved("skimage")},
    },
    {
        "name": "zoom 1.5 order 3 f32, 2048^2", "size": 2048, "data": samples(2), "petavox": zoomed("petavox.ndimage"),
        "peers": {"scipy": zoomed("scipy.ndimage")},
    },
]  # fmt: skip
