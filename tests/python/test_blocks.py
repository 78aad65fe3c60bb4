"""Python functions on blocks: `map_blocks` and `map_overlap`."""

import collections
import doctest
import os
import pathlib
import pickle
import subprocess
import sys
import threading

import numpy as np
import pytest
from scipy import ndimage

import petavox


def samples(shape, dtype="float64", seed=0):
    return np.random.default_rng(seed).integers(0, 100, shape).astype(dtype)


class Counted:
    """A function that counts its calls by block."""

    def __init__(self, f):
        self.f, self.calls, self.lock = f, collections.Counter(), threading.Lock()

    def __call__(self, block, block_info):
        with self.lock:
            self.calls[block_info.index] += 1
        return self.f(block)


def chunk_by_chunk(array, chunks, f):
    """The result made of the chunks one by one, in numpy."""
    out = np.empty_like(array)
    for index in np.ndindex(*[-(-n // c) for n, c in zip(array.shape, chunks, strict=True)]):
        at = tuple(slice(i * c, (i + 1) * c) for i, c in zip(index, chunks, strict=True))
        out[at] = f(array[at])
    return out


def once_each(counted, counts):
    assert dict(counted.calls) == {index: 1 for index in np.ndindex(*counts)}


# Once per chunk, whatever the engine's blocks.


def test_a_filter_after_a_function_calls_it_once_per_chunk(tmp_path):
    """Its halo reaches into 26 neighbours; the image is kept for it."""
    array = samples((64, 160, 160), "float32")
    expected = ndimage.gaussian_filter(chunk_by_chunk(array, (32, 40, 40), lambda b: b - b.mean()), 2)
    counted = Counted(lambda b: b - b.mean())
    image = petavox.from_array(array, chunks=(32, 40, 40)).map_blocks(counted, dtype="float32")
    smooth = image.apply("gaussian", sigma=2)
    assert "keep map_blocks" in smooth.explain(memory="1GiB")
    smooth.save(tmp_path / "out.zarr", levels=1, chunks=(32, 40, 40), memory="1GiB")
    np.testing.assert_allclose(petavox.open(tmp_path / "out.zarr").compute(), expected, rtol=1e-5, atol=1e-4)
    once_each(counted, (2, 4, 4))


def test_every_chunk_is_given_once_whatever_takes_the_result(tmp_path):
    array = samples((20, 31, 17))
    chunks, counts = (7, 8, 9), (3, 4, 2)
    expected = chunk_by_chunk(array, chunks, lambda b: b - b.mean())
    image = petavox.from_array(array, chunks=chunks)
    for what in ("array", "zarr", "other chunks", "comparison"):
        counted = Counted(lambda b: b - b.mean())
        result = image.map_blocks(counted, dtype="float64")
        if what == "array":
            np.testing.assert_array_equal(result.compute(), expected)
        elif what == "comparison":
            np.testing.assert_array_equal(result.apply("greater", value=3).compute(), expected > 3)
        else:
            more = {"chunks": (10, 31, 4)} if what == "other chunks" else {}
            result.save(tmp_path / f"{what}.zarr", levels=1, **more)
            np.testing.assert_array_equal(petavox.open(tmp_path / f"{what}.zarr").compute(), expected)
        once_each(counted, counts)


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_what_follows_gets_the_same_samples_for_any_blocks(threads):
    array = samples((24, 40, 33))
    mapped = chunk_by_chunk(array, (8, 16, 11), lambda b: b - b.min())
    image = petavox.from_array(array, chunks=(8, 16, 11)).map_blocks(lambda b: b - b.min(), dtype=float)
    expected = petavox.from_array(mapped).apply("gaussian", sigma=2).compute()
    np.testing.assert_array_equal(image.apply("gaussian", sigma=2).compute(threads=threads), expected)


def test_chunks_larger_than_the_image_and_images_without_samples():
    array = samples((5, 6))
    np.testing.assert_array_equal(petavox.from_array(array).rechunk(100).map_blocks(np.sqrt).compute(), np.sqrt(array))
    empty = petavox.from_array(np.zeros((0, 4))).map_blocks(np.sqrt)
    assert empty.compute().shape == (0, 4)
    one = petavox.from_array(np.float64(4.0)).map_blocks(np.sqrt)
    assert one.compute() == 2


# Halos.

BOUNDARIES = ["reflect", "mirror", "nearest", "wrap", "constant"]


@pytest.mark.parametrize("mode", BOUNDARIES)
def test_halos_are_those_of_scipy(mode):
    array = samples((13, 22, 9))
    expected = ndimage.uniform_filter(array, 5, mode=mode)
    image = petavox.from_array(array, chunks=(5, 7, 9))
    got = image.map_overlap(lambda b: ndimage.uniform_filter(b, 5), 2, mode)
    np.testing.assert_allclose(got.compute(), expected, rtol=0, atol=1e-12)


def test_a_number_is_a_constant_and_none_ends_at_the_image():
    array = samples((13, 22))
    image = petavox.from_array(array, chunks=(5, 7))
    expected = ndimage.maximum_filter(array, 3, mode="constant", cval=500)
    for options in ({"boundary": 500}, {"boundary": "constant", "cval": 500}):
        np.testing.assert_array_equal(image.map_overlap(lambda b: ndimage.maximum_filter(b, 3), 1, **options).compute(), expected)
    shapes = image.map_overlap(lambda b: [b.shape], depth=2, boundary="none", returns="list").compute()
    assert shapes[:2] + shapes[-1:] == [[(7, 9)], [(7, 11)], [(5, 3)]]


def test_halos_as_dask_has_them():
    da = pytest.importorskip("dask.array")
    array = samples((20, 30))

    def f(block):
        return block + np.arange(block.size).reshape(block.shape) % 5 + block.shape[0]

    for depth, boundary in [({0: 2, 1: 3}, "none"), ({0: 1, 1: 0}, "reflect"), (3, "nearest"), (2, 7)]:
        expected = da.from_array(array, chunks=(10, 10)).map_overlap(f, depth=depth, boundary=boundary, dtype=float).compute()
        got = petavox.from_array(array, chunks=(10, 10)).map_overlap(f, depth, boundary, dtype=float).compute()
        np.testing.assert_array_equal(got, expected, err_msg=f"{depth} {boundary}")


def test_halos_may_be_deeper_than_chunks_and_differ_by_side_and_axis():
    array = samples((30, 20))
    image = petavox.from_array(array, chunks=(4, 20))
    got = image.map_overlap(lambda b: ndimage.uniform_filter1d(b, 13, axis=0), {"y": 9}).compute()
    np.testing.assert_allclose(got, ndimage.uniform_filter1d(array, 13, axis=0), rtol=0, atol=1e-12)
    shifted = image.map_overlap(lambda b: b[:-3], [(3, 0), 0], boundary="wrap", dtype=float)
    np.testing.assert_array_equal(shifted.compute(), np.roll(array, 3, axis=0))


# Results of another shape.


def test_results_of_another_shape_are_not_trimmed():
    # What dask.array.map_overlap cuts in spite of its having no halo any more.
    array = samples((16, 24))
    image = petavox.from_array(array, chunks=(8, 8), spacing=(2, 0.5))

    def half(block, block_info):
        whole = ndimage.uniform_filter(block, 3)
        return whole[block_info.own][::2, ::2]

    got = image.map_overlap(half, depth=1, chunks=(4, 4), dtype=float)
    assert (got.shape, got.chunks, got.spacing, got.origin) == ((8, 12), (4, 4), (4, 1), (1, 0.25))
    np.testing.assert_allclose(got.compute(), ndimage.uniform_filter(array, 3)[::2, ::2], rtol=0, atol=1e-12)


def test_chunks_at_the_end_come_out_in_proportion():
    array = samples((11, 7))
    image = petavox.from_array(array, chunks=(4, 4))
    np.testing.assert_array_equal(image.map_blocks(lambda b: b[::2, ::2], chunks=(2, 2)).compute(), array[::2, ::2])
    twice = image.map_blocks(lambda b: b.repeat(2, 0), chunks=(8, 4))
    np.testing.assert_array_equal(twice.compute(), array.repeat(2, 0))
    cut = image.map_blocks(lambda b: b[:3, :2], shape=(9, 4), chunks=(3, 2), dtype=float)
    np.testing.assert_array_equal(cut.compute(), array[[0, 1, 2, 4, 5, 6, 8, 9, 10]][:, [0, 1, 4, 5]])


def test_axes_are_dropped_and_added():
    array = samples((6, 8, 10))
    image = petavox.from_array(array, chunks=(6, 3, 4), spacing=(3, 2, 1))
    flat = image.map_blocks(lambda b: b.max(axis=0), drop_axis="z")
    assert (flat.axes, flat.spacing, flat.chunks) == ("yx", (2, 1), (3, 4))
    np.testing.assert_array_equal(flat.compute(), array.max(axis=0))
    channels = image.map_blocks(lambda b: np.stack([b, -b]), new_axis=0, chunks=(2, 6, 3, 4))
    assert (channels.axes, channels.shape) == ("czyx", (2, 6, 8, 10))
    np.testing.assert_array_equal(channels.compute(), np.stack([array, -array]))
    swapped = image.map_blocks(lambda b: b.sum(axis=0)[:, None], drop_axis=0, new_axis=1, dtype=float)
    np.testing.assert_array_equal(swapped.compute(), array.sum(axis=0)[:, None])
    number = image.rechunk(-1).map_blocks(lambda b: b.sum(), drop_axis=[0, 1, 2])
    assert number.shape == () and number.compute() == array.sum()
    halo = image.map_overlap(lambda b: ndimage.uniform_filter(b, 3).max(axis=0), {"y": 1, "x": 1}, drop_axis=0)
    # The first axis is whole and has no halo: the function's own boundary rule holds there.
    np.testing.assert_allclose(halo.compute(), ndimage.uniform_filter(array, 3).max(axis=0), rtol=0, atol=1e-12)


def test_several_images_and_other_arguments():
    a, b = samples((9, 10)), samples((10,), seed=1)
    first, second = petavox.from_array(a, chunks=(4, 3)), petavox.from_array(b)
    got = petavox.map_blocks(lambda x, k, y, offset: x * k + y + offset, second, 2, first, offset=0.5)
    np.testing.assert_array_equal(got.compute(), b * 2 + a + 0.5)
    assert got.chunks == (4, 3)
    with pytest.raises(ValueError, match="broadcasts"):
        petavox.map_blocks(np.add, first, petavox.from_array(samples((9,))), dtype=float)


# Lists and tables.


def test_lists_come_block_by_block_in_raster_order():
    array = samples((6, 9), "uint8")
    results = petavox.from_array(array, chunks=(3, 4)).map_blocks(lambda b: list(b[b > 50]))
    assert len(results) == results.n_blocks == 6
    assert "list of <lambda> over 6 blocks" in repr(results)
    expected = [list(array[i : i + 3, j : j + 4][array[i : i + 3, j : j + 4] > 50]) for i in (0, 3) for j in (0, 4, 8)]
    assert results.compute(threads=3) == expected


def blobs(shape=(60, 70), n=40, seed=3):
    rng = np.random.default_rng(seed)
    array = np.zeros(shape)
    array[tuple(rng.integers(2, s - 2, n) for s in shape)] = 1
    return ndimage.gaussian_filter(array, 1.2) + rng.random(shape) * 1e-9


def test_points_of_blocks_with_halos_are_those_of_the_whole_image():
    feature = pytest.importorskip("skimage.feature")
    image = blobs()
    expected = feature.peak_local_max(image, min_distance=2, threshold_abs=0.01, exclude_border=False)
    lazy = petavox.from_array(image, chunks=(17, 23))
    found = lazy.map_overlap(
        feature.peak_local_max, 4, min_distance=2, threshold_abs=0.01, exclude_border=False, returns="list", coordinates=True
    ).compute()
    assert len(found) == 16 and len(expected) > 10
    assert sorted(map(tuple, np.concatenate(found))) == sorted(map(tuple, expected))

    def own(block, block_info):
        points = feature.peak_local_max(block, min_distance=2, threshold_abs=0.01, exclude_border=False)
        return block_info.to_image(points[block_info.owns(points)]).tolist()

    by_hand = lazy.map_overlap(own, 4, "reflect").compute()
    assert sorted(tuple(p) for block in by_hand for p in block) == sorted(map(tuple, expected))


@pytest.mark.parametrize("as_frame", [False, True])
def test_tables_of_blocks_become_one_without_duplicates(as_frame):
    measure = pytest.importorskip("skimage.measure")
    pd = pytest.importorskip("pandas")
    mask = blobs() > 0.02

    def rows(block):
        table = measure.regionprops_table(measure.label(block), properties=["centroid", "area"])
        return pd.DataFrame(table) if as_frame else table

    expected = pd.DataFrame(rows(mask)).sort_values(["centroid-0", "centroid-1"], ignore_index=True)
    names = ["centroid-0", "centroid-1"]
    lazy = petavox.from_array(mask, chunks=(19, 16))
    table = lazy.map_overlap(rows, 16, 0, coordinates=names)
    assert "a table of rows over 20 blocks" in repr(table)
    got = table.compute().sort_values(names, ignore_index=True)
    pd.testing.assert_frame_equal(got, expected, check_exact=False, rtol=1e-12)
    assert table.to_arrow().num_rows == len(expected)
    assert len(table.to_pandas()) == len(expected)
    with pytest.raises(TypeError, match="list here"):
        lazy.map_blocks(lambda b: [1]).to_pandas()


# What a function is told.


def test_block_info_says_where_the_block_lies():
    image = petavox.from_array(np.arange(60.0).reshape(6, 10), chunks=(4, 4), spacing=(2, 0.5))
    infos = image.map_overlap(lambda block, block_info: [(block, block_info)], {1: 3}, 0).compute()
    assert [info.number for [(_, info)] in infos] == list(range(6))
    for [(block, info)] in infos:
        assert (info.counts, info.n_blocks, info.shape, info.axes, info.spacing) == ((2, 3), 6, (6, 10), "yx", (2, 0.5))
        np.testing.assert_array_equal(block[info.own], np.arange(60.0).reshape(6, 10)[info.slices])
        assert block.shape == tuple(b - a for a, b in zip(info.halo_start, info.halo_stop, strict=True))
    [(_, last)] = infos[-1]
    assert (last.index, last.start, last.stop, last.halo_start, last.halo_stop) == ((1, 2), (4, 8), (6, 10), (4, 5), (6, 13))
    np.testing.assert_array_equal(last.to_physical([[1, 4]]), [[10, 4.5]])
    ids = image.map_blocks(lambda block, block_id: [block_id]).compute()
    assert ids == [[index] for index in np.ndindex(2, 3)]


def test_blocks_are_the_functions_own():
    kept = []
    array = samples((8, 8))

    def keep(block):
        kept.append(block)
        block += 1
        return block

    before = array.copy()
    np.testing.assert_array_equal(petavox.from_array(array, chunks=(2, 8)).map_blocks(keep, dtype=float).compute(), before + 1)
    np.testing.assert_array_equal(array, before)
    assert sorted(b[0, 0] for b in kept) == sorted(before[::2, 0] + 1)


# Mistakes.


def broken(block):
    if block[0, 0] == 27:
        raise ZeroDivisionError("the function's own words")
    return block


def test_exceptions_come_out_as_themselves_with_a_note_that_names_the_block():
    image = petavox.from_array(np.arange(60.0).reshape(6, 10), chunks=(2, 7)).map_blocks(broken, dtype=float)
    with pytest.raises(ZeroDivisionError, match="the function's own words") as raised:
        image.compute()
    assert raised.value.__notes__ == ["petavox: broken was called for block (1, 1) of (3, 2), samples 2:4, 7:10 of yx"]
    assert "in broken" in "".join(__import__("traceback").format_tb(raised.value.__traceback__))
    lists = petavox.from_array(np.arange(60.0).reshape(6, 10), chunks=(2, 7)).map_blocks(broken, returns="list")
    with pytest.raises(ZeroDivisionError):
        lists.compute()


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda i: i.map_blocks(lambda b: b[1:], dtype=float).compute(), ValueError, "expected (2, 3)"),
        (lambda i: i.map_overlap(lambda b: b[:1], 1, dtype=float).compute(), ValueError, "or (4, 5) with the halo"),
        (lambda i: i.map_blocks(lambda b: b * 1j), TypeError, "complex128"),
        (lambda i: i.map_blocks(lambda b: b.astype("float16")), TypeError, "float16"),
        (lambda i: i.map_blocks(lambda b: b * 0.5, dtype="uint8").compute(), TypeError, "dtype='float64'"),
        (lambda i: i.map_blocks(lambda b: 1 / 0), ValueError, "ZeroDivisionError"),
        (lambda i: i.map_blocks(lambda b: b.sum(0), drop_axis=0), ValueError, "rechunk"),
        (lambda i: i.map_blocks(np.sqrt, drop_axis="q"), ValueError, "one of yx"),
        (lambda i: i.map_blocks(np.sqrt, new_axis=5), ValueError, "new_axis"),
        (lambda i: i.map_blocks(np.sqrt, chunks=(3,)), ValueError, "one per axis"),
        (lambda i: i.map_blocks(np.sqrt, chunks=(2, 2), shape=(6, 9)), ValueError, "one chunk for each"),
        (lambda i: i.map_blocks(np.sqrt, returns="lists"), ValueError, "'list'"),
        (lambda i: i.map_overlap(np.sqrt, -1), ValueError, "0 or more"),
        (lambda i: i.map_overlap(np.sqrt, (1, 2, 3)), ValueError, "one per axis of yx"),
        (lambda i: i.map_overlap(np.sqrt, 1, "reflekt"), ValueError, "'reflect'"),
        (lambda i: i.map_overlap(np.sqrt, 1, ("reflect", "wrap")), ValueError, "one rule for all axes"),
        (lambda i: i.map_blocks("sqrt"), TypeError, "function"),
        (lambda i: petavox.map_blocks(np.sqrt, np.ones(3)), TypeError, "from_array"),
        (lambda i: i.map_blocks(np.sqrt, memory=3), ValueError, "memory"),
    ],
)
def test_mistakes_are_answered_with_what_was_expected(call, error, message):
    with pytest.raises(error) as raised:
        call(petavox.from_array(np.ones((6, 9)), chunks=(2, 3)))
    assert message in str(raised.value)


