"""Labels that grow, regions by size, hulls, superpixels, denoising, ranks and dask-image's names, against the libraries themselves."""

import numpy as np
import pytest

import petavox
from petavox import dask_image, filters, measure, morphology, restoration, segmentation, transform

skimage = pytest.importorskip("skimage")

RNG = np.random.default_rng(7)
GREY_DTYPES = [np.uint8, np.uint16, np.int16, np.int32, np.float32, np.float64]


def grey(shape, dtype=np.float64, levels=9, seed=0):
    values = np.random.default_rng(seed).integers(0, levels, shape)
    return values.astype(dtype) if np.dtype(dtype).kind in "iu" else (values / levels).astype(dtype)


def blobs(shape, seed=0, share=0.6):
    from scipy import ndimage

    noise = np.random.default_rng(seed).random(shape)
    smooth = ndimage.gaussian_filter(noise, 2)
    return smooth > np.quantile(smooth, share)


def lazily(function, *arrays, chunks=7, **kwargs):
    """The result of images in small chunks."""
    images = [petavox.from_array(a, chunks=(chunks,) * a.ndim) if isinstance(a, np.ndarray) else a for a in arrays]
    made = function(*images, **kwargs)
    assert isinstance(made, petavox.Image)
    return made.compute()


class TestLabels:
    @pytest.mark.parametrize("dtype", [np.uint8, np.int32, np.int64, np.float32])
    @pytest.mark.parametrize("shape", [(60,), (31, 40), (9, 14, 11)])
    @pytest.mark.parametrize("distance, spacing", [(1, 1), (2.5, 1), (4, None), (0, 1), (100, 1)])
    def test_labels_grow_as_in_scikit_image_ties_too(self, dtype, shape, distance, spacing):
        labels = np.where(RNG.random(shape) < 0.05, RNG.integers(1, 50, shape), 0).astype(dtype)
        spacing = tuple([0.5, 1, 2][-len(shape) :]) if spacing is None else spacing
        want = skimage.segmentation.expand_labels(labels, distance, spacing)
        got = segmentation.expand_labels(labels, distance, spacing)
        assert got.dtype == want.dtype
        np.testing.assert_array_equal(got, want)
        np.testing.assert_array_equal(lazily(segmentation.expand_labels, labels, distance=distance, spacing=spacing), want)

    def test_boundaries_are_drawn_as_in_scikit_image(self):
        labels = measure.label(blobs((30, 40)))
        for image in (grey((30, 40), np.uint8, 256), grey((30, 40, 3)), grey((30, 40), np.float32)):
            for kwargs in ({}, {"mode": "inner", "color": (0, 0.5, 1)}, {"mode": "thick", "outline_color": (1, 0, 0)}):
                want = skimage.segmentation.mark_boundaries(image, labels, **kwargs)
                got = segmentation.mark_boundaries(image, labels, **kwargs)
                assert got.dtype == want.dtype
                np.testing.assert_array_equal(got, want)
            want = skimage.segmentation.mark_boundaries(image, labels, mode="subpixel")
            got = segmentation.mark_boundaries(image, labels, mode="subpixel")
            np.testing.assert_allclose(got, want, rtol=1e-5 if image.dtype == np.float32 else 1e-9, atol=1e-6)

    def test_the_inverse_gradient_is_scikit_images(self):
        image = grey((20, 30))
        np.testing.assert_allclose(
            segmentation.inverse_gaussian_gradient(image, 50, 1.5), skimage.segmentation.inverse_gaussian_gradient(image, 50, 1.5), rtol=1e-12
        )


