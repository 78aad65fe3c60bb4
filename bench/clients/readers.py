"""Python libraries that read arrays: each gives the samples of a box of level 0."""

import functools

import numpy as np


def zarr_2(base, box):
    return _zarr(f"{base}/zarr2", 2)["0"][box]


def zarr_3(base, box):
    return _zarr(f"{base}/zarr", 3)["0"][box]


def _zarr(address, version):
    import zarr

    return zarr.open_group(address, mode="r", zarr_format=version)


def tensorstore_2(base, box):
    return _tensorstore("zarr", f"{base}/zarr2/0/")[box].read().result()


def tensorstore_3(base, box):
    return _tensorstore("zarr3", f"{base}/zarr/0/")[box].read().result()


@functools.cache
def _tensorstore(driver, address):
    import tensorstore

    return tensorstore.open({"driver": driver, "kvstore": address}, open=True, read=True).result()


def dask(base, box):
    import dask.array

    return dask.array.from_zarr(f"{base}/zarr", component="0")[box].compute()


def xarray_2(base, box):
    return _xarray(f"{base}/zarr2/@levels=1", 2, box)


def xarray_3(base, box):
    return _xarray(f"{base}/zarr/@levels=1", 3, box)


def _xarray(address, version, box):
    import xarray

    return xarray.open_zarr(address, zarr_format=version)["0"][box].values


def ome_zarr_2(base, box):
    return _ome_zarr(f"{base}/zarr2", box)


def ome_zarr_3(base, box):
    return _ome_zarr(f"{base}/zarr", box)


def _ome_zarr(address, box):
    from ome_zarr.io import parse_url
    from ome_zarr.reader import Reader

    node = next(iter(Reader(parse_url(address))()))
    return node.data[0][box].compute()


def ome_zarr_place(base):
    """Scale and translation of every level, as ome-zarr-py reads them."""
    from ome_zarr.io import parse_url
    from ome_zarr.reader import Reader

    node = next(iter(Reader(parse_url(f"{base}/zarr"))()))
    return [[t[t["type"]] for t in level] for level in node.metadata["coordinateTransformations"]]


def numpy_slice(base, box):
    """No Zarr at all: a slice as a file of numpy's."""
    import io
    import urllib.request

    text = ",".join(f"{s.start}:{s.stop}" for s in box)
    return np.load(io.BytesIO(urllib.request.urlopen(f"{base}/array?slice={text}").read()))


#: Name, package, function.
READERS = [
    ("zarr-python, format 2", "zarr", zarr_2),
    ("zarr-python, format 3", "zarr", zarr_3),
    ("tensorstore, zarr", "tensorstore", tensorstore_2),
    ("tensorstore, zarr3", "tensorstore", tensorstore_3),
    ("dask", "dask", dask),
    ("xarray, format 2", "xarray", xarray_2),
    ("xarray, format 3", "xarray", xarray_3),
    ("ome-zarr-py, 0.4", "ome-zarr", ome_zarr_2),
    ("ome-zarr-py, 0.5", "ome-zarr", ome_zarr_3),
    ("numpy", "numpy", numpy_slice),
]