# Travelling.


def test_functions_travel_with_the_plan():
    pytest.importorskip("cloudpickle")
    array = samples((12, 12))
    factor = 3
    image = petavox.from_array(array, chunks=(5, 5)).map_overlap(lambda b: ndimage.uniform_filter(b, 3) * factor, 1)
    back = pickle.loads(pickle.dumps(image.apply("gaussian", sigma=1)))
    np.testing.assert_array_equal(back.compute(), image.apply("gaussian", sigma=1).compute())
    table = petavox.from_array(array, chunks=(5, 5)).map_blocks(lambda b: {"n": [b.size * factor]})
    assert list(pickle.loads(pickle.dumps(table)).compute()["n"]) == list(table.compute()["n"])


# Threads, memory, Ctrl-C.


def test_functions_that_let_go_of_the_interpreter_run_at_the_same_time():
    together = threading.Barrier(2, timeout=20)

    def meet(block):
        together.wait()
        return block

    array = samples((8, 4))
    np.testing.assert_array_equal(petavox.from_array(array, chunks=(2, 4)).map_blocks(meet, dtype=float).compute(threads=2), array)


def test_functions_may_compute_images_themselves():
    array = samples((20, 20))
    inner = petavox.from_array(array).apply("gaussian", sigma=1)
    image = petavox.from_array(array, chunks=(7, 20)).map_blocks(
        lambda b, block_info: b - inner.compute(threads=1)[block_info.slices], dtype=float
    )
    np.testing.assert_array_equal(image.compute(threads=2), array - ndimage.gaussian_filter(array, 1))


