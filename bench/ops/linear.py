"""Linear filters."""

import numpy as np


def volume(n):
    return (np.random.default_rng(0).random((n, n, n), dtype=np.float32),)


def picture(n):
    return (np.random.default_rng(0).random((n, n), dtype=np.float32),)


def as_u16(make):
    return lambda n: tuple((array * 60000).astype(np.uint16) for array in make(n))


def ours(name, *args, **kwargs):
    def call(array):
        from petavox import ndimage

        return getattr(ndimage, name)(array, *args, **kwargs)

    return call


def scipys(name, *args, **kwargs):
    def call(array):
        import scipy.ndimage

        return getattr(scipy.ndimage, name)(array, *args, **kwargs)

    return call


def dasks(name, **kwargs):
    def call(array):
        import dask.array
        import dask_image.ndfilters

        edge = 128 if array.ndim == 3 else 2048
        return getattr(dask_image.ndfilters, name)(dask.array.from_array(array, edge), **kwargs).compute()

    return call


def blurred(array):
    import cv2

    return cv2.GaussianBlur(array, (17, 17), 2)


def boxed(array):
    import cv2

    return cv2.blur(array, (5, 5))


def across(array):
    import cv2

    return cv2.Sobel(array, cv2.CV_32F, 0, 1)


def ridges(package):
    def call(array):
        import importlib

        return importlib.import_module(f"{package}.filters").frangi(array, sigmas=(1, 3), black_ridges=False)

    return call


def window(shape):
    """Different weights over three samples along each axis."""
    ndim = int(shape[-1])
    return np.arange(1.0, 1 + 3**ndim).reshape((3,) * ndim)


CASES = []
for make, size, shape in ((volume, 512, "512^3"), (picture, 8192, "8192^2")):
    for kind, data in (("f32", make), ("u16", as_u16(make))):
        cv = make is picture
        CASES += [
            {
                "name": f"gaussian 2 {kind} {shape}", "data": data, "size": size, "petavox": ours("gaussian_filter", 2),
                "peers": {"scipy": scipys("gaussian_filter", 2), "dask-image": dasks("gaussian_filter", sigma=2)}
                | ({"opencv": blurred} if cv else {}),
            },
            {
                "name": f"uniform 5 {kind} {shape}", "data": data, "size": size, "petavox": ours("uniform_filter", 5),
                "peers": {"scipy": scipys("uniform_filter", 5), "dask-image": dasks("uniform_filter", size=5)}
                | ({"opencv": boxed} if cv else {}),
            },
            {
                "name": f"sobel {kind} {shape}", "data": data, "size": size, "petavox": ours("sobel", 0),
                "peers": {"scipy": scipys("sobel", 0)} | ({"opencv": across} if cv else {}),
            },
            {
                "name": f"correlate 3 {kind} {shape}", "data": data, "size": size,
                "petavox": ours("correlate", window(shape)),
                "peers": {"scipy": scipys("correlate", window(shape))},
            },
        ]  # fmt: skip
CASES += [
    {"name": "frangi 256^3", "data": volume, "size": 256, "petavox": ridges("petavox"), "peers": {"scikit-image": ridges("skimage")}},
]
