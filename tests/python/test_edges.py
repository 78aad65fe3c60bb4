"""Edges, bands and ridges against scikit-image: arrays at once, and images computed in small blocks."""

import warnings

import numpy as np
import petavox
import pytest
from petavox import feature, filters

skimage_filters = pytest.importorskip("skimage.filters")
skimage_feature = pytest.importorskip("skimage.feature")

RNG = np.random.default_rng(0)
IMAGES = [
    (RNG.random((19, 23)) * 200).astype(np.uint8),
    (RNG.random((17, 12)) * 2000 - 1000).astype(np.int16),
    RNG.random((16, 21)).astype(np.float32),
    RNG.normal(size=(9, 14)),
]
VOLUMES = [(RNG.random((9, 8, 11)) * 60000).astype(np.uint16), RNG.random((8, 10, 9)).astype(np.float32), RNG.normal(size=(7, 9, 8))]


def same(theirs, ours, image, *args, tolerance=0.0, **kwargs):
    """Both give the same, and the image cut into blocks gives what the array gives."""
    want = theirs(image, *args, **kwargs)
    got = ours(image, *args, **kwargs)
    with petavox.config.set(block_edge=5):
        lazy = ours(petavox.from_array(image), *args, **kwargs)
        lazy = [one.compute() for one in lazy] if isinstance(lazy, (list, tuple)) else lazy.compute()
    for g, w, part in zip(got, want, lazy, strict=True) if isinstance(want, (list, tuple)) else [(got, want, lazy)]:
        assert g.dtype == w.dtype
        np.testing.assert_array_equal(part, g)
        np.testing.assert_allclose(g, w, rtol=tolerance, atol=tolerance, err_msg=f"{ours.__name__} {image.dtype} {args} {kwargs}")


@pytest.mark.parametrize("name", ["sobel", "scharr", "prewitt", "farid"])
def test_edges_of_any_axes_are_scikit_images(name):
    theirs, ours = getattr(skimage_filters, name), getattr(filters, name)
    for image in [*IMAGES, *VOLUMES]:
        exact = 1e-6 if image.dtype == np.float32 else 1e-15
        same(theirs, ours, image, tolerance=exact)
        same(theirs, ours, image, axis=1, mode="constant", cval=0.25)
        same(theirs, ours, image, axis=(0, 1), tolerance=exact)


@pytest.mark.parametrize("name", ["sobel", "scharr", "prewitt", "farid"])
@pytest.mark.parametrize("direction", ["h", "v"])
def test_edges_of_one_direction_and_masks(name, direction):
    theirs, ours = getattr(skimage_filters, f"{name}_{direction}"), getattr(filters, f"{name}_{direction}")
    for image in IMAGES:
        same(theirs, ours, image, tolerance=1e-15 if image.dtype != np.float32 else 1e-7)
    mask = RNG.random(IMAGES[0].shape) < 0.95
    np.testing.assert_allclose(ours(IMAGES[0], mask=mask), theirs(IMAGES[0], mask=mask), atol=1e-16)
    with pytest.raises(ValueError, match="2"):
        ours(VOLUMES[0])


def test_crosses_and_laplace():
    for image in IMAGES:
        exact = 1e-7 if image.dtype == np.float32 else 1e-15
        for name in ("roberts", "roberts_pos_diag", "roberts_neg_diag", "laplace"):
            same(getattr(skimage_filters, name), getattr(filters, name), image, tolerance=exact)
    same(skimage_filters.laplace, filters.laplace, VOLUMES[2], tolerance=1e-15)


def test_bands_of_scales():
    for image in [*IMAGES, *VOLUMES]:
        exact = 1e-6 if image.dtype == np.float32 else 1e-14
        same(skimage_filters.unsharp_mask, filters.unsharp_mask, image, 1.5, 2.0, tolerance=exact)
        same(skimage_filters.unsharp_mask, filters.unsharp_mask, image, preserve_range=True, tolerance=exact * 1e4)
        same(skimage_filters.difference_of_gaussians, filters.difference_of_gaussians, image, 1, tolerance=exact)
    same(skimage_filters.unsharp_mask, filters.unsharp_mask, VOLUMES[0], channel_axis=0, tolerance=1e-14)
    same(skimage_filters.difference_of_gaussians, filters.difference_of_gaussians, VOLUMES[0], 1, 3, channel_axis=-1, tolerance=1e-14)
    with pytest.raises(ValueError, match="high_sigma"):
        filters.difference_of_gaussians(IMAGES[0], 3, 2)


def test_waves():
    for image in [IMAGES[2], IMAGES[3]]:
        same(skimage_filters.gabor, filters.gabor, image, 0.3, 0.7, tolerance=1e-6 if image.dtype == np.float32 else 1e-14)
        for options in [{}, {"high_pass": False, "squared_butterworth": False}, {"npad": 4}, {"channel_axis": 0}]:
            want = skimage_filters.butterworth(image, 0.1, **options)
            got = filters.butterworth(image, 0.1, **options)
            assert got.dtype == want.dtype
            np.testing.assert_allclose(got, want, atol=1e-5 if image.dtype == np.float32 else 1e-12)


def test_matrices_of_derivatives():
    for image in [*IMAGES, *VOLUMES]:
        exact = 1e-6 if image.dtype == np.float32 else 1e-14
        same(skimage_feature.hessian_matrix, feature.hessian_matrix, image, 1.2, use_gaussian_derivatives=False, tolerance=exact)
        same(skimage_feature.hessian_matrix, feature.hessian_matrix, image, 1.2, "reflect", use_gaussian_derivatives=True, tolerance=exact)
        same(skimage_feature.structure_tensor, feature.structure_tensor, image, 0.8, tolerance=exact)
    same(skimage_feature.structure_tensor, feature.structure_tensor, IMAGES[3], (1, 2), order="xy", tolerance=1e-14)
    with pytest.warns(FutureWarning):
        feature.hessian_matrix(IMAGES[0])


def test_eigenvalues():
    for image in [IMAGES[2], IMAGES[3], VOLUMES[1], VOLUMES[2]]:
        exact = 2e-6 if image.dtype == np.float32 else 1e-13
        elements = skimage_feature.hessian_matrix(image, 1.0, use_gaussian_derivatives=True)
        want = skimage_feature.hessian_matrix_eigvals(elements)
        np.testing.assert_allclose(feature.hessian_matrix_eigvals(elements), want, atol=exact)
        with petavox.config.set(block_edge=5):
            lazy = feature.structure_tensor_eigenvalues([petavox.from_array(np.ascontiguousarray(one)) for one in elements])
            np.testing.assert_array_equal(lazy.compute(), feature.hessian_matrix_eigvals(elements))


@pytest.mark.parametrize("name", ["frangi", "sato", "meijering", "hessian"])
def test_ridges(name):
    for image in [*IMAGES[2:], VOLUMES[1], VOLUMES[2]]:
        if name == "hessian" and image.dtype == np.float32:
            # Whether a measure of 6e-8 is 0, which becomes 1, hangs on the last bit there.
            continue
        exact = 2e-5 if image.dtype == np.float32 else 1e-9
        options = {"sigmas": (1, 2), "black_ridges": bool(image.ndim == 2)}
        if image.ndim == 3 and image.dtype == np.float32:
            # scikit-image's eigenvalues are those of LAPACK in single precision.
            exact = 2e-3
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            same(getattr(skimage_filters, name), getattr(filters, name), image, tolerance=exact, **options)
