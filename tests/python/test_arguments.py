"""Arguments that came later than their functions, against scikit-image itself: on arrays, and on images in small chunks."""

import numpy as np
import pytest

import petavox
from petavox import exposure, feature, filters, measure, segmentation

skimage = pytest.importorskip("skimage")
import skimage.exposure  # noqa: E402
import skimage.feature  # noqa: E402
import skimage.filters  # noqa: E402
import skimage.measure  # noqa: E402
import skimage.segmentation  # noqa: E402


@pytest.fixture
def random():
    return np.random.default_rng(7)


def both(array):
    """The array, and an image of it in chunks that divide nothing."""
    return array, petavox.from_array(array, chunks=(7,) * array.ndim)


def blobs(random, *shape):
    return petavox.ndimage.gaussian_filter(random.random(shape), 2) > 0.5


@pytest.mark.parametrize("shape", [(23, 31), (11, 13, 9)])
def test_euler_number_by_faces(random, shape):
    for mask in (random.random(shape) > 0.6, blobs(random, *shape), np.zeros(shape, bool), np.ones(shape, bool)):
        want = skimage.measure.euler_number(mask, connectivity=1)
        for image in both(mask):
            assert measure.euler_number(image, connectivity=1) == want
    with pytest.raises(NotImplementedError, match="not defined"):
        measure.euler_number(np.ones((3, 3, 3)), connectivity=2)


def test_perimeters_of_other_neighbours_and_directions(random):
    for mask in (random.random((40, 50)) > 0.6, blobs(random, 40, 50), np.pad(np.ones((5, 5), bool), 0)):
        for image in both(mask):
            assert measure.perimeter(image, neighborhood=8) == pytest.approx(skimage.measure.perimeter(mask, 8), rel=1e-14)
            want = skimage.measure.perimeter_crofton(mask, directions=2)
            assert measure.perimeter_crofton(image, directions=2) == pytest.approx(want, rel=1e-14)


@pytest.mark.parametrize("shape", [(17,), (14, 19), (8, 9, 10), (4, 5, 3, 6)])
def test_moments_of_any_order_about_any_point(random, shape):
    array = random.random(shape)
    spacing, center = tuple(0.5 + k for k in range(len(shape))), [3.5] * len(shape)
    for order in (2, 5):
        for given in (None, spacing):
            want = skimage.measure.moments(array, order, spacing=given)
            np.testing.assert_allclose(measure.moments(array, order, spacing=given), want, rtol=1e-12)
            for point in (None, center):
                want = skimage.measure.moments_central(array, point, order, spacing=given)
                found = measure.moments_central(array, point, order, spacing=given)
                np.testing.assert_allclose(found, want, rtol=1e-9, atol=1e-9 * np.abs(want).max())
    if len(shape) in (2, 3):
        image = both(array)[1]
        want = skimage.measure.moments_central(array, center, 3)
        np.testing.assert_allclose(measure.moments_central(image, center), want, rtol=1e-9, atol=1e-9 * np.abs(want).max())
        want = skimage.measure.moments(array, 4)
        np.testing.assert_allclose(measure.moments(image, 4), want, rtol=1e-9)
    with pytest.raises(ValueError, match="center"):
        measure.moments_central(array, [1] * (len(shape) + 1))


def test_regions_have_an_offset(random):
    labels = measure.label(blobs(random, 30, 40))
    for image in both(labels):
        ours = measure.regionprops(image, spacing=(2, 3), offset=(100, -7))
        theirs = skimage.measure.regionprops(labels, spacing=(2, 3), offset=(100, -7))
        for a, b in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(a.centroid, b.centroid)
            np.testing.assert_array_equal(a.coords, b.coords)
            np.testing.assert_array_equal(a.coords_scaled, b.coords_scaled)
            assert a.bbox == b.bbox
    with pytest.raises(ValueError, match="one per axis"):
        measure.regionprops(labels, offset=(1, 2, 3))


def test_histograms_over_the_range_of_floats(random):
    array = random.uniform(-1.2, 1.2, (20, 30)).astype(np.float32)
    want = skimage.exposure.histogram(array, 16, source_range="dtype")
    for image in both(array):
        counts, centers = exposure.histogram(image, 16, source_range="dtype")
        np.testing.assert_array_equal(counts, want[0])
        np.testing.assert_allclose(centers, want[1])


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.float32, np.float64])
def test_equalize_hist_with_a_mask_beside_an_image(random, dtype):
    array = (random.random((20, 30)) * 100).astype(dtype)
    mask = random.random((20, 30)) > 0.4
    want = skimage.exposure.equalize_hist(array, mask=mask)
    image, masks = both(array)[1], both(mask)[1]
    for given in (exposure.equalize_hist(image, mask=mask), exposure.equalize_hist(image, mask=masks), exposure.equalize_hist(array, mask=masks)):
        assert isinstance(given, petavox.Image)
        np.testing.assert_allclose(given.compute(), want, rtol=1e-6)
    with pytest.raises(ValueError, match="without samples"):
        exposure.equalize_hist(image, mask=np.zeros_like(mask))


