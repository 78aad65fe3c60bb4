"""A lazy image over numpy arrays and files: what it says of itself, and that it computes what it should."""

import pickle
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from scipy import ndimage

import petavox

DTYPES = ["bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32", "float64"]


def samples(shape, dtype, seed=0):
    return np.random.default_rng(seed).integers(0, 100, shape).astype(dtype)


@pytest.mark.parametrize("dtype", DTYPES)
def test_arrays_come_back_as_they_went_in(dtype):
    array = samples((5, 7, 9), dtype)
    image = petavox.from_array(array)
    assert (image.shape, image.dtype, image.ndim, image.size, image.nbytes) == (
        array.shape, array.dtype, 3, array.size, array.nbytes,
    )  # fmt: skip
    np.testing.assert_array_equal(image.compute(), array)


@pytest.mark.parametrize(
    "view",
    [lambda a: a[::2, ::-1, 1::3], lambda a: a.T, lambda a: np.asfortranarray(a), lambda a: a[:, 3], lambda a: a[2:2],
     lambda a: np.broadcast_to(a[:1], (4, 7, 9))],
    ids=["steps", "transposed", "fortran", "plane", "empty", "broadcast"],
)  # fmt: skip
def test_views_are_read_where_they_lie(view):
    array = view(samples((5, 7, 9), "uint16"))
    np.testing.assert_array_equal(petavox.from_array(array).compute(), array)


def test_nothing_is_copied_before_it_is_computed():
    array = samples((4, 5), "float32")
    image = petavox.from_array(array)
    array[1, 2] = 1234
    assert image.compute()[1, 2] == 1234
    assert not np.shares_memory(image.compute(), array)


def test_results_are_those_of_scipy_whatever_the_threads():
    array = samples((30, 41, 52), "float32")
    expected = ndimage.gaussian_filter(array, 1.5)
    for threads in (1, 2, 3):
        np.testing.assert_array_equal(petavox.from_array(array).apply("gaussian", sigma=1.5).compute(threads=threads), expected)


def test_files_go_round(tmp_path):
    array = samples((6, 20, 30), "uint16")
    image = petavox.from_array(array, spacing=(2, 0.5, 0.5))
    for name in ["a.zarr", "a.ome.tif", "a.npy"]:
        done = image.save(tmp_path / name)
        assert done["shape"] == [6, 20, 30]
        back = petavox.open(tmp_path / name)
        np.testing.assert_array_equal(back.compute(), array)
        if name != "a.npy":
            assert back.spacing == (2, 0.5, 0.5)
    with pytest.raises(FileExistsError, match="overwrite=True"):
        image.to_zarr(tmp_path / "a.zarr")
    image.to_zarr(tmp_path / "a.zarr", overwrite=True, chunks=(3, 8, 8), levels=1)
    assert petavox.open(tmp_path / "a.zarr").chunks == (3, 8, 8)


def test_the_plan_travels(tmp_path):
    array = samples((6, 20, 30), "uint16")
    petavox.from_array(array).save(tmp_path / "a.zarr")
    lazy = petavox.open(tmp_path / "a.zarr").apply("gaussian", sigma=1).rechunk((2, 10, 10))
    travelled = pickle.dumps(lazy)
    assert len(travelled) < 4000
    back = pickle.loads(travelled)
    assert back.chunks == (2, 10, 10)
    np.testing.assert_array_equal(back.compute(), lazy.compute())
    in_memory = pickle.loads(pickle.dumps(petavox.from_array(array).apply("gaussian", sigma=1)))
    np.testing.assert_array_equal(in_memory.compute(), lazy.compute())


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda i: i.apply("gausian"), ValueError, "did you mean 'gaussian'"),
        (lambda i: i.apply("gaussian", sigmas=2), ValueError, "did you mean 'sigma'"),
        (lambda i: petavox.open("/not/there.tif"), FileNotFoundError, "/not/there.tif"),
        (lambda i: petavox.from_array(np.zeros(3, complex)), TypeError, "complex128"),
        (lambda i: i.compute(memory="1MiB"), MemoryError, "smallest budget that works is memory="),
        (lambda i: i.compute(memory="much"), ValueError, "such as '512MiB'"),
        (lambda i: i.compute(threads=0), ValueError, "1 or more"),
        (lambda i: i.save("image.xyz"), ValueError, ".zarr"),
        (lambda i: i.rechunk((1, 2)), ValueError, "one per axis"),
        (lambda i: petavox.config.set(memroy=3), TypeError, "memroy"),
    ],
)
def test_mistakes_are_answered_with_what_was_expected(call, error, message):
    image = petavox.from_array(samples((4, 5, 6), "uint8"))
    with pytest.raises(error) as raised:
        call(image)
    assert message in str(raised.value)


