"""Blobs, corners and templates against scikit-image: arrays at once, and images computed in small blocks."""

import warnings

import numpy as np
import petavox
import pytest
from petavox import feature

theirs = pytest.importorskip("skimage.feature")

RNG = np.random.default_rng(11)


def spots(shape, n, seed=3, dtype=np.float64):
    """Spots of several sizes on some noise."""
    rng = np.random.default_rng(seed)
    grids = np.indices(shape)
    image = rng.random(shape) * 0.02
    for _ in range(n):
        centre = [rng.uniform(0, extent) for extent in shape]
        square = sum((g - c) ** 2 for g, c in zip(grids, centre, strict=True))
        image += rng.uniform(0.4, 1) * np.exp(-square / (2 * rng.uniform(1.5, 6) ** 2))
    image = np.clip(image, 0, 1)
    return (image * 255).astype(dtype) if np.issubdtype(dtype, np.integer) else image.astype(dtype)


def same_blobs(name, image, **kwargs):
    want = getattr(theirs, name)(image, **kwargs)
    got = getattr(feature, name)(image, **kwargs)
    with petavox.config.set(block_edge=17):
        lazy = getattr(feature, name)(petavox.from_array(image), **kwargs)
    np.testing.assert_array_equal(lazy, got)
    np.testing.assert_allclose(got, want, rtol=1e-6, err_msg=f"{name} {image.dtype} {kwargs}")
    return want


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.uint8])
def test_blobs_of_planes_are_scikit_images(dtype):
    image = spots((90, 110), 14, dtype=dtype)
    assert len(same_blobs("blob_log", image, max_sigma=8, num_sigma=5, threshold=0.1)) > 5
    assert len(same_blobs("blob_dog", image, max_sigma=10, threshold=0.05)) > 5
    assert len(same_blobs("blob_doh", image, max_sigma=12, num_sigma=6, threshold=0.002)) > 5
    same_blobs("blob_log", image, min_sigma=(1, 2), max_sigma=(6, 7), num_sigma=3, log_scale=True, exclude_border=4)
    same_blobs("blob_dog", image, max_sigma=10, threshold=None, threshold_rel=0.3, overlap=0.9, exclude_border=(2, 9))


def test_blobs_of_volumes_are_scikit_images():
    image = spots((30, 40, 44), 9)
    assert len(same_blobs("blob_log", image, max_sigma=6, num_sigma=4, threshold=0.1)) > 3
    assert len(same_blobs("blob_dog", image, max_sigma=8, threshold=0.05)) > 3


def test_blobs_inside_others_go_as_in_scikit_image():
    # Pairs that overlap in all ways: inside, crossing, touching, of equal size.
    blobs = np.array([[20.0, 20, 10], [22, 21, 3], [60, 20, 10], [60, 30, 10], [20, 70, 5], [31, 70, 4], [70, 70, 8], [70, 79, 8]])
    from petavox.feature._overlap import pruned
    from skimage.feature.blob import _prune_blobs

    for overlap in (0.01, 0.2, 0.5, 0.9):
        np.testing.assert_array_equal(pruned(blobs, overlap, 1), _prune_blobs(blobs.copy(), overlap))
    balls = np.column_stack([blobs[:, 0], blobs[:, :2], blobs[:, 2]])
    for overlap in (0.01, 0.2, 0.5, 0.9):
        np.testing.assert_array_equal(pruned(balls, overlap, 1), _prune_blobs(balls.copy(), overlap))


def test_no_blobs_and_wrong_borders():
    for name in ("blob_log", "blob_dog", "blob_doh"):
        for image in (np.zeros((30, 30)), petavox.from_array(np.zeros((30, 30)))):
            assert getattr(feature, name)(image, max_sigma=5).shape == (0, 3)
    with pytest.raises(ValueError, match="True"):
        feature.blob_log(np.zeros((30, 30)), exclude_border=True)
    with pytest.raises(ValueError, match="same length"):
        feature.blob_log(np.zeros((30, 30)), exclude_border=(1,))
    with pytest.raises(ValueError, match="ratio"):
        feature.blob_dog(np.zeros((30, 30)), sigma_ratio=1)
    with pytest.raises(ValueError, match="2-dim"):
        feature.blob_doh(np.zeros((3, 30, 30)))


IMAGES = [
    (RNG.random((33, 41)) * 255).astype(np.uint8),
    spots((40, 50), 8),
    spots((35, 42), 8, dtype=np.float32),
    (np.kron(RNG.integers(0, 2, (7, 8)), np.ones((6, 6))) * 200).astype(np.int16),
]


