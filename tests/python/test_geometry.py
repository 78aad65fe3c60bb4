"""Interpolation and transformations: scipy's and scikit-image's numbers, at once and block by block."""

import numpy as np
import pytest

import petavox
from petavox import ndimage, transform

scipy_ndimage = pytest.importorskip("scipy.ndimage")

MODES = ["reflect", "grid-mirror", "mirror", "nearest", "wrap", "grid-wrap", "constant", "grid-constant"]
DTYPES = ["bool", "uint8", "int8", "uint16", "int16", "int32", "uint64", "float32", "float64"]


def sample(rng, ndim=None, dtype=None):
    shape = tuple(rng.integers(1, 14, ndim or rng.integers(1, 4)))
    dtype = dtype or rng.choice(DTYPES)
    if dtype == "bool":
        return rng.random(shape) > 0.5
    if dtype.startswith("float"):
        return rng.normal(size=shape).astype(dtype)
    return rng.integers(0, 120, shape).astype(dtype)


def both_ways(function, array):
    """The function's result on the array, after that on an image has been found to be the same."""
    at_once = function(array)
    with petavox.config.set(block_edge=5):
        lazy = function(petavox.from_array(array, chunks=4)).compute()
    np.testing.assert_array_equal(lazy, at_once)
    return at_once


