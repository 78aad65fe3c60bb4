"""Masks, distances and what floods."""

import numpy as np


def blobs(shape, density=0.5, seed=0, sigma=4):
    """A mask of smooth shapes."""
    import scipy.ndimage

    noise = np.random.default_rng(seed).standard_normal(shape, dtype=np.float32)
    smooth = scipy.ndimage.gaussian_filter(noise, sigma)
    return smooth > np.quantile(smooth.ravel()[:: max(1, smooth.size // 100_000)], 1 - density)


def cube(n):
    return (blobs((n, n, n)),)


def square(n):
    return (blobs((n, n)),)


def ball(radius):
    line = np.arange(-radius, radius + 1) ** 2
    return line[:, None, None] + line[:, None] + line <= radius**2


def relief(shape):
    """Grey values that are nearly all different, and a marker in about every thousandth sample."""
    import scipy.ndimage

    rng = np.random.default_rng(1)
    smooth = scipy.ndimage.gaussian_filter(rng.standard_normal(shape, dtype=np.float32), 2)
    grey = ((smooth - smooth.min()) / np.ptp(smooth) * 65535).astype(np.uint16)
    markers = np.zeros(shape, np.int32)
    places = rng.integers(0, markers.size, markers.size // 1000)
    markers.ravel()[places] = np.arange(1, len(places) + 1)
    return grey, markers


def ours(module, name):
    def call(*data, **kwargs):
        import importlib

        return getattr(importlib.import_module(f"petavox.{module}"), name)(*data, **kwargs)

    return call


def theirs(module, name, *args, **kwargs):
    def call(*data):
        import importlib

        return getattr(importlib.import_module(module), name)(*data, *args, **kwargs)

    return call


def case(name, size, data, module, function, peers, *args, **kwargs):
    call = ours(module, function)
    return {"name": name, "size": size, "data": data, "petavox": lambda *d: call(*d, *args, **kwargs), "peers": peers}


def scipy(name, *args, **kwargs):
    return {"scipy": theirs("scipy.ndimage", name, *args, **kwargs)}


def opencv_distance(mask):
    import cv2

    return cv2.distanceTransform(mask.view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)


def bioimage_watershed(grey, markers):
    """It takes floats only."""
    from bioimage_cpp import segmentation

    return segmentation.watershed(grey.astype(np.float32), markers)


CASES = [
    case("binary erosion ball 1, 512^3", 512, cube, "ndimage", "binary_erosion", scipy("binary_erosion")),
    case(
        "binary erosion ball 5, 512^3", 512, cube, "ndimage", "binary_erosion",
        {"fastmorph": theirs("fastmorph", "spherical_erode", radius=5)}, ball(5),
    ),
    case(
        "binary dilation 3^3, 512^3", 512, cube, "ndimage", "binary_dilation",
        scipy("binary_dilation", np.ones((3, 3, 3))), np.ones((3, 3, 3)),
    ),
    case(
        "binary dilation ball 5, 512^3", 512, cube, "ndimage", "binary_dilation",
        {"fastmorph": theirs("fastmorph", "spherical_dilate", radius=5)}, ball(5),
    ),
    case(
        "fill holes, 512^3", 512, cube, "ndimage", "binary_fill_holes",
        {"fill_voids": theirs("fill_voids", "fill")},
    ),
    case("edt, 512^3", 512, cube, "ndimage", "distance_transform_edt", {"edt": theirs("edt", "edt"), **scipy("distance_transform_edt")}),
    case(
        "edt, 8192^2", 8192, square, "ndimage", "distance_transform_edt",
        {"OpenCV": opencv_distance, **scipy("distance_transform_edt")},
    ),
    case(
        "watershed, 256^3", 256, lambda n: relief((n, n, n)), "segmentation", "watershed",
        {"scikit-image": theirs("skimage.segmentation", "watershed"), "bioimage-cpp": bioimage_watershed},
    ),
    case(
        "watershed, 4096^2", 4096, lambda n: relief((n, n)), "segmentation", "watershed",
        {"scikit-image": theirs("skimage.segmentation", "watershed"), "bioimage-cpp": bioimage_watershed},
    ),
    case(
        "reconstruction, 256^3", 256, lambda n: (relief((n, n, n))[0] // 2, relief((n, n, n))[0]), "morphology", "reconstruction",
        {"scikit-image": theirs("skimage.morphology", "reconstruction")},
    ),
]
