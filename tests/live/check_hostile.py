"""Inputs and situations that cannot work, or hardly: each ends with an answer, a clear message and the right exit status."""

import os
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

PETAVOX = os.environ["PETAVOX"]
failures = []


def run(*args):
    return subprocess.run([PETAVOX, *map(str, args)], capture_output=True, text=True, timeout=120)


def expect(name, code, words, *args):
    done = run(*args)
    said = done.stderr + done.stdout
    ok = done.returncode == code and all(w in said.lower() for w in words) and "panicked" not in said
    if code and not done.stderr.strip():
        ok = False
    first = done.stderr.strip().replace("\n", " / ")[:230]
    print(f"{'ok  ' if ok else 'FAIL'} {name}: exit {done.returncode}: {first}", flush=True)
    if not ok:
        failures.append(name)


def main():
    with tempfile.TemporaryDirectory(dir=os.environ.get("SCRATCH")) as name:
        d = pathlib.Path(name)
        rng = np.random.default_rng(1)
        images = {
            "empty": np.zeros((9, 20, 30), bool),
            "full": np.ones((9, 20, 30), bool),
            "nan": np.full((9, 20, 30), np.nan, np.float32),
            "someNan": np.where(rng.random((9, 20, 30)) < 0.1, np.nan, rng.random((9, 20, 30))).astype(np.float32),
            "constant": np.full((9, 20, 30), 7, np.uint16),
            "rgb": rng.integers(0, 255, (20, 30, 3), dtype=np.uint8),
            "line": rng.random(50).astype(np.float32),
            "four": rng.random((2, 3, 9, 8)).astype(np.float32),
            "none": np.zeros((0, 5, 5), np.float32),
            "grey": rng.random((20, 30, 40)).astype(np.float32),
            "bytes": rng.integers(0, 255, (20, 30, 40), dtype=np.uint8),
            "big": np.zeros((64, 512, 512), np.uint16),
        }
        for key, image in images.items():
            np.save(d / f"{key}.npy", image)
        out = d / "out"

        def skeleton(key, code, words, *args):
            expect(f"skeleton of {key} {' '.join(map(str, args))}", code, words, "skeleton", d / f"{key}.npy", "-o", out, "--overwrite", *args)

        skeleton("empty", 0, [], "--mask")
        skeleton("full", 0, [], "--mask")
        skeleton("full", 0, [], "--mask", "--method", "lee")
        skeleton("nan", 2, ["numbers"])
        skeleton("someNan", 2, ["nan"])
        skeleton("someNan", 0, [], "--sigma", 1, "--threshold", 0.5)
        skeleton("constant", 0, ["note"])
        skeleton("line", 2, ["2-d or 3-d"])
        skeleton("four", 2, ["2-d or 3-d"])
        skeleton("rgb", 2, ["channel"], "--axes", "yxc")
        skeleton("none", 2, ["samples"])
        skeleton("bytes", 2, ["threshold", "255"], "--threshold", 300)
        skeleton("grey", 2, ["threshold"], "--threshold", "otsuu")
        skeleton("grey", 2, ["sigma"], "--sigma", "1,2")
        skeleton("grey", 2, ["zhang"], "--method", "zhang")
        skeleton("big", 1, ["memory"], "--memory", "10MiB")
        skeleton("missing", 1, ["missing.npy"])
        expect("four axes to masks", 0, [], "apply", d / "four.npy", d / "o.zarr", "gaussian:sigma=1", "greater:value=0.5", "label")
        expect("one axis", 0, [], "apply", d / "line.npy", d / "o.npy", "gaussian:sigma=1", "threshold:method=otsu", "label")
        expect("no samples", 0, [], "apply", d / "none.npy", d / "n.npy", "gaussian:sigma=1")
        expect("skeletonize four axes", 2, ["2-d or 3-d"], "apply", d / "four.npy", d / "p.npy", "skeletonize")
        expect("threshold of nothing but nan", 2, ["numbers"], "apply", d / "nan.npy", d / "q.npy", "threshold:method=otsu")
        expect("a wrong step", 2, ["did you mean"], "apply", d / "grey.npy", d / "q.npy", "gausian:sigma=1")
        expect("a sigma below 0", 2, ["sigma"], "apply", d / "grey.npy", d / "q.npy", "gaussian:sigma=-1")
        expect("a huge sigma", 1, ["memory"], "apply", d / "big.npy", d / "q.npy", "gaussian:sigma=1e6", "--memory", "64MiB")
        expect("budget too small", 1, ["mib"], "apply", d / "big.npy", d / "q.zarr", "gaussian:sigma=2", "--memory", "4MiB")
        expect("output exists", 1, ["exists"], "apply", d / "grey.npy", d / "o.npy", "gaussian:sigma=1")
        expect("output is no format", 2, [".zarr"], "apply", d / "grey.npy", d / "o.xyz", "gaussian:sigma=1")
        (d / "file").write_text("x")
        expect("output below a file", 1, ["file"], "apply", d / "grey.npy", d / "file/o.npy", "gaussian:sigma=1")
        expect("output in /proc", 1, ["/proc"], "apply", d / "grey.npy", "/proc/nothing/o.npy", "gaussian:sigma=1")
        expect("no output", 2, ["usage"], "skeleton", d / "grey.npy")

        small = d / "small"
        small.mkdir()
        mounted = os.geteuid() == 0 and subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", small], capture_output=True).returncode == 0
        if mounted:
            try:
                np.save(d / "noise.npy", rng.integers(0, 65535, (64, 200, 200), dtype=np.uint16))
                expect("disk full, npy", 1, ["space"], "convert", d / "noise.npy", small / "a.npy")
                expect("disk full, zarr", 1, ["space"], "convert", d / "noise.npy", small / "a.zarr")
                expect("disk full, tif", 1, ["space"], "convert", d / "noise.npy", small / "a.tif")
                expect("disk full, skeleton", 1, ["space"], "skeleton", d / "noise.npy", "-o", small / "s")
                left = [p.name for p in small.iterdir()]
                print(f"{'FAIL' if left else 'ok  '} a full disk is left clean: {left}")
                if left:
                    failures.append("left on a full disk")
            finally:
                subprocess.run(["umount", small], check=False)
        else:
            print("left out: a full disk (needs a tmpfs)")
    print(f"{len(failures)} failures" + "".join(f"\n  {f}" for f in failures))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
