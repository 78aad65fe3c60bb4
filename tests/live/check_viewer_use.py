"""The viewer in a headless Chromium: what people do with it, and what it does when something is wrong, slow or new."""

import subprocess
import sys
import time

import numpy as np
import scipy.ndimage
import zarr

from viewing import PETAVOX, SHOTS, View, check, label_colour, main, near, served, store, volume


@check
def zoom_and_pan_keep_the_place(page, folder):
    """The wheel zooms around the cursor, a drag moves by its own length, undo brings both back."""
    with served(store(folder, "moved", volume())) as url:
        view = View(page, url)
        x, y, w, h = view.box()
        place = f"(() => {{ const b = document.querySelector('#status .place').textContent; return b }})()"
        page.mouse("mouseMoved", x + 200, y + 150)
        page.wait("document.querySelector('#status .place') !== null", 5)
        before = page.evaluate(place)
        page.mouse("mouseWheel", x + 200, y + 150, deltaX=0, deltaY=-400)
        view.settle()
        assert view.state("scale") < 0.6 * 1.04 * 400 / w + 1, view.state("scale")
        page.mouse("mouseMoved", x + 200, y + 150)
        after = page.evaluate(place)
        numbers = lambda text: np.array([float(n) for n in text.split() if n[0] in "-0123456789"])  # noqa: E731
        assert np.abs(numbers(before) - numbers(after)).max() < 1e-3, (before, after)
        centre, scale = view.state("centre"), view.state("scale")
        page.drag((x + 200, y + 150), (x + 260, y + 110))
        view.settle()
        moved = view.state("centre")
        assert abs(centre["x"] - moved["x"] - 60 * scale) < 1e-6 and abs(centre["y"] - moved["y"] + 40 * scale) < 1e-6
        page.evaluate("petavox.state.undo()")
        assert view.state("centre") == centre


