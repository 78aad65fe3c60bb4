"""What the checks of the viewer share: images, a server, a page, and how they are run.

VIEWER_SHOTS names a folder for screenshots to look at; words on the command line pick checks.
"""

import contextlib
import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import time
import traceback
import urllib.error
import urllib.request

import numpy as np

import browser

PETAVOX = os.environ["PETAVOX"]
SHOTS = os.environ.get("VIEWER_SHOTS")
CHECKS = []


def check(function):
    CHECKS.append(function)
    return function


def volume(shape=(24, 300, 400), seed=3):
    """Blobs on noise, u16; the same numbers everywhere."""
    rng = np.random.default_rng(seed)
    z, y, x = np.ogrid[tuple(slice(0, n) for n in shape)]
    out = rng.integers(0, 300, shape).astype(np.float32)
    for _ in range(25):
        c, s = rng.random(3) * shape, 6 + rng.random() * 18
        out += 4000 * np.exp(-(4 * (z - c[0]) ** 2 + (y - c[1]) ** 2 + (x - c[2]) ** 2) / (2 * s * s))
    return out.astype(np.uint16)


def cells(shape=(24, 300, 400)):
    """Labels in a grid, some above 2^32 and one pair that differs only there."""
    z, y, x = np.ogrid[tuple(slice(0, n) for n in shape)]
    grid = (1 + (y // 50) * 8 + x // 50 + z * 0).astype(np.uint64)
    grid[:, 100:150] += np.uint64(2**40)
    return np.where((y % 50 < 40) & (x % 50 < 40), grid, 0).astype(np.uint64)


def store(folder, name, array, *options):
    """An array as OME-Zarr with levels, written by the program."""
    np.save(folder / f"{name}.npy", array)
    path = folder / f"{name}.zarr"
    subprocess.run([PETAVOX, "convert", folder / f"{name}.npy", path, "--quiet", *options], check=True)
    return path


@contextlib.contextmanager
def served(*arguments):
    """The address of `petavox serve` with these arguments."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [PETAVOX, "serve", *map(str, arguments), "--port", str(port)]
    with tempfile.TemporaryFile() as said, subprocess.Popen(command, stdout=said, stderr=said) as process:
        url = f"http://127.0.0.1:{port}/"
        try:
            for _ in range(200):
                try:
                    urllib.request.urlopen(url + "health", timeout=5).close()
                    break
                except urllib.error.HTTPError:
                    # It wants a token.
                    break
                except OSError:
                    pass
                if process.poll() is not None:
                    said.seek(0)
                    raise RuntimeError(f"{command}: {said.read().decode()}")
                time.sleep(0.05)
            yield url
        finally:
            # Pages would go on asking a server that is no more.
            for page in browser.OPEN:
                page.open("about:blank")
            process.terminate()
            process.wait(20)


class View:
    """A page of the viewer."""

    def __init__(self, page, url, state=None):
        self.page, self.url = page, url
        page.open("about:blank")
        page.open(url)
        page.wait("globalThis.petavox !== undefined")
        self.settle()
        if state:
            self.set(state)

    def settle(self, seconds=30):
        self.page.wait("petavox.stage.settled", seconds)

    def set(self, state, step=None):
        """Changes the state and waits for the picture."""
        self.page.evaluate(f"petavox.state.set({json.dumps(state)}, {json.dumps(step)})")
        self.settle()

    def layer(self, k, **changes):
        self.page.evaluate(
            f"petavox.state.setLayer(petavox.state.now.layers[{k}].id, {json.dumps(changes)}, 'test')"
        )
        self.settle()

    def state(self, key):
        return self.page.evaluate(f"petavox.state.now.{key}")

    def picture(self, name=None):
        """The canvas as bytes, without the overlay."""
        shot = self.page.screenshot(SHOTS and name and f"{SHOTS}/{name}.png")
        x, y, w, h = (round(n) for n in self.page.evaluate(
            "(() => { const b = petavox.stage.canvas.getBoundingClientRect(); return [b.x, b.y, b.width, b.height] })()"
        ))
        return shot[y : y + h, x : x + w].astype(int)

    def box(self):
        return self.page.evaluate("(() => { const b = petavox.stage.canvas.getBoundingClientRect(); return [b.x, b.y, b.width, b.height] })()")

    def exactly(self, plane, u, v, spacing=1.0, limits=(0, 5000), name=None):
        """Shows one sample per pixel around the middle of a plane; returns what is seen and what should be seen."""
        x, y, w, h = self.box()
        # The middle of the canvas on the edge between two samples, so that samples and pixels coincide.
        half = {u: 0.5 if w % 2 == 0 else 0, v: 0.5 if h % 2 == 0 else 0}
        middle = {u: plane.shape[1] // 2, v: plane.shape[0] // 2}
        centre = {**self.state("centre"), **{a: (middle[a] - half[a]) * spacing for a in (u, v)}}
        self.set({"centre": centre, "scale": spacing, "bar": False})
        seen = self.picture(name)
        first = (int(w) // 2 - middle[u], int(h) // 2 - middle[v])
        cut = lambda n, whole: (max(0, -n), min(whole, n))  # noqa: E731
        rows = slice(max(0, first[1]), min(int(h), first[1] + plane.shape[0]))
        columns = slice(max(0, first[0]), min(int(w), first[0] + plane.shape[1]))
        part = plane[rows.start - first[1] : rows.stop - first[1], columns.start - first[0] : columns.stop - first[0]]
        grey = np.clip((part.astype(float) - limits[0]) / (limits[1] - limits[0]), 0, 1) * 255
        return seen[rows, columns], grey


def near(seen, grey, most=1.01):
    """Every pixel is the grey it should be."""
    assert seen.size, "nothing is on screen"
    off = np.abs(seen - grey[..., None])
    assert off.max() <= most, f"{np.count_nonzero(off.max(axis=-1) > most)} of {grey.size} pixels are wrong, by up to {off.max():.0f}"


def label_colour(key):
    """labels.js in numpy."""
    h = np.asarray(key, np.uint32).copy()
    with np.errstate(over="ignore"):
        h ^= h >> 16
        h *= np.uint32(0x7FEB352D)
        h ^= h >> 15
        h *= np.uint32(0x846CA68B)
        h ^= h >> 16
    hue = (h & 0xFFFF) / 65536 * 6
    saturation, value = 0.55 + 0.45 * ((h >> 16) & 0xFF) / 255, 0.65 + 0.35 * (h >> 24) / 255
    pure = np.clip([np.abs(hue - 3) - 1, 2 - np.abs(hue - 2), 2 - np.abs(hue - 4)], 0, 1)
    return np.moveaxis(value * (1 - saturation * (1 - pure)), 0, -1) * 255


def main(names):
    """Runs the checks in one browser, and looks for errors and for requests to others."""
    if browser.find() is None:
        print("skipped: no Chromium here (apt-get install chromium, or set CHROMIUM)")
        return 0
    failed = []
    chosen = [c for c in CHECKS if not names or any(name in c.__name__ for name in names)]
    with browser.Browser() as page, tempfile.TemporaryDirectory() as folder:
        for one in chosen:
            begin = time.monotonic()
            place = pathlib.Path(folder) / one.__name__
            place.mkdir()
            try:
                one(page, place)
                word = "passed"
            except Exception:
                word = "FAILED"
                failed.append(one.__name__)
                traceback.print_exc(file=sys.stdout)
            print(f"{one.__name__}: {word} ({time.monotonic() - begin:.1f} s)", flush=True)
        strangers = {url for url in page.requests if not url.startswith(("http://127.0.0.1:", "data:", "blob:", "about:"))}
        if strangers:
            failed.append(f"requests to others: {strangers}")
        if page.errors or any(kind in ("error", "warning") for kind, _ in page.console):
            failed.append(f"errors on the console: {page.errors} {page.console}")
    print(f"{len(chosen) - len(failed)} of {len(chosen)} checks of the viewer passed" + "".join(f"\n{f}" for f in failed))
    return 1 if failed else 0