def test_other_python_threads_run_during_a_long_compute():
    image = petavox.from_array(np.zeros((64, 256, 256), np.float32)).apply("gaussian", sigma=4)
    turns, stop = [0], threading.Event()

    def count():
        while not stop.is_set():
            turns[0] += 1
            time.sleep(0)

    counter = threading.Thread(target=count)
    counter.start()
    before = turns[0]
    image.compute(threads=1)
    during = turns[0] - before
    stop.set()
    counter.join()
    assert during > 100


def test_a_stack_is_opened_by_its_first_slice_and_checked_as_it_is_read(tmp_path):
    import tifffile

    stack = samples((101, 30, 40), "uint16")
    for i, plane in enumerate(stack):
        tifffile.imwrite(tmp_path / f"s{i}.tif", plane)
    image = petavox.imread(str(tmp_path / "*.tif"))
    assert image.shape == stack.shape
    np.testing.assert_array_equal(image.sum(axis=0).compute(), stack.sum(axis=0))
    np.testing.assert_array_equal(image[[9, 10, 100]].compute(), stack[[9, 10, 100]])
    (tmp_path / "s7.tif").write_bytes(b"not a picture")
    tifffile.imwrite(tmp_path / "s8.tif", stack[8, :20])
    again = petavox.imread(str(tmp_path / "*.tif"))
    np.testing.assert_array_equal(again[9:].compute(), stack[9:])
    with pytest.raises(ValueError, match="s7.tif"):
        again[7].compute()
    with pytest.raises(ValueError, match=r"s8.tif.*\[20, 40\]"):
        again[8].compute()
    with pytest.raises(ValueError, match="s7.tif"):
        petavox.open(str(tmp_path / "*.tif"))


def test_ctrl_c_stops_a_run_within_a_second(tmp_path):
    program = """
import numpy as np, petavox, signal, sys, time
# Who starts tests in the background may have told them to ignore it.
signal.signal(signal.SIGINT, signal.default_int_handler)
image = petavox.from_array(np.zeros((600, 400, 400), np.float32))
for axis in range(6):
    image = petavox.ndimage.gaussian_filter(image, 9)
print("ready", flush=True)
try:
    image.save(sys.argv[1])
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""
    target = tmp_path / "out.zarr"
    run = subprocess.Popen([sys.executable, "-c", program, str(target)], stdout=subprocess.PIPE, text=True)
    assert run.stdout.readline() == "ready\n"
    time.sleep(1.5)
    run.send_signal(signal.SIGINT)
    began = time.monotonic()
    out, _ = run.communicate(timeout=60)
    assert out == "interrupted\n"
    assert run.returncode == 0
    assert time.monotonic() - began < 5  # 1 s on an idle machine
    assert not target.exists()


def test_long_runs_show_a_bar_on_a_terminal():
    program = "import numpy as np, petavox; petavox.ndimage.gaussian_filter(petavox.from_array(np.zeros((300, 400, 400), np.float32)), 9).compute(progress={})"
    shown = subprocess.run([sys.executable, "-c", program.format(True)], stderr=subprocess.PIPE, text=True, check=True)
    assert "blocks" in shown.stderr
    silent = subprocess.run([sys.executable, "-c", program.format(None)], stderr=subprocess.PIPE, text=True, check=True)
    assert silent.stderr == ""
