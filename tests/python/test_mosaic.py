"""Mosaics in Python: arrays and files as tiles, the same image as numpy makes of them."""

import json

import numpy as np
import pytest

import petavox


def scene(height, width):
    rng = np.random.default_rng(3)
    y, x = np.mgrid[:height, :width]
    waves = [np.sin(a * y + b * x + c) for a, b, c in rng.uniform(-1.2, 1.2, (40, 3))]
    return (100 * np.sum(waves, axis=0)).astype("f4")


def test_arrays_at_whole_samples_are_put_where_they_lie():
    whole = scene(50, 90)
    tiles = [whole[:, :50], whole[:, 40:90]]
    for blend in ("linear", "mean", "max", "first"):
        image = petavox.mosaic.fuse(tiles, positions=[(0, 0), (0, 40)], blend=blend)
        assert isinstance(image, petavox.Image)
        np.testing.assert_array_equal(image.compute(), whole)
    smooth = petavox.mosaic.fuse(tiles, positions=[(0, 0), (0, 40)]).apply("gaussian", sigma=1)
    np.testing.assert_allclose(smooth.compute(), petavox.ndimage.gaussian_filter(whole, 1), rtol=1e-5, atol=1e-4)


def test_affines_and_positions_are_the_same_moves():
    tiles = [scene(20, 30), scene(20, 30) + 1]
    moved = petavox.mosaic.fuse(tiles, positions=[(0, 0), (4.5, 20.25)])
    affines = [[[1, 0, 0], [0, 1, 0]], [[1, 0, 4.5], [0, 1, 20.25], [0, 0, 1]]]
    np.testing.assert_array_equal(petavox.mosaic.fuse(tiles, affines=affines).compute(), moved.compute())


def test_stitching_finds_the_places_and_fuses_there(tmp_path):
    whole = scene(120, 200)
    tiles = [whole[:, :110], whole[:, 88:198]]
    image, found = petavox.mosaic.stitch(tiles, positions=[(0, 0), (0, 92)])
    shift = np.subtract(found["tiles"][1]["position"], found["tiles"][0]["position"])
    np.testing.assert_allclose(shift, [0, 88], atol=0.05)
    assert not found["unregistered"] and found["pairs"][0]["state"] == "used"
    assert image.shape[1] in (198, 199)


def test_layouts_are_read_from_files(tmp_path):
    for k in range(2):
        np.save(tmp_path / f"{k}.npy", np.full((4, 6), k + 1, "u1"))
    tiles = [{"path": f"{k}.npy", "position": [0, 4 * k]} for k in range(2)]
    (tmp_path / "layout.json").write_text(json.dumps({"tiles": tiles}))
    image = petavox.mosaic.fuse(tmp_path / "layout.json", blend="max", interpolation="nearest")
    assert image.compute()[0].tolist() == [1, 1, 1, 1, 2, 2, 2, 2, 2, 2]


def test_what_does_not_fit_is_refused():
    tiles = [np.zeros((4, 4)), np.zeros((4, 4))]
    with pytest.raises(ValueError, match="positions or affines"):
        petavox.mosaic.fuse(tiles)
    with pytest.raises(ValueError, match="got 1 for 2 tiles"):
        petavox.mosaic.fuse(tiles, positions=[(0, 0)])
    with pytest.raises(ValueError, match="blend"):
        petavox.mosaic.fuse(tiles, positions=[(0, 0), (0, 2)], blend="loudest")
    lazy = petavox.from_array(tiles[0]).apply("gaussian", sigma=1)
    with pytest.raises(ValueError, match="computed"):
        petavox.mosaic.fuse([lazy], positions=[(0, 0)])
