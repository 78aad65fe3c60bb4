"""Mosaics measured: registration against truth, robustness, seams, fusing real layouts, memory over three sizes.

    python bench/mosaic.py [--petavox PROGRAM] [--data FOLDER] [--work FOLDER] [--only NAME,NAME] [--whole-slide] [--peers PYTHON]

FOLDER is where the real data lie (`mosaic/` in it); sets that are not there are left out with a line. Pixels of the two stage layouts are
made from a closed form, and the mosaics checked against it. Needs numpy, scipy, tifffile, zarr. The last line is JSON of all figures. With
`--peers` and the Python of a virtual environment (`pip install ashlar multiview-stitcher tifffile`), peers do the same work in the same run.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import re
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import tifffile
from scipy import ndimage

FIGURES: dict[str, object] = {}


def run(program: str, *args: object) -> tuple[dict, float]:
    """Runs the program with --json: its answer and CPU seconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    words = [program, *map(str, args), "--json", "--overwrite"]
    done = subprocess.run(words, capture_output=True, text=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise SystemExit(f"{' '.join(words)}\n{done.stdout}{done.stderr}")
    cpu = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return json.loads(done.stdout), cpu


def tell(name: str, **figures: object) -> None:
    FIGURES[name] = figures
    shown = ", ".join(f"{k} {v:.3f}" if isinstance(v, float) else f"{k} {v}" for k, v in figures.items())
    print(f"{name:28} {shown}", flush=True)


PEERS = ("ashlar", "multiview-stitcher")


def peer(python: str, name: str, job: str, layout: Path, out: Path) -> dict | None:
    """What a peer took; nothing if it is not there or fails, and then a line that says so."""
    words = [python, str(Path(__file__).with_name("mosaic_peer.py")), name, job, str(layout), str(out)]
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode:
        print(f"{name} {job}: left out, {done.stderr.strip().splitlines()[-1:]}")
        return None
    return json.loads(done.stdout.strip().splitlines()[-1])


# Sets with truth.


def table(path: Path) -> list[tuple[str, np.ndarray]]:
    if path.suffix == ".csv":
        rows = list(csv.reader(open(path)))[1:]
        return [(r[0], np.array([float(r[1]), float(r[2])])) for r in rows]
    found = re.findall(r"^(\S+);.*;\s*\(([^,]+),([^)]+)\)", path.read_text(), re.M)
    return [(name, np.array([float(y), float(x)])) for name, x, y in found]


def load(folder: Path) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Names, places as told, true places."""
    csvs = (folder / "stage.csv").exists()
    told = table(folder / ("stage.csv" if csvs else "TileConfiguration.txt"))
    truth = dict(table(folder / ("truth.csv" if csvs else "TileConfiguration.registered.txt")))
    return [n for n, _ in told], np.array([p for _, p in told]), np.array([truth[n] for n, _ in told])


def off(found: np.ndarray, truth: np.ndarray, counts: list[int] | slice = slice(None)) -> np.ndarray:
    """Distance of every tile from the truth, after the mean of those that count is taken out (the median, which a lost tile does not move)."""
    d = found - truth
    d = d - np.median(d[counts], axis=0)
    d = d - d[counts][np.hypot(*d[counts].T) < 3].mean(axis=0)
    return np.hypot(*d.T)


def layout_of(folder: Path, work: Path, told: np.ndarray, names: list[str], name: str) -> Path:
    path = work / f"{name}.json"
    tiles = [{"path": str((folder / n).resolve()), "position": list(map(float, p))} for n, p in zip(names, told)]
    path.write_text(json.dumps({"tiles": tiles}))
    return path


def stitched(program: str, layout: Path, out: Path, *more: object) -> tuple[dict, dict, float]:
    told, cpu = run(program, "stitch", layout, "--positions", out, *more)
    return json.loads(out.read_text()), told["results"], cpu


def registration(program: str, data: Path, work: Path, peers: str | None) -> None:
    for name in ("em_sub_5x5", "em_vign_5x5", "cmu_run2"):
        folder = data / name
        if not folder.is_dir():
            print(f"{name:28} not there, left out")
            continue
        names, told, truth = load(folder)
        found, said, cpu = stitched(program, layout_of(folder, work, told, names, name), work / f"{name}.positions.json")
        d = off(np.array([t["position"] for t in found["tiles"]]), truth)
        tell(
            f"register {name}", rms=float(np.sqrt((d**2).mean())), max=float(d.max()), cpu_s=cpu, wall_s=said["stitch_seconds"],
            used=said["n_pairs_used"], pairs=said["n_pairs"], unregistered=len(found["unregistered"]),
            sigma=f"{found['finding_sigma']}/{found['measuring_sigma']}",
        )
        for other in PEERS if peers else ():
            out = work / f"{name}.{other}.json"
            took = peer(peers, other, "register", work / f"{name}.json", out)
            if took:
                d = off(np.array(json.loads(out.read_text())), truth)
                tell(f"  {other}", rms=float(np.sqrt((d**2).mean())), max=float(d.max()), **took)
        if name == "cmu_run2":
            import imageio.v3 as iio

            true = iio.imread(folder / "truth.png").astype(float)
            run(program, "fuse", work / f"{name}.positions.json", "-o", work / "cmu.npy")
            run(program, "fuse", work / f"{name}.positions.json", "-o", work / "cmu.png")
            image = np.load(work / "cmu.npy").astype(float)
            # The mosaic begins where its first tile does; the truth is compared at the shift that the median tile tells.
            at = np.round(-np.median(np.array([t["position"] for t in found["tiles"]]) - truth, axis=0) + np.array([t["position"] for t in found["tiles"]]).min(0))
            y, x = (int(max(0, a)) for a in at)
            h, w = min(image.shape[0], true.shape[0] - y), min(image.shape[1], true.shape[1] - x)
            tell("fused cmu_run2", mean_absolute_difference=float(np.abs(image[:h, :w] - true[y : y + h, x : x + w, :3])[8:-8, 8:-8].mean()))


def robustness(program: str, data: Path, work: Path, seeds: int) -> None:
    folder = data / "em_sub_5x5"
    if not folder.is_dir():
        print("robustness: em_sub_5x5 is not there, left out")
        return
    names, told, truth = load(folder)
    tiles = [tifffile.imread(folder / n) for n in names]
    rng = np.random.default_rng(5)

    def attempt(title: str, images: list[np.ndarray | None], places: np.ndarray, hopeless: set[int], *more: object) -> None:
        here = work / re.sub(r"\W+", "_", title)
        shutil.rmtree(here, ignore_errors=True)
        here.mkdir()
        for n, image in zip(names, images):
            if image is not None:
                tifffile.imwrite(here / n, image)
        layout = layout_of(here, here, places, names, "layout")
        found, said, _ = stitched(program, layout, here / "positions.json", *more)
        order = [names.index(Path(t["path"]).name) for t in found["tiles"]]
        listed = {order[u["tile"]] for u in found["unregistered"] + found.get("unconfirmed", [])}
        good = [k for k, t in enumerate(order) if t not in listed]
        d = off(np.array([t["position"] for t in found["tiles"]]), truth[order], good)
        silent = [names[order[k]] for k in good if d[k] > 1]
        registrable = [t for t in range(len(names)) if t not in hopeless and images[t] is not None]
        tell(
            title, worst_registered=float(d[good].max()), rms=float(np.sqrt((d[good] ** 2).mean())), unregistered=len(found["unregistered"]),
            unconfirmed=len(found.get("unconfirmed", [])), hopeless=len(hopeless), registrable_but_lost=len([t for t in registrable if t in listed]), silent_over_1px=silent,
            warnings=len(found["warnings"]),
        )

    # 10 % of the pairs show the same thing at a wrong place; several draws.
    pairs = [(r * 5 + c, r * 5 + c + 1, "x") for r in range(5) for c in range(4)] + [(r * 5 + c, r * 5 + c + 5, "y") for r in range(4) for c in range(5)]
    for seed in range(seeds):
        dice = np.random.default_rng(5 + seed)
        images: list = [t.copy() for t in tiles]
        for k in dice.choice(len(pairs), 4, replace=False):
            a, b, along = pairs[k]
            decoy = ndimage.gaussian_filter(dice.normal(size=(480, 560)), 1.5)
            decoy = decoy / decoy.std() * tiles[0].std() * 1.5 + tiles[0].mean()
            s = 40
            if along == "x":
                images[a][60:420, -s:] = decoy[60:420, :s].clip(0, 65535)
                images[b][70:430, 4 : 4 + s] = decoy[60:420, :s].clip(0, 65535)
            else:
                images[a][-34:, 60:500] = decoy[:34, 60:500].clip(0, 65535)
                images[b][3:37, 72:512] = decoy[:34, 60:500].clip(0, 65535)
        attempt(f"10 % wrong pairs, draw {seed}", images, told, set())
    # 15 % of the tiles show nothing but noise.
    empty = set(rng.choice(25, 4, replace=False).tolist())
    noise = lambda: rng.normal(tiles[0].mean(), 30, tiles[0].shape).clip(0, 65535).astype(tiles[0].dtype)
    attempt("15 % empty tiles", [noise() if t in empty else im for t, im in enumerate(tiles)], told, empty)
    flat = [np.full_like(im, 500) if t in empty else im for t, im in enumerate(tiles)]
    attempt("15 % flat tiles", flat, told, empty)
    # Missing files.
    attempt("2 missing tiles", [None if t in (7, 18) else im for t, im in enumerate(tiles)], told, set(), "--skip-missing")
    # A row whose positions were recorded 12 samples off.
    wrong = told.copy()
    wrong[10:15, 1] += 12
    attempt("a row recorded 12 px off", tiles, wrong, set())
    wrong = told.copy()
    wrong[15:20, 0] += 12
    attempt("a row 12 px off across", tiles, wrong, set())


def seams(program: str, data: Path, work: Path) -> None:
    folder = data / "em_sub_5x5"
    if not folder.is_dir():
        return
    names, _, truth = load(folder)
    here = work / "seams"
    shutil.rmtree(here, ignore_errors=True)
    here.mkdir()
    rng = np.random.default_rng(1)
    gains = 1 + rng.uniform(0.03, 0.19, 25) * rng.choice([-1, 1], 25) / 2
    for n, g in zip(names, gains):
        image = tifffile.imread(folder / n).astype(float)
        tifffile.imwrite(here / n, (image * g).clip(0, 65535).astype("u2"))
    layout = layout_of(here, here, truth, names, "layout")
    # What the specimen itself changes by at a border is no seam: the same mosaic of tiles without gain steps tells it.
    plain = here / "plain"
    plain.mkdir()
    for n in names:
        shutil.copy(folder / n, plain / n)
    run(program, "fuse", layout_of(plain, plain, truth, names, "layout"), "-o", here / "plain.npy", "--blend", "first")
    true = np.load(here / "plain.npy").astype(float)
    p = np.round(truth - truth.min(0)).astype(int)
    for more in ([], ["--balance"]):
        run(program, "fuse", layout, "-o", here / "fused.npy", "--blend", "first", *more)
        image = np.load(here / "fused.npy").astype(float)
        steps = []
        for r in range(5):
            for c in range(5):
                # With `first`, a tile's right and lower borders are where the next one begins to show.
                y, x = p[r * 5 + c]
                bright = lambda part: image[part].mean() / true[part].mean()
                if c < 4:
                    rows = slice(y + 60, y + 400)
                    steps.append(bright((rows, slice(x + 560 + 3, x + 560 + 23))) / bright((rows, slice(x + 560 - 23, x + 560 - 3))) - 1)
                if r < 4:
                    cols = slice(x + 60, x + 480)
                    steps.append(bright((slice(y + 480 + 3, y + 480 + 23), cols)) / bright((slice(y + 480 - 23, y + 480 - 3), cols)) - 1)
        percent = np.abs(steps) * 100
        tell("seams " + (" ".join(more) or "as they are"), n=len(steps), median_step_percent=float(np.median(percent)), worst_step_percent=float(percent.max()))


# Layouts with closed-form pixels.


def texture(y: np.ndarray, x: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """A closed form that every sample of the specimen has, and that linear interpolation hardly changes."""
    v = 0.5 + 0.2 * np.sin(y / 97.0) * np.cos(x / 83.0) + 0.25 * np.sin((x + 2 * y) / 311.0)
    top = 255 if dtype == np.uint8 else 60000
    return (v * top).astype(dtype)


def make(layout: Path, work: Path, dtype: str, n: int | None, shape: tuple[int, int]) -> tuple[Path, np.ndarray]:
    rows = [r for r in csv.reader(l for l in open(layout) if not l.startswith("#"))][1:]
    at = np.array([[float(r[1]), float(r[2])] for r in rows])
    at = at - at.min(0)
    if n is not None:
        at = at[:n]
    folder = work / f"{layout.stem}_{len(at)}_{dtype}"
    tiles = []
    if not (folder / "layout.json").exists():
        folder.mkdir(exist_ok=True)
        for k, (y, x) in enumerate(at):
            rows_, cols = np.arange(shape[0])[:, None] + y, np.arange(shape[1])[None] + x
            tifffile.imwrite(folder / f"{k:04d}.tif", texture(rows_, cols, np.dtype(dtype)), rowsperstrip=64)
            tiles.append({"path": f"{k:04d}.tif", "position": [y, x]})
        (folder / "layout.json").write_text(json.dumps({"tiles": tiles}))
    return folder / "layout.json", at


def check(path: Path, at: np.ndarray, dtype: str, shape: tuple[int, int], whole: bool) -> float:
    """The largest difference from the closed form inside tiles, where nothing but interpolation lies between, on a sample of tiles."""
    import zarr

    image = zarr.open(str(path), mode="r")
    image = image["0"] if hasattr(image, "keys") else image
    worst = 0.0
    for y, x in at[:: max(1, len(at) // 12)]:
        y0, x0 = int(np.ceil(y)) + 5, int(np.ceil(x)) + 5
        part = np.asarray(image[y0 : y0 + shape[0] - 12, x0 : x0 + shape[1] - 12]).astype(float)
        want = texture(np.arange(part.shape[0])[:, None] + y0, np.arange(part.shape[1])[None] + x0, np.dtype(dtype)).astype(float)
        worst = max(worst, float(np.abs(part - want).max()))
    return worst


def fusing(program: str, data: Path, work: Path, whole_slide: bool) -> None:
    small, large = data / "layouts" / "sample71_normalized_px.csv", data / "layouts" / "wholeslide608_origin_px.csv"
    if not small.exists():
        print("layouts are not there, left out")
        return
    shape = (2032, 2060)
    layout, at = make(small, work, "uint8", None, shape)
    mpx = 0.0
    for title, more in (
        ("fuse 71 linear, cosine", []),
        ("fuse 71 whole samples, max", ["--interpolation", "nearest", "--blend", "max"]),
        ("fuse 71 linear, one level", ["--levels", 1]),
        ("fuse 71 max, one level", ["--interpolation", "nearest", "--blend", "max", "--levels", 1]),
    ):
        out = work / "fused71.zarr"
        told, cpu = run(program, "fuse", layout, "-o", out, "--memory", "200MB", *more)
        told_shape = told["results"]["shape"]
        mpx = told_shape[0] * told_shape[1] / 1e6
        tell(
            title, mpx=mpx, cpu_s=cpu, mpx_per_cpu_s=mpx / cpu, wall_s=told["seconds"], peak_mb=told["peak_memory_bytes"] / 1e6,
            read_times=told["results"]["tiles_read_times"], worst_difference=check(out, at, "uint8", shape, False),
        )
        shutil.rmtree(out)
    shutil.rmtree(layout.parent)
    # Memory over three sizes.
    for n in (38, 152, 608) if whole_slide else (16, 48, 96):
        layout, at = make(large, work, "uint16", n, shape)
        out = work / "slide.zarr"
        memory = "1GiB" if whole_slide else "256MiB"
        told, cpu = run(program, "fuse", layout, "-o", out, "--memory", memory, "--codec", "zstd:1")
        s = told["results"]["shape"]
        tell(
            f"slide, {n} tiles", shape=f"{s[0]}x{s[1]}", mpx_per_cpu_s=s[0] * s[1] / 1e6 / cpu, wall_s=told["seconds"],
            peak_mb=told["peak_memory_bytes"] / 1e6, limit=memory, read_times=told["results"]["tiles_read_times"],
            worst_difference=check(out, at, "uint16", shape, True),
        )
        shutil.rmtree(out)
        shutil.rmtree(layout.parent)


def fusing_beside_peers(program: str, data: Path, work: Path, peers: str) -> None:
    """Sixteen of the 71 tiles, so that peers are done within a minute, all of it in memory for them."""
    small = data / "layouts" / "sample71_normalized_px.csv"
    if not small.exists():
        return
    layout, at = make(small, work, "uint8", 16, (2032, 2060))
    shape = np.ceil(at.max(0) - at.min(0) + (2032, 2060)).astype(int)
    mpx = float(np.prod(shape)) / 1e6
    for title, more in (("linear, cosine", []), ("whole samples, max", ["--interpolation", "nearest", "--blend", "max"])):
        told, cpu = run(program, "fuse", layout, "-o", work / "fused16.npy", "--memory", "200MB", *more)
        peak = told["peak_memory_bytes"] / 1e6
        tell(f"fuse 16 {title}", mpx=mpx, cpu_s=cpu, mpx_per_cpu_s=mpx / cpu, wall_s=told["seconds"], peak_mb=peak)
    for other in PEERS:
        took = peer(peers, other, "fuse", layout, work / "peer16.npy")
        if took:
            tell(f"  {other}", mpx_per_cpu_s=mpx / took["cpu_s"], **took)
    shutil.rmtree(layout.parent)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--petavox", default=os.environ.get("PETAVOX", "petavox"))
    parser.add_argument("--data", default=os.environ.get("PETAVOX_DATA", "."))
    parser.add_argument("--work", default="mosaic-bench")
    parser.add_argument("--only", default="registration,robustness,seams,fusing,peers")
    parser.add_argument("--seeds", type=int, default=4, help="draws of wrong pairs")
    parser.add_argument("--peers", metavar="PYTHON", help="Python of a virtual environment with the peers")
    parser.add_argument("--whole-slide", action="store_true", help="all 608 tiles (5 GB of scratch)")
    args = parser.parse_args()
    data, work = Path(args.data) / "mosaic", Path(args.work)
    work.mkdir(parents=True, exist_ok=True)
    began = time.time()
    parts = args.only.split(",")
    if "registration" in parts:
        registration(args.petavox, data, work, args.peers)
    if "robustness" in parts:
        robustness(args.petavox, data, work, args.seeds)
    if "seams" in parts:
        seams(args.petavox, data, work)
    if "peers" in parts and args.peers:
        fusing_beside_peers(args.petavox, data, work, args.peers)
    if "fusing" in parts:
        fusing(args.petavox, data, work, args.whole_slide)
    print(json.dumps({"seconds": time.time() - began, "figures": FIGURES}, default=str))


if __name__ == "__main__":
    sys.exit(main())