class TestSuperpixels:
    @pytest.mark.parametrize("shape, channel_axis", [((40, 50), None), ((40, 50, 3), -1), ((3, 40, 50), 0), ((10, 20, 24), None), ((8, 20, 24, 2), -1)])
    @pytest.mark.parametrize("kwargs", [{}, {"compactness": 0.1, "n_segments": 30}, {"slic_zero": True, "start_label": 0}, {"sigma": 1, "enforce_connectivity": False}])
    def test_superpixels_are_scikit_images(self, shape, channel_axis, kwargs):
        from scipy import ndimage

        image = ndimage.gaussian_filter(np.random.default_rng(3).random(shape), 1.5)
        want = skimage.segmentation.slic(image, channel_axis=channel_axis, **kwargs)
        got = segmentation.slic(image, channel_axis=channel_axis, **kwargs)
        assert got.dtype == want.dtype and got.shape == want.shape
        np.testing.assert_array_equal(got, want)

    def test_an_image_in_chunks_has_the_same_superpixels(self):
        image = grey((40, 50, 3), np.uint8, 256)
        np.testing.assert_array_equal(lazily(segmentation.slic, image), segmentation.slic(image))
        np.testing.assert_array_equal(segmentation.slic(image), skimage.segmentation.slic(image))

    def test_what_is_not_there_is_refused(self):
        with pytest.raises(NotImplementedError, match="mask"):
            segmentation.slic(grey((8, 8, 3)), mask=np.ones((8, 8), bool))
        with pytest.raises(ValueError, match="channel"):
            segmentation.slic(grey((8, 8)))
        with pytest.raises(ValueError, match="NaN"):
            segmentation.slic(np.full((8, 8), np.nan), channel_axis=None)


class TestRegionsBySize:
    @pytest.mark.parametrize("dtype", [*GREY_DTYPES, np.bool_])
    @pytest.mark.parametrize("name", ["area_opening", "area_closing", "diameter_opening", "diameter_closing"])
    def test_openings_by_size_are_scikit_images(self, name, dtype):
        for shape, connectivity, least in [((40, 30), 1, 6), ((12, 13, 9), 3, 10), ((25, 25), 2, 4)]:
            image = grey(shape, dtype if dtype != np.bool_ else np.uint8, 12, seed=len(shape))
            image = image > 6 if dtype == np.bool_ else image
            if np.dtype(dtype).kind == "i":
                image = image - 5
            want = getattr(skimage.morphology, name)(image, least, connectivity)
            got = getattr(morphology, name)(image, least, connectivity)
            assert got.dtype == want.dtype
            # scikit-image turns floats upside down and back, which rounds.
            np.testing.assert_allclose(got, want, atol=1e-15 if dtype == np.float64 else 1e-7 if dtype == np.float32 else 0)
        image = grey((6, 7, 8), dtype if dtype != np.bool_ else np.uint8)
        np.testing.assert_array_equal(lazily(getattr(morphology, name), image, area_threshold=5.0) if "area" in name else lazily(getattr(morphology, name), image, diameter_threshold=2.0), getattr(morphology, name)(image, 5.0 if "area" in name else 2.0))

    def test_an_image_smaller_than_the_threshold_is_scikit_images_too(self):
        for dtype in GREY_DTYPES:
            image = grey((5, 5), dtype)
            for name in ("area_opening", "area_closing"):
                np.testing.assert_array_equal(getattr(morphology, name)(image, 64), getattr(skimage.morphology, name)(image, 64))


class Identity(np.random.Generator):
    """Draws lots in raster order."""

    def permutation(self, x, axis=0):
        return np.asarray(x)


class TestMedialAxis:
    @pytest.mark.parametrize("seed", range(4))
    def test_the_axis_is_scikit_images_with_its_lots_and_in_raster_order(self, seed):
        mask = blobs((50, 60), seed)
        in_order = np.random.default_rng(Identity(np.random.PCG64(1)))
        want, far = skimage.morphology.medial_axis(mask, return_distance=True, rng=in_order)
        got, distance = morphology.medial_axis(mask, return_distance=True)
        np.testing.assert_array_equal(got, want)
        np.testing.assert_allclose(distance, far, rtol=1e-15)
        np.testing.assert_array_equal(morphology.medial_axis(mask, rng=seed), skimage.morphology.medial_axis(mask, rng=seed))
        limit = np.ones(mask.shape, bool)
        limit[10:20, 10:30] = False
        np.testing.assert_array_equal(morphology.medial_axis(mask, limit, rng=seed), skimage.morphology.medial_axis(mask, limit, rng=seed))
        np.testing.assert_array_equal(lazily(morphology.medial_axis, mask), want)

    def test_images_draw_no_lots(self):
        with pytest.raises(NotImplementedError):
            morphology.medial_axis(petavox.from_array(blobs((9, 9))), rng=1)


