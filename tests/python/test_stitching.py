"""Finding where tiles lie: tiles that are turned, masked, or imaged again."""

import json

import numpy as np
import pytest
from scipy import ndimage

import petavox


def specimen(height, width, seed=0):
    rng = np.random.default_rng(seed)
    fine, coarse = (ndimage.gaussian_filter(rng.normal(size=(height, width)), s) for s in (1.5, 4))
    return 2000 + 400 * (fine / fine.std() + coarse / coarse.std())


def turned_tiles(model, shape=(180, 200), side=3, seed=1):
    """Tiles of a specimen, each turned up to a degree and scaled up to 1 %, sheared too if that is the model; and the truth."""
    rng = np.random.default_rng(seed)
    whole = ndimage.spline_filter(specimen(560, 620), 3)
    tiles, places, truth = [], [], []
    for r in range(side):
        for c in range(side):
            place = np.array([r * shape[0] * 0.82, c * shape[1] * 0.82]) + 20
            matrix = np.eye(2)
            if model != "translation":
                angle, scale = np.deg2rad(rng.uniform(-1, 1)), np.exp(rng.uniform(-0.01, 0.01))
                matrix = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
            if model == "affine":
                matrix = matrix @ (np.eye(2) + rng.uniform(-0.01, 0.01, (2, 2)))
            half = (np.array(shape) - 1) / 2
            offset = place + half + rng.uniform(-3, 3, 2) - matrix @ half
            pixels = ndimage.affine_transform(whole, matrix, offset, shape, order=3, prefilter=False)
            tiles.append((pixels + rng.normal(size=shape) * 10).clip(0, 65535).astype("u2"))
            places.append(place)
            truth.append((matrix, offset))
    return tiles, places, truth


def corner_error(found, truth, shape):
    """Root mean square of how far corners lie from where they belong, but for one affine of the whole mosaic, which no overlap tells."""
    ends = np.array([[y, x] for y in (0, shape[0] - 1) for x in (0, shape[1] - 1)], float)
    lies = []
    for tile in found["tiles"]:
        rows = np.array(tile["affine"]) if "affine" in tile else np.column_stack([np.eye(2), tile["position"]])
        lies.append(ends @ rows[:, :2].T + rows[:, 2])
    lies = np.concatenate(lies)
    belongs = np.concatenate([ends @ matrix.T + offset for matrix, offset in truth])
    columns = np.column_stack([lies, np.ones(len(lies))])
    common = columns @ np.linalg.lstsq(columns, belongs, rcond=None)[0]
    return float(np.sqrt(((common - belongs) ** 2).sum(axis=1).mean()))


@pytest.mark.parametrize("model", ["similarity", "affine"])
def test_turned_tiles_are_found(model, tmp_path):
    tiles, places, truth = turned_tiles(model)
    _, plain = petavox.mosaic.stitch(tiles, positions=places)
    image, found = petavox.mosaic.stitch(tiles, positions=places, model=model)
    assert corner_error(found, truth, tiles[0].shape) < min(0.5, 0.4 * corner_error(plain, truth, tiles[0].shape))
    assert [m["model"] for m in found["models"]] == [model] * 9
    angles = [np.degrees(np.arctan2(m[0, 1] - m[1, 0], m[0, 0] + m[1, 1])) for m, _ in truth]
    told = np.array([m["rotation_degrees"] for m in found["models"]])
    # A shear that all tiles share is told by no overlap, and turns them a little.
    assert np.abs((told - told.mean()) - (angles - np.mean(angles))).max() < (0.1 if model == "similarity" else 0.25)
    # What was found is what is fused, and a layout for the next time.
    assert image.shape[0] > 450 and image.compute().max() > 2000
    for k, tile in enumerate(tiles):
        np.save(tmp_path / f"{k}.npy", tile)
        found["tiles"][k]["path"] = f"{k}.npy"
    (tmp_path / "positions.json").write_text(json.dumps(found))
    assert np.array_equal(petavox.mosaic.fuse(tmp_path / "positions.json").compute(), image.compute())


@pytest.mark.parametrize("model", ["similarity", "affine"])
def test_tiles_that_are_only_moved_stay_as_they_are(model):
    tiles, places, truth = turned_tiles("translation")
    _, plain = petavox.mosaic.stitch(tiles, positions=places)
    _, found = petavox.mosaic.stitch(tiles, positions=places, model=model)
    assert max(abs(m["rotation_degrees"]) for m in found["models"]) < 0.03
    assert max(abs(m["scale"] - 1) for m in found["models"]) < 5e-4
    assert corner_error(found, truth, tiles[0].shape) < corner_error(plain, truth, tiles[0].shape) + 0.03


