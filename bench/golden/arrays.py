"""Records what numpy's structural functions answer, for the tests of petavox-ops.

    python bench/golden/arrays.py        # writes crates/petavox-ops/tests/golden/arrays.json

Every case has an operation, its parameters, the shapes of its images (whose samples count up from 1000 times the image's number) and
the shape and samples of numpy's result.
"""

import json
import pathlib
import random

import numpy as np

OUT = pathlib.Path(__file__).resolve().parents[2] / "crates/petavox-ops/tests/golden/arrays.json"
rng = random.Random(7)
cases = []


def images(shapes):
    return [np.arange(np.prod(s, dtype=int), dtype=np.int32).reshape(s) + 1000 * k for k, s in enumerate(shapes)]


def case(op, params, shapes, result):
    cases.append({"op": op, "params": params, "shapes": [list(s) for s in shapes], "shape": list(result.shape), "samples": result.ravel().tolist()})


def shape(least=1, most=4):
    return tuple(rng.randint(1, 6) for _ in range(rng.randint(least, most)))


def maybe(n):
    return None if rng.random() < 0.3 else rng.randint(-n - 2, n + 2)


for _ in range(120):
    s = shape()
    (x,) = images([s])
    key, items = [], []
    for n in s:
        if rng.random() < 0.15:
            key.append(None)
            items.append({"new": True})
        if rng.random() < 0.25:
            at = rng.randint(-n, n - 1)
            key.append(at)
            items.append({"at": at})
        else:
            part = slice(maybe(n), maybe(n), rng.choice([None, 1, 2, 3, -1, -2, -3]))
            key.append(part)
            items.append({k: v for k, v in zip(("start", "stop", "step"), (part.start, part.stop, part.step)) if v is not None})
    case("index", {"items": items}, [s], x[tuple(key)])

for _ in range(20):
    s = shape()
    (x,) = images([s])
    axes = list(range(len(s)))
    rng.shuffle(axes)
    case("transpose", {"axes": axes}, [s], x.transpose(axes))
    axes = rng.sample(axes, rng.randint(1, len(axes)))
    case("flip", {"axis": axes}, [s], np.flip(x, axes))
    shifts = [rng.randint(-9, 9) for _ in axes]
    case("roll", {"shift": shifts, "axis": axes}, [s], np.roll(x, shifts, axes))
    case("roll", {"shift": shifts[0], "axis": axes}, [s], np.roll(x, shifts[0], axes))
    axis = rng.randrange(-len(s), len(s))
    at = [rng.randrange(-s[axis], s[axis]) for _ in range(rng.randint(1, 9))]
    case("take", {"indices": at, "axis": axis}, [s], np.take(x, at, axis))
    case("repeat", {"repeats": len(at), "axis": axis}, [s], np.repeat(x, len(at), axis))
    counts = [rng.randint(0, 3) for _ in range(s[axis])]
    case("repeat", {"repeats": counts, "axis": axis}, [s], np.repeat(x, counts, axis))
    reps = [rng.randint(1, 3) for _ in range(rng.randint(1, 4))]
    case("tile", {"reps": reps}, [s], np.tile(x, reps))
    places = rng.sample(range(len(s) + 2), 2)
    case("expand_dims", {"axis": places}, [s], np.expand_dims(x, tuple(places)))
    stretched = [rng.randint(1, 3) for _ in range(rng.randint(0, 2))] + [rng.randint(1, 4) if n == 1 else n for n in s]
    case("broadcast_to", {"shape": stretched}, [s], np.broadcast_to(x, stretched))
    case("squeeze", {}, [s], np.squeeze(x))

for mode in ["constant", "edge", "reflect", "symmetric", "wrap"]:
    for _ in range(12):
        s = shape(most=3)
        (x,) = images([s])
        widths = [[rng.randint(0, 8), rng.randint(0, 8)] for _ in s]
        params, extra = {"pad_width": widths, "mode": mode}, {}
        if mode == "constant":
            values = [[rng.randint(-9, 9), rng.randint(-9, 9)] for _ in s]
            params["constant_values"], extra = values, {"constant_values": values}
        case("pad", params, [s], np.pad(x, widths, mode, **extra))
case("pad", {"pad_width": 2}, [(2, 3)], np.pad(images([(2, 3)])[0], 2))
case("pad", {"pad_width": [1, 2], "mode": "edge"}, [(2, 3)], np.pad(images([(2, 3)])[0], (1, 2), "edge"))
case("pad", {"pad_width": [[1, 2]], "mode": "edge"}, [(2, 3)], np.pad(images([(2, 3)])[0], ((1, 2),), "edge"))

for _ in range(20):
    s = list(shape())
    axis = rng.randrange(-len(s), len(s))
    shapes = []
    for _ in range(rng.randint(1, 5)):
        s[axis] = rng.randint(1, 4)
        shapes.append(tuple(s))
    case("concatenate", {"axis": axis}, shapes, np.concatenate(images(shapes), axis))
    shapes = [tuple(s)] * rng.randint(1, 4)
    axis = rng.randrange(-len(s) - 1, len(s) + 1)
    case("stack", {"axis": axis}, shapes, np.stack(images(shapes), axis))

for s, shapes in [
    ((4, 6), [(24,), (6, 4), (2, 2, 6), (4, 2, 3), (8, 3), (3, 8), (1, 4, 1, 6), (-1, 12)]),
    ((2, 3, 4, 5), [(6, 20), (2, 12, 5), (120,), (24, 5), (5, 4, 3, 2), (2, 3, 2, 2, 5), (10, 12), (40, -1)]),
    ((60,), [(3, 4, 5), (60, 1), (1, 60), (2, 30), (30, 2)]),
    ((1,), [(), (1, 1, 1)]),
    ((0, 3), [(3, 0), (0,), (1, 0, 7)]),
]:
    for shape_ in shapes:
        (x,) = images([s])
        case("reshape", {"shape": list(shape_)}, [s], x.reshape(shape_))

OUT.write_text(json.dumps({"numpy": np.__version__, "cases": cases}, separators=(",", ":")).replace('{"op"', '\n{"op"') + "\n")
print(len(cases), "cases,", OUT.stat().st_size, "bytes, numpy", np.__version__)
