"""Arrays of other libraries, with the real libraries: in lazily, and out."""

import gc
import os
import pickle

import numpy as np
import pytest
from scipy import ndimage

import petavox


def samples(shape, dtype="uint16", seed=0):
    return np.random.default_rng(seed).integers(0, 100, shape).astype(dtype)


class Sliced:
    """A lazy array of no library: shape, dtype, slicing."""

    def __init__(self, array, chunks=None):
        self.array, self.shape, self.dtype, self.asked = array, array.shape, array.dtype, []
        if chunks is not None:
            self.chunks = chunks

    def __getitem__(self, key):
        self.asked.append(key)
        return self.array[key]


def check(image, array, chunks=None):
    """The image has the array's samples, as a whole and filtered."""
    assert (image.shape, image.dtype) == (array.shape, array.dtype)
    if chunks is not None:
        assert image.chunks == chunks
    np.testing.assert_array_equal(image.compute(), array)
    np.testing.assert_array_equal(image.apply("gaussian", sigma=1).compute(threads=2), ndimage.gaussian_filter(array, 1))


def test_anything_that_can_be_sliced_is_read_region_by_region():
    array = samples((20, 30))
    foreign = Sliced(array, chunks=(8, 10))
    image = petavox.from_array(foreign)
    assert foreign.asked == []
    check(image, array, (8, 10))
    plane = petavox.from_array(Sliced(array))
    np.testing.assert_array_equal(plane[3:5].compute(), array[3:5])
    assert plane._lazy is not None


def test_only_what_is_needed_is_read():
    foreign = Sliced(samples((50, 60)), chunks=(10, 60))
    petavox.from_array(foreign)[12:18].compute()
    rows = {(key[0].start, key[0].stop) for key in foreign.asked}
    assert rows and all(start >= 10 and stop <= 20 for start, stop in rows)


def test_objects_with_only_array_are_converted():
    class Converted:
        def __array__(self, dtype=None, copy=None):
            return samples((4, 5))

    check(petavox.from_array(Converted()), samples((4, 5)))
    check(petavox.from_array([[1.0, 2.0], [3.0, 4.0]]), np.array([[1.0, 2.0], [3.0, 4.0]]))


@pytest.mark.parametrize(("dtype", "becomes"), [("float16", "float32"), (">u2", "uint16"), (">f8", "float64"), (">i4", "int32")])
def test_dtypes_that_images_do_not_have_are_converted_as_they_are_read(dtype, becomes):
    array = samples((9, 11)).astype(dtype)
    for foreign in (array, Sliced(array, chunks=(4, 4))):
        image = petavox.from_array(foreign)
        assert image.dtype == becomes
        np.testing.assert_array_equal(image.compute(), array.astype(becomes))
        np.testing.assert_array_equal(pickle.loads(pickle.dumps(image)).compute(), array.astype(becomes))


@pytest.mark.parametrize("array", [np.zeros(3, complex), np.array(["a"]), object(), {"a": 1}, Sliced(np.zeros(3, complex))])
def test_what_is_no_image_is_refused(array):
    with pytest.raises(TypeError, match="float64"):
        petavox.from_array(array)


def test_exceptions_of_the_array_come_out_as_themselves():
    class Broken(Sliced):
        def __getitem__(self, key):
            raise ConnectionError("the array's own words")

    with pytest.raises(ConnectionError, match="own words"):
        petavox.from_array(Broken(samples((4, 5)))).compute()
    wrong = Sliced(samples((4, 5)))
    wrong.shape = (4, 6)
    with pytest.raises(ValueError, match="samples that were read"):
        petavox.from_array(wrong).compute()


def test_dask_arrays_stay_lazy_and_keep_their_chunks():
    da = pytest.importorskip("dask.array")
    array = samples((20, 30))
    computed = []

    def load(block, block_info=None):
        computed.append(1)
        return block

    lazy = da.from_array(array, chunks=(8, 10)).map_blocks(load, dtype=array.dtype)
    computed.clear()
    image = petavox.from_array(lazy)
    assert not computed
    check(image, array, (8, 10))
    computed.clear()
    np.testing.assert_array_equal(image[:4, :4].compute(), array[:4, :4])
    assert len(computed) == 1
    uneven = da.from_array(array, chunks=((5, 15), (30,)))
    np.testing.assert_array_equal(petavox.from_array(uneven).compute(), array)
    back = pickle.loads(pickle.dumps(petavox.from_array(da.from_array(array, chunks=7))))
    np.testing.assert_array_equal(back.compute(), array)
    unknown = lazy[lazy > 50]
    with pytest.raises(ValueError, match="compute_chunk_sizes"):
        petavox.from_array(unknown)


