"""Functions whose answer depends on the whole image, or on boxes known only later: lazy images give what arrays give, and both what
the libraries give.
"""

import warnings

import numpy as np
import petavox
import pytest
from petavox import exposure, feature, filters, measure, morphology, ndimage, restoration, segmentation, transform

skimage = pytest.importorskip("skimage")
import skimage.exposure  # noqa: E402
import skimage.feature  # noqa: E402
import skimage.filters  # noqa: E402
import skimage.measure  # noqa: E402
import skimage.morphology  # noqa: E402
import skimage.restoration  # noqa: E402
import skimage.segmentation  # noqa: E402
import skimage.transform  # noqa: E402
from scipy import ndimage as scipy_ndimage  # noqa: E402

RNG = np.random.default_rng(1)
GREY = RNG.random((30, 31))
SMOOTH = scipy_ndimage.gaussian_filter(RNG.random((40, 50)), 1)
LABELS = np.zeros((40, 50), int)
LABELS[3:20, 4:30], LABELS[20:39, 2:20], LABELS[25:36, 25:45] = 1, 2, 3


@pytest.fixture(autouse=True)
def small_blocks():
    with petavox.config.set(block_edge=7):
        yield


def lazy(array):
    return petavox.from_array(np.ascontiguousarray(array))


def both(ours, theirs, image, *args, tolerance=0.0, **kwargs):
    """Arrays and lazy images give the library's numbers."""
    want = theirs(image, *args, **kwargs)
    for given in (image, lazy(image)):
        got = np.asarray(ours(given, *args, **kwargs))
        assert got.dtype == np.asarray(want).dtype
        np.testing.assert_allclose(got, want, rtol=tolerance, atol=tolerance)


def test_boundaries_between_samples():
    labels = RNG.integers(0, 3, (9, 11))
    both(segmentation.find_boundaries, skimage.segmentation.find_boundaries, labels, mode="subpixel")
    both(segmentation.find_boundaries, skimage.segmentation.find_boundaries, labels.reshape(3, 3, 11) > 0, mode="subpixel")
    image = RNG.random((9, 11))
    want = skimage.segmentation.mark_boundaries(image, labels, mode="subpixel")
    np.testing.assert_allclose(segmentation.mark_boundaries(lazy(image), lazy(labels), mode="subpixel"), want, atol=1e-12)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.35, 0.6, 1.0])
def test_hulls_of_components(share):
    mask = np.random.default_rng(3).random((17, 23)) < share
    for connectivity in (1, 2):
        both(morphology.convex_hull_object, skimage.morphology.convex_hull_object, mask, connectivity=connectivity)


