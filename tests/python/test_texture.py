"""Textures, corners between samples and lines through images against scikit-image: of arrays, and of images in small blocks."""

import warnings

import numpy as np
import petavox
import pytest
from petavox import feature, measure

pytest.importorskip("skimage")
import skimage.feature  # noqa: E402
import skimage.measure  # noqa: E402

RNG = np.random.default_rng(6)
GREY = RNG.random((21, 25))
LEVELS = RNG.integers(0, 8, (21, 25), np.uint8)


@pytest.fixture(autouse=True)
def small_blocks():
    with petavox.config.set(block_edge=7), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def same(ours, theirs, image, *args, tolerance=1e-12, **kwargs):
    want = np.asarray(theirs(image, *args, **kwargs))
    for given in (image, petavox.from_array(image)):
        got = np.asarray(ours(given, *args, **kwargs))
        assert got.dtype == want.dtype and got.shape == want.shape
        np.testing.assert_allclose(got, want, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("options", [{}, {"symmetric": True, "normed": True}, {"levels": 9}])
def test_pairs_of_grey_levels(options):
    angles = [0, np.pi / 4, np.pi / 2, 3 * np.pi / 4, 2.0]
    same(feature.graycomatrix, skimage.feature.graycomatrix, LEVELS, [1, 3, 40], angles, **options)
    with pytest.raises(ValueError, match="levels"):
        feature.graycomatrix(LEVELS, [1], [0], levels=5)
    with pytest.raises(ValueError, match="integers"):
        feature.graycomatrix(GREY, [1], [0])


@pytest.mark.parametrize("prop", ["contrast", "dissimilarity", "homogeneity", "ASM", "energy", "correlation", "mean", "variance", "std", "entropy"])
def test_properties_of_textures(prop):
    counts = skimage.feature.graycomatrix(LEVELS, [1, 2, 60], [0, 1.0], levels=8)
    np.testing.assert_allclose(feature.graycoprops(counts, prop), skimage.feature.graycoprops(counts, prop), atol=1e-12)


@pytest.mark.parametrize("shape", [(21, 25), (11, 12, 10)])
def test_features_of_every_sample(shape):
    for image in (RNG.random(shape), RNG.integers(0, 255, shape, np.uint8)):
        same(feature.multiscale_basic_features, skimage.feature.multiscale_basic_features, image, sigma_max=2, tolerance=2e-5)
        same(feature.multiscale_basic_features, skimage.feature.multiscale_basic_features, image, texture=False, sigma_max=1, tolerance=2e-5)
    colours = RNG.random((13, 14, 3))
    same(feature.multiscale_basic_features, skimage.feature.multiscale_basic_features, colours, sigma_max=1, channel_axis=-1, tolerance=2e-5)


def test_corners_between_samples():
    image = np.zeros((30, 32))
    image[10:22, 8:20] = 1
    image += 0.01 * RNG.random(image.shape)
    corners = skimage.feature.corner_peaks(skimage.feature.corner_harris(image), min_distance=3, threshold_rel=0.1)
    corners = np.concatenate([corners, [[1, 1], [28, 30], [15, 8]]])
    for window in (5, 11):
        same(feature.corner_subpix, skimage.feature.corner_subpix, image, corners, window_size=window, tolerance=1e-9)
    octagon = skimage.feature.orb.OFAST_MASK if hasattr(skimage.feature, "orb") else np.ones((5, 5))
    for mask in (octagon, np.array([[0, 1, 0], [1, 1, 1], [0, 1, 1]], np.uint8)):
        same(feature.corner_orientations, skimage.feature.corner_orientations, image, corners, mask)
    with pytest.raises(ValueError, match="odd"):
        feature.corner_orientations(image, corners, np.ones((4, 4)))


@pytest.mark.parametrize("options", [{}, {"linewidth": 3}, {"order": 3, "mode": "mirror"}, {"linewidth": 4, "reduce_func": None}, {"reduce_func": np.max, "linewidth": 2, "mode": "constant", "cval": 2.0}])
def test_samples_along_a_line(options):
    for image in (GREY, LEVELS, RNG.random((15, 16, 2))):
        tolerance = 1e-10
        for ends in [((1, 2), (12, 9)), ((3, 3), (3, 14)), ((-2, 5), (17, 11.5))]:
            same(measure.profile_line, skimage.measure.profile_line, image, *ends, tolerance=tolerance, **options)


def test_blur():
    same(measure.blur_effect, skimage.measure.blur_effect, GREY, tolerance=1e-10)
    same(measure.blur_effect, skimage.measure.blur_effect, RNG.random((15, 16, 3)), channel_axis=-1, reduce_func=None, tolerance=1e-10)
    same(measure.blur_effect, skimage.measure.blur_effect, RNG.random((9, 10, 11)), h_size=3, tolerance=1e-10)
