"""Channels, colours and pictures against scikit-image: arrays at once, and images computed in small blocks."""

import warnings

import numpy as np
import petavox
import pytest
from petavox import color, measure, metrics, util

pytest.importorskip("skimage")
import skimage.color  # noqa: E402
import skimage.measure  # noqa: E402
import skimage.metrics  # noqa: E402
import skimage.util  # noqa: E402

RNG = np.random.default_rng(4)
FIRST, SECOND = RNG.random((17, 19)), RNG.random((17, 19))
BYTES = RNG.integers(0, 256, (17, 19), np.uint8)
INSIDE = RNG.random((17, 19)) < 0.7
SHIFTED = np.clip(BYTES.astype(int) + RNG.integers(-9, 9, BYTES.shape), 0, 255).astype(np.uint8)


@pytest.fixture(autouse=True)
def small_blocks():
    with petavox.config.set(block_edge=6), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def lazy(value):
    return petavox.from_array(value) if isinstance(value, np.ndarray) else value


def same(ours, theirs, *args, tolerance=1e-12, **kwargs):
    """Arrays and lazy images give the library's numbers, in its dtype."""
    want = theirs(*args, **kwargs)
    for given in (args, tuple(map(lazy, args))):
        got = ours(*given, **kwargs)
        for g, w in zip(got, want, strict=True) if isinstance(want, tuple) else [(got, want)]:
            g, w = np.asarray(g), np.asarray(w)
            assert g.dtype == w.dtype or w.dtype == np.int64
            np.testing.assert_allclose(g, w, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("mask", [None, INSIDE])
def test_what_channels_have_in_common(mask):
    for a, b in [(FIRST, SECOND), (BYTES, SHIFTED), (FIRST, 3 * FIRST + 0.01 * SECOND)]:
        options = {} if mask is None else {"mask": mask}
        same(measure.pearson_corr_coeff, skimage.measure.pearson_corr_coeff, a, b, tolerance=1e-10, **options)
        same(measure.manders_coloc_coeff, skimage.measure.manders_coloc_coeff, a, b > b.mean(), tolerance=1e-12, **options)
        same(measure.intersection_coeff, skimage.measure.intersection_coeff, a > a.mean(), b > b.mean(), **options)
    same(measure.manders_overlap_coeff, skimage.measure.manders_overlap_coeff, FIRST, SECOND, **({} if mask is None else {"mask": mask}))


def test_channels_that_cannot_be_compared_are_refused():
    with pytest.raises(ValueError, match="negative"):
        measure.manders_coloc_coeff(FIRST - 0.5, INSIDE)
    with pytest.raises(ValueError, match="mask"):
        measure.intersection_coeff(FIRST, INSIDE)
    with pytest.raises(ValueError, match="dimensions"):
        measure.pearson_corr_coeff(FIRST, SECOND[:4])
    assert np.isnan(measure.pearson_corr_coeff(FIRST, np.ones_like(FIRST))[0])


def test_differences_in_numbers():
    for a, b in [(FIRST, SECOND), (BYTES, SHIFTED), (FIRST.astype(np.float32), SECOND.astype(np.float32))]:
        tolerance = 1e-6 if a.dtype == np.float32 else 1e-12
        same(metrics.mean_squared_error, skimage.metrics.mean_squared_error, a, b, tolerance=tolerance)
        same(metrics.peak_signal_noise_ratio, skimage.metrics.peak_signal_noise_ratio, a, b, tolerance=tolerance)
        same(metrics.normalized_mutual_information, skimage.metrics.normalized_mutual_information, a, b, bins=9, tolerance=max(tolerance, 1e-12))
        for kind in ("euclidean", "min-max", "mean"):
            ours, theirs = metrics.normalized_root_mse, skimage.metrics.normalized_root_mse
            assert ours(lazy(a), lazy(b), normalization=kind) == pytest.approx(float(theirs(a, b, normalization=kind)), rel=tolerance)


@pytest.mark.parametrize("options", [{}, {"win_size": 5, "full": True}, {"gaussian_weights": True, "gradient": True, "full": True}, {"channel_axis": 0, "win_size": 3, "full": True}, {"use_sample_covariance": False, "K1": 0.1}])
def test_structural_similarity(options):
    ours, theirs = metrics.structural_similarity, skimage.metrics.structural_similarity
    same(ours, theirs, FIRST, SECOND, data_range=1.0, tolerance=1e-10, **options)
    same(ours, theirs, BYTES, SHIFTED, tolerance=1e-10, **options)


def test_distances_of_sets():
    for share in (0.02, 0.2):
        a, b = RNG.random((2, 14, 15)) < share
        for method in ("standard", "modified"):
            same(metrics.hausdorff_distance, skimage.metrics.hausdorff_distance, a, b, method=method)
    nothing = np.zeros((3, 3), bool)
    assert metrics.hausdorff_distance(nothing, nothing) == 0
    assert metrics.hausdorff_distance(nothing, ~nothing) == np.inf


RGB = [RNG.random((9, 11, 3)), RNG.integers(0, 256, (9, 11, 3), np.uint8), RNG.random((9, 11, 3)).astype(np.float32)]
NAMES = ["rgb2gray", "rgb2hed", "hed2rgb", "rgb2hsv", "hsv2rgb", "rgb2xyz", "xyz2rgb", "rgb2lab", "rgb2yuv", "yuv2rgb", "rgb2ycbcr", "gray2rgb"]


@pytest.mark.parametrize("name", NAMES)
def test_colours(name):
    for image in RGB:
        tolerance = 2e-5 if image.dtype == np.float32 else 1e-10
        same(getattr(color, name), getattr(skimage.color, name), image, tolerance=tolerance)
    if name != "gray2rgb":
        same(getattr(color, name), getattr(skimage.color, name), np.ascontiguousarray(np.moveaxis(RGB[0], -1, 0)), channel_axis=0)


def test_colours_there_and_back():
    grey = np.array([[[0.0, 0, 0], [0.5, 0.5, 0.5], [1, 1, 1], [1, 0, 1]]])
    for there, back in [("rgb2lab", "lab2rgb"), ("rgb2ycbcr", "ycbcr2rgb"), ("rgb2hsv", "hsv2rgb"), ("rgb2xyz", "xyz2rgb")]:
        np.testing.assert_allclose(getattr(color, back)(getattr(color, there)(grey)), grey, atol=1e-5)
        same(getattr(color, there), getattr(skimage.color, there), grey)
    same(color.lab2rgb, skimage.color.lab2rgb, skimage.color.rgb2lab(RGB[0]), tolerance=1e-10)


def test_opacity():
    rgba = RNG.random((5, 6, 4))
    same(color.rgba2rgb, skimage.color.rgba2rgb, rgba, background=(0.2, 0.3, 1))
    for image in (BYTES, FIRST):
        same(color.gray2rgba, skimage.color.gray2rgba, image)
    with pytest.raises(ValueError, match="size 3"):
        color.rgb2gray(rgba)


@pytest.mark.parametrize("options", [{}, {"bg_color": None}, {"alpha": 0.7, "image_alpha": 0.5, "bg_label": 3}, {"saturation": 1, "colors": ["red", (0, 1, 0)]}, {"kind": "avg"}])
def test_pictures_of_labels(options):
    labels = RNG.integers(0, 14, (9, 11))
    for image in RGB[:2]:
        same(color.label2rgb, skimage.color.label2rgb, labels, image, tolerance=1e-12, **options)
    if "kind" not in options:
        same(color.label2rgb, skimage.color.label2rgb, labels, FIRST[:9, :11], **options)
        same(color.label2rgb, skimage.color.label2rgb, labels, **options)


ANY = [BYTES, BYTES.astype(np.uint16) * 257, (BYTES.astype(np.int16) - 99) * 200, BYTES.astype(np.int8), FIRST, FIRST.astype(np.float32), INSIDE, BYTES.astype(np.uint32) << 20]


@pytest.mark.parametrize("name", ["img_as_float", "img_as_float32", "img_as_float64", "img_as_uint", "img_as_ubyte", "img_as_bool", "invert"])
def test_samples_of_other_dtypes(name):
    for image in ANY:
        same(getattr(util, name), getattr(skimage.util, name), image, tolerance=1e-7 if name == "img_as_float32" else 1e-15)


def test_parts_and_several_images():
    for width in (2, (1,), (1, 2), ((1, 2),), ((0, 3), (2, 1))):
        same(util.crop, skimage.util.crop, BYTES, crop_width=width)
    for method in ("diff", "blend", "checkerboard"):
        same(util.compare_images, skimage.util.compare_images, BYTES, SHIFTED, method=method)
    same(util.compare_images, skimage.util.compare_images, FIRST, SECOND, method="checkerboard", n_tiles=(3, 4))
    stack = RNG.random((5, 4, 6))
    for options in ({}, {"padding_width": 2, "fill": 0.25}, {"grid_shape": (2, 3)}, {"rescale_intensity": True}):
        same(util.montage, skimage.util.montage, stack.copy(), **options)
    same(util.montage, skimage.util.montage, RNG.random((3, 4, 6, 3)), channel_axis=-1, padding_width=1)
    points = np.array([[0.2, 1.0], [3.6, 4.4]])
    np.testing.assert_array_equal(util.label_points(points, (5, 6)), skimage.util.label_points(points, (5, 6)))
