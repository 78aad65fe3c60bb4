"""One plan, any executor: what a Dask cluster computes is, bit for bit, what threads compute, also when a worker is killed."""

import hashlib
import json
import os
import pathlib
import signal
import subprocess
import sys

import numpy as np
import pytest

import petavox
from petavox import _cluster
from petavox import distributed as shared
from petavox.skeleton import analyse

distributed = pytest.importorskip("distributed")
cloudpickle = pytest.importorskip("cloudpickle")
# Workers do not have this file.
cloudpickle.register_pickle_by_value(sys.modules[__name__])


WORKER_BYTES = 420 << 20


class Killer(distributed.WorkerPlugin):
    """Kills the worker that is the first to begin its second task, once in a run."""

    def __init__(self, flag):
        self.flag = str(flag)

    def setup(self, worker):
        self.begun = 0

    def transition(self, key, start, finish, **_):
        name = key[0] if isinstance(key, tuple) else key
        if finish == "executing" and not name.startswith("petavox-plan"):
            self.begun += 1
            if self.begun == 2:
                try:
                    os.close(os.open(self.flag, os.O_CREAT | os.O_EXCL))
                except FileExistsError:
                    return
                # In the middle of the task, which runs on another thread.
                os.kill(os.getpid(), signal.SIGKILL)


def digest(path):
    """A hash of a file, or of the names and contents of all files in a folder."""
    path = pathlib.Path(path)
    found = hashlib.sha256()
    for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
        if file.is_file():
            found.update(file.relative_to(path).as_posix().encode() if path.is_dir() else b"")
            found.update(file.read_bytes())
    return found.hexdigest()


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A volume with tubes and blobs, stored as slices and as bricks."""
    folder = tmp_path_factory.mktemp("files")
    z, y, x = np.mgrid[:70, :150, :290]
    waves = 30 * (np.sin(x / 9) + np.cos(y / 7) + np.sin(z / 5))
    tubes = ((z - 20) ** 2 + (y - 30) ** 2 < 40) | ((z / 2 - 20) ** 2 + (x / 3 - 30) ** 2 < 40)
    volume = (100 + waves + 90 * tubes).astype(np.uint8)
    petavox.from_array(volume, spacing=(2, 1, 1)).save(folder / "bricks.zarr", levels=1, chunks=(32, 64, 64))
    petavox.from_array(volume).save(folder / "slices.zarr", levels=1, chunks=(1, 150, 290))
    return folder


@pytest.fixture(scope="module", params=["two workers", "three workers", "one is killed"])
def client(request):
    n_workers = {"two workers": 2, "three workers": 3, "one is killed": 2}[request.param]
    with (
        distributed.LocalCluster(n_workers=n_workers, threads_per_worker=1, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        client.kills = request.param == "one is killed"
        yield client


@pytest.fixture(scope="module")
def few_workers():
    """Two workers with limits that leave little for samples."""
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, memory_limit=WORKER_BYTES, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


@pytest.fixture
def killed(client, tmp_path, monkeypatch):
    """Many small tasks; the workers' killer, if there is one, armed. Checks afterwards that it struck."""
    monkeypatch.setattr(_cluster, "TASK_SECONDS", 0.01)
    flag = tmp_path / "killed"
    if client.kills:
        client.register_plugin(Killer(flag), name="killer")
    yield
    if client.kills:
        client.unregister_worker_plugin("killer")
        assert flag.exists(), "no worker was killed"


def filtered(image):
    return image.apply("gaussian", sigma=1.5).apply("threshold", method="otsu").apply("binary_opening", iterations=2)


CASES = {
    "filter chain": ("bricks.zarr", filtered, {}),
    "label": ("bricks.zarr", lambda i: i.apply("threshold", method="otsu").apply("label", connectivity=3), {}),
    "thinning": ("bricks.zarr", lambda i: i.apply("greater", value=150).apply("skeletonize"), {}),
    "rechunk": ("slices.zarr", lambda i: i, {"chunks": (32, 64, 64), "levels": 1}),
}


@pytest.mark.parametrize("name", CASES)
def test_files_are_the_same_bytes(name, client, killed, files, tmp_path):
    source, operation, options = CASES[name]
    image = operation(petavox.open(files / source))
    image.save(tmp_path / "one" / "out.zarr", **options)
    done = image.to_zarr(tmp_path / "many" / "out.zarr", scheduler=client, memory="320MiB", **options)
    assert done["n_tasks"] >= 2
    assert digest(tmp_path / "one" / "out.zarr") == digest(tmp_path / "many" / "out.zarr")
    assert os.listdir(tmp_path / "many") == ["out.zarr"], "something was left behind"


