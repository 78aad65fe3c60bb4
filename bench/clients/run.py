"""Reads one lazy pipeline, served by petavox, with every client that is installed, and compares the samples with the computed result.

    python bench/clients/run.py [--petavox PATH] [client ...]

zarr-python, tensorstore, dask and xarray over plain HTTP are in the checks of every day (tests/live/check_server.py); this is the wider
circle: fsspec, ome-zarr-py, xarray by way of its own store, napari (under xvfb-run), neuroglancer's Python viewer in a headless Chromium.
Install what is to be tried: pip install aiohttp fsspec requests ome-zarr napari[pyqt6] neuroglancer.
"""

import argparse
import importlib.metadata
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import traceback

import numpy as np
import zarr
from scipy import ndimage


def fsspec(base, expected):
    for version, folder in ((3, "zarr"), (2, "zarr2")):
        group = zarr.open_group(f"{base}/{folder}", mode="r", zarr_format=version)
        assert np.array_equal(group["0"][...], expected), version


def dask(base, expected):
    import dask.array

    lazy = dask.array.from_zarr(f"{base}/zarr", component="0")
    assert np.array_equal(lazy.compute(), expected)


def xarray(base, expected):
    import xarray

    for folder in ("zarr", "zarr2"):
        data = xarray.open_zarr(f"{base}/{folder}/@levels=1")
        assert np.array_equal(data["0"].values, expected), folder


def tensorstore(base, expected):
    import tensorstore

    for driver, folder in (("zarr3", "zarr"), ("zarr", "zarr2")):
        spec = {"driver": driver, "kvstore": f"{base}/{folder}/0/"}
        assert np.array_equal(tensorstore.open(spec).result().read().result(), expected), driver


def ome_zarr(base, expected):
    from ome_zarr.io import parse_url
    from ome_zarr.reader import Reader

    for folder in ("zarr", "zarr2"):
        nodes = list(Reader(parse_url(f"{base}/{folder}"))())
        assert nodes, folder
        assert np.array_equal(nodes[0].data[0].compute(), expected), folder


def napari(base, expected):
    import dask.array
    import napari

    lazy = dask.array.from_zarr(f"{base}/zarr", component="0")
    viewer = napari.Viewer(show=False)
    layer = viewer.add_labels(lazy) if expected.dtype.kind in "iu" else viewer.add_image(lazy)
    viewer.dims.set_point(0, 10)
    shown = np.asarray(layer._slice.image.raw)
    assert np.array_equal(shown, expected[10]), (shown.shape, expected[10].shape)
    viewer.close()


def neuroglancer(base, expected):
    import neuroglancer

    viewer = neuroglancer.Viewer()
    with viewer.txn() as state:
        state.layers["image"] = neuroglancer.SegmentationLayer(source=f"zarr3://{base}/zarr")
        state.layout = "xy"
        state.position = [n // 2 for n in expected.shape]
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    with tempfile.TemporaryDirectory() as folder:
        flags = ["--headless", "--no-sandbox", "--enable-unsafe-swiftshader", f"--user-data-dir={folder}", "--remote-debugging-port=0"]
        page = subprocess.Popen([browser, *flags, viewer.get_viewer_url()], stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        try:
            # It answers when all that is seen has come.
            pixels = viewer.screenshot(size=[400, 300]).screenshot.image_pixels
        finally:
            page.terminate()
            page.wait()
    assert len(np.unique(pixels.reshape(-1, pixels.shape[-1]), axis=0)) > 3, "nothing is shown"


CLIENTS = {
    "fsspec": (fsspec, "fsspec"), "dask": (dask, "dask"), "xarray": (xarray, "xarray"), "tensorstore": (tensorstore, "tensorstore"),
    "ome-zarr": (ome_zarr, "ome-zarr"), "napari": (napari, "napari"), "neuroglancer": (neuroglancer, "neuroglancer"),
}  # fmt: skip


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--petavox", default=os.environ.get("PETAVOX", "target/release/petavox"))
    parser.add_argument("clients", nargs="*", default=list(CLIENTS))
    given = parser.parse_args()
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        noise = np.random.default_rng(0).normal(size=(40, 101, 77))
        samples = ndimage.gaussian_filter(noise, 3).astype(np.float32)
        zarr.create_array(folder / "image.zarr", shape=samples.shape, chunks=(16, 32, 32), dtype="float32")[...] = samples
        steps = ["gaussian:sigma=2", "threshold:method=otsu", "label"]
        out = folder / "computed.zarr"
        subprocess.run([given.petavox, "apply", folder / "image.zarr", out, *steps, "--quiet"], check=True)
        expected = zarr.open_array(out / "0", mode="r")[...]
        command = [given.petavox, "serve", folder / "image.zarr", "--json", *(f"--apply={s}" for s in steps)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
            base = json.loads(server.stdout.readline())["url"] + "images/image"
            for name in given.clients:
                check, package = CLIENTS[name]
                try:
                    version = importlib.metadata.version(package)
                except importlib.metadata.PackageNotFoundError:
                    print(f"{name}: not installed")
                    continue
                try:
                    check(base, expected)
                    print(f"{name} {version}: equal")
                except Exception:
                    failed = True
                    print(f"{name} {version}: FAILED\n{traceback.format_exc(limit=-3)}")
            server.terminate()
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
