"""The viewer in a headless Chromium: what is on the canvas against numpy and scipy, pixel by pixel.

`petavox serve` shows generated images; see viewing.py for what can be set.
"""

import sys

import numpy as np
import scipy.ndimage

from viewing import View, cells, check, label_colour, main, near, served, store, volume


@check
def planes_show_the_samples(page, folder):
    """One sample per pixel, the three planes, every grey as numpy computes it; the slider goes to other planes."""
    array = volume()
    with served(store(folder, "plain", array)) as url:
        view = View(page, url)
        view.layer(0, limits=[0, 5000], map="gray", additive=False)
        assert view.state("centre.z") == 11, view.state("centre")
        near(*view.exactly(array[11], "x", "y", name="plane"))
        page.evaluate("(() => { const s = document.querySelector('[data-axis=z] input'); s.value = '17'; s.dispatchEvent(new Event('input')) })()")
        view.settle()
        near(*view.exactly(array[17], "x", "y"))
        view.set({"layout": "xz"})
        near(*view.exactly(array[:, int(view.state("centre.y") + 0.5)], "x", "z"))
        view.set({"layout": "yz"})
        near(*view.exactly(array[:, :, int(view.state("centre.x") + 0.5)].T, "z", "y"))


@check
def contrast_follows_what_is_on_screen(page, folder):
    """Auto-contrast finds numpy's percentiles of what is on screen, quickly; gamma and colour maps do what they say."""
    array = volume()
    with served(store(folder, "contrast", array)) as url:
        view = View(page, url)
        view.exactly(array[11], "x", "y")
        spent = page.evaluate("(() => { const t = performance.now(); document.querySelector('.layer .pair button').click(); return performance.now() - t })()")
        low, high = view.state("layers[0].limits")
        expected = np.percentile(array[11], [0.1, 99.9])
        spread = np.ptp(np.percentile(array[11], [1, 99]))
        assert abs(low - expected[0]) < 0.02 * spread and abs(high - expected[1]) < 0.1 * spread, (low, high, expected)
        assert spent < 100, f"auto-contrast took {spent:.0f} ms"
        page.evaluate("[...document.querySelectorAll('.layer .pair button')].at(-1).click()")
        page.wait(f"petavox.state.now.layers[0].limits[1] !== {high}", 5)
        whole = np.percentile(array, [0.1, 99.9])
        assert np.abs(np.array(view.state("layers[0].limits")) - whole).max() < 1e-3 * spread, (view.state("layers[0].limits"), whole)
        view.layer(0, limits=[100, 3000], gamma=0.5, additive=False)
        seen, grey = view.exactly(array[11], "x", "y", limits=(100, 3000))
        near(seen, 255 * np.sqrt(grey / 255), 1.6)
        view.layer(0, gamma=1, map="red")
        seen, grey = view.exactly(array[11], "x", "y", limits=(100, 3000))
        near(seen[..., :1], grey)
        assert seen[..., 1:].max() == 0


