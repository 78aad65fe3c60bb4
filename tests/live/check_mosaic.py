"""Real tiles with known places: found to a fraction of a sample, fused to the same bytes whatever the memory and threads, empty tiles named."""

import hashlib
import json
import os
import pathlib
import pty
import subprocess
import sys
import tempfile

import numpy as np
import tifffile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "bench"))
import mosaic as bench  # noqa: E402

PETAVOX = os.environ["PETAVOX"]
DATA = pathlib.Path(os.environ.get("PETAVOX_DATA", "")) / "mosaic"
# The largest rms and the largest single error that are let through, in samples.
LIMITS = {"em_sub_5x5": (0.06, 0.15), "em_vign_5x5": (0.2, 0.5), "cmu_run2": (0.06, 0.2)}


def places(work, name):
    folder = DATA / name
    names, told, truth = bench.load(folder)
    layout = bench.layout_of(folder, work, told, names, name)
    found, _, _ = bench.stitched(PETAVOX, layout, work / f"{name}.positions.json")
    off = bench.off(np.array([t["position"] for t in found["tiles"]]), truth)
    rms, worst = float(np.sqrt((off**2).mean())), float(off.max())
    print(f"{name}: rms {rms:.3f}, at most {worst:.3f} samples off, {len(found['unregistered'])} tiles unregistered")
    assert not found["unregistered"], found["unregistered"]
    assert rms < LIMITS[name][0] and worst < LIMITS[name][1], (name, rms, worst)


def same_bytes(work):
    layout = work / "em_sub_5x5.positions.json"
    hashes = set()
    for memory, threads in (("64MiB", 1), ("1GiB", 2)):
        out = work / f"fused-{threads}.npy"
        told, _ = bench.run(PETAVOX, "fuse", layout, "-o", out, "--memory", memory, "--threads", threads)
        hashes.add(hashlib.sha256(out.read_bytes()).hexdigest())
        assert told["results"]["tiles_read_times"] <= 1.1, told["results"]
        peak = told["peak_memory_bytes"]
        assert peak is None or peak <= told["memory_budget_bytes"], told
    assert len(hashes) == 1, "the mosaic depends on memory or threads"


def empty_tiles_are_named(work):
    names, told, truth = bench.load(DATA / "em_sub_5x5")
    folder = work / "empty"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for k, name in enumerate(names):
        image = tifffile.imread(DATA / "em_sub_5x5" / name)
        if k in (6, 13, 24):
            image = rng.normal(image.mean(), 30, image.shape).astype(image.dtype)
        tifffile.imwrite(folder / name, image)
    found, _, _ = bench.stitched(PETAVOX, bench.layout_of(folder, work, told, names, "empty"), work / "e.json")
    lost = {t["tile"] for t in found["unregistered"]}
    assert lost == {6, 13, 24}, found["unregistered"]
    off = bench.off(np.array([t["position"] for t in found["tiles"]]), truth)
    rest = [k for k in range(25) if k not in lost]
    assert off[rest].max() < 0.5, off


def the_plan_is_what_happens(work):
    layout = work / "em_sub_5x5.positions.json"
    for memory in ("1GiB", "48MiB"):
        out = ("-o", work / "planned.zarr", "--memory", memory)
        plan, _ = bench.run(PETAVOX, "explain", "fuse", layout, *out)
        [read] = plan["results"]["stages"][0]["reads"]
        told, _ = bench.run(PETAVOX, "fuse", layout, *out)
        got = told["results"]["tile_bytes_read"]
        assert abs(got - read["bytes"]) <= 0.1 * got, (memory, read, got)
    plan, _ = bench.run(PETAVOX, "explain", "stitch", work / "em_sub_5x5.json", "-o", work / "planned.zarr")
    titles = [stage["title"] for stage in plan["results"]["stages"]]
    assert titles[0].startswith("compare 40 pairs") and titles[1] == "write fuse", titles


def asks_at_a_terminal(work):
    """`stitch --preview-orientation` asks a person and goes on with what was chosen; without a terminal it stops at the page."""
    folder = work / "asked"
    folder.mkdir()
    words = [PETAVOX, "stitch", str(work / "em_sub_5x5.json"), "-o", "m.zarr", "--preview-orientation"]
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(folder)
        os.execv(PETAVOX, words)
    shown = b""
    answers = [b"9\n", b"1\n"]
    while True:
        try:
            more = os.read(terminal, 4096)
        except OSError:
            break
        if not more:
            break
        shown += more
        if answers and shown.count(b"stop here) ") == 3 - len(answers):
            os.write(terminal, answers.pop(0))
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code == 0 and b'"9" is none of them' in shown, shown.decode()
    made = {p.name for p in folder.iterdir()}
    assert {"orientation.html", "m.zarr", "m.positions.json"} <= made, made
    tiles = json.loads((folder / "m.positions.json").read_text())["tiles"]
    assert all(t.get("orientation", "none") == "none" for t in tiles), tiles[0]
    # Nobody is asked through a pipe.
    done = subprocess.run([*words, "--overwrite"], cwd=folder, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert done.returncode == 0 and "--orientation NAME" in done.stderr, done


def main():
    missing = [name for name in LIMITS if not (DATA / name).is_dir()]
    if missing:
        print(f"skipped: no {', '.join(missing)} in {DATA}")
        return 1 if os.environ.get("CI") and DATA.is_dir() else 0
    with tempfile.TemporaryDirectory() as work:
        work = pathlib.Path(work)
        for name in LIMITS:
            places(work, name)
        same_bytes(work)
        the_plan_is_what_happens(work)
        asks_at_a_terminal(work)
        empty_tiles_are_named(work)
    return 0


if __name__ == "__main__":
    sys.exit(main())