def test_zarr_arrays_in_a_folder_are_read_by_the_core_and_others_by_slicing(tmp_path):
    zarr = pytest.importorskip("zarr")
    array = samples((20, 30))
    for zarr_format in (2, 3):
        stored = zarr.create_array(tmp_path / f"v{zarr_format}.zarr", shape=array.shape, chunks=(8, 10), dtype=array.dtype,
                                   zarr_format=zarr_format)  # fmt: skip
        stored[:] = array
        image = petavox.from_array(stored)
        check(image, array, (8, 10))
        assert "python:" not in image._lazy.to_plan()
    group = zarr.open_group(tmp_path / "group.zarr", mode="w")
    inner = group.create_array("a/b", shape=array.shape, chunks=(5, 30), dtype=array.dtype)
    inner[:] = array
    check(petavox.from_array(inner), array, (5, 30))
    memory = zarr.create_array(zarr.storage.MemoryStore(), shape=array.shape, chunks=(8, 10), dtype=array.dtype)
    memory[:] = array
    image = petavox.from_array(memory)
    check(image, array, (8, 10))
    assert "python:" in image._lazy.to_plan()


def test_h5py_datasets(tmp_path):
    h5py = pytest.importorskip("h5py")
    array = samples((20, 30))
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("group/image", data=array, chunks=(8, 10), compression="gzip")
        file.create_dataset("plain", data=array)
    with h5py.File(tmp_path / "a.h5") as file:
        image = petavox.from_array(file["group/image"])
        check(image, array, (8, 10))
        check(petavox.from_array(file["plain"]), array)
        back = pickle.loads(pickle.dumps(image))
    np.testing.assert_array_equal(back.compute(), array)


def test_tensorstores(tmp_path):
    ts = pytest.importorskip("tensorstore")
    array = samples((20, 30))
    spec = {"driver": "n5", "kvstore": {"driver": "file", "path": str(tmp_path / "a.n5")},
            "metadata": {"blockSize": [8, 10], "dataType": "uint16", "dimensions": [20, 30], "compression": {"type": "gzip"}}}  # fmt: skip
    store = ts.open(spec, create=True).result()
    store[...] = array
    check(petavox.from_array(store), array, (8, 10))
    np.testing.assert_array_equal(petavox.from_array(store[3:17, 5:]).compute(), array[3:17, 5:])


def test_xarrays_bring_axes_and_spacing_both_ways(tmp_path):
    xr = pytest.importorskip("xarray")
    array = samples((2, 6, 8), "float32")
    coords = {"y": 10 + 0.5 * np.arange(6), "x": ("x", 0.25 * np.arange(8), {"units": "micrometer"})}
    data = xr.DataArray(array, dims=["c", "y", "x"], coords=coords)
    for source in (data, data.chunk({"y": 3, "c": 1})) if _has_dask() else (data,):
        image = petavox.from_array(source)
        assert (image.axes, image.spacing, image.origin, image.unit) == ("cyx", (1, 0.5, 0.25), (0, 10, 0), "micrometer")
        check(image, array)
        back = image.to_xarray()
        assert back.dims == ("c", "y", "x")
        xr.testing.assert_allclose(back.drop_attrs(), data.drop_attrs())
    assert petavox.from_array(data.rename(y="row", x="column")).axes == "zyx"
    travelled = pickle.loads(pickle.dumps(petavox.from_array(data)))
    assert travelled.origin == (0, 10, 0)
    np.testing.assert_array_equal(travelled.compute(), array)
    unread = xr.DataArray(array[:, ::-1], dims=["c", "Y", "x"], coords={"Y": [5, 4, 3, 1, 0, -1]})
    assert petavox.from_array(unread).spacing == (1, 1, 1)


def _has_dask():
    try:
        import dask.array  # noqa: F401
    except ImportError:
        return False
    return True


def test_memory_of_numpy_and_xarray_is_shared_until_it_is_computed():
    xr = pytest.importorskip("xarray")
    array = samples((4, 5), "float32")
    image = petavox.from_array(xr.DataArray(array, dims=["y", "x"]))
    array[1, 2] = 1234
    assert image.compute()[1, 2] == 1234


