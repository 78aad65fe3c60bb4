"""Opens what Petavox writes as Zarr with other programs: zarr-python, tensorstore, and the OME-Zarr models.

    python tests/live/check_zarr.py            # writes the images first, with cargo
    python tests/live/check_zarr.py FOLDER     # images that are there, from the test zarr_live

Needs zarr 3, tensorstore, ome-zarr-models. Prints one line per image and ends with an error if anything differs.
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import tensorstore as ts
import zarr
from ome_zarr_models import open_ome_zarr


def expected(shape, dtype):
    n = int(np.prod(shape))
    modulus = 2 if dtype == bool else 101
    return (np.arange(n) % modulus).astype(dtype).reshape(shape)


def check_array(folder):
    array = zarr.open_array(folder, mode="r")
    samples = np.asarray(array[...])
    np.testing.assert_array_equal(samples, expected(array.shape, samples.dtype), err_msg=str(folder))
    driver = "zarr3" if array.metadata.zarr_format == 3 else "zarr"
    compressor = getattr(array.metadata, "compressor", None)
    by_ts = ts.open({"driver": driver, "kvstore": {"driver": "file", "path": str(folder) + "/"}}, open=True).result()
    np.testing.assert_array_equal(by_ts.read().result(), samples, err_msg=str(folder))
    return array


def check_image(folder):
    name = folder.name
    root = zarr.open(folder, mode="r")
    if isinstance(root, zarr.Array):
        check_array(folder)
        return "array"
    attributes = dict(root.attrs)
    ome = attributes.get("ome", attributes)
    datasets = ome["multiscales"][0]["datasets"]
    assert len(datasets) >= 1, name
    previous = None
    for dataset in datasets:
        array = check_array(folder / dataset["path"])
        if array.metadata.zarr_format == 3:
            names = [axis["name"] for axis in ome["multiscales"][0]["axes"]]
            assert list(array.metadata.dimension_names) == names, name
        scale = np.array(dataset["coordinateTransformations"][0]["scale"])
        if previous is not None:
            factor = scale / previous[1]
            assert set(np.unique(factor)) <= {1.0, 2.0}, name
            assert list(array.shape) == [-(-s // int(f)) for s, f in zip(previous[0], factor)], name
        previous = (array.shape, scale)
    model = open_ome_zarr(root)
    return f"{type(model).__module__.split('.')[1]} {type(model).__name__}, {len(datasets)} levels"


def main():
    if len(sys.argv) > 1:
        return check(pathlib.Path(sys.argv[1]))
    root = pathlib.Path(__file__).resolve().parents[2]
    with tempfile.TemporaryDirectory() as folder:
        # The whole workspace's features, so that what the tests have built is used again.
        command = ["cargo", "test", "--quiet", "--workspace", "--test", "zarr_live"]
        subprocess.run(command, check=True, cwd=root, env={**os.environ, "PETAVOX_OUT": folder})
        check(pathlib.Path(folder))


def check(written):
    folders = sorted(p for p in written.iterdir() if p.suffix == ".zarr")
    failed = []
    for folder in folders:
        try:
            print(f"{folder.name}: {check_image(folder)}")
        except Exception as e:  # every image is tried; the end says which failed
            failed.append(folder.name)
            print(f"{folder.name}: FAILED {type(e).__name__}: {str(e)[:600]}")
    print(f"{len(folders) - len(failed)} of {len(folders)} opened by zarr-python {zarr.__version__}, tensorstore, ome-zarr-models")
    sys.exit(bool(failed) or not folders)


if __name__ == "__main__":
    main()