class TestHulls:
    @pytest.mark.parametrize("kwargs", [{}, {"offset_coordinates": False}, {"include_borders": False}, {"offset_coordinates": False, "include_borders": False}])
    def test_hulls_are_scikit_images(self, kwargs):
        for seed in range(12):
            mask = np.random.default_rng(seed).random((20, 31)) < 0.02
            if mask.sum() < 3:
                continue
            want = skimage.morphology.convex_hull_image(mask, **kwargs)
            np.testing.assert_array_equal(morphology.convex_hull_image(mask, **kwargs), want)
            np.testing.assert_array_equal(lazily(morphology.convex_hull_image, mask, **kwargs), want)

    def test_hulls_of_solids_are_scikit_images(self):
        for seed in range(4):
            mask = np.random.default_rng(seed).random((9, 12, 14)) < 0.01
            for offset in (True, False):
                want = skimage.morphology.convex_hull_image(mask, offset_coordinates=offset)
                np.testing.assert_array_equal(morphology.convex_hull_image(mask, offset_coordinates=offset), want)

    def test_nothing_has_an_empty_hull(self):
        with pytest.warns(UserWarning):
            assert not morphology.convex_hull_image(np.zeros((4, 5), bool)).any()

    @pytest.mark.parametrize("connectivity", [1, 2])
    def test_hulls_of_components_are_scikit_images(self, connectivity):
        mask = blobs((40, 40), 5)
        want = skimage.morphology.convex_hull_object(mask, connectivity=connectivity)
        np.testing.assert_array_equal(morphology.convex_hull_object(mask, connectivity=connectivity), want)


class TestMasksInGreyMorphology:
    @pytest.mark.parametrize("mode", ["reflect", "mirror", "nearest", "constant", "wrap", "max", "min", "ignore"])
    @pytest.mark.parametrize("name", ["erosion", "dilation", "opening", "closing", "white_tophat", "black_tophat"])
    def test_masks_are_treated_as_in_scikit_image(self, name, mode):
        for shape, footprint in [
            ((17, 20), skimage.morphology.disk(3)),
            ((17, 20), skimage.morphology.star(2)),
            ((17, 20), np.array([[1, 1, 0], [0, 1, 0], [0, 0, 0]])),
            ((6, 9, 8), skimage.morphology.ball(2)),
            ((9, 9), skimage.morphology.footprint_rectangle((3, 5), decomposition="separable")),
        ]:
            mask = blobs(shape, 2)
            want = getattr(skimage.morphology, name)(mask, footprint, mode=mode, cval=1.0)
            np.testing.assert_array_equal(getattr(morphology, name)(mask, footprint, mode=mode, cval=1.0), want)

    def test_masks_take_the_packed_path(self):
        image = petavox.from_array(blobs((20, 20)))
        assert "grey" not in str(morphology.erosion(image, morphology.disk(3)).explain())
        assert "binary_erosion" in str(morphology.erosion(image, morphology.disk(3)).explain())