def test_canny_takes_quantiles_of_images(random):
    array = petavox.ndimage.gaussian_filter(random.random((60, 50)), 2)
    want = skimage.feature.canny(array, sigma=1.5, low_threshold=0.6, high_threshold=0.9, use_quantiles=True)
    for image in both(array):
        found = feature.canny(image, sigma=1.5, low_threshold=0.6, high_threshold=0.9, use_quantiles=True)
        np.testing.assert_array_equal(np.asarray(found), want)


@pytest.mark.parametrize("options", [{}, {"num_peaks_per_label": 1}, {"num_peaks": 4}, {"min_distance": 3}, {"exclude_border": False}, {"min_distance": 2, "p_norm": 2, "num_peaks": 3}])
def test_peaks_of_labels(random, options):
    array = petavox.ndimage.gaussian_filter(random.random((50, 60)), 1.5)
    labels = np.kron(np.arange(1, 7).reshape(2, 3), np.ones((25, 20), int))
    labels[:, ::19] = 0
    want = skimage.feature.peak_local_max(array, labels=labels, **options)
    np.testing.assert_array_equal(feature.peak_local_max(array, labels=labels, **options), want)
    np.testing.assert_array_equal(feature.peak_local_max(both(array)[1], labels=labels, **options), want)
    with pytest.raises(ValueError, match="labels"):
        feature.peak_local_max(array, labels=labels[1:])


@pytest.mark.parametrize("shape", [(9,), (12, 15), (5, 6, 7)])
def test_boundaries_between_samples(random, shape):
    labels = random.integers(0, 3, shape)
    want = skimage.segmentation.find_boundaries(labels, mode="subpixel")
    np.testing.assert_array_equal(segmentation.find_boundaries(labels, mode="subpixel"), want)
    np.testing.assert_array_equal(segmentation.find_boundaries(both(labels)[1], mode="subpixel"), want)


def test_li_of_images_with_options(random):
    array = random.integers(0, 200, (30, 40)).astype(np.uint8)
    image = both(array)[1]
    seen = []
    for options in ({"tolerance": 2}, {"initial_guess": 30}, {"initial_guess": 120, "tolerance": 0.1}):
        want = skimage.filters.threshold_li(array, **options)
        assert filters.threshold_li(image, **options) == pytest.approx(want, rel=1e-6)
    filters.threshold_li(image, iter_callback=seen.append)
    assert len(seen) > 1
    floats = random.gamma(2, 1, (30, 40))
    floats[0, :3] = np.nan, np.inf, -np.inf
    finite = floats[np.isfinite(floats)]
    found = filters.threshold_li(both(floats)[1], tolerance=1e-3)
    assert found == pytest.approx(skimage.filters.threshold_li(finite, tolerance=1e-3), rel=1e-9)
    with pytest.raises(ValueError, match="guess"):
        filters.threshold_li(image, initial_guess=1000)
    with pytest.raises(NotImplementedError, match="compute"):
        filters.threshold_li(both(floats)[1])


@pytest.mark.parametrize("name", petavox.filters.rank.__all__)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_ranks_of_the_samples_of_a_mask(random, name, dtype):
    array = random.integers(0, 200, (23, 31)).astype(dtype)
    mask = blobs(random, 23, 31)
    mask[:6, :6] = False
    marks = np.ones((5, 3), np.uint8)
    more = {"p0": 0.3} if name == "percentile" else {}
    want = getattr(skimage.filters.rank, name)(array, marks, mask=mask.astype(np.uint8), **more)
    ours = getattr(filters.rank, name)
    (image, chunked), (given, lazy) = both(array), both(mask)
    for found in (ours(image, marks, mask=given, **more), ours(chunked, marks, mask=lazy, **more), ours(chunked, marks, mask=given.astype(int), **more)):
        np.testing.assert_allclose(np.asarray(found), want, rtol=1e-12)
    with pytest.raises(ValueError, match="mask"):
        ours(image, marks, mask=given[1:], **more)
