"""Exposure and order: numpy's and scikit-image's numbers, of arrays and of images in small blocks."""

import numpy as np
import pytest

import petavox
from petavox import exposure

theirs = pytest.importorskip("skimage.exposure")

RNG = np.random.default_rng(7)
U8 = RNG.gamma(3, 20, (37, 41)).clip(0, 255).astype(np.uint8)
U16 = RNG.gamma(3, 900, (11, 23, 19)).astype(np.uint16)
I16 = RNG.normal(0, 300, (29, 17)).astype(np.int16)
F32 = RNG.normal(0.3, 0.2, (31, 43)).astype(np.float32)
F64 = RNG.random((9, 8, 13))
ALL = [U8, U16, I16, F32, F64]
IDS = ["u8", "u16", "i16", "f32", "f64"]


def both(function, array, *args, **kwargs):
    """What an array gives; an image in blocks of 5 samples has to give the same."""
    result = function(array, *args, **kwargs)
    with petavox.config.set(block_edge=5):
        lazily = function(petavox.from_array(array, chunks=(4,) * array.ndim), *args, **kwargs)
        assert isinstance(lazily, petavox.Image)
        np.testing.assert_array_equal(lazily.compute(), result)
    return result


@pytest.mark.parametrize("array", [*ALL, F32[:1, :1], I16[:2, :3]], ids=[*IDS, "one", "six"])
@pytest.mark.parametrize("q", [50, 2.5, [0, 1, 99, 100], [[10, 20], [30, 99.9]]], ids=str)
def test_percentiles_are_numpys(array, q):
    for method in ("linear", "lower", "higher", "midpoint"):
        got, want = np.percentile(petavox.from_array(array), q, method=method).compute(), np.percentile(array, q, method=method)
        assert got.dtype == want.dtype and got.shape == np.shape(want)
        np.testing.assert_array_equal(got, want)
    got = np.median(petavox.from_array(array)).compute()
    assert got == np.median(array) and got.dtype == np.median(array).dtype


def test_nan_makes_every_percentile_nan_as_in_numpy():
    array = F64.copy()
    array[1, 2, 3] = np.nan
    assert np.isnan(np.percentile(petavox.from_array(array), [0, 50]).compute()).all()
    assert np.isnan(np.median(petavox.from_array(array)).compute())


def test_percentiles_of_large_integers_and_extremes_are_exact():
    for dtype in (np.uint32, np.int32, np.uint64, np.int64):
        info = np.iinfo(dtype)
        array = RNG.integers(info.min, info.max, 999, dtype=dtype, endpoint=True)
        found = petavox.from_array(array).apply("order_statistics", ranks=[0, 500, 998]).compute()
        assert found.dtype == dtype
        np.testing.assert_array_equal(found, np.sort(array)[[0, 500, 998]])
    array = np.array([np.inf, -np.inf, -0.5, 0.25, 3e38], np.float32)
    found = petavox.from_array(array).apply("order_statistics", ranks=[0, 1, 2, 3, 4]).compute()
    np.testing.assert_array_equal(found, np.sort(array))


def test_order_refuses_what_it_cannot_do():
    image = petavox.from_array(U8)
    with pytest.raises(TypeError, match="axes"):
        np.percentile(image, 50, axis=0)
    with pytest.raises(ValueError, match="0 to 1"):
        np.quantile(image, 1.5)
    with pytest.raises(ValueError, match="less than"):
        image.apply("order_statistics", ranks=[U8.size])
    with pytest.raises(ValueError, match="whole numbers"):
        image.apply("order_statistics", ranks=[0.5])


@pytest.mark.parametrize("array", ALL, ids=IDS)
def test_histograms_are_scikit_images(array):
    for kwargs in ({}, {"nbins": 31}, {"normalize": True}):
        (counts, centers), (want, middles) = exposure.histogram(array, **kwargs), theirs.histogram(array, **kwargs)
        np.testing.assert_array_equal(counts, want)
        np.testing.assert_array_equal(centers, middles)
    (shares, _), (want, _) = exposure.cumulative_distribution(array), theirs.cumulative_distribution(array)
    np.testing.assert_array_equal(shares, want)