def test_samples_and_reductions_are_the_same(client, killed, files):
    image = petavox.open(files / "bricks.zarr")
    smooth = image.apply("gaussian", sigma=1.5)
    np.testing.assert_array_equal(smooth.compute(scheduler=client, memory="320MiB"), smooth.compute())
    for lazy in (np.sum(image, axis=0), np.mean(smooth, axis=1), np.max(image), np.std(smooth)):
        want, got = lazy.compute(), lazy.compute(scheduler=client, memory="320MiB")
        assert got.dtype == want.dtype
        np.testing.assert_array_equal(got, want)


def test_the_skeleton_pipeline_is_the_same(client, killed, files, tmp_path):
    image = petavox.open(files / "bricks.zarr")
    options = {"sigma": 1, "min_size": 30, "prune": 2}
    one = analyse(image, tmp_path / "one", **options)
    many = analyse(image, tmp_path / "many", scheduler=client, memory="320MiB", **options)
    assert many["threshold"] == one["threshold"] and many["n_branches"] == one["n_branches"] > 3
    for part in ("branches.parquet", "skeleton.zarr"):
        assert digest(tmp_path / "one" / part) == digest(tmp_path / "many" / part), part
    assert sorted(p.name for p in tmp_path.iterdir() if p.name != "killed") == ["many", "one"]


def objects(folder, pattern):
    """The files with samples in the hidden folders of a running computation."""
    return sorted(f for f in pathlib.Path(folder).glob(pattern) if f.is_file() and "json" not in f.name and not f.name.startswith(".z"))


# An output, the input of a sweep and a mask: what one stage leaves for others, or for good.
LOSSES = {"filter chain": ".out.zarr.partial-*/**/*", "rechunk": ".out.zarr.partial-*/**/*", "thinning": ".out.zarr.work-*/**/*input.zarr*/**/*"}


@pytest.mark.parametrize("name", LOSSES)
def test_an_object_that_is_lost_before_the_commit_is_made_again(name, few_workers, files, tmp_path, monkeypatch):
    source, operation, options = CASES[name]
    image = operation(petavox.open(files / source))
    image.save(tmp_path / "one" / "out.zarr", **options)
    lost = []
    look = shared._Cluster._make_whole

    def after_a_loss(self, *args):
        found = objects(tmp_path / "many", LOSSES[name])
        if not lost and found:
            # One is gone, another, if there is one, cut short.
            lost.extend(found[:2])
            for cut in found[1:2]:
                cut.write_bytes(cut.read_bytes()[:-7])
            found[0].unlink()
        look(self, *args)

    monkeypatch.setattr(shared._Cluster, "_make_whole", after_a_loss)
    image.to_zarr(tmp_path / "many" / "out.zarr", scheduler=few_workers, memory="320MiB", **options)
    assert lost and (name == "filter chain" or len(lost) == 2)
    assert digest(tmp_path / "one" / "out.zarr") == digest(tmp_path / "many" / "out.zarr")


def test_storage_that_keeps_losing_is_an_error_that_names_the_region(few_workers, files, tmp_path, monkeypatch):
    look = shared._Cluster._lost

    def after_a_loss(self, *args):
        objects(tmp_path, ".out.zarr.partial-*/**/*")[0].unlink()
        return look(self, *args)

    monkeypatch.setattr(shared._Cluster, "_lost", after_a_loss)
    with pytest.raises(RuntimeError, match=r"write gaussian: what was written of region \[0:.*not there"):
        petavox.open(files / "bricks.zarr").apply("gaussian", sigma=1).to_zarr(tmp_path / "out.zarr", scheduler=few_workers)
    assert not [name for name in os.listdir(tmp_path) if not name.endswith(".lock")], "something was left behind"


def test_relative_paths_mean_the_clients_folder(client, files, monkeypatch):
    monkeypatch.chdir(files)
    image = petavox.open("bricks.zarr", spacing=3.0)
    np.testing.assert_array_equal(image.compute(scheduler=client), image.compute())


