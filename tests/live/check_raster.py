"""Exchanges raster files with tifffile, nibabel, numpy and Pillow, both ways.

    python tests/live/check_raster.py [cargo test arguments]

Writes files with those libraries for Petavox to read, has Petavox write files, and reads them back here. Run in the root of a checkout.
"""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import nibabel
import numpy as np
import PIL.Image
import tifffile

DTYPES = ["uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64", "float32", "float64"]


def numbered(shape, dtype):
    numbers = np.arange(np.prod(shape), dtype=np.int64) * 7 // 3
    return (numbers % (2 if dtype == "bool" else 251)).astype(dtype).reshape(shape)


def noise(shape, dtype, seed=0):
    generator = np.random.default_rng(seed)
    if dtype == "bool":
        return generator.random(shape) < 0.5
    if np.dtype(dtype).kind == "f":
        return generator.normal(size=shape).astype(dtype)
    info = np.iinfo(dtype)
    return generator.integers(info.min, info.max, size=shape, dtype=dtype, endpoint=True)


def make_inputs(folder):
    """Files by the libraries, each with the array it should be read as."""

    def expect(name, array, levels=None):
        np.save(folder / f"{name}.expected.npy", array)
        if levels:
            (folder / f"{name}.levels").write_text(str(levels))

    for dtype in [*DTYPES, "bool"]:
        array = noise((3, 45, 70), dtype)
        for order in "<>":
            for big in (False, True):
                tag = f"{dtype}-{'le' if order == '<' else 'be'}{'-big' if big else ''}"
                plain = {"bigtiff": big, "byteorder": order, "photometric": "minisblack"}
                tifffile.imwrite(folder / f"strip-{tag}.tif", array, **plain, rowsperstrip=7)
                expect(f"strip-{tag}.tif", array)
                if dtype == "bool":
                    continue
                predictor = 3 if np.dtype(dtype).kind == "f" else 2
                for codec in ("zlib", "lzw", "zstd", "packbits"):
                    options = {"compression": codec, "tile": (16, 32)}
                    if codec != "packbits":
                        options["predictor"] = predictor
                    tifffile.imwrite(folder / f"{codec}-{tag}.tif", array, **plain, **options)
                    expect(f"{codec}-{tag}.tif", array)
        for fortran in (False, True):
            name = f"{dtype}-{'f' if fortran else 'c'}.npy"
            np.save(folder / name, np.asfortranarray(array) if fortran else array)
            expect(name, array)
    big_endian = noise((5, 6, 7), "float32").astype(">f4")
    np.save(folder / "big.npy", big_endian)
    expect("big.npy", big_endian.astype("<f4"))

    array = noise((2, 3, 4, 30, 40), "uint16")
    for axes in ("TCZYX", "TZCYX"):
        tifffile.imwrite(folder / f"{axes}.ome.tif", array, metadata={"axes": axes}, photometric="minisblack")
        expect(f"{axes}.ome.tif", array if axes == "TCZYX" else array.transpose(0, 2, 1, 3, 4))
    tifffile.imwrite(folder / "hyper.tif", array, imagej=True, metadata={"axes": "TZCYX"})
    expect("hyper.tif", array.transpose(0, 2, 1, 3, 4))
    tifffile.imwrite(folder / "shaped.tif", array, photometric="minisblack")
    expect("shaped.tif", array)
    with tifffile.TiffWriter(folder / "one-ifd.tif") as file:
        file.write(array, photometric="minisblack", metadata={"truncate": True})
    tifffile.imwrite(folder / "contiguous.tif", array[0, 0], imagej=True)
    expect("contiguous.tif", array[0, 0])

    for planar in ("contig", "separate"):
        rgb = noise((40, 50, 3), "uint8")
        stored = rgb if planar == "contig" else rgb.transpose(2, 0, 1)
        for tile in (None, (16, 16)):
            name = f"rgb-{planar}-{'tile' if tile else 'strip'}.tif"
            tifffile.imwrite(folder / name, stored, photometric="rgb", planarconfig=planar, tile=tile, compression="zlib", predictor=2)
            expect(name, stored)

    base = noise((3, 64, 96), "uint16")
    with tifffile.TiffWriter(folder / "pyramid.ome.tif", bigtiff=True) as file:
        options = {"photometric": "minisblack", "tile": (32, 32), "compression": "zlib"}
        file.write(base, subifds=2, metadata={"axes": "ZYX"}, **options)
        file.write(base[:, ::2, ::2], subfiletype=1, **options)
        file.write(base[:, ::4, ::4], subfiletype=1, **options)
    expect("pyramid.ome.tif", base, levels=3)

    for dtype in ("uint8", "int16", "float32", "float64"):
        volume = noise((5, 6, 7), dtype)
        for kind, make in (("1", nibabel.Nifti1Image), ("2", nibabel.Nifti2Image)):
            for ending in ("nii", "nii.gz"):
                name = f"{dtype}-{kind}.{ending}"
                nibabel.save(make(volume, np.eye(4)), folder / name)
                expect(name, np.asarray(nibabel.load(folder / name).dataobj).T)
    image = nibabel.Nifti1Image(noise((5, 6, 7), "int16"), np.eye(4))
    image.header.set_slope_inter(0.25, -3)
    nibabel.save(image, folder / "scaled.nii")
    expect("scaled.nii", np.asarray(nibabel.load(folder / "scaled.nii").dataobj).T)

    for name, array in (("grey8.png", noise((30, 40), "uint8")), ("grey16.png", noise((30, 40), "uint16")), ("rgb.png", noise((30, 40, 3), "uint8")), ("mask.png", noise((30, 40), "bool"))):
        PIL.Image.fromarray(array).save(folder / name)
        expect(name, array)

    slices = folder / "slices"
    slices.mkdir()
    stack = noise((12, 30, 40), "uint16")
    for i, page in enumerate(stack):
        tifffile.imwrite(slices / f"z{i}.tif", page, compression="lzw")
    np.save(folder / "slices.expected.npy", stack)


