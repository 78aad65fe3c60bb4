"""Filters and thresholds from neighbourhoods are scikit-image's."""

import numpy as np
import pytest

import petavox
from petavox import filters as ours
from petavox import restoration

theirs = pytest.importorskip("skimage.filters")


def both_ways(function, array, *args, **kwargs):
    found = function(array, *args, **kwargs)
    with petavox.config.set(block_edge=5):
        lazy = function(petavox.from_array(array, chunks=4), *args, **kwargs)
        assert isinstance(lazy, petavox.Image)
        np.testing.assert_array_equal(lazy.compute(), found)
    return found


def grey(dtype, shape=(23, 17), seed=0, most=250):
    return np.random.default_rng(seed).integers(0, most, shape).astype(dtype)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16, np.float32, np.float64])
def test_local_thresholds_are_scikit_images(dtype):
    array = grey(dtype)
    for name in ("threshold_niblack", "threshold_sauvola"):
        for size in (5, (3, 9)):
            want = getattr(theirs, name)(array, size, k=0.3)
            got = both_ways(getattr(ours, name), array, size, k=0.3)
            assert got.dtype == want.dtype
            np.testing.assert_allclose(got, want, rtol=1e-4 if dtype == np.float32 else 1e-9)
    for method in ("gaussian", "mean", "median"):
        want = theirs.threshold_local(array, 5, method, offset=3)
        got = both_ways(ours.threshold_local, array, 5, method, offset=3)
        assert got.dtype == want.dtype
        np.testing.assert_allclose(got, want, rtol=1e-5)
    with pytest.raises(ValueError, match="odd"):
        ours.threshold_local(array, 4)


def test_medians_and_hysteresis_are_scikit_images():
    array = grey(np.uint8)
    np.testing.assert_array_equal(both_ways(ours.median, array), theirs.median(array))
    cross = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]])
    np.testing.assert_array_equal(both_ways(ours.median, array, cross), theirs.median(array, cross))
    np.testing.assert_array_equal(ours.median(array, cross, behavior="rank"), theirs.median(array, cross, behavior="rank"))
    want = theirs.apply_hysteresis_threshold(array, 120, 230)
    np.testing.assert_array_equal(both_ways(ours.apply_hysteresis_threshold, array, 120, 230), want)


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("name", ours.rank.__all__)
def test_rank_filters_are_scikit_images(name):
    footprint = np.random.default_rng(1).random((5, 4)) < 0.6
    footprint[2, 2] = True
    more = {"p0": 0.3} if name == "percentile" else {}
    for array in (grey(np.uint8), grey(np.uint8, most=9), grey(np.uint16, most=900)):
        for shifts in ({}, {"shift_x": 1, "shift_y": -1}):
            want = getattr(theirs.rank, name)(array, footprint.astype(np.uint8), **shifts, **more)
            got = both_ways(getattr(ours.rank, name), array, footprint, **shifts, **more)
            if name == "entropy":
                np.testing.assert_allclose(got, want, rtol=1e-12, atol=1e-12)
            else:
                np.testing.assert_array_equal(got, want)
                assert got.dtype == want.dtype


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
def test_rolling_balls_are_scikit_images(dtype):
    skimage = pytest.importorskip("skimage.restoration")
    array = grey(dtype)
    np.testing.assert_array_equal(both_ways(restoration.rolling_ball, array, radius=6), skimage.rolling_ball(array, radius=6))
    kernel = skimage.ellipsoid_kernel((7, 9), 20)
    np.testing.assert_array_equal(restoration.ellipsoid_kernel((7, 9), 20), kernel)
    want = skimage.rolling_ball(array, kernel=kernel)
    np.testing.assert_array_equal(both_ways(restoration.rolling_ball, array, kernel=kernel), want)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_rolling_balls_tell_where_a_sample_is_missing(dtype):
    skimage = pytest.importorskip("skimage.restoration")
    array = np.random.default_rng(3).random((23, 31)).astype(dtype)
    array[[5, 20, 0], [6, 30, 15]] = np.nan
    kernel = np.random.default_rng(4).random((4, 3))
    for options in ({"radius": 2}, {"radius": 3}, {"kernel": kernel}):
        want = skimage.rolling_ball(array, nansafe=True, **options)
        assert 0 < np.isnan(want).sum() < want.size
        np.testing.assert_array_equal(both_ways(restoration.rolling_ball, array, nansafe=True, **options), want)
