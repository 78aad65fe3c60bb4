"""Records skan's branch tables for the tests of crates/petavox-ops/src/skeleton.

    python bench/golden/graph.py [DATA]

writes skan_small.json (drawn and random images, whole tables) and, if DATA (the folder of real test images) is given,
skan_real.json (ranks as differences in base 64, table as a digest, sums and lengths) into the folder of the tests.
Needs numpy, scikit-image, tifffile, zarr and skan. The versions are written into the files.
"""
import base64
import json
import pathlib
import sys
import warnings

import numpy as np
import scipy
import skan
import skimage
from skimage.morphology import skeletonize

warnings.filterwarnings("ignore")
OUT = pathlib.Path(__file__).parents[2] / "crates/petavox-ops/src/skeleton/golden"
VERSIONS = {"skan": skan.__version__, "scipy": scipy.__version__, "numpy": np.__version__,
            "scikit-image": skimage.__version__}


def table(image, spacing=1.0, height=False):
    """skan's table, or its exception's name where it fails."""
    try:
        skeleton = skan.Skeleton(image, spacing=spacing, value_is_height=height)
        return skan.summarize(skeleton, separator="_", value_is_height=height)
    except Exception as problem:
        return type(problem).__name__


def column(series):
    if series.dtype.kind in "iu":
        return [int(v) for v in series]
    return [float(v) for v in series]


def case(name, image, spacing=None, height=False):
    spacing_used = [1.0] * image.ndim if spacing is None else spacing
    df = table(image, np.asarray(spacing_used, float), height)
    entry = {"name": name, "shape": list(image.shape), "spacing": list(map(float, spacing_used)),
             "ranks": [int(r) for r in np.flatnonzero(image)], "height": height}
    if image.dtype != bool:
        entry["values"] = [float(v) for v in image[image != 0]]
        entry["single"] = image.dtype == np.float32
    if isinstance(df, str):
        entry["fails"] = df
    else:
        entry["columns"] = {c: column(df[c]) for c in df}
    return entry


def drawn(text):
    planes = [p.split() for p in text.split("/")]
    image = np.array([[[c == "#" for c in row] for row in plane] for plane in planes])
    return image[0] if len(planes) == 1 else image


DRAWN = {
    "bar": "..... .###. .....",
    "diagonal": "#.... .#... ..#.. ...#. ....#",
    "y": "#...# .#.#. ..#.. ..#.. ..#..",
    "cross": "..#.. ..#.. ##### ..#.. ..#..",
    "diagonal cross": "#...# .#.#. ..#.. .#.#. #...#",
    "h": "#...# #...# ##### #...# #...#",
    "ring": ".###. #...# #...# #...# .###.",
    "diamond": "..#.. .#.#. ..#..",
    "two rings": ".#....#. #.#..#.# .#....#.",
    "triangle": "##. #.. ...",
    "two triangles": "##.## #..#. .....",
    "triangle and bar": "##.. #... ...# ...#",
    "figure eight": ".##.##. #..#..# .##.##.",
    "figure eight at a corner": ".#... #.#.. .#.#. ..#.# ...#.",
    "theta": ".###. #...# ##### #...# .###.",
    "lollipop": ".##.... #..#### .##....",
    "nested rings": "####### #.....# #.###.# #.#.#.# #.###.# #.....# #######",
    "solid 2x2": ".... .##. .##. ....",
    "solid 3x3": "..... .###. .###. .###. .....",
    "solid whole image": "#### #### ####",
    "two joined blobs": "##...## ####### ##...##",
    "lone pixel": "... .#. ...",
    "lone pixels and a bar": "#..#. ..... .##.. ....# #....",
    "comb": "#.#.#.# #.#.#.# #######",
    "stairs": "##... .##.. ..##. ...## ....#",
    "along the border": "##### #...# #...# #####",
    "one row": "##.###",
    "one column": "# # . # # #",
    "empty": "... ... ...",
    "3-D line": "#.. ... .../... .#. .../... ... ..#",
    "3-D ring": "#.# ... #.#/.#. #.# .#./... ... ...",
    "3-D blob 2x2x2": "## ##/## ##",
    "3-D blob with arms": "#.... ..... ..... ..... ....#/..... .##.. .##.. ..... ...../..... .##.. .##.. ...#. ...../"
                          "..... ..... ..... ....# ....#",
    "3-D star": "#.# ... #.#/... .#. .../#.# ... #.#",
    "3-D thin plane": "... ... .../### ### ###/... ... ...",
    "3-D one plane": "#.#.# .###. #.#.#",
}


def wiggle(shape, n_lines, rng):
    """Random walks: long branches, crossings, loops."""
    image = np.zeros(shape, bool)
    for _ in range(n_lines):
        at = np.array([rng.integers(s) for s in shape])
        step = rng.integers(-1, 2, len(shape))
        for _ in range(rng.integers(5, 40)):
            image[tuple(at)] = True
            if rng.random() < 0.3:
                step = rng.integers(-1, 2, len(shape))
            at = np.clip(at + step, 0, np.array(shape) - 1)
    return image