INTERRUPTED = """
import os, signal, threading, time
import numpy as np, petavox
# Who starts tests in the background may have told them to ignore it.
signal.signal(signal.SIGINT, signal.default_int_handler)
calls = []
def slow(block):
    calls.append(1)
    time.sleep(0.2)
    return block
image = petavox.from_array(np.zeros((1000, 4)), chunks=(1, 4)).map_blocks(slow, dtype=float)
threading.Timer(1.0, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
began = time.monotonic()
try:
    image.compute(threads=2)
except KeyboardInterrupt:
    took = time.monotonic() - began
    assert took < 3, took
    assert 2 <= len(calls) < 60
    print("stopped")
"""


def test_ctrl_c_stops_between_calls():
    done = subprocess.run([sys.executable, "-c", INTERRUPTED], capture_output=True, text=True, timeout=60, env=os.environ)
    assert done.stdout.strip() == "stopped", done.stderr


LARGER = """
import sys
import numpy as np, petavox
from skimage.filters import sobel
def peak():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) * 1024
volume = petavox.open(sys.argv[1])
edges = volume.map_overlap(sobel, depth=1, dtype="float64")
before = peak()
edges.save(sys.argv[2], memory=before + (40 << 20), levels=1)
print(volume.nbytes, edges.nbytes, peak() - before)
"""


