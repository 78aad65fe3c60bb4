"""Lazy images, numpy arrays and pipelines over HTTP from Python."""

import io
import json
import urllib.error
import urllib.request

import numpy as np
import pytest

import petavox


def get(url):
    return urllib.request.urlopen(url, timeout=30).read()


def array(server, name, query=""):
    return np.load(io.BytesIO(get(f"{server.url}images/{name}/array{query}")))


def test_arrays_and_pipelines_are_served_as_computed():
    samples = np.random.default_rng(0).integers(0, 900, (12, 40, 50), dtype=np.uint16)
    image = petavox.from_array(samples)
    smooth = image.apply("gaussian", sigma=2)
    with petavox.serve(samples, smooth=smooth, labels=(smooth > 450).apply("label")) as server:
        assert server.names == ["image", "labels", "smooth"]
        np.testing.assert_array_equal(array(server, "image"), samples)
        np.testing.assert_array_equal(array(server, "smooth", "?slice=3,::2"), smooth.compute()[3, ::2])
        np.testing.assert_array_equal(array(server, "labels"), (smooth > 450).apply("label").compute())
        told = {one["name"]: one for one in json.loads(get(server.url + "images"))}
        assert told["labels"]["labels"] and not told["smooth"]["labels"]
    assert "stopped" in repr(server)
    with pytest.raises(urllib.error.URLError):
        get(server.url + "health")


def test_functions_of_ones_own_are_called_for_what_is_looked_at():
    calls = []

    def function(block):
        calls.append(block.shape)
        return block + 1

    image = petavox.from_array(np.zeros((64, 64, 64), np.uint8), chunks=(16, 64, 64)).map_blocks(function)
    calls.clear()
    with image.view(browser=False) as server:
        plane = array(server, "image", "?slice=20")
        assert (plane == 1).all()
        assert len(calls) < 4


def test_what_fails_is_told_and_mistakes_raise():
    def fails(block):
        raise ValueError("not this block")

    image = petavox.from_array(np.zeros((8, 8), np.uint8)).map_blocks(fails, dtype="uint8")
    with image.view(browser=False) as server:
        with pytest.raises(urllib.error.HTTPError) as error:
            get(server.url + "images/image/zarr/0/c/0/0")
        assert error.value.code == 500
        assert "not this block" in error.value.read().decode()
        with pytest.raises(KeyError, match="image"):
            server.zarr("other")
    with pytest.raises(ValueError, match="no image"):
        petavox.serve()
    with pytest.raises(ValueError, match="token"):
        petavox.serve(np.zeros((4, 4)), host="0.0.0.0")
    with pytest.raises(ValueError, match="letters"):
        petavox.serve(**{"a b": np.zeros((4, 4))})


def test_a_notebook_shows_the_viewer():
    with petavox.serve(np.zeros((4, 4))) as server:
        assert f'<iframe src="{server.url}"' in server._repr_html_()
        assert b"<html" in get(server.url)
