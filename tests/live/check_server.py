"""The server, read by real Zarr clients: what they get is what `petavox apply` computes and what numpy and scipy say.

zarr-python (both versions of the format), tensorstore, dask and xarray, on odd shapes and every kind of sample; slices as numpy files;
a chunk that zarr-python writes from another process is shown.
"""

import asyncio
import contextlib
import io
import json
import os
import pathlib
import queue
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

import dask.array
import numpy as np
import tensorstore
import xarray
import zarr
from scipy import ndimage
from zarr.abc.store import OffsetByteRequest, RangeByteRequest, Store

PETAVOX = os.environ["PETAVOX"]
random = np.random.default_rng(6)


class Web(Store):
    """zarr-python's view of a web server, with nothing but the standard library."""

    supports_writes = supports_deletes = supports_listing = False

    def __init__(self, url):
        super().__init__(read_only=True)
        self.url = url

    def __eq__(self, other):
        return isinstance(other, Web) and other.url == self.url

    async def get(self, key, prototype, byte_range=None):
        headers = {}
        if isinstance(byte_range, RangeByteRequest):
            headers["Range"] = f"bytes={byte_range.start}-{byte_range.end - 1}"
        elif isinstance(byte_range, OffsetByteRequest):
            headers["Range"] = f"bytes={byte_range.offset}-"
        elif byte_range is not None:
            headers["Range"] = f"bytes=-{byte_range.suffix}"
        found = await asyncio.to_thread(get, f"{self.url}/{key}", headers)
        return None if found is None else prototype.buffer.from_bytes(found)

    async def get_partial_values(self, prototype, key_ranges):
        return [await self.get(key, prototype, part) for key, part in key_ranges]

    async def exists(self, key):
        return await asyncio.to_thread(get, f"{self.url}/{key}", {}) is not None

    async def set(self, key, value):
        raise NotImplementedError  # nothing is written to the server

    async def delete(self, key):
        raise NotImplementedError

    async def list(self):
        raise NotImplementedError
        yield

    async def list_prefix(self, prefix):
        raise NotImplementedError
        yield

    async def list_dir(self, prefix):
        raise NotImplementedError
        yield


def get(url, headers={}):
    try:
        return urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=60).read()
    except urllib.error.HTTPError as e:
        if e.code == 404:
            return None
        raise AssertionError(f"{url}: {e.code} {e.read().decode()}") from None