@check
def labels_keep_their_colours(page, folder):
    """Colours are the hash of the number, also above 2^32; the value under the cursor is exact; outlines leave the inside free."""
    array = cells()
    with served(store(folder, "under", volume()), "--labels", store(folder, "cells", array, "--axes", "zyx")) as url:
        view = View(page, url)
        assert view.state("layers.map(l => l.kind).join()") == "image,labels"
        view.layer(0, visible=False)
        view.layer(1, opacity=1)
        seen, _ = view.exactly(array[11], "x", "y", name="labels")
        low, high = (array[11] & np.uint64(0xFFFFFFFF)).astype(np.uint32), (array[11] >> np.uint64(32)).astype(np.uint32)
        with np.errstate(over="ignore"):
            key = np.where(high == 0, low, low ^ (high * np.uint32(0x9E3779B1)))
        wanted = np.where(array[11][..., None] > 0, label_colour(key), 0)
        rows, columns = (slice((n - m) // 2, (n - m) // 2 + m) for n, m in zip(array[11].shape, seen.shape))
        off = np.abs(seen - wanted[rows, columns]).max()
        assert off <= 1.6, f"colours are off by {off}"
        x, y, w, h = view.box()
        # A cell in the rows of numbers above 2^32.
        row, column = 110, 210
        page.mouse("mouseMoved", x + w // 2 + column - 200 + 0.5, y + h // 2 + row - 150 + 0.5)
        page.wait(f"document.querySelector('#status').textContent.includes('{array[11, row, column]}')", 5)
        view.layer(1, outline=1)
        page.mouse("mouseMoved", x + 2, y + 2)
        view.settle()
        seen, _ = view.exactly(array[11], "x", "y")
        inside = seen[(array[11] > 0)[rows, columns] & inner(array[11])[rows, columns]]
        assert inside.max() == 0 and seen.max() > 100


def inner(labels):
    """Samples whose eight neighbours have the same label."""
    same = np.ones(labels.shape, bool)
    for dy in (-1, 0, 1):
        for dx in (-1, 0, 1):
            same &= np.roll(labels, (dy, dx), (0, 1)) == labels
    return same


@check
def values_of_every_dtype_are_exact(page, folder):
    """The number under the cursor is the sample, for all dtypes, also where the picture is of a coarser level."""
    rng = np.random.default_rng(1)
    paths, arrays = [], {}
    for dtype in ["bool", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float32", "float64"]:
        kind = np.dtype(dtype)
        if kind.kind == "f":
            array = rng.standard_normal((500, 600)).astype(kind) * 1e5
        elif kind.kind == "b":
            array = rng.random((500, 600)) < 0.5
        else:
            info = np.iinfo(kind)
            array = rng.integers(info.min, info.max, (500, 600), kind, endpoint=True)
        arrays[dtype] = array
        paths.append(store(folder, dtype, array))
    with served(*paths) as url:
        view = View(page, url)
        for scale in (1.0, 3.0):
            view.set({"scale": scale, "centre": {"x": 300, "y": 250, "z": 0}})
            x, y, w, h = view.box()
            at = (int(x + w // 2 + 20), int(y + h // 2 + 11))
            place = [250 + (at[1] - y - h / 2) * scale, 300 + (at[0] - x - w / 2) * scale]
            row, column = (int(np.floor(p + 0.5)) for p in place)
            page.mouse("mouseMoved", *at)
            for dtype, array in arrays.items():
                value = array[row, column]
                if dtype == "bool":
                    text = str(int(value))
                else:
                    text = str(value) if array.dtype.kind != "f" else f"{value:.6g}"
                code = f"[...document.querySelectorAll('#status span[title]')].map(s => s.textContent).find(t => t.startsWith('{dtype} '))"
                page.wait(f"{code} !== undefined && !{code}.includes('level')", 10)
                found = page.evaluate(code).split(" = ")[1]
                same = found == text if array.dtype.kind != "f" else abs(float(found) - value) <= 1e-5 * abs(value)
                assert same, f"{dtype} at {row}, {column}, scale {scale}: {found}, not {text}"


@check
def channels_are_added(page, folder):
    """An image with channels is a layer per channel in its own colour, added up; spacing and shift of axes are kept."""
    array = np.stack([volume(seed=1), volume(seed=2)])
    with served(store(folder, "two", array, "--axes", "czyx", "--spacing", "1,2,0.5,0.5")) as url:
        view = View(page, url)
        assert view.page.evaluate("petavox.state.now.layers.length") == 2
        for k, name in enumerate(["green", "magenta"]):
            view.layer(k, limits=[0, 5000], map=name, additive=True)
        assert view.state("centre.z") == 22
        seen, green = view.exactly(array[0, 11], "x", "y", spacing=0.5, name="channels")
        _, magenta = view.exactly(array[1, 11], "x", "y", spacing=0.5)
        near(seen[..., 1:2], green)
        near(seen[..., ::2], magenta)


@check
def five_axes_have_their_sliders(page, folder):
    """Time, channels and odd sizes: sliders for what is not spread out, each picture the right one."""
    array = np.random.default_rng(5).integers(0, 5000, (3, 2, 7, 101, 77)).astype(np.uint16)
    with served(store(folder, "five", array, "--axes", "tczyx")) as url:
        view = View(page, url)
        sliders = "[...document.querySelectorAll('.slider')].map(s => s.dataset.axis).join('')"
        assert page.evaluate(sliders) == "tz"
        for k in (0, 1):
            view.layer(k, limits=[0, 5000], map="gray", additive=False, visible=k == 1)
        for t, z in ((0, 3), (2, 6), (1, 0)):
            page.evaluate(f"petavox.navigate.goTo('t', {t}); petavox.navigate.goTo('z', {z})")
            near(*view.exactly(array[t, 1, z], "x", "y"))
        view.set({"layout": "xz"})
        assert page.evaluate(sliders) == "ty"
        near(*view.exactly(array[1, 1, :, int(view.state("centre.y") + 0.5)], "x", "z"))


@check
def the_volume_shows_its_maximum(page, folder):
    """Looking straight along z, the 3-D view is numpy's maximum over z; four panes agree on the place."""
    array = volume((40, 200, 220))
    with served(store(folder, "solid", array)) as url:
        view = View(page, url)
        view.layer(0, limits=[0, 5000], map="gray", additive=False)
        view.set({"layout": "3d", "turn": [0, 0]})
        seen, grey = view.exactly(array.max(axis=0), "x", "y", name="volume")
        off = np.abs(seen[2:-2, 2:-2, 0] - grey[2:-2, 2:-2])
        assert np.percentile(off, 99) < 6, f"{np.percentile(off, [50, 90, 99])}"
        view.set({"layout": "4", "bar": True})
        view.picture("four")
        assert view.page.evaluate("petavox.stage.panes.map(p => p.id).join()") == "xy,yz,xz,3d"


def directions(yaw, pitch):
    """turning.js: right, down and into the screen as vectors (x, y, z)."""
    a, b = np.deg2rad([yaw, pitch])
    ca, sa, cb, sb = np.cos(a), np.sin(a), np.cos(b), np.sin(b)
    return np.array([[ca, 0, -sa], [sa * sb, cb, ca * sb], [sa * cb, -sb, ca * cb]])


@check
def oblique_planes_are_interpolated(page, folder):
    """A plane at any angle is what scipy's linear interpolation makes of the image there."""
    array = volume((60, 200, 220))
    with served(store(folder, "cut", array, "--levels", "1")) as url:
        view = View(page, url)
        view.layer(0, limits=[0, 5000], map="gray", additive=False)
        view.set({"layout": "oblique"})
        x, y, w, h = map(int, view.box())
        for tilt in ([0, 0], [35, 20], [-60, 75]):
            right, down, into = axes = directions(*tilt)
            # Pixels and the samples of the plane's tiles coincide.
            a, b = np.round(axes[:2] @ [110, 100, 30]) + [w % 2 / 2, h % 2 / 2]
            centre = a * right + b * down + (into @ [110, 100, 30]) * into
            view.set({"layout": "oblique", "tilt": tilt, "centre": dict(zip("xyz", centre)), "scale": 1, "bar": False})
            seen = view.picture("oblique")[..., 0]
            j, i = np.mgrid[:h, :w]
            places = centre[:, None, None] + right[:, None, None] * (i + 0.5 - w / 2) + down[:, None, None] * (j + 0.5 - h / 2)
            grey = np.clip(scipy.ndimage.map_coordinates(array.astype(float), places[::-1], order=1) / 5000, 0, 1) * 255
            inside = ((places >= 0.01) & (places <= np.array(array.shape[::-1])[:, None, None] - 1.01)).all(axis=0)
            assert inside.sum() > 5000
            off = np.abs(seen - grey)[inside].max()
            assert off < 1.2, f"tilt {tilt}: off by {off}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
