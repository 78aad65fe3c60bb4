"""Images and plans as a notebook shows them."""

from __future__ import annotations

import html
import json
import math
import re
from typing import TYPE_CHECKING

from . import config

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .image import Image

#: Pixels of the longest side of a drawing, and of the shortest, so that thin volumes still look like volumes.
LONGEST, SHORTEST = 150.0, 30.0
#: Cuts along a side beyond which single lines say nothing any more.
MOST_CUTS = 30
#: The name that a plan has for an object of this process.
_ARRAY_NAME = re.compile(r"python:[0-9a-f]{32}")
#: Where the third axis goes in a drawing, for a pixel of it.
SLANT = (0.52, -0.40)


class Explanation(str):
    """The text of a plan; in a notebook, its table."""

    _page: str

    def __new__(cls, text: str, page: str) -> Explanation:
        """Keep `page`, the plan as an HTML page, beside the text."""
        self = super().__new__(cls, _ARRAY_NAME.sub("an array in memory", text))
        self._page = _ARRAY_NAME.sub("an array in memory", page)
        return self

    def _repr_html_(self) -> str:
        # A page's style is for all of a page: only its content is taken, with a style for the table alone.
        content = self._page.partition("</style>")[2].partition("</html>")[0].replace("<h1>Plan</h1>", "")
        return (
            "<style>.petavox-plan td,.petavox-plan th{text-align:left!important;vertical-align:top;padding:.3em .8em}"
            ".petavox-plan .bar{height:6px;min-width:8em;background:#8883}.petavox-plan .bar i{display:block;height:6px;"
            f"background:#0072b2}}.petavox-plan small{{opacity:.75}}</style><div class=petavox-plan>{content}</div>"
        )


def image_html(image: Image) -> str:
    """What a notebook shows of a lazy image: its facts, and the volume cut into chunks."""
    rows = "".join(
        f'<tr><th style="text-align:left;padding:.15em 1em .15em 0;font-weight:600">{name}</th>'
        f'<td style="text-align:left;padding:.15em 0">{html.escape(text)}</td></tr>'
        for name, text in facts(image)
    )
    return (
        '<div style="display:flex;gap:2em;align-items:center;flex-wrap:wrap">'
        f'<table style="border-collapse:collapse"><caption style="text-align:left;font-weight:600;padding-bottom:.3em">'
        f"petavox.Image</caption><tbody>{rows}</tbody></table>{drawing(image)}</div>"
    )


def facts(image: Image) -> Iterator[tuple[str, str]]:
    """What is said of an image, by name."""
    yield "shape", f"{_times(image.shape)} ({image.axes})" if image.ndim else "one value"
    yield "dtype", f"{image.dtype}, {bytes_text(image.nbytes)} in all"
    if image.ndim:
        unit = f" {image.unit}" if image.unit else ""
        yield "spacing", ", ".join(f"{value:g}" for value in image.spacing) + unit
        counts = _counts(image)
        each = math.prod(image.chunks) * image.dtype.itemsize
        yield "chunks", f"{_times(image.chunks)}, {math.prod(counts):,} of {bytes_text(each)}"
    plan = json.loads(image._lazy.to_plan())
    yield "made by", " → ".join(_chain(node["op"] for node in plan))
    yield "to compute", _cost(image)


def _chain(names: Iterator[str]) -> list[str]:
    every = list(names)
    return every if len(every) <= 8 else [*every[:3], f"{len(every) - 6} more", *every[-3:]]


def _cost(image: Image) -> str:
    try:
        plan = json.loads(image._lazy.explain("json", config.settings(progress=False)))
    except MemoryError as error:
        return f"does not fit in memory at once: {error}"
    stages, blocks = len(plan["stages"]), sum(stage["n_blocks"] for stage in plan["stages"])
    read = sum(part["bytes"] for stage in plan["stages"] for part in stage["reads"])
    return (
        f"{stages} {'stage' if stages == 1 else 'stages'}, {blocks:,} {'block' if blocks == 1 else 'blocks'}, reads "
        f"{bytes_text(read)}; at most {bytes_text(plan['peak_bytes'])} of memory"
    )


