"""Records what scikit-image's skeletonize answers, for the thinning tests.

Run with a Python that has numpy, scipy and scikit-image:

    python bench/golden/thin.py [DATA]

DATA is the folder of real test images (default: $PETAVOX_DATA); without it only the synthetic cases are written.
Writes crates/petavox-ops/src/thin/golden.json (bits packed little-endian in C order, as hex) and
crates/petavox-kernels/src/skeleton/radius/golden.json (distances of scipy.ndimage.distance_transform_edt).
"""

import json
import os
import pathlib
import sys
import zlib

import numpy as np
import scipy
import scipy.ndimage as ndi
import skimage
from skimage.morphology import skeletonize

ROOT = pathlib.Path(__file__).resolve().parents[2]


def packed(mask):
    return np.packbits(mask.astype(bool).ravel(), bitorder="little").tobytes()


def synthetic():
    rng = np.random.default_rng(20261121)
    shapes = [
        (1, 1, 1), (1, 1, 9), (1, 9, 1), (9, 1, 1), (2, 2, 2), (1, 12, 13), (2, 11, 12), (11, 2, 12),
        (11, 12, 2), (12, 1, 11), (12, 11, 1), (7, 8, 9), (5, 6, 70), (3, 5, 130), (16, 15, 14),
    ]
    for shape in shapes:
        for density in (0.1, 0.3, 0.5, 0.7, 0.9, 0.97, 1.0):
            yield f"random {density}", rng.random(shape) < density
    for shape in [(20, 21, 22), (10, 12, 75), (2, 24, 30), (24, 2, 30)]:
        for sigma in (1.0, 2.0):
            for level in (-0.3, 0.0, 0.4):
                noise = ndi.gaussian_filter(rng.standard_normal(shape), sigma)
                yield f"blobs {sigma} {level}", noise / noise.std() > level
    # Free bars of even and odd width, which touch the border on some sides.
    for height in range(1, 6):
        for width in range(1, 6):
            bar = np.zeros((7, 7, 12), bool)
            bar[1 : 1 + height, :width, 2:10] = True
            yield f"bar {height} {width}", bar
    for shape in [(1, 1), (1, 8), (8, 1), (2, 9), (9, 2), (3, 3), (17, 19), (12, 70), (9, 131)]:
        for density in (0.2, 0.5, 0.8, 0.95, 1.0):
            yield f"random {density}", rng.random(shape) < density
    for shape in [(40, 41), (25, 140)]:
        for sigma in (1.0, 3.0):
            for level in (-0.3, 0.0, 0.4):
                noise = ndi.gaussian_filter(rng.standard_normal(shape), sigma)
                yield f"blobs {sigma} {level}", noise / noise.std() > level


def raw_volume(path, shape):
    return np.fromfile(path, np.uint8)[-int(np.prod(shape)) :].reshape(shape) > 0


def real(data):
    folder = data / "skeleton" / "voreen"
    yield "skeleton/voreen/aneurysm_mask.raw", 0, raw_volume(folder / "aneurysm_mask.raw", (84, 83, 83))
    noisy = np.fromfile(folder / "vessel-tree-noisy.raw", np.uint8).reshape(101, 101, 101)
    yield "skeleton/voreen/vessel-tree-noisy.raw", 0, noisy > 0
    yield "skeleton/voreen/vessel-tree-noisy.raw", 128, noisy > 128


def record(name, mask, with_bits, above=0):
    case = {"name": name, "shape": list(mask.shape)}
    answers = {"lee": skeletonize(mask, method="lee")}
    if mask.ndim == 2:
        answers["zhang"] = skeletonize(mask, method="zhang")
    if with_bits:
        case["mask"] = packed(mask).hex()
    else:
        case["above"] = above
        case["n_foreground"] = int(mask.sum())
    for method, answer in answers.items():
        if with_bits:
            case[method] = packed(answer).hex()
        else:
            case[method] = {"n_voxels": int(answer.sum()), "crc32": zlib.crc32(packed(answer))}
    return case


def radii():
    rng = np.random.default_rng(7)
    cases = []
    for shape in [(6, 7, 9), (3, 5, 80), (1, 9, 70), (20, 3, 4)]:
        for density in (0.5, 0.97):
            for spacing in [(1, 1, 1), (9.1006, 3.0335, 3.0335), (0.3, 1.7, 2.5)]:
                mask = rng.random(shape) < density
                distance = ndi.distance_transform_edt(mask, sampling=spacing)
                at = rng.integers(0, mask.size, 40)
                cases.append({
                    "shape": shape, "spacing": spacing, "mask": packed(mask).hex(),
                    "at": at.tolist(), "distance": distance.ravel()[at].tolist(),
                })
    return cases


def main():
    versions = {"scikit-image": skimage.__version__, "numpy": np.__version__, "scipy": scipy.__version__}
    path = ROOT / "crates/petavox-kernels/src/skeleton/radius/golden.json"
    with open(path, "w", encoding="utf-8") as f:
        json.dump({"versions": versions, "cases": radii()}, f, separators=(",", ":"))
        f.write("\n")
    where = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("PETAVOX_DATA")
    out = {
        "versions": versions,
        "cases": [record(name, mask, True) for name, mask in synthetic()],
        "real": [record(name, mask, False, above) for name, above, mask in real(pathlib.Path(where))] if where else [],
    }
    path = ROOT / "crates/petavox-ops/src/thin/golden.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", encoding="utf-8") as f:
        f.write('{"versions":' + json.dumps(out["versions"]))
        for part in ("cases", "real"):
            f.write(f',\n"{part}":[\n' + ",\n".join(json.dumps(c, separators=(",", ":")) for c in out[part]) + "]")
        f.write("}\n")
    print(path, path.stat().st_size, "bytes,", len(out["cases"]), "cases,", len(out["real"]), "real")


main()
