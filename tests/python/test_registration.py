"""Shifts against scikit-image: arrays, and images computed in small blocks."""

import numpy as np
import petavox
import pytest
from petavox import fft, ndimage
from petavox.registration import phase_cross_correlation

theirs = pytest.importorskip("skimage.registration").phase_cross_correlation

RNG = np.random.default_rng(2)


def smooth(shape, sigma=1.5, seed=4):
    return ndimage.gaussian_filter(np.random.default_rng(seed).random(shape), sigma, mode="wrap")


def moved(image, by):
    """An image shifted with its edges joined, to fractions of samples."""
    return np.fft.ifftn(ndimage.fourier_shift(np.fft.fftn(image), by)).real


def same(a, b, *, lazy=True, **kwargs):
    want = theirs(a, b, **kwargs)
    got = phase_cross_correlation(a, b, **kwargs)
    single = np.asarray(a).dtype == np.float32
    assert got[0].dtype == want[0].dtype
    np.testing.assert_allclose(got[0], want[0], atol=1e-9)
    np.testing.assert_allclose(got[1], want[1], atol=1e-3 if single else 1e-9, err_msg=str(kwargs))
    np.testing.assert_allclose(got[2], want[2], atol=1e-4 if single else 1e-9)
    if lazy:
        with petavox.config.set(block_edge=7):
            images = {key: petavox.from_array(value) if isinstance(value, np.ndarray) else value for key, value in kwargs.items()}
            again = phase_cross_correlation(petavox.from_array(a), petavox.from_array(b), **images)
        for one, other in zip(again, got, strict=True):
            np.testing.assert_array_equal(one, other)
    return got


@pytest.mark.parametrize("shape, by", [((40, 51), (7.3, -12.6)), ((18, 21, 16), (-3.2, 4.0, 6.7)), ((64,), (9.4,))])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_shifts_are_scikit_images(shape, by, dtype):
    image = smooth(shape).astype(dtype)
    other = moved(image, by).astype(dtype)
    for normalization in ("phase", None):
        for factor in (1, 10) if len(shape) == 3 else (1, 10, 50):
            shift, _, _ = same(image, other, upsample_factor=factor, normalization=normalization)
    np.testing.assert_allclose(shift, [-b for b in by], atol=0.11)


def test_integers_and_transforms():
    image = (smooth((24, 30)) * 60000).astype(np.uint16)
    other = np.roll(image, (5, -9), (0, 1))
    assert same(image, other)[0].tolist() == [-5, 9]
    f, g = np.fft.fftn(image), np.fft.fftn(other)
    for factor in (1, 20):
        got = phase_cross_correlation(f, g, space="fourier", upsample_factor=factor)
        want = theirs(f, g, space="fourier", upsample_factor=factor)
        np.testing.assert_allclose(got[0], want[0], atol=1e-9)
        np.testing.assert_allclose(got[1:], want[1:], atol=1e-9)
    lazy = phase_cross_correlation(fft.fftn(petavox.from_array(image)), fft.fftn(petavox.from_array(other)), space="fourier")
    assert lazy[0].tolist() == [-5, 9]


def test_shifts_of_more_than_half_are_told_apart():
    whole = smooth((80, 90), seed=9)
    a, b = whole[:50, :60], whole[29:79, 10:70]
    same(a, b, disambiguate=True)
    same(a, b, disambiguate=True, upsample_factor=10)


@pytest.mark.parametrize("shapes", [((30, 37), (30, 37)), ((30, 37), (26, 40)), ((12, 14, 13), (12, 14, 13))])
def test_masked_shifts_are_scikit_images(shapes):
    whole = smooth(tuple(60 for _ in shapes[0]), seed=6) if len(shapes[0]) == 2 else smooth((30, 30, 30), seed=6)
    a = whole[tuple(slice(5, 5 + n) for n in shapes[0])]
    b = whole[tuple(slice(8, 8 + n) for n in shapes[1])]
    mask, other = RNG.random(a.shape) < 0.8, RNG.random(b.shape) < 0.8
    for kwargs in ({}, {"overlap_ratio": 0.6}):
        want = theirs(a, b, reference_mask=mask, moving_mask=other, **kwargs)
        got = phase_cross_correlation(a, b, reference_mask=mask, moving_mask=other, **kwargs)
        np.testing.assert_allclose(got[0], want[0], atol=1e-9)
        assert np.isnan(got[1]) and np.isnan(got[2])
    with petavox.config.set(block_edge=8):
        lazy = phase_cross_correlation(
            petavox.from_array(a), petavox.from_array(b), reference_mask=petavox.from_array(mask), moving_mask=petavox.from_array(other)
        )
    np.testing.assert_array_equal(lazy[0], phase_cross_correlation(a, b, reference_mask=mask, moving_mask=other)[0])


def test_what_cannot_be_compared_is_refused():
    image = smooth((8, 9))
    with pytest.raises(ValueError, match="same shape"):
        phase_cross_correlation(image, image[1:])
    with pytest.raises(ValueError, match="space"):
        phase_cross_correlation(image, image, space="time")
    with pytest.raises(ValueError, match="normalization"):
        phase_cross_correlation(image, image, normalization="amplitude")
    with pytest.raises(ValueError, match="NaN"):
        phase_cross_correlation(np.where(image > image.mean(), np.nan, image), image)
    with pytest.raises(ValueError, match="mask"):
        phase_cross_correlation(image, image[1:], reference_mask=np.ones_like(image, bool))
    with pytest.warns(UserWarning, match="empty"):
        phase_cross_correlation(np.zeros((8, 9)), image)
