"""Thinning against scikit-image, on the same mask, in the same run.

    cargo build --release -p petavox-ops --example thin
    python bench/thin.py [--size 512] [--threads 2] [--repeat 3] [MASK.npy ...]

Without masks a made-up vessel tree of SIZE^3 voxels is used. Prints wall seconds (the best of REPEAT), peak resident
memory and whether the `lee` results are the same voxel for voxel. Nothing else should run meanwhile.
"""

import argparse
import os
import pathlib
import re
import resource
import subprocess
import sys
import tempfile
import time

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[1]


def peak_mb():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def scikit_image(path, method, out):
    """Runs in a process of its own, so that its peak memory is its own."""
    import skimage.morphology

    mask = np.load(path)
    before = peak_mb()
    clock = time.perf_counter()
    result = skimage.morphology.skeletonize(mask, method=method)
    print(time.perf_counter() - clock, peak_mb() - before)
    np.save(out, result)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("masks", nargs="*")
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--repeat", type=int, default=3)
    args = parser.parse_args()
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    program = target / "release" / "examples" / "thin"
    with tempfile.TemporaryDirectory() as folder:
        masks = args.masks
        if not masks:
            masks = [f"{folder}/phantom.npy"]
            subprocess.run([program, f"phantom:{args.size}", "--save", masks[0], "--repeat", "0"], check=True)
        for path in masks:
            mask = np.load(path)
            print(f"{path}: {mask.shape}, {100 * np.mean(mask != 0):.2f} % foreground", flush=True)
            for method in ["lee", "zhang"] if mask.ndim == 2 else ["lee"]:
                theirs = f"{folder}/theirs.npy"
                command = [sys.executable, __file__, "--peer", path, method, theirs]
                times = [
                    tuple(map(float, subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()))
                    for _ in range(args.repeat)
                ]
                secs, mb = min(times)
                print(f"  scikit-image {method}: {secs:.3f} s, {mb:.0f} MB beside the mask", flush=True)
                for ours in [method, "parity"]:
                    result = f"{folder}/ours.npy"
                    command = [program, path, "--method", ours, "--threads", str(args.threads), "--out", result]
                    command += ["--repeat", str(args.repeat)]
                    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout
                    mine = min(float(s) for s in re.findall(r"^([0-9.]+) s,", lines, re.M))
                    bits, beside = re.search(r"([0-9.]+) MB of bits, ([0-9.]+) MB beside", lines).groups()
                    n_different = int(np.sum(np.load(result) != np.load(theirs)))
                    same = f", {n_different} voxels differ" if ours == method else ""
                    print(
                        f"  petavox {ours}: {mine:.4f} s ({secs / mine:.0f} times), "
                        f"{bits} + {beside} MB{same}",
                        flush=True,
                    )


if len(sys.argv) == 5 and sys.argv[1] == "--peer":
    scikit_image(*sys.argv[2:])
else:
    main()
