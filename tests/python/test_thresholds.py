"""Thresholds are scikit-image's: of arrays, of images in small blocks, and of histograms."""

import numpy as np
import pytest

import petavox
from petavox import filters

theirs = pytest.importorskip("skimage.filters")

RNG = np.random.default_rng(3)
TWO = np.concatenate([RNG.normal(60, 12, 900), RNG.normal(160, 20, 600), RNG.normal(220, 6, 300)]).clip(0, 255)
U8 = TWO.astype(np.uint8).reshape(30, 60)
I16 = (TWO * 3 - 300).astype(np.int16).reshape(12, 10, 15)
F32 = (TWO / 255).astype(np.float32).reshape(60, 30)
F64 = TWO.reshape(20, 90)
ALL = pytest.mark.parametrize("array", [U8, I16, F32, F64], ids=["u8", "i16", "f32", "f64"])
METHODS = ["isodata", "mean", "minimum", "otsu", "triangle", "yen"]


@ALL
@pytest.mark.parametrize("method", METHODS)
def test_arrays_and_images_have_scikit_images_threshold(method, array):
    mine, other = getattr(filters, f"threshold_{method}"), getattr(theirs, f"threshold_{method}")
    want = other(array)
    np.testing.assert_allclose(mine(array), want, rtol=1e-6 if method == "mean" else 0)
    with petavox.config.set(block_edge=5):
        lazily = mine(petavox.from_array(array))
        found = lazily.compute() if isinstance(lazily, petavox.Image) else lazily
        np.testing.assert_array_equal(found, mine(array))


@ALL
@pytest.mark.parametrize("method", ["isodata", "minimum", "multiotsu", "otsu", "yen"])
def test_histograms_decide_when_they_are_given(method, array):
    from skimage.exposure import histogram

    mine, other = getattr(filters, f"threshold_{method}"), getattr(theirs, f"threshold_{method}")
    hist = histogram(array, 64)
    np.testing.assert_array_equal(mine(hist=hist), other(hist=hist))
    np.testing.assert_array_equal(mine(hist=hist[0]), other(hist=hist[0]))


@ALL
def test_several_thresholds(array):
    np.testing.assert_array_equal(filters.threshold_isodata(array, return_all=True), theirs.threshold_isodata(array, return_all=True))
    for classes in (2, 3):
        np.testing.assert_array_equal(filters.threshold_multiotsu(array, classes, 50), theirs.threshold_multiotsu(array, classes, 50))
    few = (np.asarray(array) > array.mean()).astype(np.uint8) + (np.asarray(array) > np.percentile(array, 80))
    np.testing.assert_array_equal(filters.threshold_multiotsu(few.astype(np.uint8)), theirs.threshold_multiotsu(few.astype(np.uint8)))
    with pytest.raises(ValueError, match="different values"):
        filters.threshold_multiotsu(np.array([1, 2], np.uint8))


@ALL
def test_lis_threshold_and_its_options(array):
    for options in ({}, {"tolerance": 3 if array.max() > 2 else 0.01}, {"initial_guess": float(np.percentile(array, 30))}, {"initial_guess": np.median}):
        np.testing.assert_allclose(filters.threshold_li(array, **options), theirs.threshold_li(array, **options), rtol=1e-12)
    seen, want = [], []
    filters.threshold_li(array, iter_callback=seen.append)
    theirs.threshold_li(array, iter_callback=want.append)
    np.testing.assert_allclose(seen, want)
    with pytest.raises(ValueError, match="guess"):
        filters.threshold_li(array, initial_guess=1e9)
    if array.dtype.kind == "f":
        with pytest.raises(NotImplementedError, match="compute"):
            filters.threshold_li(petavox.from_array(array))


def test_what_there_is_no_threshold_of():
    with pytest.raises(ValueError, match="image or hist"):
        filters.threshold_otsu()
    with pytest.raises(RuntimeError, match="two maxima"):
        filters.threshold_minimum(np.arange(10, dtype=np.uint8))
    with pytest.raises(ValueError, match="counts"):
        filters.threshold_otsu(hist=[0.5, 2])
