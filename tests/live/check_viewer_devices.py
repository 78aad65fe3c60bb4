"""The viewer in a headless Chromium: fingers, tokens, and graphics that go away."""

import sys
import time

import numpy as np

from viewing import View, cells, check, main, served, store, volume


def touch(page, kind, *points):
    page.call("Input.dispatchTouchEvent", type=kind, touchPoints=[{"x": x, "y": y, "id": k} for k, (x, y) in enumerate(points)])


@check
def two_fingers_zoom_around_what_lies_between_them(page, folder):
    """Fingers that part magnify by as much as they part, and the place between them stays; one finger moves the picture."""
    with served(store(folder, "touched", volume())) as url:
        page.call("Emulation.setTouchEmulationEnabled", enabled=True, maxTouchPoints=2)
        view = View(page, url)
        x, y, w, h = view.box()
        at = np.array([x + w / 2 + 60, y + h / 2 - 40])
        scale, centre = view.state("scale"), view.state("centre")
        middle = lambda scale, centre: [centre[a] + (at[k] - [x + w / 2, y + h / 2][k]) * scale for k, a in enumerate("xy")]  # noqa: E731
        before = middle(scale, centre)
        touch(page, "touchStart", at - [40, 0], at + [40, 0])
        for reach in (50, 70, 90, 120):
            touch(page, "touchMove", at - [reach, 0], at + [reach, 0])
        touch(page, "touchEnd")
        view.settle()
        assert abs(view.state("scale") / scale - 40 / 120) < 0.02, (scale, view.state("scale"))
        after = middle(view.state("scale"), view.state("centre"))
        assert np.abs(np.array(before) - after).max() < 2 * scale, (before, after)
        scale, centre = view.state("scale"), view.state("centre")
        touch(page, "touchStart", at)
        for k in range(1, 5):
            touch(page, "touchMove", at + [10 * k, 5 * k])
        touch(page, "touchEnd")
        view.settle()
        moved = view.state("centre")
        assert abs(centre["x"] - moved["x"] - 40 * scale) < 2 * scale and abs(centre["y"] - moved["y"] - 20 * scale) < 2 * scale
        page.call("Emulation.setTouchEmulationEnabled", enabled=False)


@check
def a_token_opens_what_is_closed_without_it(page, folder):
    """With the token in the address everything is there, the stream of changes too; a link has it; without it the page says what is missing."""
    array = volume()
    with served(store(folder, "closed", array), "--token", "s3cret+/&x") as url:
        page.open("about:blank")
        page.open(url)
        page.wait("document.querySelector('#message') && !document.querySelector('#message').hidden", 10)
        said = page.evaluate("document.querySelector('#message').textContent")
        assert "token" in said, said
        # The refusal is told on the console, too, as it should be.
        page.errors = [e for e in page.errors if "401" not in e]
        view = View(page, url + "?token=s3cret%2B%2F%26x")
        seen, grey = view.exactly(array[11], "x", "y", limits=tuple(view.state("layers[0].limits")))
        assert seen.max() > 100
        page.wait("location.hash.length > 50")
        link = page.evaluate("location.href")
        assert "token=s3cret%2B%2F%26x" in link, link
        again = View(page, link)
        assert again.state("scale") == 1
        page.wait("document.querySelector('#status') !== null")


@check
def lost_graphics_come_back_as_they_were(page, folder):
    """When the browser takes the graphics away and gives them back, the same picture returns."""
    with served(store(folder, "lost", volume())) as url:
        view = View(page, url)
        view.layer(0, limits=[200, 2500], map="viridis")
        page.evaluate("petavox.navigate.goTo('z', 5, 'step')")
        view.set({"scale": 0.8})
        time.sleep(0.5)
        before = view.picture("before")
        page.evaluate("globalThis.old = true; globalThis.lose = petavox.stage.gl.getExtension('WEBGL_lose_context'); lose.loseContext()")
        page.wait("petavox.stage.gl.isContextLost()", 5)
        time.sleep(0.2)
        page.evaluate("petavox.state.set({scale: 0.8}); lose.restoreContext()")
        # The page is loaded anew, and its address brings the view back.
        page.wait("globalThis.old === undefined && globalThis.petavox?.stage.settled === true", 30)
        time.sleep(0.3)
        assert np.array_equal(view.picture("after"), before)
        # The browser's own remark about it.
        page.console = [(kind, text) for kind, text in page.console if "context" not in text.lower()]
        page.errors = [e for e in page.errors if "context" not in e.lower()]


@check
def the_label_under_the_cursor_lights_up(page, folder):
    """Only the label under the cursor changes its looks, also one that differs from another above 2^32 only, and turns back when the cursor leaves."""
    array = cells()
    with served(store(folder, "below", volume()), "--labels", store(folder, "cells", array, "--axes", "zyx")) as url:
        view = View(page, url)
        view.layer(0, visible=False)
        view.layer(1, opacity=0.5)
        view.exactly(array[11], "x", "y")
        x, y, w, h = view.box()
        page.mouse("mouseMoved", x + 2, y + 2)
        view.settle()
        plain = view.picture()
        row, column = 110, 210
        page.mouse("mouseMoved", x + w // 2 + column - 200 + 0.5, y + h // 2 + row - 150 + 0.5)
        page.wait(f"document.querySelector('#status').textContent.includes('{array[11, row, column]}')", 5)
        page.wait("petavox.stage.chosen !== null", 5)
        page.evaluate("new Promise(requestAnimationFrame).then(() => new Promise(requestAnimationFrame))")
        lit = view.picture("hover")
        top, left = int(h) // 2 - 150, int(w) // 2 - 200
        changed = (lit != plain).any(axis=-1)[max(0, top) : top + 300, max(0, left) : left + 400]
        own = (array[11] == array[11, row, column])[max(0, -top) :, max(0, -left) :][: changed.shape[0], : changed.shape[1]]
        assert (changed == own).mean() > 0.999 and changed[own].mean() > 0.95, (changed[own].mean(), changed[~own].sum())
        page.mouse("mouseMoved", x + 2, y + 2)
        page.wait("petavox.stage.chosen === null", 5)
        page.evaluate("new Promise(requestAnimationFrame).then(() => new Promise(requestAnimationFrame))")
        assert np.array_equal(view.picture(), plain)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
