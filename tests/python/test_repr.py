"""Images and plans as they are shown."""

import re
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

import petavox
from petavox._repr import bytes_text


def shown(shape, chunks, dtype="uint16", **params):
    return petavox.from_array(np.zeros(shape, dtype), chunks=chunks, **params)._repr_html_()


def lines(text):
    return len(ElementTree.fromstring(text[text.index("<svg") : text.index("</svg>") + 6]).findall(".//{*}line"))


def test_the_facts_are_told():
    text = shown((101, 200, 300), (1, 200, 300), spacing=(2, 0.5, 0.5))
    for fact in ["101 × 200 × 300 (zyx)", "uint16, 11.6 MiB in all", "2, 0.5, 0.5", "101 of 117 KiB", "1 stage", "of memory"]:
        assert fact in text
    image = petavox.from_array(np.zeros((8, 8)), axes="cx").apply("gaussian", sigma=1)
    assert "→ gaussian" in image._repr_html_()


@pytest.mark.parametrize(
    ("shape", "chunks", "expected"),
    [
        # Four sides of each face, and each cut on each face that it crosses.
        ((4, 6, 8), (4, 6, 8), 12),
        ((4, 6, 8), (2, 2, 4), 12 + 2 + 4 + 2),
        ((6, 8), (2, 4), 4 + 2 + 1),
        ((10,), (3,), 4 + 3),
        ((2, 3, 4, 6, 8), (1, 1, 2, 2, 4), 12 + 2 + 4 + 2),
    ],
)
def test_the_drawing_has_a_line_per_cut(shape, chunks, expected):
    assert lines(shown(shape, chunks)) == expected


@pytest.mark.parametrize("shape", [(), (0, 4), (1,), (1, 1, 1), (100_000, 2), (2, 100_000)])
def test_every_shape_can_be_shown(shape):
    text = petavox.from_array(np.zeros(shape, "uint8"))._repr_html_()
    assert "<svg" not in text or lines(text) < 100


def test_an_image_that_does_not_fit_can_be_shown():
    with petavox.config.set(memory="1MiB"):
        assert "does not fit" in shown((400, 400), (400, 400))


def test_a_plan_is_text_that_draws_itself():
    image = petavox.from_array(np.zeros((40, 50, 60), "float32")).apply("gaussian", sigma=2)
    plan = image.explain()
    assert isinstance(plan, str)
    assert "gaussian" in plan
    assert "an array in memory" in plan
    drawn = plan._repr_html_()
    assert "<table" in drawn
    assert "gaussian" in drawn
    # The style of a whole page would change the notebook around it.
    assert not re.search(r"[^-\w.](body|table)\{", drawn)
    assert type(image.explain("json")) is str


def test_bytes_are_written_as_people_do():
    assert [bytes_text(n) for n in (0, 1023, 1024, 1500 * 1024, 3 << 30)] == ["0 bytes", "1,023 bytes", "1 KiB", "1.46 MiB", "3 GiB"]
