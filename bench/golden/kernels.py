"""Records what scipy.ndimage and scikit-image answer, for the tests of petavox-kernels.

    python bench/golden/kernels.py            # writes crates/petavox-kernels/tests/golden/*.json

Arrays are stored as {"dtype", "shape", "hex"}: the little-endian bytes in C order, so that no digit is lost;
bool is packed, eight samples a byte.
"""

import json
import operator
import os
import pathlib
import platform
import warnings

# numpy's AVX-512 exp differs from the C library's in the last bit of one value in twenty, so scipy's own Gaussian weights
# depend on the machine; what is recorded here is what every other machine answers.
os.environ.setdefault("NPY_DISABLE_CPU_FEATURES", "X86_V4 AVX512_ICL AVX512_SPR")

import numpy as np
import scipy
import scipy.ndimage as ndi
import skimage
import skimage.exposure
from skimage import filters, measure, morphology

warnings.simplefilter("ignore")
OUT = pathlib.Path(__file__).resolve().parents[2] / "crates/petavox-kernels/tests/golden"
VERSIONS = {
    "python": platform.python_version(),
    "numpy": np.__version__,
    "scipy": scipy.__version__,
    "scikit-image": skimage.__version__,
}


def arr(a):
    a = np.ascontiguousarray(a)
    if a.dtype == bool:
        return {"dtype": "bool", "shape": list(a.shape), "hex": np.packbits(a).tobytes().hex()}
    return {"dtype": a.dtype.name, "shape": list(a.shape), "hex": a.tobytes().hex()}


def num(x):
    """One double, as its bytes."""
    return np.float64(x).tobytes().hex()


def save(name, cases):
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / f"{name}.json").write_text("{" + f'"versions": {json.dumps(VERSIONS)},\n"cases": [\n' + ",\n".join(map(json.dumps, cases)) + "\n]}\n")
    print(name, len(cases), (OUT / f"{name}.json").stat().st_size)


def image(rng, shape, dtype):
    dtype = np.dtype(dtype)
    if dtype.kind == "f":
        return rng.normal(0, 100, shape).astype(dtype)
    if dtype.kind == "b":
        return rng.random(shape) < 0.5
    info = np.iinfo(dtype)
    return rng.integers(max(info.min, -(10**6)), min(info.max, 10**6), shape).astype(dtype)


def gaussian():
    rng = np.random.default_rng(1)
    weights = [
        {"sigma": float(s), "order": o, "truncate": t, "weights": arr(ndi._filters._gaussian_kernel1d(s, o, int(t * s + 0.5))[::-1])}
        for s in (0.3, 1, 1.5, 2, 2.7, 5, 20.5)
        for o in (0, 1, 2)
        for t in (4.0,)
    ]
    cases = []
    for i, dtype in enumerate("float32 float64 uint8 int16 uint16 int32 uint32 int64 uint64 int8 bool".split()):
        for shape, sigma in [((4, 5, 7), (1, 0, 2)), ((9, 6), (1.5, 0.8)), ((3, 2, 5), (2, 2, 2)), ((13,), (3,)), ((2, 3, 2, 3), (0.7, 0.5, 1, 0.6))]:
            x = image(rng, shape, dtype)
            modes = ["reflect", "mirror", "nearest", "wrap", "constant"]
            cval = 0.0 if dtype == "bool" else 2.7
            for mode in modes if i < 3 else [modes[i % 5], "constant"]:
                order = tuple(rng.integers(0, 3, len(shape))) if dtype == "float64" and mode in ("nearest", "constant") else (0,) * len(shape)
                y = ndi.gaussian_filter(x, sigma, order=order, mode=mode, cval=cval, truncate=3.0)
                cases.append({"mode": mode, "cval": cval, "sigma": [float(s) for s in sigma], "order": [int(o) for o in order], "truncate": 3.0, "input": arr(x), "output": arr(y)})
    save("gaussian", cases)
    save("gaussian_weights", weights)


ALL = "bool uint8 int8 uint16 int16 uint32 int32 uint64 int64 float32 float64".split()


