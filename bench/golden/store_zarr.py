"""Records Zarr arrays written by zarr-python, and what zarr-python reads from real ones, for petavox-store's tests.

    python bench/golden/store_zarr.py [DATA]

writes zarr_made.json (small arrays as their files, with the samples they hold) and, if DATA (the folder of real test
data) is given, zarr_real.json (path -> shape, dtype and CRC-32 of the samples) into crates/petavox-store/tests/golden.
Needs numpy, zarr 3 and numcodecs. The versions are written into the files.
"""
import base64
import json
import pathlib
import sys
import tempfile
import warnings
import zlib

import numcodecs
import numpy as np
import zarr
import zarr.codecs as zc

warnings.filterwarnings("ignore")
OUT = pathlib.Path(__file__).resolve().parents[2] / "crates/petavox-store/tests/golden"
VERSIONS = {"zarr": zarr.__version__, "numcodecs": numcodecs.__version__, "numpy": np.__version__}
DTYPES = ["bool", "uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64", "float32", "float64"]


def samples(shape, dtype):
    """Smooth values with some noise, over the dtype's range."""
    rng = np.random.default_rng(sum(shape) + len(dtype))
    ramp = np.add.outer(np.arange(shape[0]) * 7, np.arange(int(np.prod(shape[1:]))).reshape(shape[1:]) % 50)
    ramp = ramp + rng.integers(0, 3, shape)
    if dtype == "bool":
        return ramp % 3 == 0
    if dtype.startswith("float"):
        return (ramp * 0.25 - 20).astype(dtype)
    return (ramp - (20 if dtype.startswith("int") else 0)).astype(dtype)


def bytes_of(array):
    """Little-endian bytes in C order."""
    array = np.ascontiguousarray(array)
    return array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes()


def files_of(folder):
    return {str(p.relative_to(folder)): base64.b64encode(p.read_bytes()).decode() for p in sorted(folder.rglob("*")) if p.is_file()}


def recorded(name, folder, expected):
    reread = np.asarray(zarr.open_array(folder, mode="r")[...])
    assert np.array_equal(reread, expected, equal_nan=expected.dtype.kind == "f"), name
    return {"name": name, "shape": list(expected.shape), "dtype": expected.dtype.name,
            "crc32": zlib.crc32(bytes_of(expected)), "files": files_of(folder)}


