"""Labels and measurements against scipy and scikit-image, whole and in blocks."""

import itertools
import warnings

import numpy as np
import pytest

import petavox
from petavox import feature, measure, metrics, morphology, ndimage, segmentation, util

ndi = pytest.importorskip("scipy.ndimage")
RNG = np.random.default_rng(7)


def both(function, *args, **kwargs):
    """What a function gives for arrays, and for lazy images in small blocks."""
    lazy = [petavox.from_array(a, chunks=(3,) * a.ndim) if isinstance(a, np.ndarray) and a.ndim else a for a in args]

    def computed(value):
        if isinstance(value, petavox.Image):
            return value.compute()
        return tuple(map(computed, value)) if isinstance(value, tuple) else value

    with petavox.config.set(block_edge=5):
        return function(*args, **kwargs), computed(function(*lazy, **kwargs))


def blobs(shape, dtype=np.int32):
    return ndi.label(ndi.gaussian_filter(RNG.random(shape), 1) > 0.5)[0].astype(dtype)


def with_samples(image, found, name):
    """The samples that are found instead of their places."""
    if name == "extrema":
        return (*found[:2], *(with_samples(image, places, "position") for places in found[2:]))
    return [image[tuple(place)] for place in found] if isinstance(found, list) else image[tuple(found)]


@pytest.mark.parametrize("shape", [(40,), (13, 70), (5, 9, 40)])
@pytest.mark.parametrize("dtype", [np.uint8, np.int32, np.uint64])
@pytest.mark.parametrize("grey", [np.uint8, np.int64, np.float32, np.float64])
def test_statistics_of_labels_are_scipys(shape, dtype, grey):
    labels = blobs(shape, dtype)
    image = (RNG.random(shape) * 200 - (100 if np.dtype(grey).kind != "u" else 0)).astype(grey)
    many = np.arange(1, labels.max() + 2)
    names = "sum_labels mean variance standard_deviation minimum maximum median minimum_position maximum_position extrema center_of_mass".split()
    cases = [(None, None), (labels, None), (labels, 1), (labels, many[:-1]), (labels, many[:-1][::-1].tolist()), (labels, [0, 1])]
    for name, (marks, index) in itertools.product(names, cases):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            want = getattr(ndi, name)(image, marks, index)
            for got in both(getattr(ndimage, name), image, marks, index):
                if "position" in name or name == "extrema":
                    # Of equal samples scipy takes any.
                    got = with_samples(image, got, name)
                expected = with_samples(image, want, name) if "position" in name or name == "extrema" else want
                assert type(got) is type(expected) or np.isscalar(got), name
                np.testing.assert_allclose(
                    np.concatenate([np.ravel(g) for g in got]) if name == "extrema" else got,
                    np.concatenate([np.ravel(w) for w in expected]) if name == "extrema" else expected,
                    rtol=2e-5 if grey == np.float32 else 1e-9,
                    err_msg=f"{name} {marks is not None} {index}",
                )


def test_boxes_and_histograms_are_scipys():
    labels = blobs((20, 30))
    labels[labels == 3] = 0
    image = RNG.normal(size=labels.shape)
    for got in both(ndimage.find_objects, labels):
        assert got == ndi.find_objects(labels)
    for index in (None, 2, [1, 3, 4]):
        want = ndi.histogram(image, -1, 1, 7, labels, index)
        for got in both(ndimage.histogram, image, -1, 1, 7, labels, index):
            for g, w in zip(np.atleast_1d(got), np.atleast_1d(want), strict=True):
                np.testing.assert_array_equal(g, w)


@pytest.mark.parametrize("ndim", [1, 2, 3])
def test_components_for_any_structure_are_scipys(ndim):
    mask = RNG.random((9, 70, 20)[:ndim]) > 0.6
    for _ in range(6):
        structure = RNG.random((3,) * ndim) > 0.5
        structure |= structure[(slice(None, None, -1),) * ndim]
        structure[(1,) * ndim] = True
        want, n = ndi.label(mask, structure)
        for got, found in both(ndimage.label, mask, structure):
            np.testing.assert_array_equal(got, want)
            assert found == n


@pytest.mark.parametrize("shape", [(25, 90), (7, 20, 40)])
def test_components_of_equal_values_are_scikit_images(shape):
    reference = pytest.importorskip("skimage.measure")
    image = RNG.integers(0, 3, shape)
    for background, connectivity in itertools.product((None, 1, -1), range(1, len(shape) + 1)):
        want, n = reference.label(image, background=background, return_num=True, connectivity=connectivity)
        for got, found in both(measure.label, image, background=background, return_num=True, connectivity=connectivity):
            np.testing.assert_array_equal(got, want)
            assert found == n


OBJECTS = {"coords", "coords_scaled", "image", "image_convex", "image_filled", "image_intensity", "slice"}
FLAT = {"eccentricity", "moments_hu", "moments_weighted_hu", "orientation", "perimeter", "perimeter_crofton"}


