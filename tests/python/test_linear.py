"""Linear filters against scipy.ndimage: arrays at once, and stored images computed in small blocks."""

import numpy as np
import petavox
import pytest
from petavox import ndimage

scipy_ndimage = pytest.importorskip("scipy.ndimage")

MODES = ["reflect", "constant", "nearest", "mirror", "wrap", "grid-mirror", "grid-constant", "grid-wrap"]
DTYPES = [np.uint8, np.int16, np.uint16, np.int32, np.uint64, np.float32, np.float64, bool]


def cases(seed, n):
    rng = np.random.default_rng(seed)
    for _ in range(n):
        shape = tuple(int(s) for s in rng.integers(1, 14, rng.integers(1, 4)))
        dtype = DTYPES[rng.integers(len(DTYPES))]
        image = (rng.random(shape) * 250).astype(dtype)
        yield rng, image, MODES[rng.integers(len(MODES))], float(rng.integers(-3, 9)) / 2


def same(name, image, *args, exact=True, **kwargs):
    """Our function and scipy's give the same, for the array and for the image cut into blocks."""
    want = getattr(scipy_ndimage, name)(image, *args, **kwargs)
    got = getattr(ndimage, name)(image, *args, **kwargs)
    with petavox.config.set(block_edge=5):
        lazy = getattr(ndimage, name)(petavox.from_array(image), *args, **kwargs).compute()
    np.testing.assert_array_equal(lazy, got)
    assert got.dtype == want.dtype
    if exact or want.dtype.kind != "f":
        np.testing.assert_array_equal(got, want, err_msg=f"{name} {image.dtype} {image.shape} {args} {kwargs}")
    else:
        np.testing.assert_allclose(got, want, rtol=1e-6 if want.dtype == np.float32 else 1e-12, atol=1e-6 if want.dtype == np.float32 else 1e-10)