class TestSizes:
    @pytest.mark.parametrize("function", [np.sum, np.mean, np.max, np.min, np.median, np.std])
    def test_boxes_are_reduced_as_in_scikit_image(self, function):
        for dtype in GREY_DTYPES:
            image = grey((13, 22), dtype)
            want = skimage.measure.block_reduce(image, (3, 4), function, cval=2)
            got = measure.block_reduce(image, (3, 4), function, cval=2)
            assert got.dtype == want.dtype
            np.testing.assert_allclose(got, want, rtol=1e-6 if dtype == np.float32 else 1e-14)
            np.testing.assert_array_equal(lazily(measure.block_reduce, image, (3, 4), func=function, cval=2), got)

    def test_arguments_reach_the_function(self):
        image = grey((8, 8), np.float64)
        want = skimage.measure.block_reduce(image, 4, np.percentile, func_kwargs={"q": 30})
        np.testing.assert_allclose(measure.block_reduce(image, 4, np.percentile, func_kwargs={"q": 30}), want)

    @pytest.mark.parametrize("grid_mode", [True, False])
    def test_local_means_are_scikit_images(self, grid_mode):
        for dtype in (np.uint8, np.int16, np.float32, np.float64):
            image = grey((23, 31), dtype, 100)
            for shape in [(7, 5), (23, 10), (40, 31), (50, 60), (1, 2)]:
                want = skimage.transform.resize_local_mean(image, shape, grid_mode=grid_mode)
                got = transform.resize_local_mean(image, shape, grid_mode=grid_mode)
                assert got.dtype == want.dtype
                np.testing.assert_allclose(got, want, rtol=2e-5 if dtype == np.float32 else 1e-12, atol=1e-7 if dtype == np.float32 else 0)
                np.testing.assert_array_equal(lazily(transform.resize_local_mean, image, shape, grid_mode=grid_mode), got)

    def test_channels_stay(self):
        image = grey((12, 3, 14))
        want = skimage.transform.resize_local_mean(image, (5, 6), channel_axis=1)
        np.testing.assert_allclose(transform.resize_local_mean(image, (5, 6), channel_axis=1), want, rtol=1e-12)

    def test_integral_images_are_scikit_images(self):
        for dtype in [*GREY_DTYPES, np.bool_]:
            image = grey((9, 12, 5), np.uint8).astype(dtype)
            want = skimage.transform.integral_image(image)
            got = transform.integral_image(image)
            assert got.dtype == want.dtype
            np.testing.assert_array_equal(got, want)
            np.testing.assert_array_equal(lazily(transform.integral_image, image), want)
        boxes = [(0, 0, 0), (2, 3, 1), (-3, 1, 0)], [(8, 11, 4), (5, 3, 2), (-1, 4, -1)]
        want = skimage.transform.integrate(got, *boxes)
        np.testing.assert_array_equal(transform.integrate(got, *boxes), want)
        np.testing.assert_array_equal(transform.integrate(petavox.from_array(got), *boxes), want)

    @pytest.mark.parametrize("kwargs", [{}, {"scaling": "log"}, {"radius": 12, "output_shape": (20, 15)}, {"center": (3, 9), "order": 3, "mode": "edge"}])
    def test_polar_coordinates_are_scikit_images(self, kwargs):
        image = grey((30, 34), np.float64)
        np.testing.assert_allclose(transform.warp_polar(image, **kwargs), skimage.transform.warp_polar(image, **kwargs), atol=1e-9)
        colours = grey((30, 34, 3), np.uint8, 256)
        want = skimage.transform.warp_polar(colours, channel_axis=-1, **kwargs)
        np.testing.assert_allclose(transform.warp_polar(colours, channel_axis=-1, **kwargs), want, atol=1e-9)