@check
def failed_tiles_are_marked(page, folder):
    """A tile that fails shows its reason and leaves the others alone; it is there once what was wrong is put right."""
    path = store(folder, "broken", volume((2, 700, 900)), "--levels", "1", "--chunk-shape", "1,256,256", "--codec", "zstd:1")
    chunk = next(c for c in path.rglob("c/0/0/1"))
    whole = chunk.read_bytes()
    chunk.write_bytes(whole[: len(whole) // 2])
    with served(path) as url:
        page.open(url)
        page.wait("globalThis.petavox?.stage.looks.some(l => l.failed.length === 1 && l.draws.filter(t => t.level === 0).length === 11)", 10)
        page.wait("document.querySelector('.layer .reason').textContent.length > 10", 5)
        reason = page.evaluate("document.querySelector('.layer .reason').textContent")
        assert "0/0/1" in reason or "0, 0, 1" in reason, reason
        assert page.evaluate("document.querySelector('.layer .mark').textContent") == "⚠"
        if SHOTS:
            page.screenshot(f"{SHOTS}/failed.png")
        chunk.write_bytes(whole)
        page.evaluate("document.querySelector('.layer .mark').click()")
        page.wait("petavox.stage.settled && petavox.stage.looks[0].draws.filter(t => t.level === 0).length === 12", 15)


@check
def links_and_undo_bring_the_view_back(page, folder):
    """The address carries the state; undo and redo walk through it."""
    array = volume()
    with served(store(folder, "linked", array)) as url:
        view = View(page, url)
        view.layer(0, limits=[500, 2500], map="viridis", gamma=1.5)
        page.evaluate("petavox.navigate.goTo('z', 5, 'step')")
        view.set({"scale": 0.7}, "zoom")
        page.wait("location.hash.length > 50")
        time.sleep(0.5)
        picture = view.picture()
        link = page.evaluate("location.href")
        again = View(page, link)
        assert np.array_equal(again.picture(), picture)
        view = View(page, url)
        map_ = view.state("layers[0].map")
        view.layer(0, map="magma")
        page.call("Input.dispatchKeyEvent", type="keyDown", key="z", code="KeyZ", modifiers=2)
        page.wait(f"petavox.state.now.layers[0].map === '{map_}'", 5)
        page.evaluate("petavox.state.redo()")
        assert view.state("layers[0].map") == "magma"


@check
def tables_are_drawn_and_picked(page, folder):
    """Branches are drawn where they are, in the colours of a column; a click on one picks its row, a click on a row shows it."""
    rows = ["image_coord_src_0,image_coord_src_1,image_coord_src_2,image_coord_dst_0,image_coord_dst_1,image_coord_dst_2,branch_type,name"]
    for k in range(40):
        rows.append(f"11,{20 + 6 * k},50,11,{20 + 6 * k},350,{k % 2},branch {k}")
    (folder / "branches.csv").write_text("\n".join(rows) + "\n")
    with served(store(folder, "below", volume()), "--points", folder / "branches.csv") as url:
        view = View(page, url)
        assert view.state("layers[1].kind") == "table"
        page.wait("[...petavox.tables.values()][0].column('name') !== null && [...petavox.tables.values()][0].column('branch_type') !== null", 5)
        view.layer(0, visible=False)
        seen, _ = view.exactly(volume()[11], "x", "y", name="branches")
        for k in (0, 1, 17):
            line = seen[20 + 6 * k, 60:340]
            assert (line.max(axis=1) > 90).all() and np.ptp(line, axis=0).max() <= 2, f"branch {k}"
        assert seen[23, 60:340].max() == 0 and seen[20:260, :40].max() == 0
        assert np.abs(seen[20, 200] - seen[32, 200]).max() <= 2 < np.abs(seen[20, 200] - seen[26, 200]).max()
        x, y, w, h = view.box()
        page.click(x + w // 2 - 50, y + h // 2 - 150 + 20 + 6 * 30 + 1)
        page.wait("petavox.state.now.picked?.row === 30", 5)
        page.wait("document.querySelector('tr.chosen')?.textContent.includes('branch 30')", 5)
        page.evaluate("document.querySelector('[data-row=\"29\"]').click()")
        assert view.state("picked.row") == 29
        assert abs(view.state("centre.y") - (20 + 6 * 29)) < 1e-3 and abs(view.state("centre.x") - 200) < 1e-3


@check
def branches_are_drawn_as_they_run(page, folder):
    """Beside its skeleton, a branch is drawn along its voxels; a click anywhere on it picks its row."""
    y, x = np.mgrid[:200, :240]
    # Half a ring, and a bar.
    ring = (np.abs(np.hypot(y - 100, x - 110) - 70) < 2.5) & (y < 100) | (np.abs(y - 170) < 3) & (x > 30) & (x < 200)
    mask = np.repeat(ring[None], 5, axis=0).astype(np.uint8)
    path = store(folder, "mask", mask, "--axes", "zyx")
    subprocess.run([PETAVOX, "skeleton", path, "-o", folder / "out", "--mask", "--quiet"], check=True)
    with served(path, "--points", folder / "out" / "branches.parquet") as url:
        view = View(page, url)
        view.layer(0, visible=False)
        view.layer(1, depth=10)
        page.wait("[...petavox.tables.values()][0].course !== null", 10)
        seen, _ = view.exactly(mask[2], "x", "y", name="course")
        lit = seen.max(axis=-1) > 60
        skeleton = zarr.open_array(folder / "out" / "skeleton.zarr" / "0", mode="r")[...].max(axis=0)
        far = scipy.ndimage.distance_transform_edt(skeleton == 0)
        assert far[lit].max() < 4, far[lit].max()
        assert (scipy.ndimage.distance_transform_edt(~lit)[skeleton > 0] < 2).mean() > 0.99
        row = int(skeleton[28:34, 110].max()) - 1
        bx, by, w, h = view.box()
        page.click(bx + w // 2 + 110 - 120 + 0.5, by + h // 2 + int(np.argmax(skeleton[:60, 110] > 0)) - 100 + 0.5)
        page.wait(f"petavox.state.now.picked?.row === {row}", 5)


@check
def points_are_shown_in_their_plane(page, folder):
    """Points are discs where they are, only in the plane they lie in, in the units of the image."""
    (folder / "points.csv").write_text("z,y,x,size\n22,50,60,1\n22,100,140,2\n30,50,100,3\n")
    with served(store(folder, "under", volume(), "--spacing", "2,0.5,0.5"), "--points", folder / "points.csv") as url:
        view = View(page, url)
        view.layer(0, visible=False)
        page.wait("[...petavox.tables.values()][0].column('x') !== null && [...petavox.tables.values()][0].column('z') !== null", 5)
        view.layer(1, by=None)
        seen, _ = view.exactly(volume()[11], "x", "y", spacing=0.5, name="points")
        discs, n = scipy.ndimage.label(seen.max(axis=-1) > 100)
        middles = sorted(scipy.ndimage.center_of_mass(discs > 0, discs, range(1, n + 1)))
        assert n == 2 and np.abs(np.array(middles) - [[100, 120], [200, 280]]).max() <= 1, middles
        page.evaluate("petavox.navigate.goTo('z', 15)")
        seen, _ = view.exactly(volume()[15], "x", "y", spacing=0.5)
        discs, n = scipy.ndimage.label(seen.max(axis=-1) > 100)
        assert n == 1 and np.abs(np.array(scipy.ndimage.center_of_mass(discs > 0)) - [100, 200]).max() <= 1


@check
def pipelines_are_exact_and_approximations_marked(page, folder):
    """A lazy pipeline shows what computing it gives; a coarser level that is only an approximation has a mark."""
    array = volume((8, 700, 900))
    path = store(folder, "raw", array)
    subprocess.run([PETAVOX, "apply", path, folder / "smooth.npy", "gaussian:sigma=2", "--quiet"], check=True)
    smooth = np.load(folder / "smooth.npy")
    with served(path, "--apply", "gaussian:sigma=2") as url:
        view = View(page, url)
        view.layer(0, limits=[0, 5000], map="gray", additive=False)
        near(*view.exactly(smooth[view.page.evaluate("petavox.navigate.position('z')")], "x", "y"))
    subprocess.run([PETAVOX, "apply", path, folder / "parts.npy", "threshold:method=otsu", "label", "--quiet"], check=True)
    parts = np.load(folder / "parts.npy")
    with served(path, "--apply", "threshold:method=otsu", "--apply", "label") as url:
        view = View(page, url)
        assert view.state("layers[0].kind") == "labels"
        view.layer(0, opacity=1)
        z = page.evaluate("petavox.navigate.position('z')")
        seen, _ = view.exactly(parts[z], "x", "y")
        wanted = np.where(parts[z][..., None] > 0, label_colour(parts[z].astype(np.uint32)), 0)
        rows, columns = (slice((n - m) // 2, (n - m) // 2 + m) for n, m in zip(parts[z].shape, seen.shape))
        assert np.abs(seen - wanted[rows, columns]).max() <= 1.6
    # A file with holes: too large for its coarsest levels to be means of all that lies below them.
    large = np.lib.format.open_memmap(folder / "large.npy", "w+", np.uint8, (40_000, 40_000))
    large[20_000:20_300, 20_000:20_300] = 200
    large.flush()
    with served(folder / "large.npy") as url:
        view = View(page, url)
        mark = "document.querySelector('.layer .mark').textContent"
        page.wait(f"{mark} === '≈'", 5)
        view.layer(0, limits=[0, 200], map="gray", additive=False)
        view.set({"centre": {"x": 20_150, "y": 20_150, "z": 0}, "scale": 1})
        page.wait(f"{mark} === ''", 5)
        x, y, w, h = map(int, view.box())
        assert (view.picture()[h // 2 - 100 : h // 2 + 100, w // 2 - 100 : w // 2 + 100] == 255).all()


@check
def keys_and_tools_do_what_the_sheet_says(page, folder):
    """Keys, measuring, the help sheet, sharing, the picture to save, panels: each once."""
    with served(store(folder, "tools", volume(), "--spacing", "2,0.5,0.5")) as url:
        view = View(page, url)
        z = view.state("centre.z")
        page.key(".")
        assert view.state("centre.z") == z + 2
        page.key(" ")
        page.wait(f"petavox.navigate.position('z') > {z / 2 + 3}", 10)
        page.key(" ")
        page.key("t")
        theme = view.state("theme")
        assert page.evaluate("document.documentElement.classList.contains('light')") == (theme == "light")
        view.set({"scale": 0.25})
        page.key("m")
        x, y, w, h = view.box()
        page.drag((x + 300, y + 300), (x + 340, y + 330))
        measured = view.state("measured")
        length = np.hypot(*(measured["to"][a] - measured["from"][a] for a in "xy"))
        assert abs(length - 50 * 0.25) < 1e-9, length
        page.key("?")
        assert page.evaluate("document.querySelectorAll('dialog kbd').length") > 20
        page.evaluate("document.querySelector('dialog').close()")
        page.key("s")
        text = page.evaluate("[...document.querySelectorAll('dialog')].at(-1).textContent")
        assert "petavox view" in text and "tools.zarr" in text and "import petavox" in text, text
        page.evaluate("document.querySelectorAll('dialog').forEach(d => d.close())")
        page.key("v")
        assert view.state("layout") == "4"
        page.key("l")
        assert page.evaluate("getComputedStyle(document.querySelector('#side')).display") == "none"
        page.key("l")
        page.evaluate("document.querySelector('[data-panel=resources]').open = true")
        page.wait("document.querySelector('[data-panel=resources] dl').textContent.includes('server')", 5)
        size = page.evaluate("import('/src/controls/screenshot.js').then(m => { const c = m.composed(petavox.stage); return [c.width, c.height] })")
        assert size == [view.page.evaluate("petavox.stage.canvas.width"), view.page.evaluate("petavox.stage.canvas.height")]
        if SHOTS:
            view.settle()
            page.screenshot(f"{SHOTS}/tools.png")


@check
def a_new_plane_is_never_black(page, folder):
    """While the tiles of another plane come, there is always a picture; the next plane in the direction of travel is there before it is asked for."""
    with served(store(folder, "steady", volume((24, 600, 700)) + np.uint16(1000))) as url:
        view = View(page, url)
        view.layer(0, limits=[0, 5000], map="gray", additive=False)
        view.set({"scale": 1, "bar": False})
        page.evaluate("""globalThis.darkest = 255; petavox.stage.listeners.add(({gl, canvas}) => {
            const p = new Uint8Array(4); gl.readPixels(canvas.width / 2, canvas.height / 2, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, p); darkest = Math.min(darkest, p[0]) })""")
        for z in (12, 13, 14):
            page.evaluate(f"petavox.navigate.goTo('z', {z})")
            view.settle()
        page.wait("petavox.scheduler.waiting + petavox.scheduler.underWay === 0", 10)
        page.evaluate("petavox.navigate.goTo('z', 15)")
        page.evaluate("new Promise(requestAnimationFrame)")
        assert page.evaluate("petavox.stage.looks[0].loading") == 0, "the next plane was not fetched ahead"
        page.evaluate("petavox.navigate.goTo('z', 3)")
        view.settle()
        assert page.evaluate("darkest") > 40


@check
def what_is_written_meanwhile_appears(page, folder):
    """Another process writes into the file: what is on screen of it is new soon, without a reload and without black in between."""
    array = volume((4, 300, 400))
    path = store(folder, "growing", array, "--levels", "1", "--chunk-shape", "1,100,100")
    with served(path) as url:
        view = View(page, url)
        view.layer(0, limits=[0, 5000], map="gray", additive=False)
        z = page.evaluate("petavox.navigate.position('z')")
        near(*view.exactly(array[z], "x", "y"))
        array[z, 100:200, 100:200] = 5000
        zarr.open_group(path, mode="r+")["0"][z, 100:200, 100:200] = 5000
        x, y, w, h = map(int, view.box())
        middle = "(() => { const {gl, canvas} = petavox.stage; const p = new Uint8Array(4); gl.readPixels(canvas.width / 2 - 50, canvas.height / 2, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, p); return p[0] })()"
        took = page.wait(f"{middle} === 255", 5)
        print(f"  new after {took * 1e3:.0f} ms")
        view.settle()
        near(*view.exactly(array[z], "x", "y"))


#: Module, expression with `m` for it, value.
PARTS = [
    ("link.js", "m.read(m.write({a: [1.5, 'x y', null], b: {c: \"it's\"}}))", None),
    ("link.js", "[m.read(''), m.read('#%'), m.read('#[1]'), m.read('#nonsense')]", [None] * 4),
    ("view/overlay.js", "[0.3, 1, 7, 49.9, 51, 1e6].map(m.roundLength)", [0.2, 1, 5, 20, 50, 1e6]),
    ("view/overlay.js", "[m.lengthText(1500, 'micrometer'), m.lengthText(0.02, 'micrometer'), m.lengthText(3, 'pixel'), m.lengthText(3, '')]", ["1.5 mm", "20 nm", "3 px", "3"]),
    ("store/dtype.js", "[0n, 7n, 2n ** 32n - 1n, 2n ** 32n].map(m.labelKey).map((k, i) => i < 3 ? k : k > 0)", [0, 7, 2**32 - 1, True]),
    ("store/dtype.js", "Array.from(m.paintFrom(new BigUint64Array([0n, 5n, 2n ** 40n]), 'uint64', 'labels')).map((k, i) => k === m.labelKey([0n, 5n, 2n ** 40n][i]))", [True] * 3),
    ("store/codecs.js", "m.decode(new Uint8Array([1, 2, 3, 4]).buffer, [{name: 'bytes', configuration: {endian: 'big'}}], 'uint16', 2).then(a => Array.from(a))", [258, 772]),
    ("store/codecs.js", "new Response(new Blob([new Uint8Array([9, 8])]).stream().pipeThrough(new CompressionStream('gzip'))).arrayBuffer().then(b => m.decode(b, [{name: 'bytes'}, {name: 'gzip'}], 'uint8', 2)).then(a => Array.from(a))", [9, 8]),
    ("store/codecs.js", "m.decode(new Uint8Array([1, 3, 2, 4]).buffer, [{name: 'bytes'}, {name: 'numcodecs.shuffle', configuration: {elementsize: 2}}], 'uint16', 2).then(a => Array.from(a))", [513, 1027]),
    ("store/codecs.js", "m.decode(new ArrayBuffer(3), [{name: 'bytes'}], 'uint16', 2).catch(e => e.message.includes('3 bytes'))", True),
    ("store/codecs.js", "m.decode(new ArrayBuffer(4), [{name: 'blosc'}], 'uint16', 2).catch(e => e.message.includes('blosc'))", True),
    ("store/metadata.js", "[m.namesOf(['t', 'c', 'z', 'y', 'x'], 5), m.namesOf([], 2), m.namesOf([], 4), m.namesOf(['a', 'b', 'c'], 3)].map(n => n.join(' '))", ["t c z y x", "y x", "axis0 z y x", "z y x"]),
    ("layers/contrast.js", "[m.percentile([1, 2, 3, 4, 5], 0.5), m.autoLimits([]), m.autoLimits([4, 4]), m.histogram([0, 0, 1, 3], 3).counts.join()]", [3, None, [4, 4.004], "2,1,1"]),
    ("gl/colormaps.js", "[m.colour('gray', 0.5), m.colour('viridis', 1), m.colour('#0080ff', 1), m.colour('gray', -3)]", [[127.5] * 3, [253, 231, 37], [0, 128, 255], [0, 0, 0]]),
    ("gl/labels.js", "new Set(Array.from({length: 2000}, (_, k) => m.labelColour(k + 1).map(n => Math.round(n * 40)).join())).size > 1500", True),
    ("view/turning.js", "m.directions([0, 0]).flat().map(n => n + 0)", [1, 0, 0, 0, 1, 0, 0, 0, 1]),
    ("controls/measure.js", "m.distance({x: 0, y: 0}, {x: 3, y: 4})", 5),
    ("live.js", "(() => { const levels = [{scale: [1, 1]}, {scale: [2, 2]}]; const image = {entry: {axes: 'yx'}, axes: ['y', 'x'], axis: n => 'yx'.indexOf(n), levels}; const tile = {level: 1, span: [[0, 16], [16, 32]]}; return [[[0, 40], [9, 9]], [[0, 0], [8, 8]], [[64, 40], [9, 9]]].map(([start, shape]) => m.touches(image, tile, {start, shape})) })()", [True, False, False]),
]


@check
def the_parts_keep_their_promises(page, folder):
    """Small functions of the modules, called in the page."""
    with served(store(folder, "parts", volume((2, 20, 30)))) as url:
        View(page, url)
        # What the page names so that it is fetched at once is what it uses; the rest is the workers'.
        named = set(page.evaluate("[...document.querySelectorAll('[rel=modulepreload]')].map(l => l.href)"))
        used = set(page.evaluate("performance.getEntriesByType('resource').map(r => r.name).filter(n => n.endsWith('.js'))"))
        assert {n.rsplit("/src/")[1] for n in used - named} == {"main.js", "store/worker.js", "store/codecs.js"}, used ^ named
        for module, code, expected in PARTS:
            if expected is None:
                expected = {"a": [1.5, "x y", None], "b": {"c": "it's"}}
            found = page.evaluate(f"import('/src/{module}').then(m => {code})")
            assert found == expected, f"{module}: {code} is {found}, not {expected}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
