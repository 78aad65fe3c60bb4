"""The Python package beside dask.array, dask-image and scipy on the same work and cores, each case in a process of its own.

    pip install . dask dask-image zarr tifffile scipy
    python bench/python.py [CASE ...] [--threads 2] [--scale 1.0] [--repeat 1] [--folder DIR] [--json]

Cases (all by default):

- stack     sum over 101 TIFF slices of 2048 x 2048 uint16: petavox.imread against dask_image.imread and tifffile + dask.array
- gaussian  gaussian sigma 2 over a float32 Zarr array of 512^3 in chunks of 128^3, into a Zarr array
- rechunk   a uint16 Zarr array of 4 GiB from (1, 2048, 2048) to 128^3, petavox within 200 MiB; it writes zstd 1 with a checksum, dask
            Zarr's default, zstd 3 without; the codec alone in one thread is the floor
- fixed     import, plans over a million chunks, small calls, peak memory of gaussian on a 2 GB array, copies, Python threads

--scale 0.1 makes the inputs ten times smaller. Inputs are made once and kept in the folder. Wall and CPU seconds count from the
call to its end without imports, peak memory is the whole process'. Nothing else should run meanwhile.
"""

import argparse
import json
import os
import pathlib
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time


def cpu():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def peak_bytes():
    """The largest resident memory of this process alone; getrusage would also tell what it was forked from."""
    status = pathlib.Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


def measured(work, check=None):
    """What `work` took, and what it returned."""
    wall, used = time.perf_counter(), cpu()
    result = work()
    out = {"wall": time.perf_counter() - wall, "cpu": cpu() - used, "peak_mb": peak_bytes() / 1e6}
    return out | ({"check": check(result)} if check else {})


# Inputs.


def n_slices(scale):
    return max(2, round(101 * scale))


def make_stack(folder, scale):
    import numpy as np
    import tifffile

    random = np.random.default_rng(0)
    for i in range(n_slices(scale)):
        tifffile.imwrite(folder / f"slice_{i:03}.tif", random.integers(0, 4000, (2048, 2048), "uint16"))


def make_gaussian(folder, scale):
    import numpy as np
    import zarr

    n = max(32, round(512 * scale ** (1 / 3) / 32) * 32)
    array = zarr.create_array(folder / "in.zarr", shape=(n, n, n), chunks=(min(128, n),) * 3, dtype="float32")
    random = np.random.default_rng(0)
    for z in range(0, n, 32):
        array[z : z + 32] = random.random((min(32, n - z), n, n), "float32")


def make_rechunk(folder, scale):
    import numpy as np
    import zarr

    n = max(128, round(512 * scale / 128) * 128)
    array = zarr.create_array(folder / "in.zarr", shape=(n, 2048, 2048), chunks=(1, 2048, 2048), dtype="uint16")
    ramp = np.add.outer(np.arange(2048, dtype="uint16"), np.arange(2048, dtype="uint16"))
    random = np.random.default_rng(0)
    for z in range(n):
        array[z] = ramp + random.integers(0, 16, ramp.shape, "uint16") + z


# Work: each function runs in a fresh process and returns what was measured.


def stack_petavox(folder, threads):
    import petavox

    return measured(
        lambda: petavox.imread(f"{folder}/*.tif").sum(axis=0).compute(threads=threads), lambda total: int(total.sum())
    )


def stack_dask_image(folder, threads):
    import dask
    import dask_image.imread

    dask.config.set(scheduler="threads", num_workers=threads)
    return measured(lambda: dask_image.imread.imread(f"{folder}/*.tif").sum(axis=0).compute(), lambda total: int(total.sum()))


def stack_dask_tifffile(folder, threads):
    import dask
    import dask.array
    import tifffile

    dask.config.set(scheduler="threads", num_workers=threads)

    def work():
        names = sorted(folder.glob("*.tif"))
        first = tifffile.imread(names[0])
        read = dask.delayed(tifffile.imread)
        slices = [dask.array.from_delayed(read(name), first.shape, first.dtype) for name in names]
        return dask.array.stack(slices).sum(axis=0).compute()

    return measured(work, lambda total: int(total.sum()))


def gaussian_petavox(folder, threads):
    import petavox

    def work():
        smooth = petavox.open(folder / "in.zarr").apply("gaussian", sigma=2)
        return smooth.to_zarr(folder / "out_petavox.zarr", overwrite=True, levels=1, codec="zstd:1", threads=threads)

    return measured(work)


def gaussian_dask_image(folder, threads):
    import dask
    import dask.array
    import dask_image.ndfilters

    dask.config.set(scheduler="threads", num_workers=threads)

    def work():
        smooth = dask_image.ndfilters.gaussian_filter(dask.array.from_zarr(folder / "in.zarr"), 2)
        return smooth.to_zarr(str(folder / "out_dask.zarr"), overwrite=True)

    return measured(work)


