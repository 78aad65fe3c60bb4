"""Records what tifffile, nibabel and Pillow read from the files of other programs: shape, dtype, axes and a checksum.

    python bench/golden/tiff.py DATA crates/petavox-store/tests/golden/raster.json

Axes are put into Petavox' order first: time, channel and depth before y and x, `c` for the samples of a pixel.
Files that tifffile cannot read are left out. JPEG decoders round differently, so a sample of the pixels is kept instead of a checksum.
"""

import json
import pathlib
import sys
import warnings
import zlib

import imagecodecs
import nibabel
import numpy as np
import PIL
import PIL.Image
import tifffile

LOSSY = {6, 7}


def tiff(path):
    with tifffile.TiffFile(path) as file:
        series = file.series[0]
        page = series.keyframe
        array = series.asarray()
        axes = series.axes.lower()
        if series.kind in ("ome", "imagej"):
            outer = [a for a in "tcz" if a in axes and not (a == "c" and page.samplesperpixel > 1)]
            order = [axes.index(a) for a in outer] + [i for i, a in enumerate(axes) if a not in outer]
            array = array.transpose(order)
        lossy = int(page.compression) in LOSSY
        kind = series.kind
    return array, lossy, kind


def nifti(path):
    image = nibabel.load(path)
    return np.asarray(image.dataobj).T, False, "nifti"


def picture(path):
    image = PIL.Image.open(path)
    if image.mode == "P":
        image = image.convert("RGB")
    return np.asarray(image), path.suffix == ".jpg", "picture"


def read(path):
    name = path.name.lower()
    if name.endswith((".nii", ".nii.gz")):
        return nifti(path)
    if path.suffix in (".png", ".jpg"):
        return picture(path)
    if path.suffix == ".npy":
        return np.load(path), False, "npy"
    return tiff(path)


def record(array, lossy, kind):
    if array.dtype == np.float16:
        array = array.astype(np.float32)
    array = np.ascontiguousarray(array.astype(array.dtype.newbyteorder("=")))
    out = {"shape": list(array.shape), "dtype": array.dtype.name, "kind": kind}
    if lossy:
        step = max(1, array.size // 200)
        out["step"] = step
        out["samples"] = array.reshape(-1)[::step].tolist()
    else:
        out["crc32"] = zlib.crc32(array.tobytes())
    return out


def main(data, target):
    data = pathlib.Path(data)
    roots = [
        "formats/image-tiff",
        "formats/image-rs-bad/tests/images",
        "formats/libvips-samples",
        "formats/viv-fixtures/packages/loaders/tests/fixtures/multi-channel.ome.tif",
        "formats/viv-fixtures/packages/loaders/tests/fixtures/multi-tiff",
        "formats/viv-fixtures/sites/avivator/data/multi-channel.ome.tif",
        "skeleton",
    ]
    suffixes = {".tif", ".tiff", ".svs", ".png", ".jpg", ".npy", ".gz", ".nii"}
    files = {}
    unread = []
    for root in roots:
        paths = [data / root] if (data / root).is_file() else sorted((data / root).rglob("*"))
        for path in paths:
            if path.suffix.lower() not in suffixes or not path.is_file() or "fuzz_images" in str(path):
                continue
            key = str(path.relative_to(data))
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    files[key] = record(*read(path))
            except Exception as error:
                unread.append(key)
                print("unread", key, error, file=sys.stderr)
    versions = {
        "numpy": np.__version__,
        "tifffile": tifffile.__version__,
        "imagecodecs": imagecodecs.__version__,
        "nibabel": nibabel.__version__,
        "pillow": PIL.__version__,
    }
    text = ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in files.items())
    with open(target, "w") as out:
        out.write(f'{{"versions": {json.dumps(versions)},\n"unread": {json.dumps(unread)},\n"files": {{\n{text}\n}}}}\n')
    print(len(files), "files,", len(unread), "unread")


if __name__ == "__main__":
    main(*sys.argv[1:])
