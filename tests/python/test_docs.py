"""The Python in README and guides: the quick start runs as it stands, everything else is at least Python."""

import doctest
import importlib
import pathlib
import re

import numpy as np
import pytest
from scipy import ndimage

import petavox

ROOT = pathlib.Path(__file__).resolve().parents[2]


def blocks(path):
    return re.findall(r"^```python\n(.*?)^```", path.read_text(), re.M | re.S)


def test_the_quick_start_runs(tmp_path, monkeypatch):
    pytest.importorskip("pandas")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "slices").mkdir()
    tube = np.zeros((12, 40, 60))
    tube[4:8, 18:22, 5:55] = 1
    for z, plane in enumerate((4000 * ndimage.gaussian_filter(tube, 1)).astype("uint16")):
        petavox.from_array(plane).save(f"slices/{z}.tif")
    (quick_start,) = blocks(ROOT / "README.md")
    names = {}
    exec(quick_start, names)
    assert len(names["branches"]) == 1
    assert names["projection"].shape == (40, 60)
    np.testing.assert_array_equal(petavox.open("mask.zarr").compute(), names["mask"].compute())


@pytest.mark.parametrize("path", sorted((ROOT / "docs").rglob("*.md")), ids=lambda path: path.name)
def test_the_python_of_the_docs_is_python(path):
    for text in blocks(path):
        if ">>>" in text:
            text = "".join(example.source for example in doctest.DocTestParser().get_examples(text))
        compile(text, str(path), "exec")


def test_the_page_of_operations_names_what_is_there():
    page = (ROOT / "docs" / "operations.md").read_text()
    rows = re.findall(r"^\| `(petavox\.[a-z_.]+)` \| (.*?) \|$", page, re.M)
    assert len(rows) > 10
    for module, text in rows:
        assert set(re.findall(r"`([A-Za-z_0-9]+)`", text)) == set(importlib.import_module(module).__all__), module