def rechunk_petavox(folder, threads):
    import petavox

    def work():
        image = petavox.open(folder / "in.zarr")
        options = {"overwrite": True, "levels": 1, "codec": "zstd:1", "threads": threads}
        return image.to_zarr(folder / "out_petavox.zarr", chunks=(128, 128, 128), memory="200MiB", **options)

    return measured(work)


def rechunk_codecs(folder, threads):
    """The floor: what the codec alone takes in one thread, decoding every slice (zstd 3) and encoding every cube (zstd 1, with checksum)."""
    import numcodecs
    import numpy as np
    import zarr

    array = zarr.open(folder / "in.zarr", mode="r")
    n, height, width = array.shape
    paths = sorted((folder / "in.zarr" / "c").glob("*/0/0"), key=lambda p: int(p.parts[-3]))
    reading, writing = numcodecs.Zstd(), numcodecs.Zstd(level=1, checksum=True)
    slab = np.empty((128, height, width), "uint16")
    used = {"decode_cpu": 0.0, "encode_cpu": 0.0}
    for z in range(0, n, 128):
        for k, path in enumerate(paths[z : z + 128]):
            encoded, begin = path.read_bytes(), time.process_time()
            reading.decode(encoded, slab[k])
            used["decode_cpu"] += time.process_time() - begin
        for y in range(0, height, 128):
            for x in range(0, width, 128):
                cube = np.ascontiguousarray(slab[:, y : y + 128, x : x + 128])
                begin = time.process_time()
                writing.encode(cube)
                used["encode_cpu"] += time.process_time() - begin
    return used | {"cpu": sum(used.values())}


def rechunk_dask(folder, threads):
    import dask
    import dask.array

    dask.config.set(scheduler="threads", num_workers=threads)

    def work():
        array = dask.array.from_zarr(folder / "in.zarr").rechunk((128, 128, 128))
        return array.to_zarr(str(folder / "out_dask.zarr"), overwrite=True)

    return measured(work)


def same_zarr(folder):
    """Whether both outputs hold the same, slab by slab; gaussian's to rounding."""
    import numpy as np
    import zarr

    ours, theirs = zarr.open(folder / "out_petavox.zarr", mode="r"), zarr.open(folder / "out_dask.zarr", mode="r")
    ours = ours if hasattr(ours, "shape") else ours["0"]
    return ours.shape == theirs.shape and all(
        np.allclose(ours[z : z + 128], theirs[z : z + 128], rtol=1e-5, atol=1e-6) for z in range(0, ours.shape[0], 128)
    )


def best(work, times, unit=1e6):
    """The shortest of several calls."""
    least = float("inf")
    for _ in range(times):
        begin = time.perf_counter()
        work()
        least = min(least, time.perf_counter() - begin)
    return least * unit


def fixed_import(folder, threads):
    subprocess.run([sys.executable, "-c", "import petavox"], check=True)  # Compiles the modules, once and for all.
    import numpy  # noqa: F401  What a user of either has loaded anyway.

    begin = time.perf_counter()
    import petavox  # noqa: F401

    return {"import_petavox_ms": (time.perf_counter() - begin) * 1e3, "peak_mb": peak_bytes() / 1e6}


def fixed_plan(folder, threads):
    """A chain over a source of a million chunks: built, planned, told."""
    import zarr

    import petavox

    path = folder / "million.zarr"
    if not path.exists():
        zarr.create_array(path, shape=(6400, 6400, 6400), chunks=(64, 64, 64), dtype="uint16")

    def work():
        smooth = petavox.open(path).apply("gaussian", sigma=1)
        part = (smooth > 100).astype("uint8").sum(axis=0)
        assert len(part.explain("json", memory="4GiB", threads=threads)) > 0

    work()
    return {"build_and_plan_ms": best(work, 5, 1e3), "peak_mb": peak_bytes() / 1e6}


def fixed_small(folder, threads):
    import numpy as np
    from scipy import ndimage

    import petavox

    array = np.random.default_rng(0).random((64, 64), "float32")
    call = lambda: petavox.from_array(array).apply("gaussian", sigma=1).compute(threads=threads)  # noqa: E731
    call()
    return {"petavox_us": best(call, 500), "scipy_us": best(lambda: ndimage.gaussian_filter(array, 1), 500)}


def fixed_large(folder, threads, gigabytes=2.0):
    """gaussian on a numpy array: what the process holds beyond the array and the result."""
    import numpy as np

    import petavox

    n = round(gigabytes * 1e9 / 4 / 1024 / 1024)
    array = np.ones((n, 1024, 1024), "float32")
    before = peak_bytes()
    out = measured(lambda: petavox.from_array(array).apply("gaussian", sigma=2).compute(threads=threads), lambda r: r.nbytes)
    beyond = out["peak_mb"] - before / 1e6 - out["check"] / 1e6
    return out | {"array_mb": array.nbytes / 1e6, "beyond_array_and_result_mb": beyond}