def spacing_of(name, file):
    if name.endswith(".ome.tif"):
        pixels = tifffile.xml2dict(file.ome_metadata)["OME"]["Image"]["Pixels"]
        return [pixels[f"PhysicalSize{a}"] for a in "ZYX"]
    page = file.pages[0]
    y, x = (page.tags[t].value for t in ("YResolution", "XResolution"))
    return [file.imagej_metadata["spacing"], y[1] / y[0], x[1] / x[0]]


def check_outputs(folder):
    """Reads what Petavox wrote; counts what is right."""
    n = 0
    for path in sorted(folder.iterdir()):
        name = path.name
        if name.endswith(".npy"):
            array = np.load(path)
            assert array.flags.c_contiguous and (array == numbered(array.shape, array.dtype.name)).all(), name
        elif name.endswith(".png"):
            array = np.asarray(PIL.Image.open(path))
            assert (array == numbered(array.shape, array.dtype.name)).all(), name
        else:
            with tifffile.TiffFile(path) as file:
                series = file.series[0]
                first = name.split("-")[0]
                dtype = first if first in [*DTYPES, "bool"] else series.dtype.name
                assert series.dtype.name == dtype, (name, series.dtype)
                # tifffile does not look for levels in files that ImageJ can read, and may list those of others apart.
                n_levels = 1 if file.is_imagej else 3 if first == dtype else 2
                levels = [*series.levels, *file.series[1:]]
                assert len(levels) == n_levels, (name, levels)
                for level in levels:
                    array = level.asarray()
                    assert (array == numbered(array.shape, dtype)).all(), (name, level)
                if first == dtype and (name.endswith(".ome.tif") or file.is_imagej):
                    assert np.allclose(spacing_of(name, file), [2, 0.25, 0.25]), name
                if name in ("tczyx.ome.tif", "tzcyx.ome.tif", "tzcyx.tif", "tczyx.tif"):
                    assert series.axes == name.split(".")[0].upper(), (name, series.axes)
                if name == "tczyx.ome.tif":
                    channels = tifffile.xml2dict(file.ome_metadata)["OME"]["Image"]["Pixels"]["Channel"]
                    assert channels[1]["Name"] == 'stain <1> & "co"', channels
        n += 1
    return n


def main(arguments):
    if not shutil.which("cargo"):
        print("skipped: there is no cargo to build the exchange with")
        return
    with tempfile.TemporaryDirectory() as temporary:
        given, made = (pathlib.Path(temporary) / n for n in ("in", "out"))
        given.mkdir()
        made.mkdir()
        make_inputs(given)
        environment = {**os.environ, "PETAVOX_IN": str(given), "PETAVOX_OUT": str(made)}
        # The whole workspace's features, so that what the tests have built is used again.
        command = ["cargo", "test", "--workspace", "--test", "raster_live", *arguments]
        subprocess.run([*command, "--", "--nocapture"], env=environment, check=True)
        print(check_outputs(made), "files written by Petavox read as expected")


if __name__ == "__main__":
    main(sys.argv[1:])