def test_histograms_over_the_whole_dtype_and_by_channel():
    for array in (U8, I16):
        got, want = exposure.histogram(array, source_range="dtype"), theirs.histogram(array, source_range="dtype")
        np.testing.assert_array_equal(got[0], want[0])
        np.testing.assert_array_equal(got[1], want[1])
    got = exposure.histogram(U8.reshape(37, 41, 1).repeat(3, 2), source_range="dtype", channel_axis=-1)
    assert got[0].shape == (3, 256)


@pytest.mark.parametrize("array", ALL, ids=IDS)
def test_equalised_as_scikit_image_does(array):
    got, want = both(exposure.equalize_hist, array), theirs.equalize_hist(array)
    assert got.dtype == want.dtype
    np.testing.assert_allclose(got, want, rtol=1e-6 if array.dtype == np.float32 else 1e-13)
    mask = RNG.random(array.shape) > 0.4
    np.testing.assert_allclose(exposure.equalize_hist(array, mask=mask), theirs.equalize_hist(array, mask=mask), rtol=1e-6)


@pytest.mark.parametrize("array", ALL, ids=IDS)
def test_rescaled_as_scikit_image_does(array):
    ranges = ["image", "dtype", (0, 1), (3.5, 120)]
    for in_range in ranges:
        for out_range in [*ranges, "uint8", np.uint16, "uint12", "float"]:
            got, want = (f(array, in_range, out_range) for f in (exposure.rescale_intensity, theirs.rescale_intensity))
            assert got.dtype == want.dtype, (in_range, out_range)
            np.testing.assert_allclose(got, want, rtol=2e-6 if array.dtype == np.float32 else 0, atol=1e-7 if array.dtype == np.float32 else 0)
    both(exposure.rescale_intensity, array)


@pytest.mark.parametrize("array", [U8, U16, F64], ids=["u8", "u16", "f64"])
def test_curves_are_scikit_images(array):
    for name, kwargs in [
        ("adjust_gamma", {"gamma": 2}),
        ("adjust_gamma", {"gamma": 0.4, "gain": 0.7}),
        ("adjust_log", {}),
        ("adjust_log", {"inv": True, "gain": 0.5}),
        ("adjust_sigmoid", {"cutoff": 0.4}),
        ("adjust_sigmoid", {"gain": 3, "inv": True}),
    ]:
        got, want = both(getattr(exposure, name), array, **kwargs), getattr(theirs, name)(array, **kwargs)
        assert got.dtype == want.dtype
        # Functions such as log2 may end one unit apart, which an integer shows where it is cut.
        np.testing.assert_allclose(got, want, rtol=1e-13, atol=1 if array.dtype.kind == "u" else 0)
    with pytest.raises(ValueError, match="negative"):
        exposure.adjust_gamma(I16)


@pytest.mark.parametrize("array", ALL, ids=IDS)
def test_adaptive_equalisation_is_scikit_images(array):
    if array.dtype.kind == "f":
        array = array.clip(0, 1)
    for kwargs in ({}, {"kernel_size": 9}, {"kernel_size": 6, "clip_limit": 0.2, "nbins": 64}, {"clip_limit": 0}):
        got, want = both(exposure.equalize_adapthist, array, **kwargs), theirs.equalize_adapthist(array, **kwargs)
        assert got.dtype == want.dtype and got.shape == want.shape
        np.testing.assert_allclose(got, want, atol=1.5 / 2**14 if array.dtype == np.float32 else 1e-12)


def test_histograms_are_matched_as_scikit_image_does():
    for source, reference in [(U8, U8.T[::2] // 2), (U16, abs(I16).reshape(1, 29, 17)), (I16, U8)]:
        got, want = both(exposure.match_histograms, source, reference), theirs.match_histograms(source, reference)
        assert got.dtype == want.dtype
        np.testing.assert_allclose(got, want, rtol=1e-12)
    channels = RNG.integers(0, 255, (2, 30, 20, 3), dtype=np.uint8)
    got = exposure.match_histograms(channels[0], channels[1] // 3, channel_axis=-1)
    np.testing.assert_array_equal(got, theirs.match_histograms(channels[0], channels[1] // 3, channel_axis=-1))


def test_low_contrast_is_told():
    for array in (U8, (U8 // 60 + 100).astype(np.uint8), F64, U8 > 30, U8 > 255):
        assert exposure.is_low_contrast(array) == theirs.is_low_contrast(array)
