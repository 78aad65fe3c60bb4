"""The whole skeleton pipeline, side by side with what people run today, on the same volume, in the same run.

    cargo build --release -p petavox-cli && cargo build --release -p petavox --example phantom
    python bench/pipeline.py [--size 512] [--repeat 3] [--memory 256MiB] [--dask]

gaussian sigma 2 -> above 0.45 -> skeletonize (lee) -> branch table, from one float32 .npy file of SIZE^3 voxels:

- peer: scipy.ndimage.gaussian_filter, scikit-image's lee, skan, all in memory; with --dask also from a folder of 2-D slices
  through dask_image.ndfilters, then the same.
- petavox: `petavox skeleton --method lee`, and the default `parity`, which also write the skeleton as OME-Zarr, radii and a report.

Prints wall and CPU seconds (best of REPEAT for petavox, one warm run for the peers, whose compilation is not counted) and
peak resident memory of each process. Nothing else should run meanwhile.
"""

import argparse
import json
import os
import pathlib
import resource
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release"


def cpu():
    both = [resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in both)


def peer(path, how):
    import numpy as np
    import scipy.ndimage
    import skan
    import skimage.morphology

    # numba compiles on the first call: not counted.
    small = np.zeros((8, 8, 8), bool)
    small[4, 4, 1:7] = True
    skan.summarize(skan.Skeleton(small), separator="_")
    steps, wall, used = {}, time.perf_counter(), cpu()

    def step(name, f):
        clock = time.perf_counter()
        result = f()
        steps[name] = round(time.perf_counter() - clock, 3)
        return result

    if how == "dask":
        import dask.array
        import dask_image.ndfilters
        import tifffile

        names = sorted(pathlib.Path(path).glob("*.tif"))
        first = tifffile.imread(names[0])
        planes = [
            dask.array.from_delayed(dask.delayed(tifffile.imread)(n), first.shape, first.dtype)[None] for n in names
        ]
        volume = dask.array.concatenate(planes)
        smooth = step("gaussian", lambda: dask_image.ndfilters.gaussian_filter(volume, 2).compute())
    else:
        volume = step("read", lambda: np.load(path))
        smooth = step("gaussian", lambda: scipy.ndimage.gaussian_filter(volume, 2))
    mask = step("threshold", lambda: smooth > 0.45)
    skeleton = step("thin", lambda: skimage.morphology.skeletonize(mask, method="lee"))
    table = step("skan", lambda: skan.summarize(skan.Skeleton(skeleton > 0), separator="_"))
    print(json.dumps({
        "wall": round(time.perf_counter() - wall, 2),
        "cpu": round(cpu() - used, 2),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "branches": len(table),
        "foreground": round(100 * float(mask.mean()), 2),
        "steps": steps,
    }))


def petavox(path, out, method, memory, repeat):
    command = [TARGET / "petavox", "skeleton", path, "-o", out, "--sigma", "2", "--threshold", "0.45", "--method", method]
    command += ["--json", "--overwrite", "--memory", memory]
    best = None
    for _ in range(repeat):
        used, clock = cpu(), time.perf_counter()
        done = subprocess.run([str(c) for c in command], check=True, capture_output=True, text=True)
        wall, used = time.perf_counter() - clock, cpu() - used
        if best is None or wall < best["wall"]:
            told = json.loads(done.stdout)
            best = {
                "wall": round(wall, 2),
                "cpu": round(used, 2),
                "peak_mb": round(told["peak_memory_bytes"] / 2**20),
                "branches": told["results"]["n_branches"],
            }
    return best


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--memory", default="256MiB")
    parser.add_argument("--dask", action="store_true")
    args = parser.parse_args()
    shape = "x".join([str(args.size)] * 3)
    with tempfile.TemporaryDirectory() as folder:
        volume, slices = f"{folder}/volume.npy", f"{folder}/slices"
        subprocess.run([TARGET / "examples" / "phantom", shape, volume], check=True)
        rows = {}
        rows["peer in memory"] = run_peer(volume, "memory")
        if args.dask:
            subprocess.run([TARGET / "examples" / "phantom", shape, slices, "--slices"], check=True)
            rows["peer with dask from slices"] = run_peer(slices, "dask")
            rows["petavox lee from slices"] = petavox(slices, f"{folder}/s", "lee", args.memory, args.repeat)
        rows["petavox lee"] = petavox(volume, f"{folder}/a", "lee", args.memory, args.repeat)
        rows["petavox parity"] = petavox(volume, f"{folder}/b", "parity", args.memory, args.repeat)
    base = rows["peer in memory"]
    for name, row in rows.items():
        print(f"{name:<28} {json.dumps(row)}")
        if name.startswith("petavox"):
            print(f"{'':<28} wall {base['wall'] / row['wall']:.1f}x, cpu {base['cpu'] / row['cpu']:.1f}x, "
                  f"memory 1/{base['peak_mb'] / row['peak_mb']:.1f} of the peer in memory")


def run_peer(path, how):
    done = subprocess.run([sys.executable, __file__, "--peer", path, how], check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--peer"]:
        peer(sys.argv[2], sys.argv[3])
    else:
        main()
