"""Masks, distances, reconstruction and watersheds against scipy and scikit-image, at once and in blocks of 5 samples."""

import itertools

import numpy as np
import pytest

import petavox
from petavox import morphology, ndimage, segmentation

scipy_ndimage = pytest.importorskip("scipy.ndimage")
skimage = pytest.importorskip("skimage")
skimage_morphology = pytest.importorskip("skimage.morphology")
skimage_segmentation = pytest.importorskip("skimage.segmentation")

SHAPES = [(23,), (13, 17), (70, 9), (7, 9, 11), (3, 4, 5, 6)]


def both(function, *images, **kwargs):
    """The result for arrays, which has to be that for images in small blocks."""
    found = function(*images, **kwargs)
    with petavox.config.set(block_edge=5):
        lazy = function(*[petavox.from_array(np.asarray(i)) for i in images], **kwargs)
        computed = [one.compute() for one in lazy] if isinstance(lazy, tuple) else [lazy.compute()]
    for one, other in zip(found if isinstance(found, tuple) else [found], computed, strict=True):
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)
    return found


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("name", ["binary_erosion", "binary_dilation", "binary_opening", "binary_closing"])
def test_any_structure_origin_mask_and_border_are_scipys(name, seed):
    rng = np.random.default_rng(seed)
    shape = SHAPES[seed % len(SHAPES)]
    mask = rng.random(shape) < rng.choice([0.4, 0.7, 0.9])
    extents = rng.integers(1, 5, len(shape))
    structure = rng.random(extents) < 0.6
    origin = [int(rng.integers(-(n // 2), n - n // 2)) for n in extents]
    where = rng.random(shape) < 0.7
    for limit, border, times in itertools.product([None, where], [0, 1], [1, 3]):
        kwargs = dict(structure=structure, iterations=times, border_value=border, origin=origin)
        want = getattr(scipy_ndimage, name)(mask, mask=limit, brute_force=True, **kwargs)
        if limit is None:
            got = both(lambda m: getattr(ndimage, name)(m, **kwargs), mask)
        else:
            got = both(lambda m, w: getattr(ndimage, name)(m, mask=w, **kwargs), mask, limit)
        np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize("seed", range(10))
def test_until_nothing_changes_is_scipys(seed):
    rng = np.random.default_rng(seed)
    shape = SHAPES[seed % len(SHAPES)]
    mask, where = rng.random(shape) < 0.1, rng.random(shape) < 0.6
    structure = scipy_ndimage.generate_binary_structure(len(shape), int(rng.integers(1, len(shape) + 1)))
    for border in (0, 1):
        want = scipy_ndimage.binary_dilation(mask, structure, -1, where, None, border)
        got = both(lambda m, w: ndimage.binary_dilation(m, structure, -1, w, None, border), mask, where)
        np.testing.assert_array_equal(got, want)
        want = scipy_ndimage.binary_erosion(~mask, structure, 0, where, None, border)
        np.testing.assert_array_equal(both(lambda m, w: ndimage.binary_erosion(m, structure, 0, w, None, border), ~mask, where), want)
        want = scipy_ndimage.binary_propagation(mask, structure, where, None, border)
        np.testing.assert_array_equal(both(lambda m, w: ndimage.binary_propagation(m, structure, w, None, border), mask, where), want)
    want = scipy_ndimage.binary_fill_holes(where, structure)
    np.testing.assert_array_equal(both(lambda m: ndimage.binary_fill_holes(m, structure), where), want)
    want = scipy_ndimage.binary_dilation(mask, structure, 90)
    np.testing.assert_array_equal(both(lambda m: ndimage.binary_dilation(m, structure, 90), mask), want)


@pytest.mark.parametrize("seed", range(8))
def test_axes_and_hit_or_miss_are_scipys(seed):
    rng = np.random.default_rng(seed)
    image = rng.random((6, 7, 8)) < 0.6
    axes = (0, 2) if seed % 2 else (1,)
    structure = rng.random((3,) * len(axes)) < 0.7
    structure.flat[0] = True
    for name in ("binary_erosion", "binary_dilation", "binary_hit_or_miss", "binary_fill_holes"):
        want = getattr(scipy_ndimage, name)(image, structure, axes=axes)
        np.testing.assert_array_equal(both(lambda m, n=name: getattr(ndimage, n)(m, structure, axes=axes), image), want)


@pytest.mark.parametrize("seed", range(10))
def test_distances_and_nearest_samples_are_scipys(seed):
    rng = np.random.default_rng(seed)
    shape = SHAPES[seed % len(SHAPES)]
    mask = rng.random(shape) < rng.choice([0.5, 0.9, 0.97])
    mask.flat[int(rng.integers(mask.size))] = False
    sampling = [float(s) for s in rng.choice([1, 2, 0.3, 0.7], len(shape))]
    for kwargs in ({}, {"sampling": sampling}):
        want = scipy_ndimage.distance_transform_edt(mask, return_indices=True, **kwargs)
        got = both(lambda m, k=kwargs: ndimage.distance_transform_edt(m, return_indices=True, **k), mask)
        np.testing.assert_array_equal(got[0], want[0])
        np.testing.assert_array_equal(got[1], want[1])
    for metric in ("chessboard", "taxicab", rng.random((3,) * len(shape)) < 0.5):
        metric = metric if isinstance(metric, str) else np.ascontiguousarray(metric)
        want = scipy_ndimage.distance_transform_cdt(mask, metric, return_indices=True)
        got = both(lambda m, k=metric: ndimage.distance_transform_cdt(m, k, return_indices=True), mask)
        np.testing.assert_array_equal(got[0], want[0])
        np.testing.assert_array_equal(got[1], want[1])
    for metric in ("euclidean", "taxicab", "chessboard"):
        want = scipy_ndimage.distance_transform_bf(mask, metric, return_indices=True)
        got = both(lambda m, k=metric: ndimage.distance_transform_bf(m, k, return_indices=True), mask)
        np.testing.assert_array_equal(got[0], want[0])
        np.testing.assert_array_equal(got[1], want[1])


def test_large_distances_need_no_second_volume_and_are_ones_own():
    mask = np.random.default_rng(5).random((150, 40, 301)) < 0.999
    want = scipy_ndimage.distance_transform_edt(mask, sampling=(1, 0.7, 2))
    got = ndimage.distance_transform_edt(mask, sampling=(1, 0.7, 2))
    assert got.dtype == np.float64
    np.testing.assert_array_equal(got, want)
    # The swept volume is the result. It is the caller's to write, and lives as long as any part of it.
    assert not got.flags.owndata and got.flags.writeable
    del mask, want
    got[:] = np.arange(got.size).reshape(got.shape)
    part = got[-1, -1, -2:]
    del got
    np.testing.assert_array_equal(part, [150 * 40 * 301 - 2, 150 * 40 * 301 - 1])


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["binary_erosion", "binary_dilation", "binary_opening", "binary_closing"])
def test_masks_are_scikit_images(name):
    rng = np.random.default_rng(3)
    for shape in SHAPES[:4]:
        image = rng.random(shape) < 0.7
        for footprint in (None, np.ones((3,) * len(shape)), rng.random((4,) * len(shape)) < 0.7):
            for mode in ("ignore", "max", "min"):
                want = getattr(skimage_morphology, name)(image, footprint, mode=mode)
                got = both(lambda m, f=footprint, k=mode: getattr(morphology, name)(m, f, mode=k), image)
                np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize("name", ["isotropic_erosion", "isotropic_dilation", "isotropic_opening", "isotropic_closing"])
def test_balls_of_any_radius_are_scikit_images(name):
    rng = np.random.default_rng(4)
    for radius, spacing in [(1, None), (2.3, None), (1.5, 0.5)]:
        # Without background scipy's distances, and so scikit-image's balls, mean nothing.
        image = rng.random((14, 15, 9)) < (0.97 if name in ("isotropic_erosion", "isotropic_opening") else 0.02)
        want = getattr(skimage_morphology, name)(image, radius, spacing=spacing)
        np.testing.assert_array_equal(both(lambda m, r=radius, s=spacing: getattr(morphology, name)(m, r, spacing=s), image), want)


@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint16", "int32", "float32", "float64", "bool"])
def test_reconstruction_and_extrema_are_scikit_images(dtype):
    rng = np.random.default_rng(len(dtype))
    for shape in SHAPES[:4]:
        grey = (rng.normal(size=shape) * 3 + 4).round(0 if dtype != "float64" else 2)
        grey = (grey > 4) if dtype == "bool" else np.clip(grey, 0, 12).astype(dtype)
        other = np.roll(grey, 3)
        low, high = np.minimum(grey, other), np.maximum(grey, other)
        for method, seed in (("dilation", low), ("erosion", high)):
            for footprint in (None, scipy_ndimage.generate_binary_structure(len(shape), 1)):
                want = skimage_morphology.reconstruction(seed, grey, method, footprint)
                got = both(lambda s, m, k=method, f=footprint: morphology.reconstruction(s, m, k, f), seed, grey)
                assert got.dtype == want.dtype
                np.testing.assert_array_equal(got, want)
        for name, connectivity, borders in itertools.product(("local_maxima", "local_minima"), (None, 1), (True, False)):
            kwargs = dict(connectivity=connectivity, allow_borders=borders)
            want = getattr(skimage_morphology, name)(grey, **kwargs)
            np.testing.assert_array_equal(both(lambda g, n=name, k=kwargs: getattr(morphology, n)(g, **k), grey), want)
        if dtype != "bool":
            for name, h in itertools.product(("h_maxima", "h_minima"), (1, 2, 5, 100)):
                want = getattr(skimage_morphology, name)(grey, h)
                np.testing.assert_array_equal(both(lambda g, n=name, h=h: getattr(morphology, n)(g, h), grey), want)
        point = tuple(n // 2 for n in shape)
        for tolerance, connectivity in ((None, None), (None, 1), (2, 1)):
            if dtype == "bool" and tolerance:
                continue
            kwargs = dict(tolerance=tolerance, connectivity=connectivity)
            want = skimage_morphology.flood(grey, point, **kwargs)
            np.testing.assert_array_equal(both(lambda g, k=kwargs: morphology.flood(g, point, **k), grey), want)
            want = skimage_morphology.flood_fill(grey, point, 1, **kwargs)
            np.testing.assert_array_equal(both(lambda g, k=kwargs: morphology.flood_fill(g, point, 1, **k), grey), want)


@pytest.mark.parametrize("seed", range(10))
def test_watersheds_without_ties_are_scikit_images(seed):
    rng = np.random.default_rng(seed)
    shape = SHAPES[seed % len(SHAPES)]
    grey = rng.permutation(int(np.prod(shape))).reshape(shape)
    grey = grey.astype([np.int32, np.float32, np.float64, np.uint16, np.int64][seed // 2 % 5])
    markers = np.where(rng.random(shape) < 0.03, rng.integers(1, 9, shape), 0).astype(np.int32)
    mask = rng.random(shape) < 0.8
    for connectivity in {1, len(shape)}:
        want = skimage_segmentation.watershed(grey, markers, connectivity)
        got = both(lambda g, m, c=connectivity: segmentation.watershed(g, m, c), grey, markers)
        assert got.dtype == want.dtype
        np.testing.assert_array_equal(got, want)
        want = skimage_segmentation.watershed(grey, markers, connectivity, mask=mask)
        got = both(lambda g, m, w, c=connectivity: segmentation.watershed(g, m, c, mask=w), grey, markers, mask)
        np.testing.assert_array_equal(got, want)
    np.testing.assert_array_equal(both(segmentation.watershed, grey), skimage_segmentation.watershed(grey))
    np.testing.assert_array_equal(segmentation.watershed(grey, 4), skimage_segmentation.watershed(grey, 4))
    for given in ({"watershed_line": True}, {"compactness": 0.7}, {"compactness": 40.0, "watershed_line": True}):
        want = skimage_segmentation.watershed(grey, markers, mask=mask, **given)
        np.testing.assert_array_equal(segmentation.watershed(grey, markers, mask=mask, **given), want)


@pytest.mark.parametrize("seed", range(8))
def test_image_foresting_and_thinning_are_scipys_and_scikit_images(seed):
    rng = np.random.default_rng(seed)
    shape = SHAPES[seed % len(SHAPES)]
    grey = rng.integers(0, [5, 200][seed % 2], shape).astype([np.uint8, np.uint16][seed // 2 % 2])
    markers = np.where(rng.random(shape) < 0.05, rng.integers(-2, 6, shape), 0).astype(np.int16)
    structure = scipy_ndimage.generate_binary_structure(len(shape), 1 + seed % len(shape))
    want = scipy_ndimage.watershed_ift(grey, markers, structure)
    np.testing.assert_array_equal(both(lambda g, m: ndimage.watershed_ift(g, m, structure), grey, markers), want)
    mask = scipy_ndimage.binary_dilation(rng.random((40, 150)) < 0.02, iterations=4)
    for most in (None, 1, 2):
        want = skimage_morphology.thin(mask, most)
        np.testing.assert_array_equal(both(lambda m, k=most: morphology.thin(m, k), mask), want)


def test_what_depends_on_order_is_refused():
    with pytest.raises(NotImplementedError, match="order"):
        segmentation.watershed(petavox.from_array(np.zeros((3, 3))), np.eye(3, dtype=int), compactness=1)
    with pytest.raises(ValueError, match="seed"):
        morphology.reconstruction(np.ones(4), np.zeros(4))


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32", "float64"])
def test_canny_is_scikit_images(dtype):
    from petavox import feature

    skimage_feature = pytest.importorskip("skimage.feature")
    rng = np.random.default_rng(len(dtype))
    smooth = scipy_ndimage.gaussian_filter(rng.random((70, 83)), 2)
    grey = (smooth - smooth.min()) / np.ptp(smooth)
    grey = (grey * 250).astype(dtype) if dtype.startswith("u") else grey.astype(dtype)
    mask = rng.random(grey.shape) < 0.98
    for kwargs in ({}, {"sigma": 2.0}, {"mode": "reflect"}, {"low_threshold": 0.02, "high_threshold": 0.05}):
        want = skimage_feature.canny(grey, **kwargs)
        np.testing.assert_array_equal(both(lambda g, k=kwargs: feature.canny(g, **k), grey), want)
    want = skimage_feature.canny(grey, mask=mask)
    np.testing.assert_array_equal(both(lambda g, m: feature.canny(g, mask=m), grey, mask), want)
    want = skimage_feature.canny(grey, low_threshold=0.5, high_threshold=0.8, use_quantiles=True)
    np.testing.assert_array_equal(feature.canny(grey, low_threshold=0.5, high_threshold=0.8, use_quantiles=True), want)
