"""What the clients read: stored images, the operations on them, and what should come out."""

from dataclasses import dataclass, field

import numpy as np
import zarr
from scipy import ndimage

#: Axes, scale and translation of the case where they are not all the same.
SCALE, TRANSLATION = (2.0, 0.25, 0.5), (10.0, -4.0, 7.5)


@dataclass
class Case:
    """An image under one operation. `expected` are boxes (a slice per axis) with their samples, computed by scipy."""

    name: str
    shape: tuple
    dtype: str
    steps: list
    expected: list = field(default_factory=list)
    is_labels: bool = False

    @property
    def axes(self):
        return "tczyx"[-len(self.shape) :]


def write(folder, case, boxes):
    """An OME-Zarr as others write it: zeros, but for boxes of noise; the boxes are (first samples, samples)."""
    group = zarr.open_group(folder / f"{case.name}.zarr", mode="w")
    n = len(case.shape)
    chunks = tuple(min(s, c) for s, c in zip(case.shape, (1, 1, 20, 64, 50)[-n:]))
    array = group.create_array("0", shape=case.shape, chunks=chunks, dtype=case.dtype)
    for first, samples in boxes:
        array[tuple(slice(f, f + s) for f, s in zip(first, samples.shape))] = samples
    kind = {"t": "time", "c": "channel"}
    axes = [{"name": a, "type": kind.get(a, "space"), **({} if a == "c" else {"unit": "second" if a == "t" else "micrometer"})} for a in case.axes]
    placed = case.name == "placed"
    place = [{"type": "scale", "scale": list(SCALE if placed else (1.0,) * n)}]
    if placed:
        place.append({"type": "translation", "translation": list(TRANSLATION)})
    multiscale = {"axes": axes, "datasets": [{"path": "0", "coordinateTransformations": place}]}
    group.attrs["ome"] = {"version": "0.5", "multiscales": [multiscale]}


def odd(folder, rng):
    """3.1 GB in five dimensions, none of which a chunk divides. What is read was computed by scipy with what lies around it."""
    case = Case("odd", (3, 2, 1001, 777, 333), "uint16", ["median_filter:size=1,1,3,3,3"])
    boxes = [
        (slice(2, 3), slice(1, 2), slice(955, 1001), slice(700, 777), slice(290, 333)),
        (slice(1, 2), slice(0, 1), slice(480, 521), slice(301, 402), slice(99, 200)),
        (slice(0, 1), slice(1, 2), slice(1000, 1001), slice(0, 777), slice(0, 333)),
    ]
    stored = []
    for box in boxes:
        wide = [slice(max(0, s.start - m), min(n, s.stop + m)) for s, n, m in zip(box, case.shape, (0, 0, 2, 2, 2))]
        noise = rng.integers(0, 65536, [s.stop - s.start for s in wide], dtype=np.uint16)
        stored.append(([s.start for s in wide], noise))
        inner = tuple(slice(b.start - w.start, b.stop - w.start) for b, w in zip(box, wide))
        case.expected.append((box, ndimage.median_filter(noise, (1, 1, 3, 3, 3))[inner]))
    write(folder, case, stored)
    return case


def small(folder, name, samples, step, filtered, is_labels=False):
    """A small image that is read whole."""
    case = Case(name, samples.shape, str(samples.dtype), [step], is_labels=is_labels)
    case.expected.append((tuple(slice(0, n) for n in samples.shape), filtered(samples)))
    write(folder, case, [((0,) * samples.ndim, samples)])
    return case


def cases(folder):
    """All of them, written into a folder."""
    rng = np.random.default_rng(6)
    shape = (61, 101, 77)
    wide = lambda a: ndimage.maximum_filter(a, 3)  # noqa: E731
    yield odd(folder, rng)
    yield small(folder, "float64", rng.normal(size=shape), "median_filter:size=3", lambda a: ndimage.median_filter(a, 3))
    yield small(folder, "int8", rng.integers(-128, 128, shape, dtype=np.int8), "maximum_filter:size=3", wide)
    labels = np.kron(rng.integers(0, 9, (7, 11, 8)), np.ones((10, 10, 10), int))[: shape[0], : shape[1], : shape[2]]
    labels = labels.astype(np.uint64) * np.uint64(2**40 + 3)
    yield small(folder, "labels", labels, "maximum_filter:size=3", wide, is_labels=True)
    yield small(folder, "bool", rng.random(shape) > 0.9, "binary_dilation", ndimage.binary_dilation)
    yield small(folder, "placed", rng.integers(0, 256, shape, dtype=np.uint8), "maximum_filter:size=3", wide)


def plane(case):
    """One plane of what is expected: where (one position per leading axis), its first row and column, the samples."""
    box, samples = case.expected[-1]
    lead = len(box) - 2
    middle = [(s.stop - s.start) // 2 for s in box[:lead]]
    at = [s.start + m for s, m in zip(box, middle)]
    return at, (box[-2].start, box[-1].start), samples[tuple(middle)]
