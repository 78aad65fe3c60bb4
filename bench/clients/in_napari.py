"""Opens what is served in napari, goes to a plane, and saves what napari is about to draw. Started by viewers.py."""

import json
import sys

import dask.array
import napari
import numpy as np
import zarr


def main(told):
    group = zarr.open_group(f"{told['base']}/zarr", mode="r")
    levels = [dask.array.from_zarr(group[key]) for key in sorted(group.array_keys(), key=int)]
    viewer = napari.Viewer(show=True)
    if told["labels"]:
        layer = viewer.add_labels(levels[0])
    else:
        layer = viewer.add_image(levels[0], contrast_limits=(0, 1))
    for axis, position in enumerate(told["at"]):
        viewer.dims.set_point(axis, position)
    napari.Viewer.reset_view(viewer)
    np.save(told["out"], np.asarray(layer._slice.image.raw))
    print(napari.__version__)
    viewer.close()


main(json.loads(sys.argv[1]))