def fixed_copies(folder, threads):
    """Whether arrays are read where they lie and results written where they are returned."""
    import numpy as np

    import petavox

    array = np.zeros((64, 1024, 1024), "uint8")
    image = petavox.from_array(array)
    (held,) = image._lazy.held().values()
    before = peak_bytes()
    result = image.compute(threads=threads)
    return {
        "array_is_the_same": held is array and held.__array_interface__["data"] == array.__array_interface__["data"],
        "beyond_result_mb": (peak_bytes() - before - result.nbytes) / 1e6,
    }


def fixed_blocks(folder, threads):
    """A million blocks of 4 x 4 samples, array to array: what a block costs, its reading, adding and writing included."""
    import numpy as np

    import petavox

    array = np.random.default_rng(0).integers(0, 200, (4000, 4000), np.uint8)
    image = petavox.from_array(array) + np.uint8(1)
    petavox.config.set(block_edge=4)
    out = measured(lambda: image.compute(threads=threads), lambda result: bool((result == array + 1).all()))
    # Seconds for a million are microseconds for one.
    return {"us_per_block": out["wall"], "cpu_us_per_block": out["cpu"], "right": out["check"]}


def fixed_threads(folder, threads):
    """Two Python threads that compute at once, and one that counts meanwhile."""
    import numpy as np

    import petavox

    image = petavox.from_array(np.ones((128, 512, 512), "float32")).apply("gaussian", sigma=4)
    image.compute(threads=1)
    alone = best(lambda: image.compute(threads=1), 2, 1)

    def counted(seconds=None, work=None):
        stop, turns = threading.Event(), [0]

        def count():
            while not stop.is_set():
                turns[0] += 1

        counter = threading.Thread(target=count)
        counter.start()
        begin = time.perf_counter()
        work() if work else time.sleep(seconds)
        took = time.perf_counter() - begin
        stop.set()
        counter.join()
        return turns[0] / took

    both = [threading.Thread(target=image.compute, kwargs={"threads": 1}) for _ in range(2)]
    wall, used = time.perf_counter(), cpu()
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    wall, used = time.perf_counter() - wall, cpu() - used
    undisturbed = counted(seconds=1.0)
    meanwhile = counted(work=lambda: image.compute(threads=1))
    return {
        "one_secs": alone,
        "two_at_once_secs": wall,
        "cores_used": used / wall,
        "counting_per_sec": undisturbed,
        "counting_during_a_compute_per_sec": meanwhile,
    }


CASES = {
    "stack": (make_stack, [stack_petavox, stack_dask_tifffile, stack_dask_image]),
    "gaussian": (make_gaussian, [gaussian_petavox, gaussian_dask_image]),
    "rechunk": (make_rechunk, [rechunk_petavox, rechunk_codecs, rechunk_dask]),
    "fixed": (None, [fixed_import, fixed_plan, fixed_small, fixed_large, fixed_copies, fixed_blocks, fixed_threads]),
}


def in_process(function, folder, threads, scale):
    """Call a function of this file in a fresh interpreter."""
    keep_to = {"OMP_NUM_THREADS": str(threads), "OPENBLAS_NUM_THREADS": str(threads), "BLOSC_NTHREADS": str(threads)}
    environment = os.environ | keep_to
    # Modules are compiled once, as for users.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    command = [sys.executable, __file__, "--call", function.__name__, "--folder", folder, "--threads", str(threads)]
    done = subprocess.run(
        [*map(str, command), "--scale", str(scale)], capture_output=True, text=True, env=environment
    )
    if done.returncode:
        return {"failed": done.stderr.strip().splitlines()[-1:]}
    return json.loads(done.stdout.splitlines()[-1])


def shown(value):
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def run_case(name, root, options):
    make, functions = CASES[name]
    folder = root / f"{name}_{options.scale:g}"
    if not (folder / "made").exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        if make:
            make(folder, options.scale)
        (folder / "made").touch()
    out = {}
    for function in functions:
        runs = [in_process(function, folder, options.threads, options.scale) for _ in range(options.repeat)]
        out[function.__name__] = min(runs, key=lambda r: r.get("wall", 0))
    if name in ("gaussian", "rechunk"):
        out["same_result"] = same_zarr(folder)
        for path in folder.glob("out_*.zarr"):
            shutil.rmtree(path)
    elif name == "stack":
        out["same_result"] = len({o.get("check") for o in out.values()}) == 1
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("cases", nargs="*", choices=[[], *CASES], help="by default all")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--folder", type=pathlib.Path, default=pathlib.Path(tempfile.gettempdir()) / "petavox-bench")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--call", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.call:
        arguments = {"gigabytes": 2.0 * options.scale} if options.call == "fixed_large" else {}
        print(json.dumps(globals()[options.call](options.folder, options.threads, **arguments)))
        return
    results = {}
    for name in options.cases or CASES:
        results[name] = run_case(name, options.folder, options)
        if not options.json:
            print(f"{name}, {options.threads} threads, scale {options.scale:g}")
            for who, what in results[name].items():
                said = "  ".join(f"{k} {shown(v)}" for k, v in what.items()) if isinstance(what, dict) else what
                print(f"  {who:22} {said}", flush=True)
    if options.json:
        print(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