def test_a_tile_that_shows_nothing_is_only_moved_and_said_so():
    tiles, places, _ = turned_tiles("similarity")
    tiles[4] = np.random.default_rng(5).normal(2000, 20, tiles[4].shape).astype("u2")
    _, found = petavox.mosaic.stitch(tiles, positions=places, model="similarity")
    assert [u["tile"] for u in found["unregistered"]] == [4]
    told = found["models"][4]
    assert told["model"] == "translation" and "shares" in told["why"]
    assert "position" in found["tiles"][4] and "affine" in found["tiles"][0]


def test_a_model_that_there_is_not():
    tiles, places, _ = turned_tiles("translation", side=2)
    with pytest.raises(ValueError, match="similarity"):
        petavox.mosaic.stitch(tiles, positions=places[:4], model="wobbly")


def test_what_is_masked_does_not_pull():
    whole = specimen(240, 330)
    places = [(y, x) for y in (0, 90) for x in (0, 92, 184)]
    tiles = [whole[y : y + 126, x : x + 120].copy() for y, x in places]
    # Dirt on the camera: at the same place of every tile, and so at other places of the specimen.
    dirt = specimen(126, 120, seed=9)
    hidden = np.zeros((126, 120), bool)
    hidden[18:108, :8] = hidden[18:108, -8:] = hidden[:10, 20:100] = hidden[-10:, 20:100] = True
    for tile in tiles:
        tile[hidden] = 4000 + 3 * dirt[hidden]
    nominal = [(y + 3 * (k % 2), x - 4 * (k % 3)) for k, (y, x) in enumerate(places)]
    tiles = [tile.clip(0, 65535).astype("u2") for tile in tiles]

    def off(**more):
        _, found = petavox.mosaic.stitch(tiles, positions=nominal, **more)
        d = np.array([t["position"] for t in found["tiles"]]) - places
        return np.abs(d - np.median(d, axis=0)).max(), found

    masked, found = off(masks=[~hidden] * 6)
    assert masked < 0.05 and not found["unregistered"]
    # The test would show nothing otherwise.
    assert off()[0] > 1


def grids(n_cycles=3):
    """A grid of tiles imaged several times: each time elsewhere as a whole, and in other light."""
    rng = np.random.default_rng(0)
    whole = specimen(400, 460)
    tiles, places, cycles, truth = [], [], [], []
    for cycle in range(n_cycles):
        drift = np.zeros(2, int) if cycle == 0 else rng.integers(-9, 10, 2)
        for r in range(3):
            for c in range(3):
                place = np.array([r * 96 + 20, c * 110 + 20])
                y, x = at = place + drift + rng.integers(-3, 4, 2)
                image = whole[y : y + 120, x : x + 136] * (1 - 0.2 * cycle) + 100 * cycle
                if (cycle, r, c) == (1, 1, 1):
                    image = np.full((120, 136), 1000.0)
                tiles.append((image + rng.normal(size=(120, 136)) * 20).clip(0, 65535).astype("u2"))
                places.append(place)
                cycles.append(cycle)
                truth.append(at)
    return tiles, places, cycles, np.array(truth)


def test_a_grid_that_was_imaged_again_is_aligned_to_the_first():
    tiles, places, cycles, truth = grids()
    _, found = petavox.mosaic.stitch(tiles, positions=places, cycles=cycles)
    off = np.array([t["position"] for t in found["tiles"]]) - truth
    off = np.hypot(*(off - np.median(off[:9], axis=0)).T)
    # The tile that shows nothing is the only one that was not found, and lies where its grid does.
    assert [u["tile"] for u in found["unregistered"]] == [13] and not found.get("unconfirmed")
    assert off[[k for k in range(27) if k != 13]].max() < 0.2 and off[13] < 8
    # The first grid lies as it does by itself.
    _, alone = petavox.mosaic.stitch(tiles[:9], positions=places[:9])
    first = np.array([t["position"] for t in found["tiles"][:9]])
    by_itself = np.array([t["position"] for t in alone["tiles"]])
    assert np.abs((first - first.mean(0)) - (by_itself - by_itself.mean(0))).max() < 0.1
    with pytest.raises(ValueError, match="cycles: got"):
        petavox.mosaic.stitch(tiles, positions=places, cycles=[0, 1])
