"""Surfaces against scikit-image: arrays at once, and images whose blocks' pieces are welded."""

import numpy as np
import petavox
import pytest
from petavox import measure, ndimage

theirs = pytest.importorskip("skimage.measure")

RNG = np.random.default_rng(8)
GRID = np.indices((18, 20, 22)).astype(float)
BALL = (7.3 - np.sqrt((GRID[0] - 8.6) ** 2 + 1.2 * (GRID[1] - 9.1) ** 2 + (GRID[2] - 10.7) ** 2)).astype(np.float32)
NOISE = np.pad(ndimage.gaussian_filter(RNG.random((14, 15, 16)), 0.8), 1).astype(np.float32)


def places(verts):
    return set(map(tuple, np.round(np.asarray(verts, float), 3).tolist()))


def is_closed(faces):
    """Every side of a triangle is another one's, the other way round."""
    sides = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    known = set(map(tuple, sides.tolist()))
    return all((b, a) in known for a, b in known)


def euler(verts, faces):
    sides = np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), 1)
    return len(verts) - len(np.unique(sides, axis=0)) + len(faces)


def volume_of(verts, faces):
    v = np.asarray(verts, float)[faces]
    return np.einsum("ij,ij->i", v[:, 0], np.cross(v[:, 1], v[:, 2])).sum() / 6


def cut(volume, *args, mask=None, **kwargs):
    """The mesh, which is the same for blocks of any size."""
    got = measure.marching_cubes(volume, *args, mask=mask, **kwargs)
    for edge in (4, 7):
        with petavox.config.set(block_edge=edge):
            lazy_mask = None if mask is None else petavox.from_array(mask)
            lazy = measure.marching_cubes(petavox.from_array(volume), *args, mask=lazy_mask, **kwargs)
        for one, other in zip(lazy, got, strict=True):
            np.testing.assert_array_equal(one, other)
    return got


@pytest.mark.parametrize("method", ["lewiner", "lorensen"])
def test_smooth_surfaces_are_scikit_images(method):
    for kwargs in ({}, {"spacing": (2.0, 0.5, 0.5)}, {"gradient_direction": "ascent"}, {"step_size": 2}):
        want = theirs.marching_cubes(BALL, 0.0, method=method, **kwargs)
        got = cut(BALL, 0.0, method=method, **kwargs)
        for g, w in zip(got, want, strict=True):
            assert (g.dtype, g.shape) == (w.dtype, w.shape)
        assert places(got[0]) == places(want[0])
        assert is_closed(got[1]) and euler(got[0], got[1]) == 2
        assert np.isclose(volume_of(got[0], got[1]), volume_of(want[0], want[1]), rtol=1e-3)
        assert np.isclose(measure.mesh_surface_area(got[0], got[1]), theirs.mesh_surface_area(want[0], want[1]), rtol=1e-3)
        # Vertex by vertex: normals and values.
        mine, other = np.lexsort(np.round(got[0], 3).T), np.lexsort(np.round(want[0], 3).T)
        assert (np.einsum("ij,ij->i", got[2][mine], want[2][other]) > 0.98).all()
        np.testing.assert_allclose(got[3][mine], want[3][other], rtol=1e-5)


def test_rough_surfaces_are_closed_and_have_scikit_images_vertices():
    for method in ("lewiner", "lorensen"):
        want = theirs.marching_cubes(NOISE, 0.5, method=method)
        got = cut(NOISE, 0.5, method=method)
        assert is_closed(got[1])
        # Of scikit-image's, those in the middles of cubes are not there.
        assert len(places(got[0]) - places(want[0])) < 0.005 * len(want[0])
        assert len(places(want[0]) - places(got[0])) < 0.01 * len(want[0])
        assert np.isclose(volume_of(got[0], got[1]), volume_of(want[0], want[1]), rtol=0.01)
        assert np.isclose(measure.mesh_surface_area(*got[:2]), theirs.mesh_surface_area(*want[:2]), rtol=0.03)


def test_levels_that_samples_have_and_masks():
    volume = RNG.integers(0, 3, (9, 10, 11))
    whole = cut(volume, 1.0)
    clean = cut(volume, 1.0, allow_degenerate=False)
    want = theirs.marching_cubes(volume, 1.0, allow_degenerate=False)
    sides = clean[0][clean[1]]
    assert len(clean[1]) < len(whole[1]) and len(clean[0]) < len(whole[0])
    assert not (sides[:, 0] == sides[:, 1]).all(axis=1).any()
    assert abs(len(clean[0]) - len(want[0])) < 0.2 * len(want[0])
    mask = np.zeros(BALL.shape, bool)
    mask[:, :, :11] = True
    for kwargs in ({}, {"step_size": 2}):
        got, want = cut(BALL, 0.0, mask=mask, **kwargs), theirs.marching_cubes(BALL, 0.0, mask=mask, **kwargs)
        assert places(got[0]) == places(want[0]) and len(got[1]) == len(want[1])
    assert not is_closed(got[1])


def test_what_has_no_surface_is_refused():
    for volume, args, kwargs, message in [
        (np.zeros((3, 3)), (), {}, "3D"),
        (np.zeros((1, 3, 3)), (), {}, "2x2x2"),
        (BALL, (99.0,), {}, "range"),
        (BALL, (), {"spacing": (1, 2)}, "three"),
        (BALL, (), {"step_size": 0}, "at least one"),
        (BALL, (), {"method": "tetrahedra"}, "lorensen"),
        (BALL, (), {"gradient_direction": "up"}, "gradient_direction"),
        (BALL, (), {"mask": np.ones((2, 2, 2), bool)}, "same shape"),
    ]:
        with pytest.raises(ValueError, match=message):
            measure.marching_cubes(volume, *args, **kwargs)
    with pytest.raises(RuntimeError, match="No surface"):
        measure.marching_cubes(np.ones((3, 3, 3)), 1.0)
    assert len(measure.marching_cubes(BALL)[1]) > 100
