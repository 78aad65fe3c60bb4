"""The real program against scipy.ndimage, scikit-image, skan and numpy, on random and real images."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

# scipy's exp() differs between vector widths in the last bit.
os.environ.setdefault("NPY_DISABLE_CPU_FEATURES", "X86_V4 AVX512_ICL AVX512_SPR")

import numpy as np
import pandas as pd
import skimage.measure
import skimage.morphology
import skan
import tifffile
import warnings
from scipy import ndimage as ndi
from skimage import filters

warnings.filterwarnings("ignore")
PETAVOX = os.environ["PETAVOX"]
DATA = os.environ.get("PETAVOX_DATA")
failures = []
rng = np.random.default_rng(11)
folder = None


def call(*args):
    done = subprocess.run([PETAVOX, *map(str, args), "--overwrite", "--threads", "2", "--json"], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{args}: {done.stdout}{done.stderr}")
    return json.loads(done.stdout)["results"]


def apply(image, *steps):
    np.save(folder / "in.npy", image)
    call("apply", folder / "in.npy", folder / "out.npy", *steps)
    return np.load(folder / "out.npy")


def check(name, got, want, rtol=0.0):
    got, want = np.asarray(got), np.asarray(want)
    if got.shape != want.shape:
        ok, about = False, f"shapes {got.shape} and {want.shape}"
    elif rtol:
        ok = np.allclose(got.astype(float), want.astype(float), rtol=rtol, atol=0, equal_nan=True)
        about = f"{want.size} values to {rtol:g}"
    else:
        ok = np.array_equal(got, want, equal_nan=got.dtype.kind == "f")
        about = f"{want.size} values, {int((got != want).sum())} differ"
    print(f"{'ok  ' if ok else 'FAIL'} {name}: {about}", flush=True)
    if not ok:
        failures.append(name)


def gaussians():
    for shape in [(40,), (33, 47), (9, 21, 30), (3, 5, 12, 11)]:
        for dtype in ["float64", "float32", "uint8", "int16", "uint16", "int32"]:
            scale = rng.normal(50, 20, shape) if dtype[0] == "f" else rng.integers(0, 120, shape)
            image = scale.astype(dtype)
            for mode in ["reflect", "mirror", "nearest", "wrap", "constant"]:
                sigma = [round(s, 2) for s in rng.uniform(0.4, 3, len(shape))]
                step = f"gaussian:sigma={','.join(map(str, sigma))}:mode={mode}" + (":cval=5" if mode == "constant" else "")
                want = ndi.gaussian_filter(image, sigma, mode=mode, cval=5.0)
                yield f"{step} of {dtype} {shape}", image, step, want


def all_gaussians():
    n, worst = 0, []
    for name, image, step, want in gaussians():
        got = apply(image, step)
        n += 1
        if got.dtype != want.dtype or not np.array_equal(got, want):
            worst.append(f"{name}: {np.abs(got.astype(float) - want.astype(float)).max():g}")
    print(f"{'FAIL' if worst else 'ok  '} gaussian against scipy: {n} images, {len(worst)} differ in a bit {worst[:4]}", flush=True)
    if worst:
        failures.append("gaussian")


def masks():
    for shape, p in [((60, 80), 0.5), ((20, 31, 45), 0.35), ((20, 31, 45), 0.7), ((70, 6, 300), 0.3), ((4, 9, 12, 11), 0.25)]:
        yield rng.random(shape) < p


def mask_operations():
    for mask in masks():
        n = mask.ndim
        for c in range(1, n + 1):
            s = ndi.generate_binary_structure(n, c)
            check(f"label {mask.shape} connectivity {c}", apply(mask, f"label:connectivity={c}"), ndi.label(mask, s)[0])
        check(f"remove_small_objects {mask.shape}", apply(mask, f"remove_small_objects:max_size=9:connectivity={n}"),
              skimage.morphology.remove_small_objects(mask, max_size=9, connectivity=n))
        check(f"remove_small_holes {mask.shape}", apply(mask, "remove_small_holes:max_size=5"),
              skimage.morphology.remove_small_holes(mask, max_size=5))
        sampling = [0.5, 2.0, 1.25, 3.0][:n]
        check(f"distance_transform_edt {mask.shape}", apply(mask, f"distance_transform_edt:sampling={','.join(map(str, sampling))}"),
              ndi.distance_transform_edt(mask, sampling), 1e-14)
        for name in ["erosion", "dilation", "opening", "closing"]:
            for k, c, border in [(1, 1, 0), (3, 1, 0), (2, n, 0), (2, 1, 1)]:
                if border and name in ("opening", "closing"):
                    continue
                extra = {"border_value": border} if border else {}
                want = getattr(ndi, f"binary_{name}")(mask, ndi.generate_binary_structure(n, c), k, **extra)
                step = f"binary_{name}:iterations={k}:connectivity={c}" + (":border_value=1" if border else "")
                check(f"{step} {mask.shape}", apply(mask, step), want)
        if n in (2, 3):
            check(f"skeletonize lee {mask.shape}", apply(mask, "skeletonize:method=lee"), skimage.morphology.skeletonize(mask, method="lee") > 0)
        if n == 2:
            check(f"skeletonize zhang {mask.shape}", apply(mask, "skeletonize:method=zhang"), skimage.morphology.skeletonize(mask))


def thresholds():
    smooth = ndi.gaussian_filter(rng.random((30, 40, 50)), 2)
    for dtype in ["uint8", "uint16", "int16", "float32", "float64"]:
        image = (smooth - smooth.min()) / np.ptp(smooth)
        image = (image * 250).astype(dtype) if dtype[0] != "f" else image.astype(dtype)
        for name in ["otsu", "li", "yen", "triangle", "isodata"]:
            if name == "li" and dtype[0] == "f":
                continue
            found = getattr(filters, f"threshold_{name}")(image)
            check(f"threshold {name} of {dtype}", apply(image, f"threshold:method={name}"), image > found)


def regions():
    labels = ndi.label(ndi.gaussian_filter(rng.random((20, 40, 50)), 1.5) > 0.5)[0].astype(np.int32)
    image = rng.normal(100, 30, labels.shape)
    np.save(folder / "labels.npy", labels)
    np.save(folder / "image.npy", image)
    names = ["label", "area", "bbox", "area_bbox", "extent", "centroid", "equivalent_diameter_area", "intensity_mean", "intensity_min", "intensity_max"]
    call("measure", folder / "labels.npy", "-o", folder / "t.csv", "--image", folder / "image.npy", "--properties", ",".join(names))
    got = pd.read_csv(folder / "t.csv")
    want = pd.DataFrame(skimage.measure.regionprops_table(labels, image, properties=names))
    check("measure: columns", list(got.columns), list(want.columns))
    for column in want:
        check(f"measure {column}", got[column], want[column], 1e-12)


def reductions():
    for dtype in ["bool", "uint8", "int32", "float32", "float64"]:
        image = (rng.normal(20, 40, (13, 24, 31)).clip(0, 200)).astype(dtype)
        np.save(folder / "in.npy", image)
        wide = image.astype(np.float64) if dtype[0] == "f" else image
        for op in ["sum", "mean", "min", "max", "std", "var", "any", "all", "count_nonzero"]:
            check(f"reduce {op} of {dtype}", call("reduce", folder / "in.npy", op)["value"], getattr(np, op)(wide), 1e-13)
            for axis in [0, 1, -1]:
                call("reduce", folder / "in.npy", op, "--axis", axis, "-o", folder / "out.npy")
                got, want = np.load(folder / "out.npy"), getattr(np, op)(image, axis=axis)
                if got.dtype != want.dtype:
                    failures.append(f"reduce {op} of {dtype}: {got.dtype}, numpy {want.dtype}")
                    print("FAIL", failures[-1])
                check(f"reduce {op} of {dtype} along {axis}", got, want, 2e-6 if dtype == "float32" else 1e-12)


def skeleton_table(name, mask, spacing):
    """petavox's table of a mask, against skan's of the same skeleton; rows as sorted sets."""
    np.save(folder / "mask.npy", mask)
    call("skeleton", folder / "mask.npy", "-o", folder / "sk", "--mask", "--method", "lee", "--spacing", ",".join(map(str, spacing)))
    got = pd.read_parquet(folder / "sk" / "branches.parquet")
    thin = skimage.morphology.skeletonize(mask > 0, method="lee") > 0
    want = skan.summarize(skan.Skeleton(thin, spacing=spacing), separator="_")
    keys = ["branch_type", "branch_distance", "euclidean_distance"]
    n = mask.ndim
    ends = [[f"{k}_{e}_{a}" for a in range(n)] for k in ["image_coord"] for e in ["src", "dst"]]
    check(f"{name}: branches", len(got), len(want))
    if len(got) != len(want):
        return

    def rows(table):
        a, b = (table[c].to_numpy(dtype=np.int64) for c in ends)
        first = np.array([tuple(x) <= tuple(y) for x, y in zip(a, b)])
        both = np.where(first[:, None], np.hstack([a, b]), np.hstack([b, a]))
        values = table[keys].to_numpy(dtype=float)
        order = np.lexsort([values[:, 1].round(9), *both.T[::-1]])
        return both[order], values[order]

    (ga, gv), (wa, wv) = rows(got), rows(want)
    check(f"{name}: ends", ga, wa)
    check(f"{name}: {', '.join(keys)}", gv + 1, wv + 1, 1e-9)


def tables():
    blobs = ndi.gaussian_filter(rng.random((160, 200)), 2) > 0.5
    skeleton_table("skan, 2-D", blobs, (0.5, 2.0))
    blobs = ndi.gaussian_filter(rng.random((40, 50, 60)), 1.5) > 0.52
    skeleton_table("skan, 3-D", blobs, (3.0, 0.5, 1.0))
    if not DATA:
        print("no test data (set PETAVOX_DATA): real images left out")
        return
    root = pathlib.Path(DATA) / "skeleton"
    skeleton_table("skan, vessels", tifffile.imread(root / "vesselexpress/Train_Binary_000.tif") > 0, (1.0, 1.0, 1.0))
    skeleton_table("skan, neuron", tifffile.imread(root / "skan-scripts/OP_1_Rendered_Paths.tif") > 0, (9.1006, 3.0335, 3.0335))


def main():
    global folder
    with tempfile.TemporaryDirectory(dir=os.environ.get("SCRATCH")) as name:
        folder = pathlib.Path(name)
        for part in [all_gaussians, mask_operations, thresholds, regions, reductions, tables]:
            if sys.argv[1:] and part.__name__ not in sys.argv[1:]:
                continue
            try:
                part()
            except RuntimeError as e:
                failures.append(part.__name__)
                print(f"FAIL {part.__name__}: {e}", flush=True)
    print(f"{len(failures)} failures" + "".join(f"\n  {f}" for f in failures))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
