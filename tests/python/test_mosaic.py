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


SCENE = (np.random.default_rng(7).normal(size=(70, 130)) * 500 + 3000).astype("u2")
PLACES = [(y, x) for y in (0, 30) for x in (0, 40, 80)]
TURNS = {
    "none": lambda a: a,
    "flip-x": np.fliplr,
    "flip-y": np.flipud,
    "rot180": lambda a: np.rot90(a, 2),
    "rot90": np.rot90,
    "rot270": lambda a: np.rot90(a, 3),
    "transpose": np.transpose,
    "anti-transpose": lambda a: np.rot90(a, 2).T,
}


def field(y, x):
    return SCENE[y : y + 40, x : x + 50]


@pytest.mark.parametrize("name", TURNS)
def test_a_mounted_camera_is_undone(name):
    back = {"rot90": "rot270", "rot270": "rot90"}.get(name, name)
    tiles = [np.ascontiguousarray(TURNS[back](field(y, x))) for y, x in PLACES]
    image = petavox.mosaic.fuse(tiles, positions=PLACES, orientation=name, blend="first", interpolation="nearest")
    assert np.array_equal(np.asarray(image), SCENE)
    best = petavox.mosaic.orientations(tiles, positions=PLACES)
    assert best[0]["orientation"] == name
    assert best[0]["picture"].dtype == np.uint8 and best[0]["picture"].ndim == 2
    assert len({way["orientation"] for way in best}) == 8


def test_an_orientation_that_there_is_not():
    with pytest.raises(ValueError, match="anti-transpose"):
        petavox.mosaic.fuse([field(0, 0)], positions=[(0, 0)], orientation="left")


@pytest.mark.parametrize("blend", ["first", "max", "mean", "linear", "content"])
def test_what_is_masked_does_not_show(blend, tmp_path):
    bad = field(0, 40).copy()
    bad[:, :10] = 65535
    good = np.ones(bad.shape, bool)
    good[:, :10] = False
    tiles = [bad, field(0, 0)]
    places = [(0, 40), (0, 0)]
    image = petavox.mosaic.fuse(tiles, positions=places, masks=[good, None], blend=blend, interpolation="nearest")
    assert np.abs(np.asarray(image).astype(int) - SCENE[:40, :90]).max() <= 1
    paths = []
    for k, a in enumerate([*tiles, good.astype("u1")]):
        np.save(tmp_path / f"{k}.npy", a)
        paths.append(tmp_path / f"{k}.npy")
    again = petavox.mosaic.fuse(paths[:2], positions=places, masks=[paths[2], None], blend=blend, interpolation="nearest")
    assert np.array_equal(np.asarray(again), np.asarray(image))
    with pytest.raises(ValueError, match="masks: got 1"):
        petavox.mosaic.fuse(tiles, positions=places, masks=[good])


def test_colour_tiles_become_planes(tmp_path):
    colour = np.dstack([SCENE[:40, :60] // 32, SCENE[:40, :60] // 64, SCENE[:40, :60] // 128]).astype("u1")
    tiles = [petavox.from_array(colour[:, :40], axes="yxc"), petavox.from_array(colour[:, 20:], axes="yxc")]
    image = petavox.mosaic.fuse(tiles, positions=[(0, 0), (0, 20)], channels_first=True)
    assert image.axes == "cyx"
    assert np.array_equal(np.asarray(image), np.moveaxis(colour, -1, 0))
    image.to_zarr(tmp_path / "mosaic.zarr")
    zarr = pytest.importorskip("zarr")
    assert zarr.open_group(str(tmp_path / "mosaic.zarr"))["0"].shape == (3, 40, 60)


def test_sharp_tiles_win_by_content():
    blurred = np.full((40, 50), 3000, "u2")
    image = petavox.mosaic.fuse([blurred, field(0, 40)], positions=[(0, 0), (0, 10)], blend="content", interpolation="nearest")
    mean = petavox.mosaic.fuse([blurred, field(0, 40)], positions=[(0, 0), (0, 10)], blend="mean", interpolation="nearest")
    off = [np.abs(np.asarray(i)[:, 14:46].astype(float) - SCENE[:40, 44:76]).mean() for i in (image, mean)]
    assert off[0] < 0.05 * off[1]