class TestDenoising:
    @pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16, np.float32, np.float64])
    @pytest.mark.parametrize("mode", ["constant", "edge", "symmetric", "reflect", "wrap"])
    def test_the_bilateral_filter_is_scikit_images_with_weights_around_the_middle(self, dtype, mode, monkeypatch):
        image = grey((20, 23), dtype, 50)
        if np.dtype(dtype).kind in "if":
            image = image - image.dtype.type(np.dtype(dtype).type(3) if np.dtype(dtype).kind == "i" else 0.25)
        tolerance = {"rtol": 2e-5, "atol": 1e-6} if dtype == np.float32 else {"rtol": 1e-11, "atol": 1e-13}
        kwargs = {"win_size": 5, "sigma_color": 0.1, "sigma_spatial": 1.3, "mode": mode, "cval": 0.1}
        want = skimage.restoration.denoise_bilateral(image, **kwargs)
        np.testing.assert_allclose(restoration.denoise_bilateral(image, skewed=True, **kwargs), want, **tolerance)
        centred(monkeypatch)
        image = image - image.min()
        want = skimage.restoration.denoise_bilateral(image, **kwargs)
        got = restoration.denoise_bilateral(image, **kwargs)
        assert got.dtype == want.dtype
        np.testing.assert_allclose(got, want, **tolerance)
        np.testing.assert_array_equal(lazily(restoration.denoise_bilateral, image, **kwargs), got)

    def test_the_bilateral_filter_takes_channels_and_finds_the_deviation(self, monkeypatch):
        centred(monkeypatch)
        image = grey((18, 19, 3), np.float64, 40)
        want = skimage.restoration.denoise_bilateral(image, channel_axis=-1)
        np.testing.assert_allclose(restoration.denoise_bilateral(image, channel_axis=-1), want, rtol=1e-10)
        moved = np.moveaxis(image, -1, 0)
        np.testing.assert_allclose(restoration.denoise_bilateral(moved, channel_axis=0), np.moveaxis(want, -1, 0), rtol=1e-10)

    def test_the_bilateral_filter_keeps_an_impulse_in_its_place(self):
        image = np.zeros((9, 9, 9))
        image[4, 4, 4], image[0, 0, 0] = 1e-9, 1
        found = restoration.denoise_bilateral(image, 5, sigma_color=1e6)
        assert np.unravel_index(found[3:, 3:, 3:].argmax(), (6, 6, 6)) == (1, 1, 1)

    @pytest.mark.parametrize("fast_mode", [True, False])
    @pytest.mark.parametrize("sigma", [0.0, 0.05])
    @pytest.mark.parametrize("shape, channel_axis", [((24, 27), None), ((20, 18, 3), -1), ((9, 10, 11), None)])
    def test_non_local_means_are_scikit_images(self, shape, channel_axis, fast_mode, sigma):
        image = np.random.default_rng(5).random(shape)
        for size, distance, h in [(5, 3, 0.5), (7, 2, 0.9), (4, 2, 0.3)]:
            kwargs = {"patch_size": size, "patch_distance": distance, "h": h, "fast_mode": fast_mode, "sigma": sigma, "channel_axis": channel_axis}
            want = skimage.restoration.denoise_nl_means(image, **kwargs)
            got = restoration.denoise_nl_means(image, **kwargs)
            np.testing.assert_allclose(got, want, rtol=1e-6)
        np.testing.assert_array_equal(lazily(restoration.denoise_nl_means, image, **kwargs), got)

    def test_non_local_means_of_other_dtypes_are_scikit_images(self):
        for dtype, rtol in [(np.uint8, 1e-6), (np.uint16, 1e-6), (np.float32, 2e-3)]:
            image = grey((20, 20), dtype, 200)
            kwargs = {"patch_size": 3, "patch_distance": 3, "h": 0.4}
            want = skimage.restoration.denoise_nl_means(image, **kwargs)
            got = restoration.denoise_nl_means(image, **kwargs)
            assert got.dtype == want.dtype
            np.testing.assert_allclose(got, want, rtol=rtol)

    @pytest.mark.parametrize("shape", [(50,), (24, 27), (9, 10, 11)])
    def test_total_variation_is_scikit_images(self, shape):
        image = np.random.default_rng(5).random(shape)
        for kwargs in ({}, {"weight": 0.5, "max_num_iter": 7}, {"eps": 1e-6}):
            want = skimage.restoration.denoise_tv_chambolle(image, **kwargs)
            np.testing.assert_allclose(restoration.denoise_tv_chambolle(image, **kwargs), want, rtol=1e-9, atol=1e-12)
        np.testing.assert_array_equal(
            lazily(restoration.denoise_tv_chambolle, image, **kwargs), restoration.denoise_tv_chambolle(image, **kwargs)
        )

    def test_total_variation_takes_channels_and_integers(self):
        image = grey((20, 22, 3), np.uint8, 256)
        want = skimage.restoration.denoise_tv_chambolle(image, channel_axis=-1)
        np.testing.assert_allclose(restoration.denoise_tv_chambolle(image, channel_axis=-1), want, rtol=1e-9, atol=1e-12)

    def test_the_noise_is_estimated_as_in_scikit_image(self):
        pytest.importorskip("pywt")
        for shape in [(40, 41), (64,), (17, 18, 19)]:
            image = np.random.default_rng(1).normal(3, 2, shape)
            want = skimage.restoration.estimate_sigma(image)
            assert restoration.estimate_sigma(image) == pytest.approx(want, rel=1e-9)
            assert restoration.estimate_sigma(petavox.from_array(image, chunks=(6,) * image.ndim)) == pytest.approx(want, rel=1e-9)
        colours = np.random.default_rng(1).random((20, 21, 3))
        want = skimage.restoration.estimate_sigma(colours, channel_axis=-1, average_sigmas=True)
        assert restoration.estimate_sigma(colours, channel_axis=-1, average_sigmas=True) == pytest.approx(want, rel=1e-9)


