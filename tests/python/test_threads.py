"""The threads of the process: shared by its Python threads, limited from outside, one each inside other people's workers."""

import concurrent.futures
import multiprocessing
import os
import subprocess
import sys
import textwrap
import threading
import time

import numpy as np
import pytest
from scipy import ndimage

import petavox
from petavox import _core

ARRAY = np.random.default_rng(0).random((48, 96, 96), np.float32)
EXPECTED = ndimage.gaussian_filter(ARRAY, 2)


def lazy():
    return petavox.from_array(ARRAY).apply("gaussian", sigma=2)


def most_working(compute):
    """The most threads that worked at any time while `compute` ran."""
    seen, stop = [0], threading.Event()

    def look():
        while not stop.is_set():
            seen.append(_core.working_threads())
            time.sleep(0.0005)

    looker = threading.Thread(target=look)
    looker.start()
    compute()
    stop.set()
    looker.join()
    return max(seen)


def test_python_threads_that_compute_at_once_share_the_threads():
    def compute():
        with concurrent.futures.ThreadPoolExecutor(3) as pool:
            for done in [pool.submit(lazy().compute, threads=3) for _ in range(12)]:
                np.testing.assert_array_equal(done.result(), EXPECTED)

    # A thread that joins a run just when another begins is one too many until its block is done.
    assert 3 <= most_working(compute) <= 5
    assert _core.working_threads() == 0


def test_threadpoolctl_lists_and_limits_petavox():
    threadpoolctl = pytest.importorskip("threadpoolctl")
    with petavox.config.set(threads=3):
        (info,) = [i for i in threadpoolctl.threadpool_info() if i["user_api"] == "petavox"]
        assert info["num_threads"] == 3
        assert info["version"] == petavox.__version__

        def many():
            for _ in range(10):
                lazy().compute()

        with threadpoolctl.threadpool_limits(1):
            assert most_working(many) == 1
        with threadpoolctl.threadpool_limits({"petavox": 2}):
            assert most_working(many) == 2
            assert most_working(lambda: [lazy().compute(threads=3) for _ in range(10)]) == 2
        assert most_working(many) == 3
    assert _core.thread_limit() is None


def test_the_limit_has_its_c_functions():
    import ctypes

    library = ctypes.CDLL(_core.__file__)
    library.petavox_set_num_threads(1)
    assert library.petavox_get_num_threads() == _core.thread_limit() == 1
    library.petavox_set_num_threads(0)
    assert library.petavox_get_num_threads() == _core.default_threads()


def run(script, **env):
    """What a fresh interpreter prints."""
    start = "import os, sys\nimport numpy as np\nimport petavox\n"
    environment = {k: v for k, v in os.environ.items() if not k.endswith("_NUM_THREADS")} | env
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", start + textwrap.dedent(script)],
        env=environment, capture_output=True, text=True, timeout=100,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_process_that_forks_after_and_during_a_compute_goes_on_in_both():
    out = run("""
        import threading
        from petavox import _core
        image = petavox.from_array(np.ones((40, 80, 80), np.float32)).apply("gaussian", sigma=2)
        mean = lambda: float(image.compute(threads=2).mean())
        mean()
        stop = threading.Event()
        def keep_busy():
            while not stop.is_set():
                mean()
        busy = threading.Thread(target=keep_busy)
        for began in (False, True):
            if began:
                busy.start()
            for _ in range(5):
                child = os.fork()
                if child == 0:
                    os._exit(0 if abs(mean() - 1) < 1e-6 and _core.working_threads() == 0 else 1)
                assert os.waitpid(child, 0)[1] == 0
            assert abs(mean() - 1) < 1e-6
        stop.set()
        busy.join()
        print("good")
    """)
    assert out == "good"


def test_the_environment_and_the_system_say_how_many():
    ask = "print(petavox._threads.num_threads())"
    assert run(ask, PETAVOX_NUM_THREADS="5", OMP_NUM_THREADS="3") == "5"
    assert run(ask, OMP_NUM_THREADS="3") == "3"
    assert run("os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n" + ask) == "1"
    assert run("petavox.config.set(threads=7)\n" + ask, PETAVOX_NUM_THREADS="5") == "7"


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_multiprocessing_workers_have_one_thread(method):
    lazy().compute()
    with multiprocessing.get_context(method).Pool(1) as pool:
        assert pool.apply(petavox.config.settings)["threads"] == 1
        assert pool.apply(petavox.config.settings, kwds={"threads": 2})["threads"] == 2
        np.testing.assert_array_equal(pool.apply(petavox.Image.compute, (lazy(),)), EXPECTED)


@pytest.mark.parametrize("backend", ["loky", "threading", "multiprocessing"])
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_joblib_workers_have_one_thread(backend):
    joblib = pytest.importorskip("joblib")
    calls = [joblib.delayed(petavox.config.settings)() for _ in range(4)]
    assert [s["threads"] for s in joblib.Parallel(2, backend=backend)(calls)] == [1] * 4
    assert joblib.Parallel(1)(calls)[0]["threads"] is None
    for result in joblib.Parallel(2, backend=backend)([joblib.delayed(lazy().compute)(progress=False) for _ in range(2)]):
        np.testing.assert_array_equal(result, EXPECTED)


def test_dask_tasks_have_one_thread_on_worker_threads():
    dask = pytest.importorskip("dask")
    task = dask.delayed(petavox.config.settings)()
    assert task.compute(scheduler="threads")["threads"] == 1
    assert task.compute(scheduler="threads", num_workers=3)["threads"] == 1
    assert task.compute(scheduler="sync")["threads"] is None
    with petavox.config.set(threads=2):
        assert task.compute(scheduler="threads")["threads"] == 2
    # Somebody's own threads are not Dask's.
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        assert pool.submit(petavox.config.settings).result()["threads"] is None


def test_distributed_tasks_have_one_thread():
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(n_workers=1, threads_per_worker=2, processes=False, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        assert client.submit(petavox.config.settings, pure=False).result()["threads"] == 1
        np.testing.assert_array_equal(client.submit(petavox.Image.compute, lazy()).result(), EXPECTED)


def test_what_was_said_counts_inside_workers_too():
    script = """
        import multiprocessing
        if __name__ == "__main__":
            with multiprocessing.get_context("fork").Pool(1) as pool:
                print(pool.apply(petavox._threads.num_threads))
    """
    assert run(script, PETAVOX_NUM_THREADS="3") == "3"
    assert run(script, OMP_NUM_THREADS="3") == "1"
