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
