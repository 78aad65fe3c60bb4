"""Records what numpy's elementwise functions answer, for the tests of petavox-ops.

    python bench/golden/elementwise.py        # writes crates/petavox-ops/tests/golden/elementwise.json and .bin

The JSON holds the edge values of every dtype and, for every function and way of calling it, one letter per combination of dtypes:
numpy's letter of the result, or `.` for TypeError, `o` for OverflowError, `v` for ValueError. The samples of all results follow one another
in the .bin file, little-endian, in the order of the letters.
"""

import json
import os
import pathlib
import platform
import warnings

# numpy's own vector code differs from the C library's in the last digits and between machines.
os.environ.setdefault("NPY_DISABLE_CPU_FEATURES", "X86_V4 AVX512_ICL AVX512_SPR X86_V3")

import numpy as np

warnings.simplefilter("ignore")
OUT = pathlib.Path(__file__).resolve().parents[2] / "crates/petavox-ops/tests/golden"

DTYPES = ["bool", "uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64", "float32", "float64"]
UNARY = """absolute arccos arccosh arcsin arcsinh arctan arctanh cbrt ceil cos cosh degrees exp exp2 expm1 fabs floor invert isfinite isinf
isnan log log10 log1p log2 logical_not negative positive radians reciprocal rint sign signbit sin sinh sqrt square tan tanh trunc""".split()
BINARY = """add arctan2 bitwise_and bitwise_or bitwise_xor copysign divide equal floor_divide fmax fmin fmod greater greater_equal hypot
left_shift less less_equal logaddexp logical_and logical_or logical_xor maximum minimum multiply not_equal power remainder right_shift
subtract""".split()
# What floats are not computed by plain arithmetic.
SMOOTH = """arccos arccosh arcsin arcsinh arctan arctanh cbrt cos cosh exp exp2 expm1 log log10 log1p log2 sin sinh tan tanh""".split()
SCALARS = [True, 2, -3, 300, 2**63, 10**30, 2.5, float("nan")]
LEFT = [2, 2.5]


def values(dtype):
    d = np.dtype(dtype)
    if d.kind == "b":
        return np.array([False, True])
    if d.kind == "f":
        big = 1e30 if d.itemsize == 4 else 1e300
        return np.array([-np.inf, -big, -2.5, -1, -0.0, 0.0, 0.3, 1, 3.5, 7, np.inf, np.nan], d)
    low, high = int(np.iinfo(d).min), int(np.iinfo(d).max)
    some = [low, low + 1, -7, -2, -1, 0, 1, 3, 100, high] if d.kind == "i" else [0, 1, 2, 3, 7, 8, 100, high // 2 + 1, high - 1, high]
    return np.array(some, d)


EDGES = {d: values(d) for d in DTYPES}


class Recorder:
    def __init__(self):
        self.samples = []

    def call(self, f, *operands, **more):
        """The letter of what happens."""
        try:
            result = np.atleast_1d(f(*operands, **more))
        except OverflowError:
            return "o"
        except ValueError:
            return "v"
        except TypeError:
            return "."
        # There are no half floats here: what numpy computes in them is asked again in single precision.
        if result.dtype == np.float16:
            wide = [o.astype(np.float32) if isinstance(o, np.ndarray) else o for o in operands]
            result = f(*wide)
            assert result.dtype == np.float32, f
        self.samples.append(np.ascontiguousarray(result).tobytes())
        return result.dtype.char.replace("l", "q").replace("L", "Q")


def crossed(a, b):
    """Every value of one with every value of the other."""
    return np.repeat(a, len(b)), np.tile(b, len(a))


def some(a, b, n=4):
    """A few pairs of values."""
    i = np.arange(n)
    return a[(7 * i + 1) % len(a)], b[(3 * i + 2) % len(b)]


def exponents(name, b):
    """Exponents that integers may have."""
    return np.abs(b // 2) if name == "power" and b.dtype.kind == "i" else b


def main():
    r = Recorder()
    cases = []

    def case(function, how, letters):
        cases.append({"function": function, "how": how, "letters": "".join(letters)})

    for name in UNARY:
        f = getattr(np, name)
        case(name, "edges", [r.call(f, EDGES[d]) for d in DTYPES])
    dense = np.concatenate([np.linspace(-3, 3, 41), [-700.5, -90.25, -20, 1e-5, 1e-20, 12.75, 33.3, 88, 300.5, 708, 1e6, 1e15]])
    for name in SMOOTH:
        case(name, "dense", [r.call(getattr(np, name), dense.astype(d)) for d in DTYPES[-2:]])
    for name in BINARY:
        f = getattr(np, name)
        letters = []
        for a in DTYPES:
            for b in DTYPES:
                x, y = (crossed if a == b else some)(EDGES[a], exponents(name, EDGES[b]))
                letters.append(r.call(f, x, y))
        case(name, "edges", letters)
        case(name, "scalar right", [r.call(f, EDGES[d], s) for s in SCALARS for d in DTYPES])
        case(name, "scalar left", [r.call(f, s, exponents(name, EDGES[d])) for s in LEFT for d in DTYPES])
    for name, f in [("where", np.where), ("clip", np.clip)]:
        letters = []
        for a in DTYPES:
            for b in DTYPES:
                if name == "where":
                    x, y = some(EDGES[a], EDGES[b], 10)
                    letters.append(r.call(f, np.arange(10) % 3 == 0, x, y))
                else:
                    x, y = crossed(EDGES[a], EDGES[a])
                    letters.append(r.call(f, x, y, some(EDGES[b], EDGES[b], len(x))[0]))
        case(name, "edges", letters)
    # Integers that do not fit are left out: numpy.where alone lets them wrap, petavox refuses them.
    for name in ["where x", "where y"]:
        cond = np.arange(12) % 2 == 0
        fs = {"where x": lambda v, s: np.where(cond[: len(v)], s, v), "where y": lambda v, s: np.where(cond[: len(v)], v, s)}
        case(name, "scalar", [r.call(fs[name], EDGES[d], s) for s in [True, 2, 2.5] for d in DTYPES])
    limits = {"clip": (2, 100), "clip min": (1.5, None), "clip max": (None, 2), "clip wide": (-3, 300), "clip wrong": (300, 2)}
    for name, (low, high) in limits.items():
        case(name, "scalar", [r.call(lambda v: np.clip(v, low, high), EDGES[d]) for d in DTYPES])
    for name in ["add", "divide", "sqrt", "equal"]:
        f = getattr(np, name)
        letters = []
        for a in DTYPES:
            for t in DTYPES:
                operands = (EDGES[a],) if name == "sqrt" else (EDGES[a], EDGES[a][::-1].copy())
                letters.append(r.call(f, *operands, dtype=t))
        case(name, "dtype", letters)

    OUT.mkdir(parents=True, exist_ok=True)
    document = {
        "versions": {"python": platform.python_version(), "numpy": np.__version__, "libc": " ".join(platform.libc_ver())},
        "dtypes": DTYPES,
        "edges": {d: v.tobytes().hex() for d, v in EDGES.items()},
        "dense": dense.tobytes().hex(),
    }
    text = ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in document.items())
    rows = ",\n".join(map(json.dumps, cases))
    (OUT / "elementwise.json").write_text("{" + text + ',\n"cases": [\n' + rows + "\n]}\n")
    (OUT / "elementwise.bin").write_bytes(b"".join(r.samples))
    for file in OUT.glob("elementwise.*"):
        print(file.name, file.stat().st_size)


if __name__ == "__main__":
    main()
