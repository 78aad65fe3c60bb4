"""petavox.morphology's footprints and grey morphology are scikit-image's."""

import warnings

import numpy as np
import pytest

import petavox
from petavox import morphology as ours

theirs = pytest.importorskip("skimage.morphology")


def same(got, want):
    if isinstance(want, tuple):
        assert isinstance(got, tuple) and len(got) == len(want)
        for (a, n), (b, m) in zip(got, want, strict=True):
            assert n == m
            same(a, b)
    else:
        assert got.dtype == want.dtype
        np.testing.assert_array_equal(got, want)


@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::UserWarning")
@pytest.mark.parametrize(
    ("name", "arguments", "decompositions"),
    [("disk", (r,), (None, "crosses")) for r in (1, 2, 3, 5, 9)]
    + [("ball", (r,), (None,)) for r in (1, 2, 4)]
    + [("diamond", (r,), (None, "sequence")) for r in (1, 2, 5)]
    + [("octahedron", (r,), (None, "sequence")) for r in (1, 3)]
    + [("ellipse", a, (None, "crosses")) for a in ((3, 2), (5, 7), (4, 4))]
    + [("octagon", a, (None, "sequence")) for a in ((3, 2), (1, 3), (5, 1), (0, 3), (4, 0), (3, 5), (2, 1))]
    + [("star", (a,), (None,)) for a in (1, 2, 3, 4, 7)]
    + [("footprint_rectangle", (s,), (None, "sequence", "separable")) for s in ((3, 5), (7, 3, 5), (4, 3))]
    + [("square", (3,), (None,)), ("rectangle", (3, 4), (None,)), ("cube", (5,), (None, "sequence"))],
)
def test_footprints_are_scikit_images(name, arguments, decompositions):
    for decomposition in decompositions:
        more = {} if decomposition is None else {"decomposition": decomposition}
        same(getattr(ours, name)(*arguments, **more), getattr(theirs, name)(*arguments, **more))


def test_wide_disks_and_balls():
    same(ours.disk(4, strict_radius=False), theirs.disk(4, strict_radius=False))
    same(ours.ball(3, np.float64, strict_radius=False), theirs.ball(3, np.float64, strict_radius=False))
    with pytest.raises(NotImplementedError, match="decomposed where they are used"):
        ours.disk(4, decomposition="sequence")


@pytest.mark.parametrize("seed", range(40))
def test_grey_morphology_is_scikit_images(seed):
    rng = np.random.default_rng(seed)
    dtype = [bool, np.uint8, np.int16, np.float32][seed % 4]
    array = rng.integers(0, 2 if dtype == bool else 99, (9, 13) if seed % 3 else (5, 7, 8)).astype(dtype)
    if seed % 5 == 0:
        footprint = None
    elif seed % 5 == 1:
        footprint = theirs.footprint_rectangle((5, 3, 3)[: array.ndim], decomposition="separable")
    elif seed % 5 == 2 and array.ndim == 2:
        footprint = theirs.diamond(2, decomposition="sequence")
    else:
        footprint = (rng.random((3, 4, 2)[: array.ndim]) < 0.6).astype(np.uint8)
        footprint[(0,) * array.ndim] = 1
    mode = ("reflect", "constant", "nearest", "mirror", "wrap", "max", "min", "ignore")[seed % 8]
    for name in ("erosion", "dilation", "opening", "closing", "white_tophat", "black_tophat"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            want = getattr(theirs, name)(array, footprint, mode=mode)
        got = getattr(ours, name)(array, footprint, mode=mode)
        same(got, want)
        with petavox.config.set(block_edge=5):
            lazy = getattr(ours, name)(petavox.from_array(array, chunks=4), footprint, mode=mode)
            same(lazy.compute(), want)


def test_sequences_of_footprints_make_one():
    sequence = theirs.octagon(5, 3, decomposition="sequence")
    same(ours.footprint_from_sequence(sequence), theirs.footprint_from_sequence(sequence))
    same(ours.mirror_footprint(sequence), theirs.mirror_footprint(sequence))
    for end in (True, False):
        same(ours.pad_footprint(np.ones((2, 3), np.uint8), pad_end=end), theirs.pad_footprint(np.ones((2, 3), np.uint8), pad_end=end))
    with pytest.raises(ValueError, match="sequence"):
        ours.footprint_from_sequence(np.ones(3))
    with pytest.raises(ValueError, match="unsupported mode"):
        ours.erosion(np.ones((3, 3)), mode="there")
