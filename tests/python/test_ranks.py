"""Rank filters and grey morphology are scipy's and scikit-image's, for arrays and for images in small blocks."""

import numpy as np
import pytest

import petavox
from petavox import ndimage as ours

theirs = pytest.importorskip("scipy.ndimage")

DTYPES = [bool, np.uint8, np.int8, np.uint16, np.int16, np.uint32, np.int32, np.int64, np.float32, np.float64]
MODES = ["reflect", "constant", "nearest", "mirror", "wrap"]
MORPHOLOGY = ["grey_erosion", "grey_dilation", "grey_opening", "grey_closing", "white_tophat", "black_tophat"]


def image(rng, ndim=None):
    shape = tuple(rng.integers(1, 14, ndim or rng.integers(1, 4)))
    dtype = np.dtype(DTYPES[rng.integers(len(DTYPES))])
    low, high = (0, 2) if dtype == bool else (-100, 100) if dtype.kind in "if" else (0, 200)
    return rng.integers(low, high, shape).astype(dtype)


def window(rng, ndim):
    """Arguments of a window: a size, or a footprint that is not whole."""
    if rng.random() < 0.4:
        return {"size": tuple(int(n) for n in rng.integers(1, 6, ndim))}
    footprint = rng.random(tuple(rng.integers(1, 6, ndim))) < 0.6
    footprint[tuple(n // 2 for n in footprint.shape)] = True
    return {"footprint": footprint}


def extents(arguments):
    return arguments["size"] if "size" in arguments else arguments["footprint"].shape


def both_ways(name, array, **arguments):
    """The result for an array, checked against that of an image in blocks of five samples."""
    found = getattr(ours, name)(array, **arguments)
    with petavox.config.set(block_edge=5):
        lazy = getattr(ours, name)(petavox.from_array(array, chunks=4), **arguments)
        assert isinstance(lazy, petavox.Image)
        np.testing.assert_array_equal(lazy.compute(), found)
    return found


@pytest.mark.parametrize("seed", range(60))
def test_extremes_and_ranks_are_scipys(seed):
    rng = np.random.default_rng(seed)
    array = image(rng)
    arguments = window(rng, array.ndim) | {"mode": MODES[seed % 5], "cval": [0.0, 3.0, 300.5][seed % 3]}
    arguments["origin"] = tuple(int(rng.integers(n)) - n // 2 for n in extents(arguments))
    n = int(np.prod(arguments["size"])) if "size" in arguments else int(arguments["footprint"].sum())
    if array.dtype.kind == "u" and seed % 3 == 2:
        arguments["cval"] = 150.0
    for name, more in {
        "minimum_filter": {},
        "maximum_filter": {},
        "median_filter": {},
        "percentile_filter": {"percentile": float(rng.integers(-100, 101))},
        "rank_filter": {"rank": int(rng.integers(-n, n))},
    }.items():
        want = getattr(theirs, name)(array, **more, **arguments)
        got = both_ways(name, array, **more, **arguments)
        assert got.dtype == want.dtype
        np.testing.assert_array_equal(got, want, err_msg=f"{name} {array.dtype} {arguments}")


@pytest.mark.parametrize("seed", range(40))
def test_grey_morphology_is_scipys(seed):
    rng = np.random.default_rng(1000 + seed)
    array = image(rng)
    arguments = window(rng, array.ndim) | {"mode": MODES[seed % 5]}
    if seed % 3 == 0 and array.dtype != bool:
        arguments["structure"] = rng.integers(0, 20, extents(arguments))
        arguments.pop("size", None)
    names = MORPHOLOGY + ([] if array.dtype == bool else ["morphological_gradient", "morphological_laplace"])
    for name in names:
        want = getattr(theirs, name)(array, **arguments)
        got = both_ways(name, array, **arguments)
        assert got.dtype == want.dtype
        np.testing.assert_array_equal(got, want, err_msg=f"{name} {array.dtype} {arguments}")


@pytest.mark.parametrize("seed", range(20))
def test_lines_are_scipys(seed):
    rng = np.random.default_rng(seed)
    array = image(rng)
    axis, size = int(rng.integers(array.ndim)), int(rng.integers(1, 9))
    for name in ("minimum_filter1d", "maximum_filter1d"):
        want = getattr(theirs, name)(array, size, axis, mode=MODES[seed % 5], cval=7)
        np.testing.assert_array_equal(both_ways(name, array, size=size, axis=axis, mode=MODES[seed % 5], cval=7), want)


def test_some_axes_and_a_mode_for_each():
    array = np.random.default_rng(0).integers(0, 99, (6, 7, 8), np.uint8)
    arguments = {"size": (3, 2), "axes": (2, 0), "mode": ("wrap", "mirror"), "origin": (1, 0)}
    np.testing.assert_array_equal(both_ways("maximum_filter", array, **arguments), theirs.maximum_filter(array, **arguments))
    footprint = np.tri(4, 3) > 0
    want = theirs.median_filter(array, footprint=footprint, axes=(0, 2))
    np.testing.assert_array_equal(both_ways("median_filter", array, footprint=footprint, axes=(0, 2)), want)


@pytest.mark.parametrize("size", [9, (3, 25), (31, 31)])
@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.float32])
def test_medians_of_large_windows_are_scipys(size, dtype):
    array = np.random.default_rng(0).integers(0, 250, (60, 70)).astype(dtype)
    np.testing.assert_array_equal(ours.median_filter(array, size), theirs.median_filter(array, size))


def test_nan_is_above_all_and_spreads():
    array = np.array([1.0, np.nan, 3.0, 2.0, 0.0, 5.0])
    np.testing.assert_array_equal(ours.maximum_filter(array, 3), [np.nan, np.nan, np.nan, 3, 5, 5])
    np.testing.assert_array_equal(ours.minimum_filter(array, 3), [np.nan, np.nan, np.nan, 0, 0, 0])
    np.testing.assert_array_equal(ours.median_filter(array, 3), [1, 3, 3, 2, 2, 5])


def test_what_is_wrong_is_refused_as_scipy_does():
    array = np.zeros((4, 5))
    for arguments, error in [
        ({}, RuntimeError),
        ({"size": (3, 3, 3)}, RuntimeError),
        ({"size": 3, "origin": 2}, ValueError),
        ({"footprint": [1, 1]}, RuntimeError),
        ({"size": 3, "mode": "there"}, RuntimeError),
        ({"size": 3, "axes": (0, 0)}, ValueError),
    ]:
        for name in ("median_filter", "maximum_filter"):
            with pytest.raises(error):
                getattr(theirs, name)(array, **arguments)
            with pytest.raises(error):
                getattr(ours, name)(array, **arguments)
    with pytest.raises(TypeError):
        ours.median_filter(array * 1j, 3)
    with pytest.raises(ValueError, match="must be specified"):
        ours.grey_opening(array)
    with pytest.raises(RuntimeError):
        ours.rank_filter(array, 9, 3)