@pytest.mark.parametrize(
    "name, options",
    [
        ("corner_harris", [{}, {"k": 0.1, "sigma": 2}, {"method": "eps"}]),
        ("corner_shi_tomasi", [{}, {"sigma": 1.5}]),
        ("corner_foerstner", [{}]),
        ("corner_kitchen_rosenfeld", [{}, {"mode": "reflect"}]),
        ("corner_moravec", [{}, {"window_size": 2}]),
        ("corner_fast", [{}, {"n": 9, "threshold": 0.05}]),
        ("hessian_matrix_det", [{}, {"sigma": 4}, {"sigma": 2, "approximate": False}]),
        ("shape_index", [{}, {"sigma": 2, "mode": "reflect"}]),
    ],
)
@pytest.mark.filterwarnings("ignore")
def test_measures_of_corners_are_scikit_images(name, options):
    for image in IMAGES:
        single = image.dtype == np.float32
        for kwargs in options:
            want, got = getattr(theirs, name)(image, **kwargs), getattr(feature, name)(image, **kwargs)
            with petavox.config.set(block_edge=7):
                lazy = getattr(feature, name)(petavox.from_array(image), **kwargs)
                lazy = [one.compute() for one in lazy] if isinstance(lazy, tuple) else lazy.compute()
            for g, w, part in zip(got, want, lazy, strict=True) if isinstance(want, tuple) else [(got, want, lazy)]:
                np.testing.assert_array_equal(part, g)
                assert g.dtype == w.dtype, name
                scale = np.nanmax(abs(w)) or 1
                exact = 2e-4 if single else 1e-9 if name in ("hessian_matrix_det", "shape_index") else 1e-12
                if name in ("shape_index", "corner_foerstner", "corner_kitchen_rosenfeld"):
                    # Quotients of what rounding left are not compared.
                    far = ~np.isclose(g, w, rtol=0, atol=exact * scale)
                    assert far.mean() < 0.05, f"{name} {image.dtype} {kwargs}: {far.sum()}"
                else:
                    np.testing.assert_allclose(g, w, rtol=0, atol=exact * scale, err_msg=f"{name} {image.dtype} {kwargs}")


def test_peaks_of_corners_are_scikit_images():
    for image in IMAGES:
        response = theirs.corner_harris(image)
        for kwargs in ({}, {"min_distance": 3}, {"min_distance": 4, "num_peaks": 3}, {"p_norm": 2, "min_distance": 5, "threshold_rel": 0.1}):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                want = theirs.corner_peaks(response, **kwargs)
            np.testing.assert_array_equal(feature.corner_peaks(response, **kwargs), want)
            with petavox.config.set(block_edge=9):
                np.testing.assert_array_equal(feature.corner_peaks(petavox.from_array(response), **kwargs), want)
    np.testing.assert_array_equal(feature.corner_peaks(response, indices=False), theirs.corner_peaks(response, indices=False))


@pytest.mark.parametrize("image", [RNG.random((61, 72)), (RNG.random((50, 60)) * 255).astype(np.uint8), RNG.random((20, 24, 28)).astype(np.float32)])
@pytest.mark.parametrize("extent", [3, 4, 13])
def test_matches_of_templates_are_scikit_images(image, extent):
    template = image[tuple(slice(2 + a, 2 + a + extent) for a in range(image.ndim))]
    exact = 2e-4 if image.dtype == np.float32 else 1e-9
    for kwargs in ({}, {"pad_input": True}, {"pad_input": True, "mode": "reflect"}, {"pad_input": True, "constant_values": 0.3}):
        want, got = theirs.match_template(image, template, **kwargs), feature.match_template(image, template, **kwargs)
        assert got.dtype == want.dtype and got.shape == want.shape
        np.testing.assert_allclose(got, want, rtol=0, atol=exact)
        with petavox.config.set(block_edge=11):
            lazy = feature.match_template(petavox.from_array(image), template, **kwargs).compute()
        np.testing.assert_array_equal(lazy, got)
    found = feature.match_template(image, template)
    place = np.unravel_index(found.argmax(), found.shape)
    assert place == tuple(2 + a for a in range(image.ndim))


def test_templates_that_do_not_fit_are_refused():
    image = np.zeros((8, 9))
    for template, message in [(np.zeros((9, 3)), "larger"), (np.zeros(3), "Dimensionality"), (np.zeros((0, 3)), "samples")]:
        with pytest.raises(ValueError, match=message):
            feature.match_template(image, template)
    with pytest.raises(ValueError, match="2 or 3"):
        feature.match_template(np.zeros(9), np.zeros(3))
    with pytest.raises(ValueError, match="mode"):
        feature.match_template(image, np.ones((2, 2)), mode="median")
    assert not feature.match_template(np.full((8, 9), 0.1), np.arange(4.0).reshape(2, 2)).any()