@contextlib.contextmanager
def serving(*arguments):
    """The address of a server, and its images' names."""
    command = [PETAVOX, "serve", *map(str, arguments), "--json", "--memory", "512MiB"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            told = json.loads(server.stdout.readline())
            yield told["url"].rstrip("/"), told["images"]
        finally:
            server.terminate()
            server.wait(20)


def odd_images():
    """Shapes that no chunk divides, and every kind of sample."""
    shape = (3, 2, 101, 77, 33)
    yield "uint16", random.integers(0, 65535, shape, dtype=np.uint16)
    yield "float64", random.normal(size=shape[2:])
    yield "int8", random.integers(-128, 127, shape[1:], dtype=np.int8)
    yield "labels", random.integers(0, 9, shape[2:], dtype=np.uint64) * (2**40 + 3)
    yield "bool", random.random(shape[2:]) > 0.5


def store(folder, name, samples, scale=None, translation=None):
    """An OME-Zarr as others write it."""
    n = samples.ndim
    group = zarr.open_group(folder / f"{name}.zarr", mode="w")
    chunks = tuple(min(s, c) for s, c in zip(samples.shape, (1, 1, 20, 64, 20)[-n:]))
    group.create_array("0", shape=samples.shape, chunks=chunks, dtype=samples.dtype)[...] = samples
    axes = [{"name": a, "type": {"t": "time", "c": "channel"}.get(a, "space")} for a in "tczyx"[-n:]]
    place = [{"type": "scale", "scale": list(scale or (1.0,) * n)}]
    if translation:
        place.append({"type": "translation", "translation": list(translation)})
    datasets = [{"path": "0", "coordinateTransformations": place}]
    group.attrs["ome"] = {"version": "0.5", "multiscales": [{"axes": axes, "datasets": datasets}]}
    return folder / f"{name}.zarr"


def equal(what, found, expected):
    assert found.shape == expected.shape, (what, found.shape, expected.shape)
    assert found.dtype == expected.dtype, (what, found.dtype, expected.dtype)
    assert np.array_equal(found, expected), f"{what}: {np.count_nonzero(found != expected)} samples differ"


def read_by_all(base, name, expected):
    """Every client reads level 0 whole."""
    for version, folder in ((3, "zarr"), (2, "zarr2")):
        at = f"{base}/images/{name}/{folder}"
        group = zarr.open_group(Web(at), mode="r", zarr_format=version)
        equal(f"{name}: zarr-python, format {version}", group["0"][...], expected)
        spec = {"driver": "zarr3" if version == 3 else "zarr", "kvstore": f"{at}/0/"}
        opened = tensorstore.open(spec, open=True, read=True).result()
        equal(f"{name}: tensorstore, format {version}", opened.read().result(), expected)
        lazy = dask.array.from_zarr(zarr.open_array(Web(f"{at}/0"), mode="r", zarr_format=version))
        equal(f"{name}: dask, format {version}", lazy.compute(scheduler="threads"), expected)
        data = xarray.open_zarr(Web(f"{at}/@levels=1"), zarr_format=version, consolidated=True)
        equal(f"{name}: xarray, format {version}", data["0"].values, expected)
    chunked = zarr.open_array(Web(f"{base}/images/{name}/zarr/@chunk=16x40x9/@codec=gzip/0"), mode="r")
    equal(f"{name}: other chunks, gzipped", chunked[...], expected)
    npy = np.load(io.BytesIO(get(f"{base}/images/{name}/array?slice=...,::2,3:-1")))
    equal(f"{name}: a slice", npy, expected[..., ::2, 3:-1])


def check_images(folder):
    images = dict(odd_images())
    paths = [store(folder, name, samples) for name, samples in images.items()]
    with serving(*paths) as (base, names):
        assert names == list(images), names
        for name, samples in images.items():
            read_by_all(base, name, samples)


def check_place(folder):
    scale, shift = (2.0, 0.25, 0.5), (10.0, -4.0, 7.5)
    path = store(folder, "placed", random.integers(0, 99, (20, 300, 700), dtype=np.uint8), scale, shift)
    with serving(path) as (base, _):
        ome = json.loads(get(f"{base}/images/placed/zarr/zarr.json"))["attributes"]["ome"]
        old = json.loads(get(f"{base}/images/placed/zarr2/.zattrs"))
        for image in (ome["multiscales"][0], old["multiscales"][0]):
            for k, dataset in enumerate(image["datasets"]):
                shape = json.loads(get(f"{base}/images/placed/zarr/{k}/zarr.json"))["shape"]
                parts = {t["type"]: t[t["type"]] for t in dataset["coordinateTransformations"]}
                for a in range(3):
                    factor = parts["scale"][a] / scale[a]
                    assert shape[a] == -(-[20, 300, 700][a] // factor), (k, shape, factor)
                    wanted = shift[a] + (factor - 1) / 2 * scale[a]
                    assert abs(parts["translation"][a] - wanted) < 1e-9, (k, parts)


def check_pipeline(folder):
    samples = ndimage.gaussian_filter(random.normal(size=(60, 101, 77)), 3).astype(np.float32)
    path = store(folder, "pipeline", samples)
    steps = ["gaussian:sigma=2", "threshold:method=otsu", "label"]
    out = folder / "computed.zarr"
    subprocess.run([PETAVOX, "apply", str(path), str(out), *steps, "--quiet"], check=True)
    expected = zarr.open_array(out / "0", mode="r")[...]
    assert expected.max() > 3
    with serving(path, *(f"--apply={step}" for step in steps)) as (base, _):
        read_by_all(base, "pipeline", expected)
        group = json.loads(get(f"{base}/images/pipeline/zarr/zarr.json"))
        assert "image-label" in group["attributes"]["ome"], group


def check_live(folder):
    samples = np.zeros((40, 64, 40), np.uint16)
    path = store(folder, "live", samples)
    with serving(path) as (base, _):
        events = queue.Queue()

        def listen():
            with urllib.request.urlopen(f"{base}/events", timeout=30) as stream:
                name = None
                for line in stream:
                    if line.startswith(b"event: "):
                        name = line[7:].strip()
                    if line.startswith(b"data: ") and name == b"changed":
                        events.put(json.loads(line[6:]))

        threading.Thread(target=listen, daemon=True).start()
        array = zarr.open_array(Web(f"{base}/images/live/zarr/0"), mode="r")
        assert array[...].max() == 0
        time.sleep(0.6)
        code = f"import zarr; zarr.open_array({str(path / '0')!r}, mode='r+')[20:40] = 7"
        subprocess.run([sys.executable, "-c", code], check=True)
        began = time.monotonic()
        told = events.get(timeout=10)
        seconds = time.monotonic() - began
        assert told["image"] == "live", told
        assert told["regions"] is None or all(r["start"][0] == 20 for r in told["regions"]), told
        deadline = time.monotonic() + 5
        while not (array[20:40] == 7).all():
            assert time.monotonic() < deadline, "the new chunks are not shown"
            time.sleep(0.1)
        assert array[:20].max() == 0
        print(f"new chunks were told {seconds * 1000:.0f} ms after they were written")


def main():
    with tempfile.TemporaryDirectory() as folder:
        for check in (check_images, check_place, check_pipeline, check_live):
            check(pathlib.Path(folder))
            print(f"{check.__name__}: passed")


if __name__ == "__main__":
    main()
