"""The viewer in a headless Chromium: bytes per view, cold start on a petabyte, long tasks while tiles stream.

PETAVOX names the program. Words on the command line pick measurements: bytes, cold, stream, pans.
"""

import os
import pathlib
import statistics
import sys
import tempfile
import time

import numpy as np
import zarr

os.environ.setdefault("PETAVOX", "petavox")
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests" / "live"))
import browser  # noqa: E402
import viewing as viewer  # noqa: E402

BOX = "(() => { const b = petavox.stage.canvas.parentElement.getBoundingClientRect(); return [b.width, b.height] })()"


def canvas_of(page, width, height):
    """Makes the window such that the canvas has this size."""
    w, h = page.evaluate(BOX)
    window = page.evaluate("[innerWidth, innerHeight]")
    page.size(round(window[0] + width - w), round(window[1] + height - h))
    page.evaluate("new Promise(requestAnimationFrame)")


def plane(n, seed):
    """Cells on a dark ground with the noise of a camera."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:n, :n]
    out = np.full((n, n), 110.0)
    for _ in range(300):
        cy, cx, s = *(rng.random(2) * n), 6 + rng.random() * 14
        part = np.s_[max(0, int(cy - 4 * s)) : int(cy + 4 * s), max(0, int(cx - 4 * s)) : int(cx + 4 * s)]
        out[part] += 900 * np.exp(-((y[part] - cy) ** 2 + (x[part] - cx) ** 2) / (2 * s * s))
    return rng.poisson(out).astype(np.uint16)


def bytes_of_a_view(folder):
    """Bytes until a view of 1000 x 800 pixels with two channels is complete."""
    array = np.stack([plane(2048, 1), plane(2048, 2)])[:, None].repeat(4, axis=1)
    path = viewer.store(folder, "two", array, "--axes", "czyx")
    for name, scale in (("fitted", None), ("one sample per pixel", 1.0)):
        with viewer.served(path) as url, browser.Browser(1270, 900) as page:
            page.open(url)
            page.wait("globalThis.petavox?.stage.settled")
            canvas_of(page, 1000, 800)
            state = page.evaluate("JSON.stringify({...petavox.state.now, ...petavox.navigate.home(1000, 800)})")
            page.open("about:blank")
            page.open(url + "#" + urlquote(with_scale(state, scale)))
            page.wait("globalThis.petavox?.stage.settled")
            told = page.evaluate("({...petavox.scheduler.counts, w: petavox.stage.canvas.width, h: petavox.stage.canvas.height, sent: performance.getEntriesByType('resource').length})")
            time.sleep(0.3)
            print(f"{name}: {told['received']} tiles on {told['w']} x {told['h']}; {told['bytes'] / 1e6:.2f} MB of samples", flush=True)


def with_scale(state, scale):
    import json

    state = json.loads(state)
    return json.dumps({**state, **({"scale": scale} if scale else {})})


def urlquote(text):
    from urllib.parse import quote

    return quote(text)


def petabyte(folder):
    """A sparse OME-Zarr of 100,000^3 bytes with all its levels; a few chunks of each are there."""
    path = folder / "petabyte.zarr"
    group = zarr.open_group(path, mode="w", zarr_format=3)
    datasets = []
    n, level = 100_000, 0
    while True:
        array = group.create_array(str(level), shape=(n, n, n), chunks=(64, 64, 64), dtype="u1", fill_value=7)
        middle = n // 2 // 64 * 64
        part = tuple(slice(max(0, middle - 64), min(n, middle + 128)) for _ in range(3))
        array[part] = np.full([s.stop - s.start for s in part], 200, np.uint8)
        factor = 2**level
        datasets.append({"path": str(level), "coordinateTransformations": [{"type": "scale", "scale": [factor] * 3}, {"type": "translation", "translation": [(factor - 1) / 2] * 3}]})
        if n <= 128:
            break
        n, level = (n + 1) // 2, level + 1
    axes = [{"name": a, "type": "space", "unit": "micrometer"} for a in "zyx"]
    group.attrs["ome"] = {"version": "0.5", "multiscales": [{"axes": axes, "datasets": datasets}]}
    return path


def cold_start(folder):
    """From the command to the page, to the first picture, to the complete one, on a petabyte."""
    path = petabyte(folder)
    rows = []
    with browser.Browser(1270, 900) as page:
        for _ in range(5):
            begin = time.monotonic()
            with viewer.served(path) as url:
                ready = time.monotonic() - begin
                page.open("about:blank")
                page.call("Network.clearBrowserCache")
                page.open(url)
                page.wait("globalThis.petavox?.stage.completed === true", 60)
                marks = page.evaluate("performance.getEntriesByType('mark').map(m => m.startTime)")
                loaded = page.evaluate("performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd")
                rows.append((ready * 1e3, loaded, *marks[:2], ready * 1e3 + marks[1]))
    print("petabyte, median of 5 in ms: server ready {:.0f}; from navigation: page loaded {:.0f}, first picture {:.0f}, complete {:.0f}; from the command to complete {:.0f}".format(
        *(statistics.median(column) for column in zip(*rows))), flush=True)


def streaming(folder):
    """Long tasks of the page's own thread while 200 tiles and more come in."""
    array = np.stack([plane(2048, seed) for seed in range(8)])
    path = viewer.store(folder, "stack", array, "--axes", "zyx")
    with viewer.served(path) as url, browser.Browser(1270, 900, browser.EMULATED) as page:
        page.open(url)
        page.wait("globalThis.petavox?.stage.settled")
        page.evaluate("petavox.state.set({scale: 1.4})")
        page.wait("petavox.stage.settled")
        before = page.evaluate("petavox.scheduler.counts.received")
        page.evaluate("globalThis.long = []; new PerformanceObserver(l => long.push(...l.getEntries().map(e => e.duration))).observe({type: 'longtask'})")
        begin = time.monotonic()
        for z in range(8):
            page.evaluate(f"petavox.navigate.goTo('z', {z})")
            page.wait("petavox.stage.settled", 60)
        while page.evaluate("petavox.scheduler.counts.received") - before < 200:
            page.evaluate("petavox.state.set({scale: petavox.state.now.scale * 0.9, centre: {...petavox.state.now.centre, x: 400 + Math.random() * 1200, y: 400 + Math.random() * 1200, z: Math.floor(Math.random() * 8)}})")
            page.wait("petavox.stage.settled", 60)
            page.evaluate("petavox.state.now.scale < 0.7 && petavox.state.set({scale: 1.4})")
        count = page.evaluate("petavox.scheduler.counts.received") - before
        time.sleep(0.5)
        long = page.evaluate("long")
        print(f"{count} tiles in {time.monotonic() - begin:.1f} s: {len(long)} tasks above 50 ms" + (f", the longest {max(long):.0f} ms" if long else ""), flush=True)


