"""Labels and what is measured over them."""

import importlib

import numpy as np


def blobs(ndim):
    """A mask of smooth noise, half of it true."""

    def make(n):
        import scipy.ndimage

        noise = np.random.default_rng(0).standard_normal((n,) * ndim, dtype=np.float32)
        return (scipy.ndimage.uniform_filter(noise, 7) > 0.02,)

    return make


def labelled(ndim):
    def make(n):
        import scipy.ndimage

        return (scipy.ndimage.label(blobs(ndim)(n)[0])[0],)

    return make


def grey(ndim):
    def make(n):
        import scipy.ndimage

        noise = np.random.default_rng(0).standard_normal((n,) * ndim, dtype=np.float32)
        return (scipy.ndimage.uniform_filter(noise, 5),)

    return make


def call(module, name, *args, **kwargs):
    def run(*data):
        return getattr(importlib.import_module(module), name)(*data, *args, **kwargs)

    return run


def spots(n):
    """Bright spots of many sizes on a dark ground."""
    import scipy.ndimage

    rng = np.random.default_rng(0)
    image = np.zeros((n, n), np.float32)
    for sigma in (2, 3, 5):
        points = np.zeros((n, n), np.float32)
        points.ravel()[rng.integers(0, n * n, n * n // 8000)] = 1
        image += scipy.ndimage.gaussian_filter(points, sigma) * sigma**2 * 6
    return (np.clip(image + rng.normal(0, 0.01, (n, n)).astype(np.float32), 0, 1),)


def halved(array):
    import petavox

    return petavox.from_array(array).apply("downscale", factors=[2] * array.ndim, method="mode").compute()


def halved_tinybrain(array):
    import tinybrain

    return tinybrain.downsample_segmentation(array, (2,) * array.ndim)[0]


BASIC = ("label", "area", "bbox", "centroid")


def labelling(ndim, size, connectivity):
    hops = {2: {1: 4, 2: 8}, 3: {1: 6, 3: 26}}[ndim][connectivity]
    structure = np.abs(np.indices((3,) * ndim) - 1).sum(0) <= connectivity
    return {
        "name": f"label connectivity {connectivity}, {size}^{ndim}",
        "size": size,
        "data": blobs(ndim),
        "petavox": call("petavox.ndimage", "label", structure),
        "peers": {"cc3d": call("cc3d", "connected_components", connectivity=hops), "scipy": call("scipy.ndimage", "label", structure)},
    }


def regions(ndim, size):
    return {
        "name": f"regionprops basic, {size}^{ndim}",
        "size": size,
        "data": labelled(ndim),
        "petavox": call("petavox.measure", "regionprops_table", properties=BASIC),
        "peers": {"cc3d": call("cc3d", "statistics"), "scikit-image": call("skimage.measure", "regionprops_table", properties=BASIC)},
    }


CASES = [
    labelling(3, 512, 1),
    labelling(3, 512, 3),
    labelling(2, 8192, 1),
    regions(3, 512),
    regions(2, 8192),
    {
        "name": "remove small objects, 512^3",
        "size": 512,
        "data": blobs(3),
        "petavox": call("petavox.morphology", "remove_small_objects", max_size=64),
        "peers": {
            "scikit-image": call("skimage.morphology", "remove_small_objects", max_size=64),
            "cc3d": call("cc3d", "dust", threshold=65, connectivity=6),
        },
    },
    {
        "name": "peak_local_max distance 3, 512^3",
        "size": 512,
        "data": grey(3),
        "petavox": call("petavox.feature", "peak_local_max", min_distance=3),
        "peers": {"scikit-image": call("skimage.feature", "peak_local_max", min_distance=3)},
    },
    {
        "name": "2x mode of labels, 512^3",
        "size": 512,
        "data": labelled(3),
        "petavox": halved,
        "peers": {"tinybrain": halved_tinybrain},
    },
    {
        "name": "blob_log, 2048^2",
        "size": 2048,
        "data": spots,
        "petavox": call("petavox.feature", "blob_log", max_sigma=8, num_sigma=5, threshold=0.1),
        "peers": {"scikit-image": call("skimage.feature", "blob_log", max_sigma=8, num_sigma=5, threshold=0.1)},
    },
]
