"""Thresholds, histograms and exposure; edges, which are thresholds of slopes."""

import importlib

import numpy as np


def cells(ndim, dtype):
    """Bright blobs on a dark ground."""

    def make(n):
        import scipy.ndimage

        noise = np.random.default_rng(0).standard_normal((n,) * ndim, dtype=np.float32)
        smooth = scipy.ndimage.uniform_filter(noise, 7)
        scaled = (smooth - smooth.min()) / (smooth.max() - smooth.min())
        top = np.iinfo(dtype).max if np.issubdtype(dtype, np.integer) else 1
        return ((scaled * top).astype(dtype),)

    return make


def call(module, name, *args, **kwargs):
    def run(array):
        return getattr(importlib.import_module(module), name)(array, *args, **kwargs)

    return run


def both(name, module, *args, **kwargs):
    return {
        "petavox": call(f"petavox.{module}", name, *args, **kwargs),
        "peers": {"scikit-image": call(f"skimage.{module}", name, *args, **kwargs)},
    }


def otsu_cv(array):
    import cv2

    return cv2.threshold(array, 0, 1, cv2.THRESH_OTSU)[0]


def clahe_cv(array):
    import cv2

    return cv2.createCLAHE(2.0, (8, 8)).apply(array)


def canny_cv(array):
    import cv2

    return cv2.Canny(cv2.GaussianBlur(array, (9, 9), 1), 25, 50)


CASES = [
    {"name": "otsu u16, 512^3", "size": 512, "data": cells(3, np.uint16), **both("threshold_otsu", "filters")},
    {"name": "otsu f32, 512^3", "size": 512, "data": cells(3, np.float32), **both("threshold_otsu", "filters")},
    {"name": "otsu u16, 8192^2", "size": 8192, "data": cells(2, np.uint16), **both("threshold_otsu", "filters")},
    {"name": "clahe u16, 8192^2", "size": 8192, "data": cells(2, np.uint16), **both("equalize_adapthist", "exposure")},
    {"name": "canny u8, 8192^2", "size": 8192, "data": cells(2, np.uint8), **both("canny", "feature")},
    {"name": "hessian eigenvalues 256^3", "size": 256, "data": cells(3, np.float32), **both("hessian", "filters", sigmas=(1, 3))},
    {"name": "rescale_intensity u16, 8192^2", "size": 8192, "data": cells(2, np.uint16), **both("rescale_intensity", "exposure")},
]
for case, name, peer in ((2, "OpenCV", otsu_cv), (3, "OpenCV", clahe_cv), (4, "OpenCV", canny_cv)):
    CASES[case]["peers"][name] = peer
