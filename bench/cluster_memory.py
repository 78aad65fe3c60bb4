"""The memory that Dask's workers take, against what they are allowed: every kind of stage, a volume of several times their share.

    pip install . dask distributed
    python bench/cluster_memory.py [--limit 1GiB] [--workers 2] [--threads 1] [--scale 1.0] [--folder DIR]

Prints a line per kind: the largest resident memory of any worker, what it had before, and what it is allowed, 60 % of its limit. Fails if
one took more. Scale 1 is a volume of 1 GiB in cubes and in slices. Linux only.
"""

import argparse
import pathlib
import shutil
import sys
import tempfile
import time

import distributed
import numpy as np

import petavox
from petavox import _cluster, config
from petavox.skeleton import analyse


def forget_peak():
    """Begin to measure this process' peak anew; tells what it has now."""
    pathlib.Path("/proc/self/clear_refs").write_text("5")
    return status("VmRSS:")


def status(name="VmHWM:"):
    """A line of this process' status, in bytes."""
    return int(pathlib.Path("/proc/self/status").read_text().split(name)[1].split()[0]) * 1024


def make(folder, scale):
    """A volume of waves with tubes in it, slab by slab."""
    n = max(64, round(512 * scale ** (1 / 3) / 64) * 64)
    shape = (n, 2 * n, 2 * n)
    path = folder / f"waves-{n}.npy"
    if not path.exists():
        volume = np.lib.format.open_memmap(path, "w+", np.uint16, shape)
        y, x = np.ogrid[: shape[1], : shape[2]]
        for z in range(n):
            waves = 600 * (2 + np.sin(x / 9) * np.cos(y / 7) + np.sin(z / 5))
            volume[z] = waves + 900 * (((y - 3 * z) % 97 < 5) & ((x + z) % 83 < 5))
        del volume
        image = petavox.open(path)
        image.save(folder / f"cubes-{n}.zarr", levels=1, chunks=(64, 64, 64), overwrite=True)
        image.save(folder / f"slices-{n}.zarr", levels=1, chunks=(1, *shape[1:]), overwrite=True)
    return petavox.open(folder / f"cubes-{n}.zarr"), petavox.open(folder / f"slices-{n}.zarr")


KINDS = {
    "filter chain": lambda cubes, slices: cubes.apply("gaussian", sigma=2).apply("threshold", method="otsu").apply("binary_opening"),
    "median": lambda cubes, slices: cubes.apply("median_filter", size=3),
    "label": lambda cubes, slices: cubes.apply("threshold", method="otsu").apply("label", connectivity=3),
    "thinning": lambda cubes, slices: cubes.apply("threshold", method="otsu").apply("skeletonize"),
    "distances": lambda cubes, slices: cubes.apply("threshold", method="otsu").apply("distance_transform_edt"),
    "rechunk": lambda cubes, slices: slices,
    "mean along z": lambda cubes, slices: cubes.mean(axis=0),
    "skeleton pipeline": None,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--limit", default="1GiB")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--folder", type=pathlib.Path)
    parser.add_argument("--only", nargs="*", default=list(KINDS))
    options = parser.parse_args()
    limit = config.parse_bytes(options.limit)
    budget = int(_cluster.SHARE * limit)
    folder = options.folder or pathlib.Path(tempfile.mkdtemp())
    folder.mkdir(parents=True, exist_ok=True)
    cubes, slices = make(folder, options.scale)
    print(f"{options.workers} workers of {options.threads} threads and {limit >> 20} MiB, image of {cubes.nbytes >> 20} MiB")
    bad = 0
    with (
        distributed.LocalCluster(
            n_workers=options.workers, threads_per_worker=options.threads, memory_limit=limit, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        for name in options.only:
            out = folder / "out"
            before = max(client.run(forget_peak).values())
            begin = time.perf_counter()
            try:
                if KINDS[name] is None:
                    analyse(cubes, out, scheduler=client, sigma=1)
                else:
                    KINDS[name](cubes, slices).to_zarr(out.with_suffix(".zarr"), scheduler=client, levels=1)
                seconds = time.perf_counter() - begin
                peak = max(client.run(status).values())
                verdict = "ok" if peak <= budget else "TOO MUCH"
                bad += peak > budget
                print(f"{name:18} peak {peak >> 20:5} of {budget >> 20} MiB (before {before >> 20:4})  {seconds:6.1f} s  {verdict}", flush=True)
            except MemoryError as error:
                print(f"{name:18} refused: {error}", flush=True)
            for path in (out, out.with_suffix(".zarr")):
                shutil.rmtree(path, ignore_errors=True)
    if options.folder is None:
        shutil.rmtree(folder)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