def near(got, want, dtype):
    assert got.shape == want.shape
    assert got.dtype == want.dtype
    if np.dtype(dtype).kind in "iu":
        # Sums are made in another order: a value at a half may be rounded to either side.
        difference = got.astype(np.float64) - want.astype(np.float64)
        assert np.abs(difference).max(initial=0) <= 1
        assert np.count_nonzero(difference) <= 0.01 * got.size + 1
    elif np.dtype(dtype).kind == "f":
        tolerance = 1e-5 if np.dtype(dtype) == np.float32 else 1e-11
        np.testing.assert_allclose(got, want, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("seed", range(40))
def test_maps_give_scipys_numbers_however_they_are_cut(seed):
    rng = np.random.default_rng(seed)
    array = sample(rng)
    options = {"order": int(rng.integers(0, 6)), "mode": str(rng.choice(MODES)), "cval": float(rng.choice([0, 2.5, -3]))}
    matrix = np.eye(array.ndim) + rng.normal(scale=0.3, size=(array.ndim, array.ndim))
    shape = tuple(int(n) for n in rng.integers(1, 20, array.ndim))
    offset = [float(o) for o in rng.normal(scale=3, size=array.ndim)]
    if array.dtype == bool:
        options["order"], options["cval"] = min(options["order"], 1), 0.0
    got = both_ways(lambda a: ndimage.affine_transform(a, matrix, offset, shape, **options), array)
    near(got, scipy_ndimage.affine_transform(array, matrix, offset, shape, **options), array.dtype)


@pytest.mark.parametrize("seed", range(40))
def test_grids_give_scipys_numbers_however_they_are_cut(seed):
    rng = np.random.default_rng(1000 + seed)
    array = sample(rng, dtype=rng.choice(["uint8", "int16", "float32", "float64"]))
    options = {"order": int(rng.integers(0, 6)), "mode": str(rng.choice(MODES)), "cval": float(rng.choice([0, 2.5, -3]))}
    factors = [float(z) for z in rng.choice([0.5, 0.7, 1, 1.3, 2, 3.1], array.ndim)]
    shifts = [float(s) for s in rng.choice([0, 1, -0.25, 0.5, 3.7, -20.1], array.ndim)]
    grid_mode = bool(rng.integers(0, 2)) and options["mode"] not in ("constant", "wrap")
    calls = [
        lambda m: lambda a: m.zoom(a, factors, grid_mode=grid_mode, **options),
        lambda m: lambda a: m.shift(a, shifts, **options),
        lambda m: lambda a: m.affine_transform(a, factors, 0.75, **options),
        lambda m: lambda a: m.spline_filter1d(a, options["order"], axis=0, mode=options["mode"]),
    ]
    for call in calls:
        near(both_ways(call(ndimage), array), call(scipy_ndimage)(array), call(scipy_ndimage)(array).dtype)


@pytest.mark.parametrize("axes", [(1, 0), (0, 1), (0, 2), (1, 2), (-1, -2)])
@pytest.mark.parametrize("order", [0, 1, 3])
def test_rotations_give_scipys_numbers(axes, order):
    array = np.random.default_rng(5).normal(size=(9, 12, 7))
    for angle, reshape, mode in [(30, True, "constant"), (-90, True, "nearest"), (213.5, False, "mirror")]:
        got = both_ways(lambda a: ndimage.rotate(a, angle, axes, reshape, order=order, mode=mode), array)
        want = scipy_ndimage.rotate(array, angle, axes, reshape, order=order, mode=mode)
        near(got, want, array.dtype)


def test_points_may_be_an_image_and_the_image_may_be_one():
    rng = np.random.default_rng(3)
    array, points = rng.normal(size=(9, 11)), rng.uniform(-4, 14, (2, 7, 8))
    for mode in MODES:
        for order in (0, 1, 3, 5):
            want = scipy_ndimage.map_coordinates(array, points, order=order, mode=mode)
            near(ndimage.map_coordinates(array, points, order=order, mode=mode), want, "float64")
            with petavox.config.set(block_edge=5):
                made = ndimage.map_coordinates(array, petavox.from_array(points), order=order, mode=mode)
                near(made.compute(), want, "float64")


def test_outputs_are_rounded_into_the_dtype_asked_for():
    array = np.array([0.0, 300.0, -7.5, 2.5])
    got = ndimage.shift(array, 0, output=np.uint8, order=1)
    assert got.tolist() == [0, 255, 0, 3]
    out = np.empty(4, np.int8)
    assert ndimage.shift(array, 0, output=out, order=1) is out
    assert out.tolist() == [0, 127, -8, 3]
    assert np.isnan(ndimage.shift(array, 1, cval=np.nan)[0])
    lazy = ndimage.shift(petavox.from_array(array), 1, cval=np.nan).compute()
    assert np.isnan(lazy[0])


def test_complex_samples_are_two_images():
    rng = np.random.default_rng(0)
    array = rng.normal(size=(6, 7)) + 1j * rng.normal(size=(6, 7))
    got = ndimage.zoom(array, 1.5, mode="grid-constant", cval=1 - 2j)
    np.testing.assert_allclose(got, scipy_ndimage.zoom(array, 1.5, mode="grid-constant", cval=1 - 2j), atol=1e-12)


class TestScikitImage:
    skimage = pytest.importorskip("skimage.transform")

    @pytest.mark.parametrize("seed", range(25))
    def test_resize(self, seed):
        rng = np.random.default_rng(seed)
        array = sample(rng, dtype=rng.choice(["bool", "uint8", "int16", "uint16", "float32", "float64"]))
        shape = tuple(int(n) for n in rng.integers(1, 20, array.ndim))
        mode = str(rng.choice(["constant", "edge", "symmetric", "reflect", "wrap"]))
        order = None if array.dtype == bool else int(rng.integers(0, 6))
        options = {"order": order, "mode": mode, "cval": float(rng.choice([0, 0.5])), "preserve_range": bool(seed % 2)}
        want = self.skimage.resize(array, shape, **options)
        near(both_ways(lambda a: transform.resize(a, shape, **options), array), want, want.dtype)

    def test_rescale_and_channels(self):
        array = np.random.default_rng(1).random((12, 9, 3))
        for scale in (0.5, 1.7, (0.4, 2)):
            want = self.skimage.rescale(array, scale, channel_axis=-1)
            near(both_ways(lambda a, s=scale: transform.rescale(a, s, channel_axis=-1), array), want, want.dtype)

    @pytest.mark.parametrize("order", [0, 1, 3, 4])
    @pytest.mark.parametrize("mode", ["constant", "edge", "symmetric", "reflect", "wrap"])
    def test_warp(self, order, mode):
        rng = np.random.default_rng(2)
        theirs = self.skimage
        for array in (rng.random((13, 17)), rng.integers(0, 255, (9, 8, 3)).astype(np.uint8)):
            for matrix in (
                theirs.AffineTransform(scale=(0.8, 1.2), rotation=0.3, shear=0.1, translation=(2.3, -1.1)),
                theirs.ProjectiveTransform(np.array([[1, 0.1, 2], [0.05, 0.9, -1], [0.002, 0.004, 1]])),
            ):
                options = {"order": order, "mode": mode, "cval": 0.25 if array.dtype != np.uint8 else 0, "output_shape": (11, 15)}
                want = theirs.warp(array, matrix, **options)
                for ours in (matrix, transform.ProjectiveTransform(matrix.params), matrix.params):
                    got = both_ways(lambda a, m=ours: transform.warp(a, m, **options), array)
                if (order, mode, array.ndim) != (4, "symmetric", 3):
                    # scipy's spline along the three channels does not run through them; here channels are left alone.
                    near(got, want, want.dtype)

    def test_our_transformations_are_theirs(self):
        parameters = {"scale": (1.5, 0.5), "rotation": 0.7, "shear": (0.2, -0.1), "translation": (3, 4)}
        for ours, theirs in [
            (transform.AffineTransform(**parameters), self.skimage.AffineTransform(**parameters)),
            (transform.SimilarityTransform(scale=2, rotation=1), self.skimage.SimilarityTransform(scale=2, rotation=1)),
            (transform.EuclideanTransform(translation=(1, 2)), self.skimage.EuclideanTransform(translation=(1, 2))),
        ]:
            np.testing.assert_allclose(ours.params, theirs.params, atol=1e-15)
            points = np.random.default_rng(0).normal(size=(5, 2))
            np.testing.assert_allclose(ours(points), theirs(points))
            np.testing.assert_allclose(ours.inverse(ours(points)), points)
            np.testing.assert_allclose((ours + ours.inverse).params, np.eye(3), atol=1e-15)

    def test_rotate_and_swirl(self):
        array = np.random.default_rng(4).random((14, 10))
        for options in ({}, {"resize": True}, {"center": (2, 3), "order": 3, "mode": "edge"}):
            want = self.skimage.rotate(array, 33, **options)
            near(both_ways(lambda a, o=options: transform.rotate(a, 33, **o), array), want, want.dtype)
        want = self.skimage.swirl(array, strength=3, radius=12)
        near(transform.swirl(array, strength=3, radius=12), want, want.dtype)

    def test_pyramids(self):
        array = np.random.default_rng(4).random((21, 16))
        want = self.skimage.pyramid_expand(array, 2)
        near(both_ways(lambda a: transform.pyramid_expand(a, 2), array), want, want.dtype)
        for name in ("pyramid_gaussian", "pyramid_laplacian"):
            theirs = list(getattr(self.skimage, name)(array))
            ours = list(getattr(transform, name)(array))
            lazy = [one.compute() for one in getattr(transform, name)(petavox.from_array(array))]
            assert len(ours) == len(theirs) == len(lazy)
            for a, b, c in zip(ours, theirs, lazy, strict=True):
                near(a, b, b.dtype)
                near(c, b, b.dtype)
