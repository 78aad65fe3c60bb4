"""numpy's indexing of lazy images is numpy's indexing of arrays."""

import numpy as np
import pytest

import petavox

ARRAY = np.random.default_rng(1).integers(0, 1000, (7, 8, 9)).astype("uint16")
IMAGE = petavox.from_array(ARRAY, spacing=(2.0, 0.5, 0.25))


class Keys:
    def __getitem__(self, key):
        return key


s_ = Keys()

BASIC = [
    s_[2], s_[-1], s_[2:5], s_[:, 3], s_[..., 4], s_[::2, ::-1, 1::3], s_[5:1:-2], s_[None], s_[:, None, 2], s_[..., None],
    s_[1, 2, 3], s_[3:3], s_[100:], s_[-3:, -4:-1], s_[1:6, ..., 2], s_[np.int64(2)], s_[::-1], s_[..., ::-1], s_[()], s_[...],
    s_[6:2:-1, 0, None, ::4],
]  # fmt: skip

FANCY = [
    s_[[0, 3, 3, -1]], s_[:, [5, 1]], s_[..., np.array([8, 0, 2])], s_[[2, 4], 1:3], s_[1, :, [0, 2]], s_[0, [1, 2]],
    s_[[0, 1], :, 2], s_[:, [0, 1], 2], s_[np.arange(7) % 2 == 0], s_[:, np.array([True] * 4 + [False] * 4)], s_[[]],
    s_[None, [1, 2]], s_[::-1, [3, 3, 3]], s_[1, None, [0, 2]],
]  # fmt: skip


@pytest.mark.parametrize("key", BASIC + FANCY, ids=repr)
def test_an_index_gives_what_numpy_gives(key):
    lazy = IMAGE[key]
    expected = ARRAY[key]
    assert lazy.shape == expected.shape
    np.testing.assert_array_equal(lazy.compute(), expected)


def test_indices_of_indices():
    lazy, array = IMAGE[1:, ::-1][::2][:, 2:7, 3], ARRAY[1:, ::-1][::2][:, 2:7, 3]
    np.testing.assert_array_equal(lazy.compute(), array)
    np.testing.assert_array_equal(np.stack([plane.compute() for plane in IMAGE]), ARRAY)


def test_spacing_follows_the_samples():
    part = IMAGE[1, 2::2]
    assert (part.axes, part.spacing) == ("yx", (1.0, 0.25))
    assert part.origin == (1.0, 0.0)


@pytest.mark.parametrize(
    ("key", "message"),
    [
        (7, "index 7 is out of bounds for axis 0 with size 7"),
        (-8, "index -8 is out of bounds"),
        ((0, 0, 0, 0), "too many indices"),
        ([0, 9], "index 9 is out of bounds for axis 0"),
        ("x", "valid indices"),
        (1.5, "valid indices"),
        ([1.5], "integer (or boolean)"),
        (([0], [0]), "along one axis"),
        (ARRAY > 3, "numpy.where"),
        ((Ellipsis, Ellipsis), "single ellipsis"),
        (np.array([True, False]), "boolean index did not match"),
    ],
    ids=str,
)
def test_mistakes_are_index_errors(key, message):
    with pytest.raises(IndexError) as raised:
        IMAGE[key]
    assert message in str(raised.value)
