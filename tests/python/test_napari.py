"""Lazy images in napari's layers, as napari itself slices them; no window is needed.

napari brings a hundred packages, so the checks of every change go without it: this file runs where napari is installed.
"""

import numpy as np
import pytest

import petavox

layers = pytest.importorskip("napari.layers", reason="napari is not installed: pip install napari")

ARRAY = np.random.default_rng(0).random((40, 64, 80)).astype("float32")


def shown(layer):
    """The plane that napari shows."""
    return np.asarray(layer._slice.image.raw)


def test_a_layer_shows_one_plane_at_a_time():
    from napari.components import ViewerModel

    asked = []

    def double(block):
        asked.append(block.shape)
        return block * 2

    lazy = petavox.from_array(ARRAY, chunks=(1, 64, 80)).map_blocks(double, dtype="float32")
    layer = layers.Image(lazy, contrast_limits=(0, 2), multiscale=False)
    assert layer.data is lazy
    viewer = ViewerModel()
    viewer.add_layer(layer)
    asked.clear()
    viewer.dims.set_point(0, 7)
    np.testing.assert_array_equal(shown(layer), ARRAY[7] * 2)
    assert len(asked) <= 2
    viewer.dims.order = (1, 0, 2)
    viewer.dims.set_point(1, 9)
    np.testing.assert_array_equal(shown(layer), ARRAY[:, 9] * 2)


def test_labels_and_contrast_limits_are_found_lazily():
    image = petavox.from_array(ARRAY)
    low, high = layers.Image(image).contrast_limits
    assert 0 <= low < high <= 1
    labels, _ = petavox.ndimage.label(image > 0.95)
    layer = layers.Labels(labels)
    assert layer.data.shape == ARRAY.shape


@pytest.fixture
def opened(tmp_path):
    """What napari makes of an OME-Zarr with two channels, levels, a place in space and labels: the viewer's model."""
    from napari.components import ViewerModel

    from petavox import _napari

    array = (np.stack([ARRAY, 1 - ARRAY]) * 1000).astype("uint16")
    array = np.tile(array, (1, 1, 5, 5))
    path = tmp_path / "cells.zarr"
    image = petavox.from_array(array, axes="czyx", spacing=(1, 2, 0.5, 0.25))
    image.save(path)
    petavox.from_array((array[0] > 500).astype("uint64") << np.uint64(40), spacing=(2, 0.5, 0.25)).save(path / "labels" / "bright")
    reader = _napari.get_reader(str(path))
    viewer = ViewerModel()
    for data, about, kind in reader(str(path)):
        getattr(viewer, f"add_{kind}")(data, **about)
    return viewer, array


def test_the_reader_makes_lazy_layers_of_channels_levels_and_labels(opened):
    viewer, array = opened
    assert [(layer.name, type(layer).__name__) for layer in viewer.layers] == [
        ("cells 0", "Image"),
        ("cells 1", "Image"),
        ("bright", "Labels"),
    ]
    for layer in viewer.layers:
        assert layer.multiscale and len(layer.data) > 1
        assert all(isinstance(level, petavox.Image) for level in layer.data)
        assert tuple(layer.scale) == (2, 0.5, 0.25)
        assert layer.data[0].shape == array.shape[1:]
    np.testing.assert_array_equal(viewer.layers[1].data[0][7], array[1, 7])
    viewer.dims.set_point(0, 14)
    coarse = viewer.layers[0]
    level = coarse.data_level
    np.testing.assert_array_equal(shown(coarse), np.asarray(coarse.data[level][round(7 * coarse.data[level].shape[0] / 40)]))


def test_the_reader_leaves_alone_what_is_no_image(tmp_path):
    from petavox import _napari

    (tmp_path / "notes.tif").write_text("no picture")
    assert _napari.get_reader(str(tmp_path / "notes.tif")) is None
    (tmp_path / "broken.zarr").mkdir()
    with pytest.warns(UserWarning, match="broken.zarr"):
        assert _napari.get_reader(str(tmp_path / "broken.zarr")) is None


def test_colours_stay_colours_and_plain_files_are_one_layer(tmp_path):
    from petavox import _napari

    tifffile = pytest.importorskip("tifffile")
    tifffile.imwrite(tmp_path / "colour.tif", np.zeros((20, 30, 3), "uint8"), photometric="rgb")
    [(data, about, kind)] = _napari.read(tmp_path / "colour.tif")
    assert kind == "image" and about["rgb"] and data.shape == (20, 30, 3) and len(about["scale"]) == 2
    petavox.from_array(ARRAY).save(tmp_path / "plain.npy")
    [(data, about, kind)] = _napari.read([tmp_path / "plain.npy"])
    assert kind == "image" and isinstance(data, petavox.Image) and about["name"] == "plain"


def test_the_manifest_is_valid_and_its_reader_is_found():
    npe2 = pytest.importorskip("npe2")
    import pathlib

    manifest = npe2.PluginManifest.from_file(pathlib.Path(petavox.__file__).parent / "napari.yaml")
    manifest.validate_imports()
    manager = npe2.PluginManager()
    manager.register(manifest)
    for path in ("x.zarr", "a.ome.tif", "B.TIFF", "brain.nii.gz"):
        assert [r.command for r in manager.iter_compatible_readers(path)] == ["petavox.read"], path
    assert list(manager.iter_compatible_readers("x.txt")) == []