def drawing(image: Image) -> str:
    """The last three axes of an image as a box cut into chunks, as SVG."""
    shape, chunks = image.shape[-3:], image.chunks[-3:]
    if not shape or 0 in image.shape:
        return ""
    longest = max(shape)
    sides = [max(SHORTEST, LONGEST * extent / longest) for extent in shape]
    depth, height, width = [0.0] * (3 - len(sides)) + sides
    depth, height = (depth, height or SHORTEST) if len(sides) > 1 else (0.0, SHORTEST)
    cuts = [_cuts(extent, chunk, side) for extent, chunk, side in zip(shape, chunks, sides, strict=True)]
    none: list[list[float]] = [[]] * (3 - len(cuts))
    depth_cuts, height_cuts, width_cuts = none + cuts
    dx, dy = SLANT[0] * depth, SLANT[1] * depth
    left, top = 34.0, 8.0 - dy
    parts: list[str] = []

    def face(a: Point, b: Point, c: Point, b_cuts: Sequence[float], c_cuts: Sequence[float], opacity: float) -> None:
        """A parallelogram at `a` with sides `b` and `c`, cut along both."""
        corners = [a, _plus(a, b), _plus(_plus(a, b), c), _plus(a, c)]
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in corners)
        parts.append(f'<polygon points="{points}" fill="#0072b2" fill-opacity="{opacity}"/>')
        for along, across, at in ((b, c, b_cuts), (c, b, c_cuts)):
            for share in at:
                start = (a[0] + along[0] * share, a[1] + along[1] * share)
                end = _plus(start, across)
                parts.append(_line(start, end, 0.6, 0.45))
        parts.extend(_line(p, q, 1.2, 1) for p, q in zip(corners, [*corners[1:], corners[0]], strict=True))

    front = (left, top)
    face(front, (width, 0), (0, height), width_cuts, height_cuts, 0.22)
    if depth:
        face(front, (width, 0), (dx, dy), width_cuts, depth_cuts, 0.12)
        face((left + width, top), (0, height), (dx, dy), height_cuts, depth_cuts, 0.34)
    names = image.axes[-3:]
    labels = [(left + width / 2, top + height + 16, "middle", -1), (left - 6, top + height / 2 + 4, "end", -2)]
    if depth:
        labels.append((left + width + dx / 2 + 8, top + height + dy / 2 + 8, "start", -3))
    for x, y, anchor, axis in labels[: len(shape)]:
        parts.append(f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{names[axis]} {shape[axis]:,}</text>')
    # Room for the labels on the left and on the right.
    wide = max((len(f"{names[axis]} {shape[axis]:,}") for axis in range(-len(shape), 0)), default=0) * 7.0
    shift = max(0.0, wide - 26.0)
    total_width, total_height = left + width + dx + wide + 14 + shift, top + height + 24
    stack = ""
    if image.ndim > 3:
        stack = f'<text x="{left:.1f}" y="{top + height + 36:.1f}">'
        stack += f"{' × '.join(f'{n:,} {a}' for n, a in zip(image.shape[:-3], image.axes[:-3], strict=True))} of these</text>"
        total_height += 18
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{total_width:.0f}" height="{total_height:.0f}" '
        f'viewBox="{-shift:.0f} 0 {total_width:.0f} {total_height:.0f}" font-size="12" font-family="sans-serif" '
        f'fill="currentColor" stroke="none" role="img" aria-label="the image cut into chunks">{"".join(parts)}{stack}</svg>'
    )


Point = tuple[float, float]


def _plus(a: Point, b: Point) -> Point:
    return a[0] + b[0], a[1] + b[1]


def _line(a: Point, b: Point, width: float, opacity: float) -> str:
    return (
        f'<line x1="{a[0]:.1f}" y1="{a[1]:.1f}" x2="{b[0]:.1f}" y2="{b[1]:.1f}" stroke="currentColor" '
        f'stroke-width="{width}" stroke-opacity="{opacity}"/>'
    )


def _cuts(extent: int, chunk: int, pixels: float) -> list[float]:
    """Where chunks end inside an axis, as shares of it; of too many, as many as can be told apart, evenly."""
    n = -(-extent // chunk)
    most = min(MOST_CUTS, int(pixels / 3))
    if n - 1 <= most:
        return [i * chunk / extent for i in range(1, n)]
    return [i / most for i in range(1, most)]


def _counts(image: Image) -> list[int]:
    return [-(-extent // chunk) for extent, chunk in zip(image.shape, image.chunks, strict=True)]


def _times(numbers: Sequence[int]) -> str:
    return " × ".join(f"{n:,}" for n in numbers)


def bytes_text(n: float) -> str:
    """A number of bytes as people write it.

    >>> bytes_text(1536)
    '1.5 KiB'
    """
    units = ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB"]
    power = 0
    while n >= 1024 and power < len(units) - 1:
        n /= 1024
        power += 1
    return f"{n:,.0f} {units[power]}" if power == 0 or n >= 100 else f"{n:.3g} {units[power]}"