def test_the_command_line_asks_by_address(client, files, tmp_path):
    image = petavox.open(files / "bricks.zarr").apply("gaussian", sigma=1)
    request = {
        "scheduler": client.scheduler_info()["address"],
        "plan": json.loads(image._lazy.to_plan()),
        "path": str(tmp_path / "sk"),
        "skeleton": {"options": {"sigma": [1.0]}},
    }
    command = [sys.executable, "-m", "petavox.distributed"]
    done = subprocess.run(command, input=json.dumps(request), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["n_branches"] > 3 and (tmp_path / "sk" / "branches.parquet").exists()


def test_arrays_in_memory_travel(client):
    array = np.random.default_rng(0).random((20, 30))
    image = petavox.from_array(array).apply("gaussian", sigma=1)
    np.testing.assert_array_equal(image.compute(scheduler=client), image.compute())


def test_mistakes_raise_what_they_do_without_a_cluster(client, files, tmp_path):
    image = petavox.open(files / "bricks.zarr")
    with pytest.raises(TypeError, match=r"expected a dask\.distributed\.Client"):
        image.compute(scheduler="threads".encode())
    with pytest.raises(ValueError, match="Zarr"):
        image.to_zarr(tmp_path / "out.npy", scheduler=client)
    with pytest.raises(ValueError, match="no samples that are numbers"):
        petavox.from_array(np.full((8, 8), np.nan)).apply("threshold", method="otsu").compute(scheduler=client)
    (tmp_path / "there.zarr").mkdir()
    with pytest.raises(FileExistsError):
        image.to_zarr(tmp_path / "there.zarr", scheduler=client)
    with pytest.raises(MemoryError, match="one task"):
        image.astype("float32").apply("order_statistics", ranks=list(range(64))).compute(scheduler=client, memory="201MiB")


def forget_peak():
    """Begin to measure this process' peak of resident memory anew."""
    pathlib.Path("/proc/self/clear_refs").write_text("5")


def peak():
    """The largest resident memory since then, in bytes."""
    status = pathlib.Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """A volume of four times what a worker may take for samples, in bricks and in slices."""
    folder = tmp_path_factory.mktemp("large")
    z, y, x = np.ogrid[:160, :640, :800]
    waves = (60 * (2 + np.sin(x / 9) * np.cos(y / 7) + np.sin(z / 5))).astype(np.uint16)
    petavox.from_array(waves).save(folder / "bricks.zarr", levels=1, chunks=(32, 128, 128))
    petavox.from_array(waves).save(folder / "slices.zarr", levels=1, chunks=(1, 640, 800))
    return folder


@pytest.mark.skipif(not pathlib.Path("/proc/self/clear_refs").exists(), reason="peaks are read from Linux' /proc")
@pytest.mark.parametrize("name", ["filter chain", "label", "rechunk", "skeleton"])
def test_a_worker_stays_within_its_share_of_memory(name, few_workers, large, tmp_path):
    few_workers.run(forget_peak)
    if name == "skeleton":
        image = petavox.open(large / "bricks.zarr")
        analyse(image, tmp_path / "out", scheduler=few_workers, sigma=1, threshold=200)
    else:
        source, operation, options = CASES[name]
        image = operation(petavox.open(large / source))
        image.to_zarr(tmp_path / "out.zarr", scheduler=few_workers, **options)
    budget = int(_cluster.SHARE * WORKER_BYTES)
    peaks = few_workers.run(peak)
    assert petavox.open(large / "bricks.zarr").nbytes > 2.5 * (budget - shared._BASE_BYTES)
    assert max(peaks.values()) <= budget, {k: f"{v >> 20} of {budget >> 20} MiB" for k, v in peaks.items()}


def test_batches_cover_every_block_once_and_are_few():
    for n_blocks, row, secs, threads in [(1, 1, 1e-9, 4), (10, 1, 3.0, 1), (10**6, 1, 1e5, 64), (96, 16, 900.0, 2), (96, 16, 0.1, 2)]:
        info = {"n_blocks": n_blocks, "row": row, "block_bytes": 1 << 22, "cpu_secs": secs}
        for pieces in (False, True):
            found = list(_cluster.batches(info, threads, pieces))
            assert [a for a, _ in found] == [0] + [b for _, b in found[:-1]] and found[-1][1] == n_blocks
            assert all(a < b for a, b in found) and len(found) <= max(_cluster.MOST_TASKS, n_blocks if pieces else 0)


def test_a_dask_array_has_the_same_samples_chunk_by_chunk(files):
    da = pytest.importorskip("dask.array")
    image = petavox.open(files / "bricks.zarr")
    smooth = image.apply("gaussian", sigma=1.5)
    mask = smooth.apply("threshold", method="otsu")
    for lazy in (image, smooth, mask, mask.apply("label")):
        array = lazy.to_dask()
        assert isinstance(array, da.Array) and array.chunksize == lazy.chunks and array.dtype == lazy.dtype
        np.testing.assert_array_equal(array.compute(scheduler="threads"), lazy.compute())
    np.testing.assert_array_equal(smooth.to_dask()[3:5, 40, :7].compute(), smooth.compute()[3:5, 40, :7])
    with pytest.raises(ValueError, match="to_zarr first"):
        mask.apply("skeletonize").to_dask()


def test_a_plan_that_was_sent_keeps_its_address_for_itself():
    """A later plan at a forgotten one's address would be taken for it: a level of a pyramid was never computed that way."""
    import gc
    import types
    import weakref

    from petavox.distributed import _Cluster

    cluster = _Cluster.__new__(_Cluster)
    cluster._sent = {}
    cluster.client = types.SimpleNamespace(submit=lambda *_, **__: object())
    plan = _cluster.Plan(petavox.from_array(np.zeros(3)), "{}")
    sent, watched = cluster.sent(plan), weakref.ref(plan)
    assert cluster.sent(plan) is sent
    del plan
    gc.collect()
    assert watched() is not None
