"""One peer's part of bench/mosaic.py, run by the Python of a virtual environment that has it: `pip install ashlar multiview-stitcher tifffile`.

    python mosaic_peer.py ashlar|multiview-stitcher register|fuse LAYOUT OUT

LAYOUT is JSON as petavox reads it, two-dimensional, positions in samples. `register` writes the positions found, `fuse` the mosaic as .npy. The last
line is JSON: CPU seconds of the work itself (imports excluded), wall seconds, peak memory of the process.
"""

import json
import resource
import sys
import time
from pathlib import Path

import numpy as np
import tifffile


def layout(path):
    tiles = json.loads(path.read_text())["tiles"]
    return [str(path.parent / t["path"]) for t in tiles], np.array([t["position"] for t in tiles], float)


def grey(path):
    image = tifffile.imread(path)
    return image if image.ndim == 2 else image.mean(axis=-1).astype(image.dtype)


def ashlar(job, paths, at, out):
    from ashlar import reg

    first = grey(paths[0])

    class Metadata(reg.Metadata):
        _num_images = num_images = len(paths)
        num_channels = 1
        pixel_size = 1.0
        pixel_dtype = first.dtype

        def tile_size(self, i):
            return np.array(first.shape)

        def tile_position(self, i):
            return at[i]

        positions = at
        size = np.array(first.shape)

    class Reader(reg.Reader):
        metadata = Metadata()

        def read(self, series, c):
            return grey(paths[series])

    aligner = reg.EdgeAligner(Reader(), channel=0, max_shift=0.1 * max(first.shape), verbose=False)
    if job == "register":
        aligner.run()
        Path(out).write_text(json.dumps(aligner.positions.tolist()))
        return
    aligner.positions = at - at.min(axis=0)
    aligner.centers = aligner.positions + np.array(first.shape) / 2
    shape = tuple(np.ceil((aligner.positions + first.shape).max(axis=0)).astype(int))
    mosaic = reg.Mosaic(aligner, shape, verbose=False)
    np.save(out, mosaic.assemble_channel(0))


def multiview(job, paths, at, out):
    import dask.array as da
    from multiview_stitcher import fusion, msi_utils, param_utils, registration
    from multiview_stitcher import spatial_image_utils as si

    views = []
    for path, (y, x) in zip(paths, at):
        image = si.get_sim_from_array(
            da.from_array(grey(path), chunks=1024), dims=["y", "x"], scale={"y": 1, "x": 1},
            translation={"y": y, "x": x}, transform_key="stage",
        )
        views.append(msi_utils.get_msim_from_sim(image, scale_factors=[]))
    if job == "register":
        registration.register(views, transform_key="stage", new_transform_key="found", reg_channel_index=0)
        moved = [np.array(msi_utils.get_transform_from_msim(v, "found")).squeeze()[:2, 2] for v in views]
        Path(out).write_text(json.dumps((at + np.array(moved)).tolist()))
        return
    fused = fusion.fuse([msi_utils.get_sim_from_msim(v) for v in views], transform_key="stage", output_chunksize=1024)
    np.save(out, np.asarray(fused.data).squeeze())


def main():
    peer, job, source, out = sys.argv[1:]
    paths, at = layout(Path(source))
    work = {"ashlar": ashlar, "multiview-stitcher": multiview}[peer]
    # What is imported once counts for nobody.
    __import__("ashlar.reg" if peer == "ashlar" else "multiview_stitcher.registration")
    cpu, wall = time.process_time(), time.perf_counter()
    work(job, paths, at, out)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"cpu_s": time.process_time() - cpu, "wall_s": time.perf_counter() - wall, "peak_mb": peak / 1e6}))


if __name__ == "__main__":
    sys.exit(main())
