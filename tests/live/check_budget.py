"""The memory budget is kept: peak resident memory of the real program, against what --memory said.

An image larger than the budget goes through every operation, and is read from and written to every kind of store. A plan that
is refused says what it needs; the same command with that much must then run, at once, and stay inside it.

Operations that take much time or memory get a corner of the image, whose working volume is still larger than the budget.
BUDGET_MB (64) and IMAGE_MB (84) change what is tried; words on the command line pick cases.
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

import numpy as np
import tifffile
import zarr

PETAVOX = os.environ["PETAVOX"]
BUDGET = int(os.environ.get("BUDGET_MB", 64)) << 20
N = round((int(os.environ.get("IMAGE_MB", 84)) * 2**20 / 2) ** (1 / 3) / 32) * 32
failures = []
n_cases = 0
#: So many samples along each axis of operations that take more than most: many passes, wide windows, many bytes a sample, or all
#: samples one after another.
CORNER = dict.fromkeys(["distance_transform_bf"], 64)
CORNER |= dict.fromkeys(["area_closing", "area_opening", "diameter_closing", "diameter_opening", "watershed_ift"], 160)
CORNER |= {"eigenvalues": 128, "slic": 192}
CORNER |= dict.fromkeys(["denoise_bilateral", "denoise_nl_means", "denoise_tv_chambolle", "fftn", "ifftn", "irfftn", "rfftn"], 256)
CORNER |= dict.fromkeys(["local_statistic", "match_template", "medial_axis", "reconstruction", "spline_filter", "watershed", "zoom"], 256)


def volume():
    """u16 tubes on a noisy ground, made plane by plane."""
    rng = np.random.default_rng(7)
    noise = rng.integers(0, 60, (N + 64, N + 64), dtype=np.uint16)
    y, x = np.mgrid[:N, :N]
    for z in range(N):
        plane = noise[z % 64 :, (z * 7) % 64 :][:N, :N].copy()
        for k in range(12):
            a, b = (k * 977) % N, (k * 613) % N
            cy = (a + 0.6 * z * np.cos(k)) % N
            cx = (b + 0.6 * z * np.sin(k)) % N
            near = (np.abs(y - cy) < 7) & (np.abs(x - cx) < 7)
            plane[near & ((y - cy) ** 2 + (x - cx) ** 2 < 36)] += 500
        yield z, plane


def stores(folder):
    """The same volume in every kind of store, with chunks that do not suit the work."""
    whole = np.lib.format.open_memmap(folder / "v.npy", "w+", np.uint16, (N, N, N))
    slices = folder / "slices"
    slices.mkdir()
    big = zarr.create_array(folder / "v.zarr", shape=(N, N, N), chunks=(N // 4, N // 2, N // 2), dtype="u2")
    slab = np.empty((N // 4, N, N), np.uint16)
    with tifffile.TiffWriter(folder / "v.tif", bigtiff=True) as tif:
        for z, plane in volume():
            whole[z] = plane
            slab[z % (N // 4)] = plane
            tifffile.imwrite(slices / f"z{z:04}.tif", plane, compression="zlib")
            tif.write(plane, contiguous=False, metadata=None)
            if z % (N // 4) == N // 4 - 1:
                big[z - N // 4 + 1 : z + 1] = slab
    whole.flush()
    mask = np.lib.format.open_memmap(folder / "mask.npy", "w+", np.bool_, (N, N, N))
    for z, plane in volume():
        mask[z] = plane > 300
    mask.flush()
    return {"npy": folder / "v.npy", "slices": slices, "zarr": folder / "v.zarr", "tif": folder / "v.tif"}


def run(args, memory, folder):
    """What the program said."""
    command = [PETAVOX, *map(str, args), "--memory", str(memory), "--json", "--scratch", str(folder), "--overwrite", "--threads", "2"]
    done = subprocess.run(command, capture_output=True, text=True)
    try:
        return done, json.loads(done.stdout or done.stderr)
    except json.JSONDecodeError:
        return done, {}


def case(name, args, folder):
    """Runs a command inside the budget, or inside what it says it needs."""
    global n_cases
    n_cases += 1
    began, memory, refused = time.monotonic(), BUDGET, ""
    done, said = run(args, memory, folder)
    named = re.search(r"--memory (\d+)MiB", done.stdout + done.stderr)
    if done.returncode != 0 and named:
        # One refusal: the budget it names is enough for everything that follows.
        refused = f" (refused at {memory / 2**20:.0f} MiB)"
        memory = int(named[1]) << 20
        done, said = run(args, memory, folder)
    if done.returncode:
        failures.append(name)
        print(f"FAIL {name}: exit {done.returncode}: {(done.stdout + done.stderr)[-400:]}", flush=True)
        return
    peak = said["peak_memory_bytes"]
    word = "ok  " if peak <= memory else "OVER"
    if peak > memory:
        failures.append(name)
    seconds = time.monotonic() - began
    print(f"{word} {name}: peak {peak / 2**20:.1f} of {memory / 2**20:.1f} MiB, {seconds:.1f} s{refused}", flush=True)


def main():
    only = sys.argv[1:]
    began = time.monotonic()
    with tempfile.TemporaryDirectory(dir=os.environ.get("SCRATCH")) as name:
        folder = pathlib.Path(name)
        kinds = stores(folder)
        print(f"{N}^3 uint16, {N**3 * 2 / 2**20:.0f} MiB; budget {BUDGET / 2**20:.0f} MiB")
        cases = []
        # Reading and writing know nothing of each other: every kind is read once and written once.
        pairs = [(kind, "zarr") for kind in kinds] + [("zarr", ending) for ending in ["npy", "tif", "ome.tif"]]
        for kind, ending in pairs:
            cases.append((f"convert {kind} to {ending}", ["convert", kinds[kind], folder / f"o.{ending}"]))
        cases.append(("gaussian of slices", ["apply", kinds["slices"], folder / "o.zarr", "gaussian:sigma=2"]))
        rechunk = ["convert", kinds["zarr"], folder / "r.zarr", "--chunk-shape", f"{N},32,32", "--levels", "1"]
        cases.append(("rechunk zarr to columns", rechunk))
        sharded = ["convert", kinds["npy"], folder / "s.zarr", "--chunk-shape", "32,32,32", "--shard-shape", "128,128,128"]
        cases.append(("convert npy to shards", sharded))
        listed = subprocess.run([PETAVOX, "apply", "--list", "--json"], capture_output=True, text=True, check=True)
        mask_only = {"distance_transform_edt", "label", "remove_small_holes", "remove_small_objects", "skeletonize"}
        found = json.loads(listed.stdout)["results"]
        operations = found if isinstance(found, list) else found["operations"]
        for op in operations:
            is_mask = op["name"] in mask_only or op["name"].startswith(("binary", "distance_transform"))
            source = folder / "mask.npy" if is_mask else kinds["zarr"]
            corner = CORNER.get(op["name"])
            if corner:
                whole = np.load(folder / "mask.npy" if is_mask else kinds["npy"], mmap_mode="r")
                source = folder / f"{op['name']}.npy"
                np.save(source, whole[:corner, :corner, :corner])
            # The one example that is of a shape: here of this image's.
            step = f"broadcast_to:shape=2,{N},{N},{N}" if op["name"] == "broadcast_to" else op["example"]
            # An image without axes has one format only.
            out = [folder / "o.npy", step] if op["name"] in ("threshold_value", "count_components") else [folder / "o.zarr", step, "--levels", "1"]
            of = f", of {corner}^3 samples" if corner else ""
            cases.append((f"apply {step}{of}", ["apply", source, *out]))
        cases.append(("apply lee", ["apply", folder / "mask.npy", folder / "o.zarr", "skeletonize:method=lee", "--levels", "1"]))
        chain = ["gaussian:sigma=2", "threshold:method=otsu", "binary_closing:iterations=2", "label"]
        cases.append(("apply a chain", ["apply", kinds["slices"], folder / "o.zarr", *chain]))
        for op in ["mean", "std", "histogram", "max"]:
            cases.append((f"reduce {op}", ["reduce", kinds["zarr"], op]))
        cases.append(("reduce max along 0", ["reduce", kinds["zarr"], "max", "--axis", "0", "-o", folder / "p.tif"]))
        cases.append(("reduce sum along 2", ["reduce", kinds["slices"], "sum", "--axis", "2", "-o", folder / "p.npy"]))
        args = ["skeleton", kinds["slices"], "-o", folder / "sk", "--sigma", "1", "--threshold", "otsu", "--min-size", "64"]
        cases.append(("skeleton of slices", args))
        args = ["skeleton", kinds["zarr"], "-o", folder / "sk", "--sigma", "1", "--method", "lee", "--intensity"]
        cases.append(("skeleton lee with intensity", args))
        for name, args in cases:
            if not only or any(word in name for word in only):
                case(name, args, folder)
    print(f"{n_cases - len(failures)} of {n_cases} runs inside their budget, {time.monotonic() - began:.0f} s")
    if failures:
        print("failed: " + "; ".join(failures))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