def test_correlations_are_scipys_to_the_bit():
    for rng, image, mode, cval in cases(1, 60):
        output = [None, np.float64, np.float32, np.int16][rng.integers(4)]
        weights = rng.normal(size=rng.integers(1, 8))
        axis = int(rng.integers(-image.ndim, image.ndim))
        origin = int(rng.integers(-(len(weights) // 2), (len(weights) - 1) // 2 + 1))
        common = {"mode": mode, "cval": cval, "output": output}
        same("correlate1d", image, weights, axis, origin=origin, **common)
        same("convolve1d", image, weights, axis, origin=-origin if len(weights) % 2 else 0, **common)
        window = rng.normal(size=rng.integers(1, 5, image.ndim)) * (rng.random() < 0.8)
        window.flat[:: rng.integers(2, 5)] = 0
        origins = [int(rng.integers(-(n // 2), (n - 1) // 2 + 1)) for n in window.shape]
        same("correlate", image, window, origin=origins, **common)
        same("convolve", image, window, **common)


def test_smoothing_is_scipys_and_means_of_integers_are_exact():
    for rng, image, mode, cval in cases(2, 60):
        axes = tuple(int(a) for a in rng.permutation(image.ndim)[: rng.integers(1, image.ndim + 1)])
        modes = [MODES[rng.integers(len(MODES))] for _ in axes] if rng.random() < 0.5 else mode
        sigma = [float(s) for s in rng.random(len(axes)) * 2]
        order = [int(o) for o in rng.integers(0, 3, len(axes))]
        common = {"mode": modes, "cval": cval, "axes": axes, "output": [None, np.float64][rng.integers(2)]}
        if image.dtype != bool:
            same("gaussian_filter", image, sigma, order, truncate=3.0, **common)
            size = [int(n) for n in rng.integers(1, 7, len(axes))]
            origin = [int(rng.integers(-(n // 2), (n - 1) // 2 + 1)) for n in size]
            # A running sum of doubles that hold integers is exact, and so is ours.
            same("uniform_filter", image, size, origin=origin, exact=image.dtype.kind != "f" and common["output"] is None, **common)


def test_derivatives_are_scipys():
    for rng, image, mode, cval in cases(3, 40):
        if image.dtype == bool:
            continue
        axis = int(rng.integers(image.ndim))
        modes = [MODES[rng.integers(len(MODES))] for _ in range(image.ndim)] if rng.random() < 0.5 else mode
        common = {"mode": modes, "cval": cval, "output": [None, np.float32][rng.integers(2)]}
        same("sobel", image, axis, **common)
        same("prewitt", image, axis, **common)
        same("laplace", image, **common)
        if image.dtype.kind == "f":
            same("gaussian_laplace", image, 1.2, **common)
            same("gaussian_gradient_magnitude", image, 0.8, **common)


def test_windows_longer_than_the_image_and_long_means():
    rng = np.random.default_rng(4)
    image = rng.random((3, 70))
    for mode in MODES:
        same("uniform_filter", image, (5, 31), mode=mode, exact=False)
        same("correlate1d", image, rng.random(9), 0, mode=mode)
        same("uniform_filter1d", (image * 1e4).astype(np.uint16), 67, 0, mode=mode)


def test_results_go_where_output_says():
    image = np.random.default_rng(5).random((9, 11))
    want = scipy_ndimage.gaussian_filter(image, 1)
    place = np.zeros((9, 22))[:, ::2]
    assert ndimage.gaussian_filter(image, 1, output=place) is place
    np.testing.assert_array_equal(place, want)
    ndimage.gaussian_filter(image, 1, output=image)
    np.testing.assert_array_equal(image, want)
    with pytest.raises(RuntimeError, match="shape"):
        ndimage.gaussian_filter(image, 1, output=np.zeros(3))


def test_complex_samples_and_weights():
    rng = np.random.default_rng(6)
    image = rng.random((8, 9)) + 1j * rng.random((8, 9))
    weights = rng.random((3, 2)) - 1j * rng.random((3, 2))
    for name, args in [("correlate", (weights,)), ("convolve", (weights,)), ("convolve", (weights.real,)), ("correlate1d", (weights[0],))]:
        want = getattr(scipy_ndimage, name)(image, *args, mode="constant", cval=1 - 2j)
        np.testing.assert_allclose(getattr(ndimage, name)(image, *args, mode="constant", cval=1 - 2j), want, rtol=1e-14)
    np.testing.assert_array_equal(ndimage.gaussian_filter(image, 1), scipy_ndimage.gaussian_filter(image, 1))
    np.testing.assert_allclose(ndimage.uniform_filter(image, 3), scipy_ndimage.uniform_filter(image, 3))


def test_a_nan_outside_spoils_the_border_only():
    got = ndimage.correlate1d(np.ones(5), [1, 1, 1], mode="constant", cval=np.nan)
    assert np.isnan(got).tolist() == [True, False, False, False, True]


def test_functions_of_windows_and_lines_are_scipys():
    rng = np.random.default_rng(7)
    image = rng.random((7, 12))
    for mode in ["reflect", "mirror", "nearest", "wrap", "constant"]:
        same("generic_filter", image, np.ptp, size=(3, 4), mode=mode, cval=0.25, origin=(1, -1))
        same("generic_filter", image, np.median, footprint=[[1, 0, 1]], mode=mode, cval=0.25)

        def ends(line, out):
            out[:] = line[: len(out)] - line[-len(out) :]

        same("generic_filter1d", image, ends, 4, axis=0, mode=mode, cval=0.25, origin=1)
        same("vectorized_filter", image, np.mean, size=(3, 2), mode=mode, exact=False)


def test_fourier_filters_are_scipys():
    rng = np.random.default_rng(8)
    for shape in [(9,), (8, 7), (6, 5, 4)]:
        image = rng.random(shape) + 1j * rng.random(shape)
        for name in ["fourier_gaussian", "fourier_uniform", "fourier_ellipsoid", "fourier_shift"]:
            for n in (-1, 2 * shape[-1] - 1):
                want = getattr(scipy_ndimage, name)(image, 3.3, n=n)
                np.testing.assert_allclose(getattr(ndimage, name)(image, 3.3, n=n), want, rtol=1e-9, atol=1e-12, err_msg=f"{name} {shape} {n}")
                if name != "fourier_shift":
                    want = getattr(scipy_ndimage, name)(image.real, 3.3, n=n)
                    with petavox.config.set(block_edge=5):
                        got = getattr(ndimage, name)(petavox.from_array(image.real.copy()), 3.3, n=n).compute()
                    np.testing.assert_allclose(got, want, rtol=1e-9, atol=1e-12)