@pytest.mark.parametrize("ndim", [2, 3])
def test_hulls_of_regions(ndim):
    labels = skimage.measure.label(RNG.random((12,) * ndim) < 0.3, connectivity=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for got, want in zip(measure.regionprops(labels), skimage.measure.regionprops(labels), strict=True):
            np.testing.assert_array_equal(got.image_convex, want.image_convex)


@pytest.mark.parametrize("options", [{}, {"high_pass": False, "squared_butterworth": False}, {"npad": 4}, {"channel_axis": 0}])
def test_bands_of_frequencies(options):
    both(filters.butterworth, skimage.filters.butterworth, GREY, 0.1, tolerance=1e-12, **options)


def test_deconvolution():
    psf = np.ones((5, 5)) / 25
    psf[0, 1] = 0.1
    both(restoration.wiener, skimage.restoration.wiener, GREY, psf, 0.1, tolerance=1e-11)
    transfer = np.fft.rfftn(np.pad(psf, ((0, 25), (0, 26))))
    both(restoration.wiener, skimage.restoration.wiener, GREY, transfer, 0.1, tolerance=1e-11)
    both(restoration.wiener, skimage.restoration.wiener, GREY, psf, 0.1, reg=np.array([[1.0, -1], [0, 0]]), clip=False, tolerance=1e-11)
    both(restoration.richardson_lucy, skimage.restoration.richardson_lucy, GREY, psf, 5, tolerance=1e-9)
    both(restoration.richardson_lucy, skimage.restoration.richardson_lucy, GREY, psf, 3, filter_epsilon=0.2, clip=False, tolerance=1e-9)
    want = skimage.restoration.wiener(GREY, psf, 0.1, is_real=False).real
    np.testing.assert_allclose(restoration.wiener(GREY, psf, 0.1, is_real=False), want, atol=1e-12)
    with pytest.raises(ValueError, match="larger than the image"):
        restoration.wiener(lazy(GREY), np.ones((40, 3)), 0.1)


def test_moments_of_any_order_and_axes():
    both(measure.moments, skimage.measure.moments, GREY, 5, tolerance=1e-12)
    both(measure.moments_central, skimage.measure.moments_central, GREY, order=5, tolerance=1e-9)
    both(measure.moments_central, skimage.measure.moments_central, GREY, (3, 4), order=3, spacing=(0.5, 2), tolerance=1e-10)
    both(measure.moments, skimage.measure.moments, RNG.random((5, 6, 4, 5)), 2, tolerance=1e-12)


def test_matrices_of_four_axes():
    volume = RNG.random((5, 6, 4, 5))
    elements = skimage.feature.hessian_matrix(volume, 1, use_gaussian_derivatives=False)
    want = skimage.feature.hessian_matrix_eigvals(elements)
    np.testing.assert_allclose(feature.hessian_matrix_eigvals([lazy(one) for one in elements]), want, atol=1e-13)
    np.testing.assert_allclose(feature.hessian_matrix_eigvals(elements), want, atol=1e-13)
    both(feature.hessian_matrix_det, skimage.feature.hessian_matrix_det, volume, tolerance=1e-13)


@pytest.mark.parametrize("options", [{}, {"min_distance": 3}, {"num_peaks": 4}, {"num_peaks_per_label": 1}, {"exclude_border": False}, {"exclude_border": 5}])
def test_peaks_of_labels(options):
    want = skimage.feature.peak_local_max(SMOOTH, labels=LABELS, **options)
    np.testing.assert_array_equal(feature.peak_local_max(SMOOTH, labels=LABELS, **options), want)
    np.testing.assert_array_equal(feature.peak_local_max(lazy(SMOOTH), labels=lazy(LABELS), **options), want)


def test_masks_and_places_of_peaks():
    corners = skimage.feature.corner_harris(GREY)
    both(feature.corner_peaks, skimage.feature.corner_peaks, corners, indices=False)
    steps = RNG.integers(0, 6, (12, 13))
    both(morphology.local_maxima, lambda *a, **k: np.array(skimage.morphology.local_maxima(*a, **k)), steps, indices=True)


def test_guesses_of_thresholds():
    for image in (GREY * 100, (GREY * 100).astype(np.uint8)):
        options = {"tolerance": 0.01, "initial_guess": lambda samples: np.mean(samples) * 1.1}
        np.testing.assert_allclose(filters.threshold_li(lazy(image), **options), skimage.filters.threshold_li(image, **options), rtol=1e-7)


def test_windows_that_lie_inside():
    both(ndimage.vectorized_filter, scipy_ndimage.vectorized_filter, GREY, np.ptp, size=(3, 4), mode="valid")


def test_points_that_functions_say():
    def moved(place):
        return (place[0] * 0.5 + 1, place[1] * 1.1)

    both(ndimage.geometric_transform, scipy_ndimage.geometric_transform, GREY, moved, output_shape=(20, 22), tolerance=1e-10)
    for image in (GREY, RNG.random((20, 21, 3))):
        both(transform.swirl, skimage.transform.swirl, image, strength=3, radius=12, tolerance=1e-10)


@pytest.mark.parametrize("labels", [LABELS, LABELS - 1, LABELS * 0.5], ids=["positive", "negative", "floats"])
@pytest.mark.parametrize("index", [None, 1, [1, 2, 5], [0, 1]], ids=str)
def test_functions_of_all_samples_of_a_label(labels, index):
    def together(values, places):
        return (values * places).sum()

    for arguments in [(np.median, float, -1), (together, float, -1, True)]:
        want = scipy_ndimage.labeled_comprehension(SMOOTH, labels, index, *arguments)
        got = ndimage.labeled_comprehension(lazy(SMOOTH), lazy(labels), index, *arguments)
        np.testing.assert_allclose(got, want, rtol=1e-12)
    if index is not None:
        np.testing.assert_allclose(ndimage.mean(lazy(SMOOTH), lazy(labels), index), scipy_ndimage.mean(SMOOTH, labels, index), rtol=1e-12)


def test_histograms_of_float_arrays_are_matched():
    first, second = RNG.random((10, 11)), RNG.random((12, 9))
    want = skimage.exposure.match_histograms(first, second)
    np.testing.assert_allclose(exposure.match_histograms(first, second), want, rtol=1e-13)
    with pytest.raises(TypeError, match="compute"):
        exposure.match_histograms(lazy(first), second)


def around(footprint, offset):
    """The same neighbours about the middle: scikit-image 0.26 takes no offset at all."""
    sides = [(max(n - 1 - 2 * o, 0), max(2 * o + 1 - n, 0)) for n, o in zip(footprint.shape, offset, strict=True)]
    return np.pad(footprint, sides)


@pytest.mark.parametrize("shape", [(3, 3), (1, 5), (4, 2)])
def test_values_spread_one_way_only(shape):
    rng = np.random.default_rng(7)
    for _ in range(6):
        mask = rng.integers(0, 9, (11, 12))
        seed = np.where(rng.random(mask.shape) < 0.2, mask, 0)
        footprint = rng.random(shape) < 0.6
        offset = [int(rng.integers(n)) for n in shape]
        middled = around(footprint, offset)
        ours = lambda s, **k: morphology.reconstruction(s, mask, footprint=footprint, offset=np.array(offset), **k)  # noqa: E731
        theirs = lambda s, **k: skimage.morphology.reconstruction(s, mask, footprint=middled, **k)  # noqa: E731
        both(ours, theirs, seed)
        high = np.where(rng.random(mask.shape) < 0.2, mask, 9)
        both(ours, theirs, high, method="erosion")
    with pytest.raises(ValueError, match="inside footprint"):
        morphology.reconstruction(mask, mask, footprint=footprint, offset=(5, 5))


def test_floods_follow_one_way_neighbours():
    rng = np.random.default_rng(8)
    image = rng.integers(0, 2, (14, 15))
    for _ in range(6):
        footprint = rng.random((3, 3)) < 0.6
        # Without its centre scikit-image leaves out another neighbour.
        footprint[1, 1] = True
        both(morphology.flood, skimage.morphology.flood, image, (7, 7), footprint=footprint)


def test_balls_that_are_larger_than_the_image():
    for shape in [(7,), (6, 9), (3, 5, 4)]:
        image = (RNG.random(shape) * 200).astype(np.uint8)
        both(restoration.rolling_ball, skimage.restoration.rolling_ball, image, radius=40, tolerance=1)
        kernel = restoration.ellipsoid_kernel((30,) * len(shape), 20)
        both(restoration.rolling_ball, skimage.restoration.rolling_ball, image * 0.5, kernel=kernel, tolerance=1e-9)
        both(restoration.rolling_ball, skimage.restoration.rolling_ball, image * 0.5, kernel=kernel[(slice(1, None),) * len(shape)], tolerance=1e-9)


def test_images_without_samples_or_axes_are_refused_with_a_sentence():
    for call in (
        lambda: measure.moments(np.zeros((0, 3))),
        lambda: measure.centroid(np.zeros((0, 3))),
        lambda: filters.sobel(np.float64(1)),
        lambda: morphology.flood(np.zeros((0, 3)), (0, 0)),
        lambda: morphology.convex_hull_image(np.zeros(3)),
        lambda: transform.downscale_local_mean(np.zeros((4, 4)), 0),
        lambda: measure.blur_effect(np.zeros((3, 9))),
    ):
        with pytest.raises(ValueError, match="expected"):
            call()


def test_plateaus_and_floods_of_nothing_are_nothing():
    for shape in [(5, 0), (0, 4), (3, 0, 2)]:
        empty = np.zeros(shape, np.uint16)
        assert morphology.local_maxima(empty).shape == shape
        assert morphology.local_minima(lazy(empty)).compute().shape == shape
        assert morphology.reconstruction(empty, empty).shape == shape


def test_windows_beyond_all_images_are_refused_at_once():
    with pytest.raises(ValueError, match="samples"):
        ndimage.uniform_filter(np.zeros(5), 2**31)
    with pytest.raises(ValueError, match="kernel_size"):
        lazy(np.zeros((5, 6, 7), np.uint16)).apply("equalize_adapthist", kernel_size=2**31)
