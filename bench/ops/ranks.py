"""Rank filters and grey morphology."""

import numpy as np


def noise(ndim, dtype):
    return lambda n: (np.random.default_rng(0).integers(0, np.iinfo(dtype).max, (n,) * ndim, dtype, endpoint=True),)


def disk(radius):
    line = np.arange(-radius, radius + 1) ** 2
    return line[:, None] + line <= radius**2


def call(module, name, *args, **kwargs):
    def run(*data):
        import importlib

        return getattr(importlib.import_module(module), name)(*data, *args, **kwargs)

    return run


def itk_median(radius):
    def run(array):
        import SimpleITK

        return SimpleITK.Median(SimpleITK.GetImageFromArray(array), [radius] * array.ndim)

    return run


def case(name, size, data, function, *args, peers=None, module="ndimage", **kwargs):
    scipys = {"scipy": call("scipy.ndimage", function, *args, **kwargs)} if module == "ndimage" else {}
    ours = call(f"petavox.{module}", function, *args, **kwargs)
    return {"name": name, "size": size, "data": data, "petavox": ours, "peers": scipys | (peers or {})}


DISK, BOX = disk(5), np.ones((11, 11), np.uint8)
FLAT16, FLAT8 = noise(2, np.uint16), noise(2, np.uint8)
CASES = [
    case("median 3 u16 512^3", 512, noise(3, np.uint16), "median_filter", 3, peers={"SimpleITK": itk_median(1)}),
    case("median 5 u16 256^3", 256, noise(3, np.uint16), "median_filter", 5, peers={"SimpleITK": itk_median(2)}),
    case("maximum 5 u16 512^3", 512, noise(3, np.uint16), "maximum_filter", 5),
    case("median 3 u16 8192^2", 8192, FLAT16, "median_filter", 3, peers={"OpenCV": call("cv2", "medianBlur", 3)}),
    case("median 15 u8 8192^2", 8192, FLAT8, "median_filter", 15, peers={"OpenCV": call("cv2", "medianBlur", 15)}),
    case(
        "dilation disk 5 u16 8192^2",
        8192,
        FLAT16,
        "grey_dilation",
        footprint=DISK,
        peers={"OpenCV": call("cv2", "dilate", DISK.astype(np.uint8))},
    ),
    case("dilation box 11 u16 8192^2", 8192, FLAT16, "grey_dilation", 11, peers={"OpenCV": call("cv2", "dilate", BOX)}),
    case(
        "sauvola 25 u8 8192^2",
        8192,
        FLAT8,
        "threshold_sauvola",
        25,
        module="filters",
        peers={"scikit-image": call("skimage.filters", "threshold_sauvola", 25)},
    ),
    case(
        "rolling ball 25 u8 2048^2",
        2048,
        FLAT8,
        "rolling_ball",
        radius=25,
        module="restoration",
        peers={"scikit-image": call("skimage.restoration", "rolling_ball", radius=25)},
    ),
]