def centred(monkeypatch):
    """scikit-image's table of spatial weights without the row and the column that it has too many."""
    from skimage.restoration import _denoise

    def table(win_size, sigma, *, dtype=float):
        places = np.arange(win_size) - win_size // 2
        return _denoise._gaussian_weight(np.hypot(places[:, None], places[None, :]), sigma**2, dtype=dtype).ravel()

    monkeypatch.setattr(_denoise, "_compute_spatial_lut", table)


RANKS = ["geometric_mean", "subtract_mean", "noise_filter", "otsu", "majority", "autolevel", "equalize", "mean", "entropy", "sum", "modal"]
SHARES = ["autolevel", "enhance_contrast", "gradient", "mean", "pop", "subtract_mean", "sum"]


class TestRanks:
    @pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
    @pytest.mark.parametrize("name", RANKS)
    def test_ranks_are_scikit_images(self, name, dtype):
        rank = skimage.filters.rank
        image = grey((18, 21), dtype, 250)
        disk = skimage.morphology.disk(2)
        mask = (blobs(image.shape, 3) * 255).astype(np.uint8)
        for kwargs in ({}, {"mask": mask}, {"shift_x": 1, "shift_y": -1}):
            want = getattr(rank, name)(image, disk, **kwargs)
            got = getattr(filters.rank, name)(image, disk, **kwargs)
            assert got.dtype == want.dtype
            np.testing.assert_allclose(got, want, atol=1e-12 if name == "entropy" else 0)
        np.testing.assert_array_equal(lazily(getattr(filters.rank, name), image, disk), getattr(filters.rank, name)(image, disk))
        solid = grey((7, 8, 9), dtype, 250)
        want = getattr(rank, name)(solid, skimage.morphology.ball(1))
        np.testing.assert_allclose(getattr(filters.rank, name)(solid, skimage.morphology.ball(1)), want, atol=1e-12 if name == "entropy" else 0)

    @pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
    @pytest.mark.parametrize("name", SHARES)
    def test_shares_are_scikit_images(self, name, dtype):
        image, disk = grey((18, 21), dtype, 250), skimage.morphology.disk(2)
        for p0, p1 in [(0, 1), (0.1, 0.9), (0.3, 0.55)]:
            want = getattr(skimage.filters.rank, f"{name}_percentile")(image, disk, p0=p0, p1=p1)
            np.testing.assert_array_equal(getattr(filters.rank, f"{name}_percentile")(image, disk, p0=p0, p1=p1), want)

    def test_thresholds_by_share_and_neighbours_of_like_values_are_scikit_images(self):
        image, disk = grey((18, 21), np.uint8, 250), skimage.morphology.disk(2)
        for p0 in (0, 0.4, 1):
            want = skimage.filters.rank.threshold_percentile(image, disk, p0=p0)
            np.testing.assert_array_equal(filters.rank.threshold_percentile(image, disk, p0=p0), want)
        for name in ("mean_bilateral", "pop_bilateral", "sum_bilateral"):
            want = getattr(skimage.filters.rank, name)(image, disk, s0=30, s1=50)
            np.testing.assert_array_equal(getattr(filters.rank, name)(image, disk, s0=30, s1=50), want)

    def test_histograms_are_scikit_images(self):
        image, disk = grey((10, 11), np.uint8, 20), skimage.morphology.disk(2)
        want = skimage.filters.rank.windowed_histogram(image, disk)
        got = filters.rank.windowed_histogram(image, disk)
        np.testing.assert_allclose(got, want, rtol=1e-15)
        np.testing.assert_array_equal(lazily(filters.rank.windowed_histogram, image, disk), got)