def small():
    cases = [case(name, drawn(text)) for name, text in DRAWN.items()]
    cases.append(case("3-D one plane of three axes", drawn(DRAWN["3-D one plane"])[None]))
    cases.append(case("star, stretched", drawn(DRAWN["3-D star"]), [2.5, 0.7, 1.0]))
    cases.append(case("blob, stretched", drawn(DRAWN["3-D blob 2x2x2"]), [0.3, 0.2, 0.1]))
    rng = np.random.default_rng(20)
    anisotropic = {2: [0.37, 1.3], 3: [9.1006, 3.0335, 3.0335]}
    uneven = {2: [1.0, 1.7320508075688772], 3: [0.1, 0.7, 0.3]}
    for ndim, shape in ((2, (14, 11)), (3, (6, 7, 5))):
        for density in (0.05, 0.15, 0.3, 0.6, 1.0):
            cases.append(case(f"random {ndim}-D {density}", rng.random(shape) < density))
        for density in (0.1, 0.3):
            cases.append(case(f"random {ndim}-D {density}, anisotropic", rng.random(shape) < density, anisotropic[ndim]))
            cases.append(case(f"random {ndim}-D {density}, uneven", rng.random(shape) < density, uneven[ndim]))
        for i in range(3):
            lines = wiggle(tuple(2 * s for s in shape), 8, rng)
            cases.append(case(f"walks {ndim}-D {i}", lines, [None, anisotropic[ndim], uneven[ndim]][i]))
            mask = wiggle(tuple(2 * s for s in shape), 8, rng)
            values = np.where(mask, rng.random(mask.shape) + 0.01, 0)
            cases.append(case(f"values {ndim}-D {i}", values.astype([np.float64, np.float32, np.float64][i])))
            cases.append(case(f"heights {ndim}-D {i}", values.astype([np.float32, np.float64, np.float64][i]),
                              [None, anisotropic[ndim], uneven[ndim]][i], height=True))
        flat = np.where(wiggle(shape, 5, rng), 0.1, 0)
        cases.append(case(f"constant values {ndim}-D", flat))
        steps = np.where(wiggle(shape, 9, rng), rng.integers(1, 4, shape), 0).astype(np.float64)
        cases.append(case(f"stepped heights {ndim}-D", steps, height=True))
        cases.append(case(f"dense heights {ndim}-D", np.where(rng.random(shape) < 0.4, rng.random(shape), 0),
                          anisotropic[ndim], height=True))
    long = np.zeros((3, 900), bool)
    long[1, 5:] = True
    cases.append(case("long line of values", np.where(long, rng.random(long.shape), 0)))
    return cases


def pack(ranks):
    """Ranks as differences, 7 bits to a byte, lowest first, the eighth bit set when more follow; in base 64."""
    out = bytearray()
    for d in np.diff(ranks, prepend=0):
        d = int(d)
        while d > 127:
            out.append(d & 127 | 128)
            d >>= 7
        out.append(d)
    return base64.b64encode(bytes(out)).decode()


def real(data):
    import tifffile
    import zarr
    folder = pathlib.Path(data) / "skeleton"
    tif = lambda p: tifffile.imread(folder / p)
    store = zarr.storage.ZipStore(folder / "skan/neuron.zarr.zip", mode="r")
    neuron = np.asarray(zarr.open_array(store, mode="r"))
    sem = tif("skan/skeleton.tif")
    op1 = tif("skan-scripts/OP_1_Rendered_Paths_thinned.tif") > 0
    fiji = tif("scikit-image/_blobs_3d_fiji_skeleton.tif") > 0
    images = [
        # Its licence is not ours: the table alone is recorded, the test reads the ranks from the data.
        ("skan-scripts/OP_1_Rendered_Paths_thinned.tif", op1, [9.1006, 3.0335, 3.0335]),
        ("blobs thinned by Fiji, from scikit-image (BSD-3-Clause)", fiji, [1, 1, 1]),
        ("text of scikit-image, skeleton (BSD-3-Clause)", np.load(folder / "scikit-image/bw_text_skeleton.npy") > 0, [1, 1]),
        ("skeleton.tif of skan, bright half thinned (BSD-3-Clause)", skeletonize(sem > np.median(sem)), [0.5, 0.5]),
        ("neuron of skan, thinned (BSD-3-Clause)", skeletonize(neuron > 0), [1] * neuron.ndim),
    ]
    cases = []
    for name, image, spacing in images:
        image = np.ascontiguousarray(image)
        df = table(image, np.asarray(spacing, float))
        ints = [c for c in df if df[c].dtype.kind in "iu"]
        fnv = 0xcbf29ce484222325
        for c in ints:
            for v in df[c]:
                fnv = (fnv ^ int(v)) * 0x100000001b3 % 2**64
        cases.append({
            "name": name, "shape": list(image.shape), "spacing": list(map(float, spacing)),
            "n_voxels": int(image.sum()), "ranks": None if name.endswith(".tif") else pack(np.flatnonzero(image)), "n_rows": len(df),
            "int_columns": ints, "int_digest": f"{fnv:016x}",
            "float_sums": {c: float(df[c].sum()) for c in df if c not in ints},
            "float_square_sums": {c: float((df[c] ** 2).sum()) for c in df if c not in ints},
            "branch_distance": [float(f"{v:.12g}") for v in df["branch_distance"]],
        })
    return cases


def write(name, cases):
    OUT.mkdir(parents=True, exist_ok=True)
    lines = ",\n".join(json.dumps(c, separators=(",", ":")) for c in cases)
    (OUT / name).write_text(f'{{"versions":{json.dumps(VERSIONS)},"cases":[\n{lines}\n]}}\n')
    print(name, len(cases), "cases", (OUT / name).stat().st_size, "bytes")


if __name__ == "__main__":
    write("skan_small.json", small())
    if len(sys.argv) > 1:
        write("skan_real.json", real(sys.argv[1]))