def made():
    out = []

    def add(name, data, **kwargs):
        with tempfile.TemporaryDirectory() as tmp:
            folder = pathlib.Path(tmp) / "a"
            array = zarr.create_array(folder, shape=data.shape, dtype=kwargs.pop("dtype", data.dtype), **kwargs)
            array[...] = data
            out.append(recorded(name, folder, data))

    shape = (7, 9, 11)
    for dtype in DTYPES:
        add(f"v3 {dtype}", samples(shape, dtype), chunks=(4, 5, 6))
        add(f"v2 {dtype}", samples(shape, dtype), chunks=(4, 5, 6), zarr_format=2)
    u2 = samples(shape, "uint16")
    add("v3 big endian", u2, chunks=(4, 5, 6), serializer=zc.BytesCodec(endian="big"))
    add("v2 big endian", u2, dtype=">u2", chunks=(4, 5, 6), zarr_format=2)
    add("v2 order F", u2, chunks=(4, 5, 6), zarr_format=2, order="F")
    add("v2 nested", u2, chunks=(4, 5, 6), zarr_format=2, chunk_key_encoding={"name": "v2", "separator": "/"})
    add("v3 keys like v2", u2, chunks=(4, 5, 6), chunk_key_encoding={"name": "v2", "separator": "."})
    add("v3 keys with dots", u2, chunks=(4, 5, 6), chunk_key_encoding={"name": "default", "separator": "."})
    add("v3 transpose", u2, chunks=(4, 5, 6), filters=[zc.TransposeCodec(order=(1, 2, 0))])
    add("v3 transposed twice", u2, chunks=(4, 5, 6),
        filters=[zc.TransposeCodec(order=(1, 2, 0)), zc.TransposeCodec(order=(0, 2, 1))])
    add("v3 gzip and crc", u2, chunks=(4, 5, 6), compressors=[zc.GzipCodec(level=5), zc.Crc32cCodec()])
    add("v3 zstd checksum", u2, chunks=(4, 5, 6), compressors=zc.ZstdCodec(level=3, checksum=True))
    add("v3 no compressor", u2, chunks=(4, 5, 6), compressors=None)
    add("v3 two compressors", u2, chunks=(4, 5, 6), compressors=[zc.ZstdCodec(level=1), zc.GzipCodec(level=1)])
    add("v3 sharded", u2, chunks=(2, 3, 3), shards=(4, 6, 6))
    for location in ["start", "end"]:
        codec = zc.ShardingCodec(chunk_shape=(2, 3, 3), index_location=location,
                                 codecs=[zc.TransposeCodec(order=(2, 0, 1)), zc.BytesCodec(), zc.ZstdCodec(level=1)])
        add(f"v3 sharded index at {location}", u2, chunks=(4, 6, 6), serializer=codec, compressors=None)
    nested = zc.ShardingCodec(chunk_shape=(4, 4, 4), codecs=[zc.ShardingCodec(chunk_shape=(2, 2, 2))])
    add("v3 shards in shards", u2, chunks=(8, 8, 8), serializer=nested, compressors=None)
    for cname in ["lz4", "lz4hc", "zstd", "zlib", "blosclz"]:
        for shuffle in ["noshuffle", "shuffle", "bitshuffle"]:
            add(f"v3 blosc {cname} {shuffle}", samples((40, 50), "uint16"), chunks=(32, 32),
                compressors=zc.BloscCodec(cname=cname, clevel=5, shuffle=shuffle))
    big = np.add.outer(np.arange(300) % 17, np.arange(300) % 23).astype("float32")
    for cname in ["lz4", "zstd", "blosclz"]:
        add(f"v3 blosc {cname} in blocks", big[:90, :90], chunks=(90, 90),
            compressors=zc.BloscCodec(cname=cname, clevel=1, shuffle="shuffle", blocksize=4096))
    for name, filters, compressor in [
        ("lz4", None, numcodecs.LZ4()), ("zlib", None, numcodecs.Zlib(5)), ("gzip", None, numcodecs.GZip(5)),
        ("zstd", None, numcodecs.Zstd(3)), ("none", None, None), ("shuffle", [numcodecs.Shuffle(2)], numcodecs.Zlib(1)),
        ("crc32", [numcodecs.CRC32()], numcodecs.Zlib(1)), ("adler32", [numcodecs.Adler32()], None),
        ("crc32 at end", [numcodecs.CRC32(location="end")], None),
        ("fletcher32", [numcodecs.Fletcher32()], None),
    ]:
        add(f"v2 {name}", u2, chunks=(4, 5, 6), zarr_format=2, filters=filters, compressors=compressor)
    hole = np.full((10, 10), 7, "int16")
    hole[:5, 5:] = 3
    for zarr_format in (2, 3):
        add(f"v{zarr_format} missing chunks", hole, chunks=(5, 5), fill_value=7, zarr_format=zarr_format,
            config={"write_empty_chunks": False})
    add("v3 missing chunks in shards", hole, chunks=(5, 5), shards=(10, 10), fill_value=7,
        config={"write_empty_chunks": False})
    nan = np.full((4, 4), np.nan, "float32")
    nan[0, 0] = np.inf
    add("v3 nan fill", nan, chunks=(2, 2), fill_value=np.nan)
    add("v2 nan fill", nan, chunks=(2, 2), fill_value=np.nan, zarr_format=2)
    most = np.full((3,), 2**64 - 1, "uint64")
    add("v3 largest fill", most, chunks=(2,), fill_value=2**64 - 1, config={"write_empty_chunks": False})
    return out


def real(data):
    """Every array below formats/, as zarr-python reads it; those it cannot read are left out."""
    out = {}
    formats = data / "formats"
    marks = sorted([*formats.rglob(".zarray"), *formats.rglob("zarr.json")])
    for mark in marks:
        folder = mark.parent
        name = str(folder.relative_to(data))
        zarr_format = 2 if mark.name == ".zarray" else 3
        if zarr_format == 2 and (folder / "zarr.json").exists():
            continue
        try:
            array = zarr.open_array(folder, mode="r", zarr_format=zarr_format)
            samples = np.asarray(array[...])
        except Exception:
            continue
        if samples.dtype.name not in DTYPES or samples.ndim == 0:
            continue
        out[name] = {"shape": list(samples.shape), "dtype": samples.dtype.name, "crc32": zlib.crc32(bytes_of(samples))}
    return out


def write(name, value):
    path = OUT / name
    path.write_text(json.dumps({"versions": VERSIONS, **value}, separators=(",", ":")) + "\n")
    print(path, path.stat().st_size)


if __name__ == "__main__":
    OUT.mkdir(parents=True, exist_ok=True)
    write("zarr_made.json", {"arrays": made()})
    if len(sys.argv) > 1:
        write("zarr_real.json", {"arrays": real(pathlib.Path(sys.argv[1]))})
