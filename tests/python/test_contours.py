"""Contours against scikit-image: arrays at once, and images whose blocks' pieces are joined."""

import numpy as np
import petavox
import pytest
from petavox import measure, ndimage

theirs = pytest.importorskip("skimage.measure")

RNG = np.random.default_rng(6)
SMOOTH = ndimage.gaussian_filter(RNG.random((60, 75)), 3)
IMAGES = [
    SMOOTH,
    (SMOOTH * 4000).astype(np.uint16),
    RNG.random((31, 22)).astype(np.float32),
    # Samples that have the level themselves.
    RNG.integers(0, 4, (25, 33)),
    (RNG.random((18, 40)) < 0.5).astype(np.uint8),
]


def same(image, *args, mask=None, **kwargs):
    want = theirs.find_contours(image, *args, mask=mask, **kwargs)
    got = measure.find_contours(image, *args, mask=mask, **kwargs)
    assert len(got) == len(want)
    for g, w in zip(got, want, strict=True):
        np.testing.assert_array_equal(g, w)
    with petavox.config.set(block_edge=7):
        lazy = measure.find_contours(petavox.from_array(image), *args, mask=None if mask is None else petavox.from_array(mask), **kwargs)
    assert len(lazy) == len(got)
    for g, w in zip(lazy, got, strict=True):
        np.testing.assert_array_equal(g, w)
    return got


@pytest.mark.parametrize("image", IMAGES, ids=lambda image: str(image.dtype))
def test_contours_are_scikit_images(image):
    levels = [None, float(np.median(image)), 2.0, float(image.min()), float(image.max())]
    for level in levels:
        for connected in ("low", "high"):
            for positive in ("low", "high"):
                same(image, level, connected, positive)
    assert len(same(image)) > 2


def test_masks_and_what_is_not_a_number_open_contours():
    mask = RNG.random(SMOOTH.shape) < 0.97
    assert any((line[0] != line[-1]).any() for line in same(SMOOTH, 0.5, mask=mask))
    same(np.where(mask, SMOOTH, np.nan))


def test_planes_without_contours_and_wrong_arguments():
    assert same(np.zeros((4, 5)), 0.5) == []
    assert measure.find_contours(np.ones((2, 2)), 1.0) == []
    for image, kwargs, message in [
        (np.zeros((1, 5)), {}, "2x2"),
        (np.zeros((3, 4, 5)), {}, "2D"),
        (np.zeros((4, 5)), {"fully_connected": "both"}, "fully_connected"),
        (np.zeros((4, 5)), {"positive_orientation": "up"}, "positive_orientation"),
        (np.zeros((4, 5)), {"mask": np.ones((5, 4), bool)}, "same shape"),
    ]:
        with pytest.raises(ValueError, match=message):
            measure.find_contours(image, **kwargs)
    with pytest.raises(TypeError, match="binary"):
        measure.find_contours(np.zeros((4, 5)), mask=np.ones((4, 5)))