PANS = """new Promise(done => {
    let n = 0;
    const {state} = petavox;
    const timer = setInterval(() => {
        n += 1;
        const centre = {...state.now.centre, x: 1024 + 700 * Math.sin(n / 20), y: 1024 + 700 * Math.cos(n / 33)};
        petavox.stage.travel = {axis: 'x', direction: Math.sign(Math.cos(n / 20))};
        state.set({centre});
        if (n === 500) { clearInterval(timer); done(performance.now()); }
    }, 20);
})"""


def panning(folder):
    """500 pans in 10 s, then a stop: how long until the picture is complete, and what was fetched for nothing."""
    array = np.stack([plane(2048, seed) for seed in range(2)])[:, None]
    path = viewer.store(folder, "wide", array, "--axes", "czyx")
    with viewer.served(path) as url, browser.Browser(1270, 900, browser.EMULATED) as page:
        page.open(url)
        page.wait("globalThis.petavox?.stage.settled")
        page.evaluate("petavox.state.set({scale: 0.5})")
        page.wait("petavox.stage.settled")
        page.evaluate("globalThis.long = []; new PerformanceObserver(l => long.push(...l.getEntries().map(e => e.duration))).observe({type: 'longtask'})")
        page.evaluate(PANS)
        took = page.wait("petavox.stage.settled", 30)
        told = page.evaluate("({...petavox.scheduler.counts, long: long.length})")
        wasted = 100 * told["cancelled"] / max(1, told["cancelled"] + told["received"])
        print(f"500 pans: settled {took * 1e3:.0f} ms after the stop; {told['received']} tiles received, {told['cancelled']} cancelled ({wasted:.1f} %), {told['long']} tasks above 50 ms", flush=True)


def main(names):
    if browser.find() is None:
        print("no Chromium here: apt-get install chromium, or set CHROMIUM")
        return 1
    for name, measure in (("bytes", bytes_of_a_view), ("cold", cold_start), ("stream", streaming), ("pans", panning)):
        if not names or name in names:
            with tempfile.TemporaryDirectory() as folder:
                measure(pathlib.Path(folder))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
