"""Reads lazy pipelines, served by `petavox serve`, with the clients people use, and compares samples with what scipy computes.

    python bench/clients/run.py [--petavox PATH] [--npm FOLDER] [--napari-python PATH] [--page docs/clients.md] [client ...]

Clients that are not installed are said to be so. For all of them:
pip install aiohttp fsspec dask xarray ome-zarr tensorstore neuroglancer scipy pillow; npm, a Chromium, xvfb-run, and a Python with
napari[pyqt6], dask, zarr and aiohttp. FOLDER keeps what npm installs.
"""

import argparse
import contextlib
import importlib.metadata
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import traceback

import numpy as np
import zarr
from cases import SCALE, TRANSLATION, cases, plane
from readers import READERS, ome_zarr_place
from table import Table


@contextlib.contextmanager
def served(program, folder, case):
    """The address of an image under its operation."""
    command = [program, "serve", folder / f"{case.name}.zarr", "--json", "--memory", "1GiB", *(f"--apply={s}" for s in case.steps)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        try:
            yield json.loads(server.stdout.readline())["url"] + f"images/{case.name}"
        finally:
            server.terminate()


def read_all(table, base, case, wanted):
    """Libraries that give samples: every box of them."""
    for name, package, read in READERS:
        if not wanted(name):
            continue
        try:
            version = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            table.missing(name)
            continue

        def check(read=read):
            for box, expected in case.expected:
                found = np.asarray(read(base, box))
                assert found.shape == expected.shape and found.dtype == expected.dtype, (found.shape, found.dtype)
                assert np.array_equal(found, expected), f"{np.count_nonzero(found != expected)} samples differ"

        table.tried(name, version, case, check)


def places(table, base, case, wanted):
    """Scale and translation of all levels, where they are not the same for all axes."""
    if case.name != "placed" or not wanted("ome-zarr-py"):
        return
    place = ome_zarr_place(base)
    assert place[0] == [list(SCALE), list(TRANSLATION)], place
    for k, (scale, translation) in enumerate(place):
        shape = zarr.open_array(f"{base}/zarr/{k}", mode="r").shape
        for n, s, first, step, origin in zip(case.shape, shape, translation, scale, TRANSLATION):
            whole = SCALE[TRANSLATION.index(origin)]
            factor = step / whole
            assert s == -(-n // factor) and abs(first - origin - (factor - 1) / 2 * whole) < 1e-9, (k, place[k])


class Pages:
    """What needs a browser; opened when it is first asked for."""

    def __init__(self, stack, npm, napari_python):
        self.stack, self.npm, self.napari_python = stack, npm, napari_python
        self.tab = self.viewer = None

    def try_all(self, table, base, case, wanted):
        import pages
        import viewers

        if pages.browser.find() is None:
            for name in ("zarrita, format 2", "zarrita, format 3", "viv, 0.4", "viv, 0.5", "neuroglancer"):
                table.missing(name)
        else:
            self.in_page(table, base, case, wanted, pages)
            if wanted("neuroglancer"):
                self.viewer = self.viewer or self.stack.enter_context(viewers.neuroglancer())
                version = importlib.metadata.version("neuroglancer")
                table.tried("neuroglancer", version, case, lambda: viewers.neuroglancer_draws(self.viewer, base, case)[1])
        if wanted("napari"):
            table.tried("napari", None, case, lambda: table.version("napari", viewers.napari(self.napari_python, base, case)))

    def in_page(self, table, base, case, wanted, pages):
        if not wanted("zarrita") and not wanted("viv"):
            return
        if self.tab is None:
            self.tab, self.versions = self.stack.enter_context(pages.page(self.npm))
        for version in (2, 3):

            def check(version=version):
                for box, expected in case.expected:
                    pages.zarrita(self.tab, base, version, box, expected)

            if wanted("zarrita"):
                table.tried(f"zarrita, format {version}", self.versions["zarrita"], case, check)
        at, _, samples = plane(case)
        selection = dict(zip(case.axes, at))
        for name, folder in (("viv, 0.4", "zarr2"), ("viv, 0.5", "zarr")):
            if wanted("viv"):
                draw = lambda folder=folder: pages.viv(self.tab, f"{base}/{folder}", selection, samples)  # noqa: E731
                table.tried(name, self.versions["viv"], case, draw)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--petavox", default=os.environ.get("PETAVOX", "target/release/petavox"))
    parser.add_argument("--npm", default=pathlib.Path(tempfile.gettempdir()) / "petavox-clients", help="folder for what npm installs")
    parser.add_argument("--napari-python", default=sys.executable, help="a Python with napari")
    parser.add_argument("--page", type=pathlib.Path, help="page into which the table goes")
    parser.add_argument("clients", nargs="*", help="the beginning of clients' names; all by default")
    given = parser.parse_args()
    wanted = lambda name: not given.clients or any(name.startswith(c) for c in given.clients)  # noqa: E731
    table = Table()
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        opened = Pages(stack, given.npm, given.napari_python)
        for case in cases(pathlib.Path(folder)):
            began = time.monotonic()
            with served(given.petavox, pathlib.Path(folder), case) as base:
                read_all(table, base, case, wanted)
                table.tried("places", None, case, lambda: places(table, base, case, wanted)) if case.name == "placed" else None
                try:
                    opened.try_all(table, base, case, wanted)
                except Exception:
                    table.broke(traceback.format_exc(limit=-4))
            print(f"{case.name}: {time.monotonic() - began:.1f} s", flush=True)
    table.tell()
    if given.page:
        table.into(given.page)
    return int(table.failed)


if __name__ == "__main__":
    sys.exit(main())
