"""Viewers: what they draw, or are about to draw, against what is expected."""

import contextlib
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

import numpy as np
from cases import SCALE, TRANSLATION, plane

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "tests" / "live"))
import browser  # noqa: E402

SIZE = (400, 300)
#: Samples as they are, written into the colours' bytes: (dtype that is asked for, GLSL, the same in numpy).
EXACT = {
    "uint8": (None, "uint v = toRaw(D); vec3 c = vec3(float(v), 0.0, 0.0);", lambda a: [a, 0, 0]),
    "int8": (None, "int v = toRaw(D); vec3 c = vec3(float(v + 128), 0.0, 0.0);", lambda a: [a.astype(int) + 128, 0, 0]),
    "uint16": (None, "uint v = toRaw(D); vec3 c = vec3(float(v & 255u), float(v >> 8u), 0.0);", lambda a: [a & 255, a >> 8, 0]),
    "uint64": (None, "uvec2 v = D.value; vec3 c = vec3(float(v.x & 255u), float((v.y >> 8u) & 255u), 0.0);", lambda a: [a & 255, (a >> 40) & 255, 0]),
    # It has no textures of these: the server casts.
    "float64": ("float32", "uint v = floatBitsToUint(toRaw(D)); vec3 c = vec3(float(v >> 24u), float((v >> 16u) & 255u), float((v >> 8u) & 255u));",
                lambda a: [(a.astype(np.float32).view(np.uint32) >> s) & 255 for s in (24, 16, 8)]),
    "bool": ("uint8", "uint v = toRaw(D); vec3 c = vec3(float(v), 0.0, 0.0);", lambda a: [a.astype(int), 0, 0]),
}  # fmt: skip


@contextlib.contextmanager
def neuroglancer():
    """A viewer and the page that shows it."""
    import neuroglancer

    viewer = neuroglancer.Viewer()
    with browser.Browser(500, 400) as page:
        page.open(viewer.get_viewer_url())
        yield viewer


def neuroglancer_draws(viewer, base, case):
    """The picture of one plane, a pixel per sample, decoded from its colours. What had to be cast is told."""
    import neuroglancer

    at, (top, left), samples = plane(case)
    cast, shader, decoded = EXACT[case.dtype]
    policy = f"/@dtype={cast}" if cast else ""
    channels = "c" in case.axes
    value = f"getDataValue({at[case.axes.index('c')]})" if channels else "getDataValue()"
    scale = dict(zip("zyx", SCALE if case.name == "placed" else (1, 1, 1))) | {"t": 1}
    names = [a for a in "xyzt" if a in case.axes]
    with viewer.txn() as state:
        state.layers.clear()
        state.dimensions = neuroglancer.CoordinateSpace(
            names=names, units=["s" if n == "t" else "um" for n in names], scales=[scale[n] for n in names]
        )
        layer = neuroglancer.ImageLayer(
            source=f"zarr3://{base}/zarr{policy}", shader=f"void main() {{ {shader.replace('D', value)} emitRGB(c / 255.0); }}", opacity=1
        )
        state.layers["image"] = layer
        state.layout = "xy"
        state.show_axis_lines = state.show_scale_bar = state.show_default_annotations = False
        state.cross_section_scale = 1
        state.cross_section_background_color = "#000000"
        where = dict(zip(case.axes, at)) | {"y": top + samples.shape[0] // 2, "x": left + samples.shape[1] // 2}
        moved = dict(zip("zyx", np.divide(TRANSLATION, SCALE))) if case.name == "placed" else {}
        # Samples lie around whole positions; the middle of the picture is to be an edge between two pixels, and samples.
        state.position = [where[n] + moved.get(n, 0) - (0.5 if n in "xy" else 0) for n in names]
    pixels = viewer.screenshot(size=list(SIZE)).screenshot.image_pixels[..., :3].astype(int)
    return compare(pixels, samples, decoded, scale), cast


def compare(pixels, samples, decoded, scale):
    """Raises where the picture differs from the samples, each of which takes as many pixels as it is large."""
    least = min(scale["y"], scale["x"])
    rows, columns = (round(scale[a] / least) for a in "yx")
    wanted = np.stack([np.broadcast_to(np.asarray(c, int), samples.shape) for c in decoded(samples)], axis=-1)
    wanted = wanted.repeat(rows, axis=0).repeat(columns, axis=1)
    # The middle of the picture is the first row and column of the middle sample.
    top, left = SIZE[1] // 2 - samples.shape[0] // 2 * rows, SIZE[0] // 2 - samples.shape[1] // 2 * columns
    cut = lambda first, n, whole: (slice(max(0, -first), min(n, whole - first)), slice(max(0, first), min(whole, first + n)))  # noqa: E731
    (a, b), (c, d) = cut(top, wanted.shape[0], SIZE[1]), cut(left, wanted.shape[1], SIZE[0])
    found, wanted = pixels[b, d], wanted[a, c]
    differ = np.count_nonzero((found != wanted).any(axis=-1))
    assert wanted.any() and differ == 0, f"{differ} of {found.shape[0] * found.shape[1]} pixels differ"


def napari(python, base, case):
    """The plane that napari slices, in a process of its own with a display."""
    at, (top, left), samples = plane(case)
    with tempfile.NamedTemporaryFile(suffix=".npy") as out:
        told = {"base": base, "at": at, "labels": case.is_labels, "out": out.name}
        command = [python, HERE / "in_napari.py", json.dumps(told)]
        if shutil.which("xvfb-run"):
            command = ["xvfb-run", "-a", *command]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr[-2000:]
        shown = np.load(out.name)
    shown = shown[top : top + samples.shape[0], left : left + samples.shape[1]]
    assert shown.shape == samples.shape and np.array_equal(shown, samples), (shown.shape, shown.dtype)
    return done.stdout.strip()