class TestDaskImage:
    @pytest.fixture(autouse=True)
    def peers(self):
        pytest.importorskip("dask_image")
        self.da = pytest.importorskip("dask.array")

    def compare(self, module, name, *arrays, rtol=1e-12, atol=1e-12, **kwargs):
        import importlib

        theirs = getattr(importlib.import_module(f"dask_image.{module}"), name)
        ours = getattr(getattr(dask_image, module), name)
        given = [self.da.from_array(a, chunks=(7,) * a.ndim) if isinstance(a, np.ndarray) and a.ndim > 1 else a for a in arrays]
        want, got = theirs(*given, **kwargs), ours(*arrays, **kwargs)
        for w, g in zip(want if isinstance(want, tuple) else [want], got if isinstance(got, tuple) else [got], strict=True):
            np.testing.assert_allclose(np.asarray(g), np.asarray(w), rtol=rtol, atol=atol)

    def test_filters(self):
        image = grey((20, 23))
        weights = RNG.random((3, 3))
        for name, args, kwargs in [
            ("convolve", (weights,), {}),
            ("correlate", (weights,), {"mode": "nearest"}),
            ("laplace", (), {}),
            ("prewitt", (), {"axis": 0}),
            ("sobel", (), {}),
            ("gaussian", (1.2,), {}),
            ("gaussian_filter", (1.2,), {"order": 1}),
            ("gaussian_gradient_magnitude", (1,), {}),
            ("gaussian_laplace", (1,), {}),
            ("minimum_filter", (3,), {}),
            ("maximum_filter", (3,), {"mode": "mirror"}),
            ("median_filter", (3,), {}),
            ("rank_filter", (2, 3), {}),
            ("percentile_filter", (30, 3), {}),
            ("uniform_filter", (3,), {}),
        ]:
            import dask_image.ndfilters as theirs

            want = getattr(theirs, name)(self.da.from_array(image, chunks=9), *args, **kwargs)
            np.testing.assert_allclose(getattr(dask_image.ndfilters, name)(image, *args, **kwargs), np.asarray(want), atol=1e-12, err_msg=name)
        for method, param in [("gaussian", None), ("gaussian", 2.0), ("mean", None), ("median", None), ("generic", np.mean)]:
            self.compare("ndfilters", "threshold_local", image, block_size=5, method=method, param=param, offset=0.1)

    def test_wrap_is_right_where_dask_image_is_wrong(self):
        from scipy import ndimage

        image = grey((20, 23))
        got = dask_image.ndfilters.gaussian_filter(petavox.from_array(image, chunks=(7, 7)), 2, mode="wrap").compute()
        np.testing.assert_allclose(got, ndimage.gaussian_filter(image, 2, mode="wrap"), rtol=1e-12)

    def test_interpolation(self):
        image = grey((20, 23))
        matrix = np.array([[0.8, -0.5], [0.4, 0.9]])
        self.compare("ndinterp", "affine_transform", image, matrix=matrix, offset=2.3, output_shape=(15, 16))
        self.compare("ndinterp", "rotate", image, angle=30, order=1)
        self.compare("ndinterp", "spline_filter", image, rtol=1e-5, atol=1e-5)
        self.compare("ndinterp", "spline_filter1d", image, axis=0, rtol=1e-5, atol=1e-5)
        points = RNG.random((2, 11)) * 18
        from scipy import ndimage

        np.testing.assert_allclose(
            dask_image.ndinterp.map_coordinates(image, points), ndimage.map_coordinates(image, points, prefilter=False), atol=1e-12
        )

    def test_fourier(self):
        image = np.fft.fft2(grey((20, 23)))
        self.compare("ndfourier", "fourier_gaussian", image, sigma=1.5)
        self.compare("ndfourier", "fourier_uniform", image, size=3)
        self.compare("ndfourier", "fourier_shift", image, shift=2.5)

    def test_morphology(self):
        mask = blobs((20, 23))
        for name in dask_image.ndmorph.__all__:
            self.compare("ndmorph", name, mask)
            self.compare("ndmorph", name, mask, iterations=2, structure=np.ones((3, 3)))

    def test_measurements(self):
        image, labels = grey((20, 23), levels=1000), measure.label(blobs((20, 23)))
        index = [1, 2, 3]
        for name in ["area", "center_of_mass", "extrema", "maximum", "maximum_position", "mean", "median", "minimum", "minimum_position", "standard_deviation", "sum", "sum_labels", "variance"]:
            self.compare("ndmeasure", name, image, labels, index)
            self.compare("ndmeasure", name, image, labels)
            self.compare("ndmeasure", name, image)
        self.compare("ndmeasure", "histogram", image, min=0, max=1, bins=5)
        table = dask_image.ndmeasure.find_objects(labels)
        assert len(table) == labels.max() and table.loc[1, 0] == slice(*np.flatnonzero((labels == 1).any(1))[[0, -1]] + (0, 1))

    @pytest.mark.parametrize("wrap_axes", [None, (0,), (1,), (0, 1)])
    def test_components_that_wrap(self, wrap_axes):
        import dask_image.ndmeasure as theirs

        mask = blobs((30, 33), 4)
        for structure in (None, np.ones((3, 3))):
            want, n_want = theirs.label(self.da.from_array(mask, chunks=8), structure, wrap_axes=wrap_axes)
            got, n = dask_image.ndmeasure.label(mask, structure, wrap_axes=wrap_axes)
            assert n == int(n_want)
            pairs = np.unique(np.column_stack([np.asarray(want).ravel(), got.ravel()]), axis=0)
            assert len(pairs) == n + 1 and len(np.unique(pairs[:, 0])) == n + 1

    def test_files(self, tmp_path):
        tifffile = pytest.importorskip("tifffile")
        for k in range(3):
            tifffile.imwrite(tmp_path / f"{k}.tif", np.full((4, 5), k, np.uint8))
        image = dask_image.imread.imread(str(tmp_path / "*.tif"))
        assert image.shape == (3, 4, 5) and image.chunks == (1, 4, 5)
        np.testing.assert_array_equal(image.compute()[:, 0, 0], [0, 1, 2])


