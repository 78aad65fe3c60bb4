"""Skeletons and their tables are skan's."""

import os
from pathlib import Path

import numpy as np
import pandas
import pytest
import skan
import skimage

import petavox
from petavox.skeleton import Skeleton, summarize

DATA = Path(os.environ.get("PETAVOX_DATA", Path(__file__).parents[3] / "shared" / "data")) / "skeleton"


def random_skeleton(shape, seed):
    noise = skimage.filters.gaussian(np.random.default_rng(seed).random(shape), 1.5)
    return skimage.morphology.skeletonize(noise > np.median(noise))


def assert_like_skan(ours, theirs):
    assert list(ours.columns[: theirs.shape[1]]) == list(theirs.columns)
    assert list(ours.columns[theirs.shape[1] :])[:3] == ["mean_radius", "min_radius", "max_radius"]
    for name in theirs.columns:
        np.testing.assert_allclose(ours[name], theirs[name], rtol=1e-9, atol=1e-12, err_msg=name)


@pytest.mark.parametrize("shape", [(60, 70), (20, 31, 42)])
@pytest.mark.parametrize("spacing", [1, 0.3])
def test_tables_are_those_of_skan(shape, spacing):
    image = random_skeleton(shape, 3)
    skeleton = Skeleton(image, spacing=spacing)
    expected = skan.Skeleton(image, spacing=spacing)
    assert_like_skan(summarize(skeleton), skan.summarize(expected, separator="_"))
    assert skeleton.n_paths == expected.n_paths
    np.testing.assert_array_equal(skeleton.coordinates, np.transpose(expected.coordinates) if
                                  np.asarray(expected.coordinates).shape[0] == image.ndim else expected.coordinates)  # fmt: skip
    for i in (0, skeleton.n_paths // 2, -1):
        index = i % skeleton.n_paths
        np.testing.assert_array_equal(skeleton.path(i), expected.path(index))
        np.testing.assert_array_equal(skeleton.path_coordinates(i), expected.path_coordinates(index))
    np.testing.assert_allclose(skeleton.path_lengths(), expected.path_lengths())
    np.testing.assert_array_equal(skeleton.path_label_image(), expected.path_label_image())


def test_a_grey_skeleton_has_pixel_values():
    image = random_skeleton((50, 60), 4) * np.random.default_rng(0).random((50, 60))
    assert_like_skan(summarize(Skeleton(image)), skan.summarize(skan.Skeleton(image), separator="_"))


def test_heights_are_part_of_lengths():
    image = random_skeleton((50, 60), 5) * (1 + np.random.default_rng(1).random((50, 60)))
    ours = summarize(Skeleton(image, spacing=2.0, value_is_height=True), value_is_height=True)
    theirs = skan.Skeleton(image, spacing=2.0, value_is_height=True)
    assert_like_skan(ours, skan.summarize(theirs, value_is_height=True, separator="_"))


def test_lazy_images_give_the_same_table_with_their_own_spacing(tmp_path):
    image = random_skeleton((30, 31, 32), 6)
    petavox.from_array(image, spacing=(2, 0.5, 0.5)).save(tmp_path / "s.zarr", chunks=(7, 8, 9), labels=True)
    lazy = summarize(Skeleton(petavox.open(tmp_path / "s.zarr"), memory="4GiB", threads=2))
    pandas.testing.assert_frame_equal(lazy, summarize(Skeleton(image, spacing=(2, 0.5, 0.5))))


def test_radius_is_the_distance_to_the_background_of_the_mask():
    mask = np.zeros((21, 60), bool)
    mask[5:16, 3:57] = True
    thin = skimage.morphology.skeletonize(mask)
    table = summarize(Skeleton(thin, mask=mask, source_image=np.full(mask.shape, 7.0)))
    assert table["max_radius"].max() == 6
    assert (table["mean_intensity"] == 7).all()


def test_an_empty_image_gives_an_empty_table():
    table = summarize(Skeleton(np.zeros((5, 6), bool)))
    assert len(table) == 0
    assert "branch_distance" in table


def test_real_vessels_give_skans_table():
    path = DATA / "vesselexpress" / "Train_Binary_000.tif"
    if not path.exists():
        pytest.skip("no test data (set PETAVOX_DATA)")
    mask = petavox.open(path) > 0
    thin = mask.apply("skeletonize", method="lee").compute()
    np.testing.assert_array_equal(thin, skimage.morphology.skeletonize(mask.compute()))
    assert_like_skan(summarize(Skeleton(thin, mask=mask)), skan.summarize(skan.Skeleton(thin), separator="_"))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Skeleton(np.ones(5, bool)), "2 or 3 axes"),
        (lambda: Skeleton(np.ones((2, 2, 2, 2), bool)), "2 or 3 axes"),
        (lambda: Skeleton(np.ones((3, 3), bool), mask=np.ones((3, 4), bool)), "mask"),
        (lambda: Skeleton(np.ones((3, 3), bool), spacing=0), "spacing"),
    ],
)
def test_mistakes_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
    with pytest.raises(IndexError, match="out of bounds"):
        Skeleton(np.eye(3, dtype=bool)).path(1)