def test_itk_images_both_ways():
    itk = pytest.importorskip("itk")
    array = samples((5, 6, 7), "float32")
    theirs = itk.image_from_array(array)
    theirs.SetSpacing([0.5, 1.0, 2.0])
    theirs.SetOrigin([1.0, 2.0, 3.0])
    image = petavox.from_array(theirs)
    assert (image.axes, image.spacing, image.origin) == ("zyx", (2, 1, 0.5), (3, 2, 1))
    check(image, array)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(image)).compute(), array)
    smooth = itk.image_from_array(image.apply("gaussian", sigma=1).compute())
    median = itk.median_image_filter(smooth, radius=1)
    assert petavox.from_array(median).shape == (5, 6, 7)
    np.testing.assert_array_equal(itk.array_view_from_image(smooth), ndimage.gaussian_filter(array, 1))


def test_tifffile_by_name_and_as_a_zarr_store(tmp_path):
    tifffile = pytest.importorskip("tifffile")
    zarr = pytest.importorskip("zarr")
    array = samples((6, 64, 96))
    tifffile.imwrite(tmp_path / "a.tif", array, tile=(32, 32), compression="zlib")
    check(petavox.imread(tmp_path / "a.tif"), array)
    with tifffile.TiffFile(tmp_path / "a.tif") as tif:
        stored = zarr.open_array(tif.series[0].aszarr(), mode="r")
        check(petavox.from_array(stored), array, (1, 32, 32))


def test_scikit_image_takes_results():
    measure = pytest.importorskip("skimage.measure")
    array = ndimage.gaussian_filter(samples((30, 40), "float32"), 2)
    mask = petavox.from_array(array).apply("greater", value=float(array.mean()))
    labels = measure.label(mask.compute())
    np.testing.assert_array_equal(labels > 0, array > array.mean())


def test_what_a_viewer_does_with_a_layer_reads_only_what_is_looked_at():
    # An image layer of napari asks its data for shape, dtype and ndim, takes one plane by indexing with numbers and slices, and
    # converts it with numpy.asarray. That is done here without it; test_napari.py asks napari itself where it is installed.
    foreign = Sliced(samples((40, 64, 64)), chunks=(1, 64, 64))
    data = petavox.from_array(foreign)
    assert (data.ndim, data.shape, data.dtype, len(data)) == (3, (40, 64, 64), np.uint16, 40)
    for z in (0, 17, 39):
        foreign.asked.clear()
        for plane in (np.asarray(data[z, :, :]), np.asarray(data[(z, slice(None), slice(None))])):
            np.testing.assert_array_equal(plane, foreign.array[z])
        assert {(key[0].start, key[0].stop) for key in foreign.asked} == {(z, z + 1)}
    np.testing.assert_array_equal(np.asarray(data[:, 10, ::2]), foreign.array[:, 10, ::2])


# Results that are kept, and several at once.


def test_persisted_images_are_computed_once(tmp_path):
    calls = []

    def f(block):
        calls.append(1)
        return block * 2.0

    array = samples((16, 24))
    image = petavox.from_array(array, chunks=(8, 8), spacing=(2, 0.5)).map_blocks(f, dtype=float)
    with petavox.config.set(scratch=tmp_path):
        for share in (1, 0):
            calls.clear()
            kept = image.persist(share=share)
            assert len(calls) == 6
            assert (kept.chunks, kept.axes, kept.spacing, kept.dtype) == ((8, 8), "yx", (2, 0.5), float)
            after = kept.apply("gaussian", sigma=2)
            np.testing.assert_allclose(after.compute(), ndimage.gaussian_filter(array * 2.0, 2), rtol=1e-12)
            np.testing.assert_array_equal(pickle.loads(pickle.dumps(kept)).compute(), array * 2.0)
            assert len(calls) == 6
            assert len(os.listdir(tmp_path)) == (0 if share else 1)
        del kept
        gc.collect()
        np.testing.assert_allclose(after.compute(), ndimage.gaussian_filter(array * 2.0, 2), rtol=1e-12)
        del after
        gc.collect()
        assert os.listdir(tmp_path) == []


def test_several_results_are_computed_with_common_reads():
    foreign = Sliced(samples((32, 64), "float64"), chunks=(8, 64))
    image = petavox.from_array(foreign)
    a, b = petavox.compute(image.apply("greater", value=50), image.map_blocks(np.negative, dtype=float), threads=1)
    np.testing.assert_array_equal(a, foreign.array > 50)
    np.testing.assert_array_equal(b, -foreign.array)
    rows = sorted((key[0].start, key[0].stop) for key in foreign.asked)
    assert sum(stop - start for start, stop in rows) == 32
    assert petavox.compute() == ()
    with pytest.raises(TypeError, match="ndarray"):
        petavox.compute(foreign.array)