class TestDeconvolution:
    @pytest.mark.parametrize("shape, extent", [((30, 33), (5, 4)), ((9, 12, 10), (3, 3, 3))])
    def test_blur_is_taken_away_as_in_scikit_image(self, shape, extent):
        image, psf = np.random.default_rng(2).random(shape), np.random.default_rng(3).random(extent)
        psf /= psf.sum()
        for kwargs in ({}, {"num_iter": 5, "clip": False}, {"num_iter": 5, "filter_epsilon": 0.1}):
            want = skimage.restoration.richardson_lucy(image, psf, **kwargs)
            np.testing.assert_allclose(restoration.richardson_lucy(image, psf, **kwargs), want, rtol=1e-6, atol=1e-9)
        for kwargs in ({"balance": 0.1}, {"balance": 3, "clip": False}):
            want = skimage.restoration.wiener(image, psf, **kwargs)
            np.testing.assert_allclose(restoration.wiener(image, psf, **kwargs), want, rtol=1e-9, atol=1e-12)


class TestEstimates:
    @pytest.mark.parametrize("dim", [2, 3])
    @pytest.mark.parametrize("kind", ["EuclideanTransform", "SimilarityTransform", "AffineTransform", "ProjectiveTransform"])
    def test_transformations_from_points_are_scikit_images(self, kind, dim):
        rng = np.random.default_rng(dim)
        src = rng.random((12, dim)) * 50
        dst = 1.3 * src @ np.linalg.qr(rng.random((dim, dim)))[0] + 5 + rng.normal(0, 0.5, src.shape)
        ours, theirs = getattr(transform, kind), getattr(skimage.transform, kind)
        np.testing.assert_allclose(ours.from_estimate(src, dst).params, theirs.from_estimate(src, dst).params, rtol=1e-7, atol=1e-9)
        if kind[0] in "AP":
            weights = rng.random(12)
            want = theirs.from_estimate(src, dst, weights)
            np.testing.assert_allclose(ours.from_estimate(src, dst, weights).params, want.params, rtol=1e-7, atol=1e-9)
        if dim == 2:
            name = kind.removesuffix("Transform").lower()
            want = skimage.transform.estimate_transform(name, src, dst)
            np.testing.assert_allclose(transform.estimate_transform(name, src, dst).params, want.params, rtol=1e-7, atol=1e-9)
        with pytest.raises(ValueError, match="decide"):
            ours.from_estimate(np.ones((4, dim)), np.ones((4, dim)))
