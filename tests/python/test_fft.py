"""Fourier transforms against scipy.fft: arrays at once, and images computed in small blocks."""

import numpy as np
import petavox
import pytest
from petavox import fft, ndimage

scipy_fft = pytest.importorskip("scipy.fft")
scipy_ndimage = pytest.importorskip("scipy.ndimage")

RNG = np.random.default_rng(5)
REAL = [RNG.random((9, 14)) * 7, RNG.random((6, 5, 8)).astype(np.float32), RNG.integers(0, 250, (7, 4, 5)).astype(np.uint8), RNG.random(31)]


def exact(dtype):
    return 1e-12 if dtype == np.complex128 or dtype == np.float64 else 1e-5


def same(name, x, *args, **kwargs):
    want = getattr(scipy_fft, name)(x, *args, **kwargs)
    got = getattr(fft, name)(x, *args, **kwargs)
    assert got.dtype == want.dtype
    np.testing.assert_allclose(got, want, rtol=0, atol=exact(want.dtype) * abs(want).max(), err_msg=f"{name} {args} {kwargs}")
    with petavox.config.set(block_edge=3):
        image = petavox.fft.Spectrum.of(x) if np.iscomplexobj(x) else petavox.from_array(x)
        lazy = getattr(fft, name)(image, *args, **kwargs).compute()
    np.testing.assert_array_equal(lazy, got)


@pytest.mark.parametrize("x", REAL, ids=lambda x: f"{x.dtype}{x.shape}")
def test_transforms_of_real_images_are_scipys(x):
    for name in ("fftn", "ifftn", "rfftn"):
        for norm in (None, "ortho", "forward"):
            same(name, x, norm=norm)
        same(name, x, axes=[0])
        same(name, x, s=[5], axes=[-1])
        if x.ndim > 1:
            same(name, x, s=[12, 3], axes=[1, 0])
    same("fft", x, axis=0)
    same("rfft", x, n=6)


@pytest.mark.parametrize("shape", [(8, 5), (4, 6, 7)])
def test_transforms_of_complex_images_are_scipys(shape):
    for dtype in (np.complex64, np.complex128):
        x = (RNG.random(shape) + 1j * RNG.random(shape)).astype(dtype)
        for name in ("fftn", "ifftn", "irfftn", "fft2", "ifft2", "irfft2"):
            same(name, x)
            same(name, x, norm="ortho")
        same("irfftn", x, s=[9, 3], axes=[1, 0])
        same("irfft", x, n=2)
        same("irfft", x, n=15)
        same("ifft", x, n=3, axis=0)


def test_lengths_with_large_prime_factors():
    same("fftn", RNG.random((53, 101)))
    same("rfftn", RNG.random((3, 997)))


def test_there_and_back_is_the_image():
    image = petavox.from_array(RNG.random((40, 50, 61)))
    back = fft.irfftn(fft.rfftn(image), s=image.shape).compute()
    np.testing.assert_allclose(back, image.compute(), atol=1e-15)


def test_shifts_are_scipys():
    x = RNG.random((5, 6))
    for name in ("fftshift", "ifftshift"):
        np.testing.assert_array_equal(getattr(fft, name)(x), getattr(scipy_fft, name)(x))
        np.testing.assert_array_equal(getattr(fft, name)(petavox.from_array(x), 0).compute(), getattr(scipy_fft, name)(x, 0))
        np.testing.assert_array_equal(getattr(fft, name)(fft.fftn(petavox.from_array(x))).compute(), getattr(scipy_fft, name)(fft.fftn(x)))


def test_spectra_calculate_as_complex_arrays():
    x, y = RNG.random((4, 5)) + 1j * RNG.random((4, 5)), RNG.random((4, 5)) + 1j * RNG.random((4, 5))
    a, b = fft.Spectrum.of(x), fft.Spectrum.of(y)
    assert (a.shape, a.ndim, a.size, a.dtype) == ((4, 5), 2, 20, np.complex128)
    for got, want in [
        (a * b, x * y), (a * 2.5, x * 2.5), (a * (1 - 2j), x * (1 - 2j)), (y[0] * a, y[0] * x), (a * x.real, x * x.real),
        (a * petavox.from_array(x.real.copy()), x * x.real), (a.conj(), x.conj()), (a.times_conjugate(b), x * y.conj()),
    ]:  # fmt: skip
        np.testing.assert_allclose(got.compute(), want, rtol=1e-14)
    phase = a.times_conjugate(b, "phase").compute()
    np.testing.assert_allclose(phase, x * y.conj() / abs(x * y), rtol=1e-14)
    np.testing.assert_allclose(abs(a).compute(), abs(x), rtol=1e-15)
    np.testing.assert_array_equal(a.real.compute() + 1j * a.imag.compute(), x)
    np.testing.assert_array_equal(np.asarray(a.persist()), x)
    assert "Spectrum (4, 5) complex128" in repr(a)


def test_filters_of_spectra_are_scipys():
    for shape in [(9,), (8, 7), (6, 5, 4)]:
        x = RNG.random(shape)
        with petavox.config.set(block_edge=3):
            spectrum = fft.fftn(petavox.from_array(x))
            for name in ["fourier_gaussian", "fourier_uniform", "fourier_ellipsoid", "fourier_shift"]:
                want = getattr(scipy_ndimage, name)(scipy_fft.fftn(x), 1.7)
                got = getattr(ndimage, name)(spectrum, 1.7)
                np.testing.assert_allclose(got.compute(), want, rtol=1e-9, atol=1e-12, err_msg=name)
            moved = fft.ifftn(ndimage.fourier_shift(spectrum, 2)).real.compute()
        np.testing.assert_allclose(moved, np.roll(x, (2,) * x.ndim, range(x.ndim)), atol=1e-14)


def test_what_cannot_be_transformed_is_refused():
    x = np.ones((4, 5))
    with pytest.raises(ValueError, match="unique"):
        fft.fftn(x, axes=[0, 0])
    with pytest.raises(ValueError, match="exceeds"):
        fft.fftn(x, axes=[2])
    with pytest.raises(ValueError, match="same length"):
        fft.fftn(x, s=[1], axes=[0, 1])
    with pytest.raises(ValueError, match="norm"):
        fft.fftn(x, norm="unitary")
    with pytest.raises(ValueError, match="data points"):
        fft.fftn(x, s=[0, 4])
    with pytest.raises(TypeError, match="real"):
        fft.rfftn(x + 1j)
    with pytest.raises(ValueError, match="parts|part"):
        fft.Spectrum(petavox.from_array(x))
    with pytest.raises(ValueError, match="complex"):
        petavox.from_array(x).apply("irfftn")
    assert [fft.next_fast_len(n) for n in (0, 1, 7, 13, 1000, 1025)] == [0, 1, 8, 15, 1000, 1080]