def extremes(dtype):
    dtype = np.dtype(dtype)
    if dtype.kind == "b":
        return np.array([False, True])
    if dtype.kind == "f":
        values = [0, -0.0, 0.5, -0.5, 1.5, -1.5, 127, 128, 255, 256, 300.7, -1, -129, -200.5, 65535, 65536, 70000.9, -40000, 2.0**31, 2.0**31 - 1000, -(2.0**31), 2.0**32, 3e9, 2.0**40 + 5, 2.0**53, 2.0**62, -(2.0**62), np.nan, 1e-300, 0.45]
        return np.array(values, dtype)
    info = np.iinfo(dtype)
    values = [info.min, info.max, info.min + 1, info.max - 1, info.max // 2, info.max // 2 + 1, 0, 1, 2, 3, 100, 127]
    return np.array(values, dtype)


def cast():
    cases = []
    for a in ALL:
        for b in ALL:
            x = extremes(a)
            if x.dtype.kind == "f" and b in ("uint32", "uint64"):
                # Beyond the range numpy's answer depends on the machine and on the length of the array.
                x = x[(x > -1) & (x < 2.0 ** (32 if b == "uint32" else 63))]
            cases.append({"input": arr(x), "output": arr(x.astype(b))})
    save("cast", cases)


OPERATORS = {"greater": operator.gt, "greater_equal": operator.ge, "less": operator.lt, "less_equal": operator.le, "equal": operator.eq, "not_equal": operator.ne}


def compare():
    cases = []
    for dtype in ALL:
        x = extremes(dtype)
        if x.dtype.kind in "iu" and x.dtype.itemsize == 8:
            x = x[np.abs(x.astype(float)) < 2.0**53]
        for op in OPERATORS:
            for v in (0, -1, 2, 256, 65536, 2**63, 0.45, 2.5, 2.0, 300.7, float("nan"), float("inf"), -1e40):
                if dtype == "bool" and isinstance(v, int) and abs(v) >= 2**63:
                    continue  # numpy raises
                case = {"op": op, "input": arr(x), "output": arr(OPERATORS[op](x, v))}
                case.update({"int": str(v)} if isinstance(v, int) else {"float": num(v)})
                cases.append(case)
    save("compare", cases)


def threshold():
    rng = np.random.default_rng(2)
    cases = []

    def two(n, a, b, scale):
        return np.where(rng.random(n) < 0.7, rng.normal(a, scale, n), rng.normal(b, 2 * scale, n))

    images = {
        "uint8": np.clip(two(1000, 60, 170, 15), 0, 255).astype("uint8").reshape(40, 25),
        "uint8 sparse": rng.choice([3, 4, 90, 200], (9, 9)).astype("uint8"),
        "int8": np.clip(two(500, -60, 70, 15), -128, 127).astype("int8"),
        "uint16": np.clip(two(1500, 100, 900, 40), 0, 65535).astype("uint16"),
        "int16": np.clip(two(800, -100, 300, 40), -32768, 32767).astype("int16"),
        "uint32": np.clip(two(400, 70100, 70400, 40), 0, None).astype("uint32"),
        "int32": two(400, -100, 300, 40).astype("int32"),
        "int64": two(400, -100, 300, 40).astype("int64"),
        "float32": two(1000, 0.2, 0.8, 0.1).astype("float32").reshape(10, 20, 5),
        "float32 narrow": (1000 + two(900, 0.2, 0.8, 0.1)).astype("float32"),
        "float32 on the edges": (np.arange(513) / 512).astype("float32"),
        "float32 huge": (two(300, 0.2, 0.8, 0.1) * 1e30).astype("float32"),
        "float64": two(700, 0.2, 0.8, 0.1),
        "float64 tenths": np.round(two(700, 0.2, 0.8, 0.1), 1),
        "constant float": np.full(7, 0.3, "float32"),
        "constant uint8": np.full(7, 9, "uint8"),
    }
    for name, x in images.items():
        counts, centres = skimage.exposure.histogram(x.ravel(), 256)
        case = {"name": name, "input": arr(x), "counts": arr(counts.astype("uint16")), "centres": arr(centres)}
        for method in ("otsu", "yen", "triangle", "isodata", "li"):
            if "constant float" in name and method in ("yen", "isodata"):
                continue
            try:
                case[method] = num(getattr(filters, "threshold_" + method)(x))
            except Exception as e:
                print(name, method, repr(e))
        cases.append(case)
    save("threshold", cases)


def binary():
    rng = np.random.default_rng(3)
    cases = []
    for shape in [(13,), (9, 12), (5, 7, 6)]:
        n = len(shape)
        structures = [ndi.generate_binary_structure(n, c) for c in range(1, n + 1)]
        structures += [np.ones((5,) * n, bool), np.ones((2, 4, 3)[:n], bool), rng.random((4, 3, 2)[:n]) < 0.6, rng.random((3, 5, 3)[:n]) < 0.5]
        for structure in structures:
            structure.flat[0] = True
            x = rng.random(shape) < 0.7
            for op in "binary_erosion binary_dilation binary_opening binary_closing".split():
                for iterations in (1, 2):
                    for border in (0, 1) if op in ("binary_erosion", "binary_dilation") else (0,):
                        extra = {"border_value": border} if op in ("binary_erosion", "binary_dilation") else {}
                        y = getattr(ndi, op)(x, structure, iterations=iterations, **extra)
                        cases.append({"op": op, "iterations": iterations, "border_value": bool(border), "structure": arr(structure), "input": arr(x), "output": arr(y)})
    save("binary", cases)


def label():
    rng = np.random.default_rng(4)
    cases, small = [], []
    for shape in [(40,), (13, 14), (6, 5, 7), (3, 4, 3, 5)]:
        n = len(shape)
        for connectivity in range(1, n + 1):
            for density in (0.25, 0.5):
                x = rng.random(shape) < density
                y, _ = ndi.label(x, ndi.generate_binary_structure(n, connectivity))
                cases.append({"connectivity": connectivity, "input": arr(x), "labels": arr(y.astype("uint8"))})
                for max_size in (0, 4, 64):
                    small.append({
                        "connectivity": connectivity, "max_size": max_size, "input": arr(x),
                        "objects": arr(morphology.remove_small_objects(x, max_size=max_size, connectivity=connectivity)),
                        "holes": arr(morphology.remove_small_holes(x, max_size=max_size, connectivity=connectivity)),
                    })
    save("label", cases)
    save("small", small)


def distance():
    rng = np.random.default_rng(5)
    cases = []
    for shape in [(50,), (13, 17), (7, 5, 9), (3, 4, 4, 3)]:
        n = len(shape)
        for spacing in [(1.0,) * n, (2.0, 3.0, 1.0, 5.0)[:n], (0.5, 0.2, 0.37, 1.1)[:n]]:
            for density in (0.5, 0.9, 0.99):
                x = rng.random(shape) < density
                x.flat[3] = False
                cases.append({"spacing": list(spacing), "input": arr(x), "output": arr(ndi.distance_transform_edt(x, spacing))})
    save("distance", cases)


def regions():
    rng = np.random.default_rng(6)
    cases = []
    for shape, labels_dtype in [((9, 11), "uint8"), ((5, 6, 7), "int32"), ((5, 6, 7), "uint16")]:
        for dtype in ("uint8", "float32", "float64", "int16"):
            y = rng.choice([0, 1, 2, 5, 9], shape).astype(labels_dtype)
            x = image(rng, shape, dtype)
            rows = [
                {"label": int(r.label), "area": int(r.area), "bbox": [int(v) for v in r.bbox], "centroid": [float(v) for v in r.centroid], "min": num(r.intensity_min), "max": num(r.intensity_max), "mean": num(r.intensity_mean)}
                for r in measure.regionprops(y, x)
            ]
            cases.append({"labels": arr(y), "image": arr(x), "rows": rows})
    save("regions", cases)


PARTS = [gaussian, cast, compare, threshold, binary, label, distance, regions]

if __name__ == "__main__":
    import sys

    for part in PARTS:
        if len(sys.argv) == 1 or part.__name__ in sys.argv[1:]:
            part()