def test_a_scikit_image_function_runs_over_a_volume_larger_than_the_memory(tmp_path):
    filters = pytest.importorskip("skimage.filters")
    volume = samples((96, 256, 256), "float32")
    petavox.from_array(volume).save(tmp_path / "volume.zarr", chunks=(32, 64, 64), levels=1)
    done = subprocess.run(
        [sys.executable, "-c", LARGER, tmp_path / "volume.zarr", tmp_path / "edges.zarr"],
        capture_output=True, text=True, timeout=120, env=os.environ,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    n_in, n_out, more = map(int, done.stdout.split())
    assert n_in == 24 << 20 and n_out == 48 << 20
    assert more < 40 << 20, f"{more / 2**20:.0f} MiB"
    got = petavox.open(tmp_path / "edges.zarr").compute()
    np.testing.assert_allclose(got, filters.sobel(volume.astype("float64")), rtol=1e-5, atol=1e-4)


GUIDE = pathlib.Path(__file__).parents[2] / "docs/guide/map_blocks.md"


def test_the_guide_says_what_happens():
    pytest.importorskip("skimage")
    failed, tried = doctest.testfile(str(GUIDE), module_relative=False)
    assert tried > 15 and failed == 0


def test_the_guides_network_runs_over_a_volume():
    # PyTorch is large: where it is not installed this is skipped.
    pytest.importorskip("torch")
    [code] = [c for c in GUIDE.read_text().split("```") if c.startswith("python\nimport torch")]
    array = samples((20, 24, 28), "float32")
    names = {"volume": petavox.from_array(array, chunks=(8, 8, 8))}
    exec(code.removeprefix("python\n"), names)
    probability, predict = names["probability"], names["predict"]
    inside = (slice(2, -2),) * 3
    np.testing.assert_allclose(probability.compute()[inside], predict(array)[inside], rtol=1e-4, atol=1e-4)
