"""numpy's functions that look for samples or count them: the same of lazy images."""

import warnings

import numpy as np
import petavox
import pytest

RNG = np.random.default_rng(5)
WHOLE = RNG.integers(0, 6, (12, 13))
KINDS = [WHOLE, WHOLE - 3, WHOLE > 2, WHOLE.astype(np.uint8)]
FLOATS = RNG.random((14, 11))


@pytest.fixture(autouse=True)
def small_blocks():
    with petavox.config.set(block_edge=5):
        yield


def lazy(array):
    return petavox.from_array(array)


@pytest.mark.parametrize("array", KINDS, ids=str)
def test_samples_that_are_not_zero_are_found_in_numpys_order(array):
    for function in (np.nonzero, np.argwhere, np.flatnonzero):
        np.testing.assert_array_equal(function(lazy(array)), function(array))


@pytest.mark.parametrize("array", [*KINDS, np.array([[2**63 - 1, -(2**63)], [0, 2**62 + 1]]), np.array([2**64 - 1, 5], np.uint64)], ids=str)
def test_values_and_counts_are_numpys(array):
    values, counts = np.unique(lazy(array), return_counts=True)
    want, wanted = np.unique(array, return_counts=True)
    assert values.dtype == want.dtype
    np.testing.assert_array_equal(values, want)
    np.testing.assert_array_equal(counts, wanted)


def test_bins_are_numpys():
    np.testing.assert_array_equal(np.bincount(lazy(WHOLE.ravel()), minlength=9), np.bincount(WHOLE.ravel(), minlength=9))
    for array, options in [(WHOLE, {"bins": 5}), (FLOATS, {"bins": 7, "range": (0.1, 0.9)}), (FLOATS, {"density": True})]:
        for got, want in zip(np.histogram(lazy(array), **options), np.histogram(array, **options), strict=True):
            np.testing.assert_allclose(got, want, rtol=1e-14)


def test_look_ups_are_numpys():
    np.testing.assert_array_equal(np.isin(lazy(WHOLE), [1, 2, 9]), np.isin(WHOLE, [1, 2, 9]))
    np.testing.assert_array_equal(np.digitize(lazy(FLOATS), [0.1, 0.5]), np.digitize(FLOATS, [0.1, 0.5]))
    np.testing.assert_array_equal(np.interp(lazy(FLOATS), [0, 1], [5, 7]), np.interp(FLOATS, [0, 1], [5, 7]))


@pytest.mark.parametrize("name", ["nanmin", "nanmax", "nanmean", "nanvar", "nanstd"])
@pytest.mark.parametrize("axis", [None, 0, 1])
def test_what_is_no_number_is_left_out(name, axis):
    array = FLOATS.copy()
    array[2, 3] = array[:, 5] = np.nan
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        want = getattr(np, name)(array, axis=axis)
    np.testing.assert_allclose(getattr(np, name)(lazy(array), axis=axis), want, rtol=1e-13)


def test_weighted_means_and_gradients_are_numpys():
    np.testing.assert_allclose(np.average(lazy(FLOATS)), np.average(FLOATS), rtol=1e-14)
    np.testing.assert_allclose(np.average(lazy(FLOATS), weights=lazy(FLOATS)), np.average(FLOATS, weights=FLOATS), rtol=1e-13)
    weights = np.arange(11)
    np.testing.assert_allclose(np.average(lazy(FLOATS), 1, weights), np.average(FLOATS, 1, weights), rtol=1e-13)
    for got, want in zip(np.gradient(lazy(FLOATS)), np.gradient(FLOATS), strict=True):
        np.testing.assert_array_equal(got, want)
    np.testing.assert_array_equal(np.gradient(lazy(WHOLE), 2, axis=1), np.gradient(WHOLE, 2, axis=1))
    np.testing.assert_array_equal(np.append(lazy(FLOATS), lazy(FLOATS)), np.append(FLOATS, FLOATS))


def test_what_would_hold_every_sample_says_so():
    for call in (lambda: np.unique(lazy(FLOATS)), lambda: np.unique(lazy(WHOLE), return_inverse=True), lambda: np.histogram(lazy(WHOLE), [0, 1, 5])):
        with pytest.raises(TypeError, match="compute"):
            call()
