"""Real 3-D volumes from image to table, against skan's own table of the same skeleton, and counts of the topology.

For each volume and rule of thinning: every column that skan.summarize has, row for row, equal (floats to 1e-9); with `lee` the
skeleton is scikit-image's, voxel for voxel; with `parity` the mask and the skeleton have the same components, loops and cavities,
counted by scipy and by scikit-image's Euler number.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import warnings

import numpy as np
import pandas as pd
import skan
import tifffile
import zarr
from scipy import io, ndimage
from skimage import measure, morphology

PETAVOX = os.environ["PETAVOX"]
DATA = os.environ.get("PETAVOX_DATA")
EVERYWHERE = np.ones((3, 3, 3))


def volumes(root):
    """Name, samples, spacing, and the threshold; None for masks."""

    def raw(name, dtype, shape):
        return np.fromfile(root / "voreen" / name, dtype).reshape(shape)

    yield "OP_1", tifffile.imread(root / "skan-scripts/OP_1_Rendered_Paths.tif"), (9.1006, 3.0335, 3.0335), None
    yield "aneurysm", raw("aneurysm_mask.raw", "u1", (84, 83, 83)), (0.6, 0.6, 0.6), None
    yield "testvol", io.loadmat(root / "skeleton3d-matlab/testvol.mat")["testvol"].T, (1.0, 1.0, 1.0), None
    yield "vesselexpress mask", tifffile.imread(root / "vesselexpress/Train_Binary_000.tif"), (1.0, 1.0, 1.0), None
    yield "vesselexpress", tifffile.imread(root / "vesselexpress/Train_000.tif"), (2.0, 1.0, 1.0), "otsu"
    yield "vessel tree", raw("vessel-tree-noisy.raw", "u1", (101, 101, 101)), (0.02, 0.02, 0.02), "otsu"
    yield "walnut", raw("walnut.raw", "<u2", (114, 96, 128)), (0.0156, 0.0156, 0.0156), "otsu"


def betti(mask):
    padded = np.pad(mask, 1)
    components = ndimage.label(padded, EVERYWHERE)[1]
    cavities = ndimage.label(~padded)[1] - 1
    return components, int(components + cavities - measure.euler_number(padded, 3)), cavities


def run(folder, image, spacing, threshold, method):
    """The run's facts, table and skeleton."""
    np.save(folder / "in.npy", image)
    command = [PETAVOX, "skeleton", folder / "in.npy", "-o", folder / "out", "--method", method, "--overwrite", "--json"]
    command += ["--spacing", ",".join(map(str, spacing)), "--threads", "2"]
    command += ["--sigma", "1", "--threshold", threshold, "--min-size", "30"] if threshold else ["--mask"]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{command}: {done.stdout}{done.stderr}")
    group = zarr.open_group(folder / "out" / "skeleton.zarr", mode="r")
    skeleton = np.asarray(group[min(name for name, _ in group.arrays())][:]) > 0
    return json.loads(done.stdout)["results"], pd.read_parquet(folder / "out" / "branches.parquet"), skeleton


def mask_of(folder, image, threshold):
    if not threshold:
        return image > 0
    np.save(folder / "in.npy", image)
    steps = ["astype:dtype=float32", "gaussian:sigma=1", f"threshold:method={threshold}", "remove_small_objects:max_size=29:connectivity=3"]
    subprocess.run([PETAVOX, "apply", folder / "in.npy", folder / "mask.npy", *steps, "--overwrite", "--quiet"], check=True)
    return np.load(folder / "mask.npy") > 0


def table_is_skans(table, skeleton, spacing):
    """The differences. Voxels without a neighbour are no branches, and skan is not shown them."""
    alone = skeleton & (ndimage.convolve(skeleton.astype(np.uint8), EVERYWHERE.astype(np.uint8), mode="constant") == 1)
    want = skan.summarize(skan.Skeleton(skeleton & ~alone, spacing=spacing), separator="_")
    if len(want) != len(table):
        return [f"{len(table)} branches, skan {len(want)}"]
    wrong = [name for name in want if name not in table]
    # Voxels and skeletons have numbers in both; petavox counts those that are alone too.
    number = np.cumsum(~alone[skeleton]) - 1
    for name in want:
        if name in wrong:
            continue
        got, expected = table[name].to_numpy(), want[name].to_numpy()
        if name == "skeleton_id":
            got, expected = (np.unique(ids, return_inverse=True)[1] for ids in (got, expected))
        elif name.startswith("node_id"):
            got = number[got]
        exact = expected.dtype.kind in "iub"
        if not (np.array_equal(got, expected) if exact else np.allclose(got, expected, rtol=1e-9, atol=0, equal_nan=True)):
            wrong.append(name)
    return [f"columns {wrong} differ"] if wrong else []


def main():
    if not DATA:
        print("skipped: no test data (set PETAVOX_DATA)")
        return 0
    warnings.filterwarnings("ignore")
    failed = False
    with tempfile.TemporaryDirectory(dir=os.environ.get("SCRATCH")) as name:
        folder = pathlib.Path(name)
        for name, image, spacing, threshold in volumes(pathlib.Path(DATA) / "skeleton"):
            mask = mask_of(folder, image, threshold)
            for method in ["parity", "lee"]:
                facts, table, skeleton = run(folder, image, spacing, threshold, method)
                wrong = table_is_skans(table, skeleton, spacing)
                if facts["n_mask_voxels"] != mask.sum():
                    wrong.append(f"{facts['n_mask_voxels']} voxels in the mask, not {mask.sum()}")
                if method == "lee" and not np.array_equal(skeleton, morphology.skeletonize(mask, method="lee") > 0):
                    wrong.append("not scikit-image's skeleton")
                numbers = betti(mask), betti(skeleton)
                if method == "parity" and numbers[0] != numbers[1]:
                    wrong.append(f"components, loops, cavities {numbers[0]} became {numbers[1]}")
                print(f"{name}, {method}: {len(table)} branches, topology {numbers[1]}: {'; '.join(wrong) or 'ok'}", flush=True)
                failed |= bool(wrong)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
