"""A run that is killed at any moment is continued with --resume, to the same bytes.

A run of seconds is killed 20 times (SIGKILL, and now and then SIGINT) at random moments, each time continued with --resume;
then it is left to finish. The table and the skeleton's samples must be those of a run that was never disturbed, and nothing
may lie beside the output, or in the folder for scratch files.
"""

import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import time

import numpy as np
import zarr

PETAVOX = os.environ["PETAVOX"]
N_KILLS = int(os.environ.get("KILLS", 20))


def leftovers(folder, allowed):
    return sorted(p.name for p in folder.iterdir() if p.name not in allowed)


def contents(out):
    group = zarr.open_group(out / "skeleton.zarr", mode="r")
    found = {name: np.asarray(array[:]) for name, array in group.arrays()}
    return (out / "branches.parquet").read_bytes(), found


def same(a, b):
    return a[0] == b[0] and a[1].keys() == b[1].keys() and all((a[1][k] == b[1][k]).all() for k in a[1])


def volume(path, n):
    rng = np.random.default_rng(3)
    z, y, x = np.mgrid[:n, :n, :n].astype(np.float32)
    image = rng.normal(100, 12, (n, n, n)).astype(np.float32)
    for _ in range(40):
        p, d = rng.uniform(0, n, 3), rng.normal(size=3)
        d /= np.linalg.norm(d)
        q = np.stack([z - p[0], y - p[1], x - p[2]])
        along = np.tensordot(d, q, 1)
        image[(q**2).sum(0) - along**2 < rng.uniform(4, 30)] += 90
    image = image.clip(0, 65535).astype(np.uint16)
    zarr.create_array(path, shape=image.shape, chunks=(n // 5, n // 3, n // 2), dtype="u2")[:] = image


def killed_run(command, wait, kind):
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        process.wait(wait)
    except subprocess.TimeoutExpired:
        process.send_signal(kind)
    _, said = process.communicate(timeout=60)
    return process.returncode, said


def trial(name, command, out, folder, scratch, want, seconds, rng):
    """Kills and resumes a command until it has been killed often enough, then lets it finish."""
    problems, n_kills, began = [], 0, time.monotonic()
    while n_kills < N_KILLS and not problems:
        wait = rng.uniform(0.0, 1.0) ** 1.5 * seconds
        kind = signal.SIGINT if n_kills % 5 == 4 else signal.SIGKILL
        code, said = killed_run(command + ["--resume"], wait, kind)
        n_kills += 1
        if code == 0:
            if not same(contents(out), want):
                problems.append("other bytes")
            if leftovers(folder, {"in.zarr", "want", "scratch", out.name}):
                problems.append(f"left over: {leftovers(folder, {'in.zarr', 'want', 'scratch', out.name})}")
            subprocess.run(["rm", "-r", str(out)], check=True)
        elif out.exists():
            problems.append("an unfinished output has the final name")
        elif code not in (-signal.SIGKILL, -signal.SIGINT, 130, 1):
            problems.append(f"exit {code}: {said[-300:]}")
        elif code == 1 and "cancel" not in said.lower() and "interrupt" not in said.lower():
            problems.append(f"exit 1: {said[-300:]}")
    done = subprocess.run(command + ["--resume"], capture_output=True, text=True)
    if done.returncode:
        problems.append(f"exit {done.returncode}: {done.stderr[-300:]}{done.stdout[-300:]}")
    elif not same(contents(out), want):
        problems.append("other bytes")
    if leftovers(folder, {"in.zarr", "want", "scratch", out.name}):
        problems.append(f"left over: {leftovers(folder, {'in.zarr', 'want', 'scratch', out.name})}")
    if leftovers(scratch, set()):
        problems.append(f"left in scratch: {leftovers(scratch, set())}")
    word = "; ".join(problems) or "same bytes, nothing left over"
    print(f"{name}: {n_kills} kills of a run of {seconds:.1f} s: {word} ({time.monotonic() - began:.0f} s)", flush=True)
    subprocess.run(["rm", "-rf", str(out)], check=True)
    return not problems


def main():
    rng = random.Random(5)
    with tempfile.TemporaryDirectory(dir=os.environ.get("SCRATCH")) as name:
        folder = pathlib.Path(name)
        scratch = folder / "scratch"
        scratch.mkdir()
        volume(folder / "in.zarr", int(os.environ.get("N", 200)))
        steps = ["--sigma", "2", "--threshold", "otsu", "--min-size", "64"]
        good = []
        for method in ["parity", "lee"]:
            out = folder / "out"
            command = [PETAVOX, "skeleton", str(folder / "in.zarr"), "-o", str(out), *steps, "--method", method, "--json"]
            command += ["--threads", "1", "--memory", "96MiB", "--scratch", str(scratch)]
            began = time.monotonic()
            first = subprocess.run(command, capture_output=True, text=True)
            seconds = time.monotonic() - began
            if first.returncode:
                print(first.stdout, first.stderr)
                return 1
            want = contents(out)
            print(f"{method}: {json.loads(first.stdout)['results']['n_branches']} branches")
            subprocess.run(["rm", "-r", str(out)], check=True)
            good.append(trial(method, command, out, folder, scratch, want, seconds, rng))
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