@pytest.mark.parametrize(
    ("shape", "spacing", "channels"),
    [((60, 70), None, None), ((530, 20), (0.5, 0.5), None), ((40, 50), (2.0, 0.5), 2), ((14, 18, 20), None, None), ((35, 16, 20), (1.0, 2.0, 0.5), 2)],
)
def test_every_column_of_regions_is_scikit_images(shape, spacing, channels):
    reference = pytest.importorskip("skimage.measure")
    from skimage.measure._regionprops import COL_DTYPES

    labels = blobs(shape)
    if len(shape) == 3:
        # scikit-image finds no hull of flat regions.
        labels[np.bincount(labels.ravel())[labels] < 30] = 0
    image = RNG.random(shape if channels is None else (*shape, channels))
    names = [name for name in COL_DTYPES if len(shape) == 2 or name not in FLAT | {"image_convex"}]
    if spacing is not None:
        names = [name for name in names if not name.endswith("_hu") and not (name.startswith("perimeter") and len(set(spacing)) > 1)]
    assert len(names) > 30
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        want = reference.regionprops_table(labels, image, names, spacing=spacing)
    for got in both(measure.regionprops_table, labels, image, names, spacing=spacing):
        assert list(got) == list(want)
        for name, column in want.items():
            base = name.partition("-")[0]
            if base in OBJECTS:
                for g, w in zip(got[name], column, strict=True):
                    np.testing.assert_array_equal(g, w) if base != "slice" else g == w
                continue
            scale = np.nanmax(np.abs(column)) if np.isfinite(column).any() else 1
            # First central moments are 0 but for rounding.
            floor = 1e-6 if "central" in name else 1e-9 * scale
            if base == "orientation":
                # The angle of a region that is as long as wide is up to rounding.
                far = np.abs(np.sin(got[name] - column)) > 1e-6
                assert (want["eccentricity"][far] < 1e-3).all()
                continue
            np.testing.assert_allclose(got[name], column, rtol=1e-6, atol=floor, err_msg=name)


def test_python_functions_and_objects_of_regions():
    reference = pytest.importorskip("skimage.measure")
    labels, image = blobs((30, 40)), RNG.random((30, 40))

    def spread(mask, grey):
        return np.percentile(grey[mask], (25, 75))

    want = reference.regionprops_table(labels, image, ("label",), extra_properties=(spread,))
    for got in both(measure.regionprops_table, labels, image, ("label",), extra_properties=(spread,)):
        assert list(got) == list(want)
        np.testing.assert_allclose(got["spread-1"], want["spread-1"])
    for mine, theirs in zip(measure.regionprops(labels, image), reference.regionprops(labels, image), strict=True):
        assert (mine.label, mine.bbox, mine.slice) == (theirs.label, theirs.bbox, theirs.slice)
        np.testing.assert_allclose(mine.moments, theirs.moments)
        np.testing.assert_allclose(mine.centroid, theirs.centroid)
        np.testing.assert_array_equal(mine.image_filled, theirs.image_filled)


def test_label_images_are_changed_as_scikit_image_does():
    reference = pytest.importorskip("skimage")
    labels = blobs((30, 45)) * 3
    for got in both(segmentation.relabel_sequential, labels, offset=5):
        want, forward, _ = reference.segmentation.relabel_sequential(labels, offset=5)
        np.testing.assert_array_equal(got[0], want)
        assert got[1] == dict(zip(forward.in_values.tolist(), forward.out_values.tolist(), strict=True))
    for buffer in (0, 2):
        for got in both(segmentation.clear_border, labels, buffer):
            np.testing.assert_array_equal(got, reference.segmentation.clear_border(labels, buffer))
    other = blobs((30, 45))
    for got in both(segmentation.join_segmentations, labels, other):
        np.testing.assert_array_equal(got, reference.segmentation.join_segmentations(labels, other))
    for mode, connectivity in itertools.product(("thick", "inner", "outer"), (1, 2)):
        for got in both(segmentation.find_boundaries, labels, connectivity, mode):
            np.testing.assert_array_equal(got, reference.segmentation.find_boundaries(labels, connectivity, mode))
    for got in both(morphology.remove_small_objects, labels, max_size=12):
        np.testing.assert_array_equal(got, reference.morphology.remove_small_objects(labels, max_size=12))
    old, new = np.array([3, 9, 6]), np.array([0.5, 2.0, 7.0])
    for got in both(util.map_array, labels, old, new):
        np.testing.assert_array_equal(got, reference.util.map_array(labels, old, new))


def test_segmentations_are_compared_as_scikit_image_does():
    reference = pytest.importorskip("skimage.metrics")
    a, b = blobs((20, 60)), blobs((20, 60))
    for got in both(metrics.contingency_table, a, b, ignore_labels=[2], normalize=True):
        assert abs(got - reference.contingency_table(a, b, ignore_labels=[2], normalize=True)).max() < 1e-15
    for got in both(metrics.variation_of_information, a, b):
        np.testing.assert_allclose(got, reference.variation_of_information(a, b))
    for got in both(metrics.adapted_rand_error, a, b):
        np.testing.assert_allclose(got, reference.adapted_rand_error(a, b))


@pytest.mark.parametrize("shape", [(50, 60), (12, 20, 30)])
def test_peaks_are_scikit_images(shape):
    reference = pytest.importorskip("skimage.feature")
    image = ndi.gaussian_filter(RNG.random(shape), 1)
    for options in (
        {},
        {"min_distance": 3},
        {"min_distance": 2, "p_norm": 2, "exclude_border": False},
        {"min_distance": 2, "num_peaks": 5, "threshold_rel": 0.5},
        {"footprint": np.ones((3,) * len(shape)), "threshold_abs": 0.5, "exclude_border": 2},
    ):
        for got in both(feature.peak_local_max, image, **options):
            np.testing.assert_array_equal(got, reference.peak_local_max(image, **options))
    assert len(feature.peak_local_max(np.zeros(shape))) == 0
