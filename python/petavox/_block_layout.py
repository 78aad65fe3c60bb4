"""How the chunks of images become chunks of what a function makes of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .image import Image

#: Other names of boundary rules.
_ALIASES = {"periodic": "wrap", "symmetric": "reflect", "edge": "nearest"}
_MODES = ("reflect", "mirror", "nearest", "wrap", "constant", "grid-mirror", "grid-wrap", "grid-constant")


@dataclass
class Layout:
    """Chunks of the image that comes first, with a halo, and of the result."""

    shape: tuple[int, ...]
    axes: str
    spacing: tuple[float, ...]
    origin: tuple[float, ...]
    chunk: tuple[int, ...]
    low: tuple[int, ...]
    high: tuple[int, ...]
    mode: str
    cval: float
    clip: tuple[bool, ...]
    #: Of the result: the axis it goes along, or None for a new one.
    source: tuple[int | None, ...]
    out_chunk: tuple[int, ...]
    out_shape: tuple[int, ...]

    @property
    def counts(self) -> tuple[int, ...]:
        """Chunks per axis."""
        return tuple(-(-n // c) for n, c in zip(self.shape, self.chunk, strict=True))

    def mapping(self, function: str, label: str, dtype: str, unit: str | None) -> dict[str, Any]:
        """What the core is told."""
        axes, spacing, origin = self._placed()
        return {
            "function": function,
            "label": label,
            "chunk": self.chunk,
            "low": self.low,
            "high": self.high,
            "mode": self.mode,
            "cval": self.cval,
            "clip": self.clip,
            "out_chunk": self.out_chunk,
            "from": self.source,
            "spec": {
                "shape": self.out_shape,
                "dtype": dtype,
                "axes": axes,
                "spacing": {"values": spacing, "unit": unit},
                "origin": origin,
            },
        }

    def _placed(self) -> tuple[str, list[float], list[float]]:
        kept = {self.axes[a] for a in self.source if a is not None}
        free = (letter for letter in "ctzwvusabdefghijklmnopqryx" if letter not in kept)
        axes, spacing, origin = "", [], []
        for a, chunk in zip(self.source, self.out_chunk, strict=True):
            axes += next(free) if a is None else self.axes[a]
            # An axis with more or fewer samples goes over the same ground.
            ratio = 1.0 if a is None else self.chunk[a] / chunk
            size = 1.0 if a is None else self.spacing[a]
            spacing.append(size * ratio)
            origin.append(0.0 if a is None else self.origin[a] + (ratio - 1) / 2 * size)
        return axes, spacing, origin


def layout(
    image: Image,
    *,
    depth: Any = 0,
    boundary: Any = "reflect",
    cval: float | None = None,
    chunks: Any = None,
    shape: Sequence[int] | None = None,
    drop_axis: Any = None,
    new_axis: Any = None,
) -> Layout:
    """The layout that the arguments of `map_overlap` ask for."""
    low, high = _depths(depth, image)
    mode, value, clip = _boundary(boundary, cval, image, low, high)
    counts = [-(-n // c) for n, c in zip(image.shape, image.chunks, strict=True)]
    dropped = {_axis(a, image, "drop_axis") for a in _listed(drop_axis)}
    for a in dropped:
        if counts[a] > 1:
            raise ValueError(
                f"drop_axis: axis {a} ({image.axes[a]}) comes in {counts[a]} chunks, and a function that takes an axis away must see "
                f"it whole: rechunk the image to -1 along it first"
            )
    kept = [a for a in range(image.ndim) if a not in dropped]
    new = _listed(new_axis)
    n_out = len(kept) + len(new)
    places = {a + n_out if a < 0 else a for a in new}
    if len(places) != len(new) or not all(0 <= a < n_out for a in places):
        raise ValueError(f"new_axis: got {new_axis!r}, expected places among the {n_out} axes of the result")
    walk = iter(kept)
    source = tuple(None if o in places else next(walk) for o in range(n_out))
    out_chunk, out_shape = _out(image, source, counts, chunks, shape)
    return Layout(
        image.shape, image.axes, image.spacing, image.origin, image.chunks, low, high, mode, value, clip, source,
        out_chunk, out_shape,
    )  # fmt: skip


def _out(
    image: Image, source: tuple[int | None, ...], counts: list[int], chunks: Any, shape: Sequence[int] | None
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    n_out = len(source)
    for name, given in (("chunks", chunks), ("shape", shape)):
        if given is not None and len(tuple(given)) != n_out:
            raise ValueError(f"{name}: got {len(tuple(given))} values, expected {n_out}, one per axis of the result")
    out_chunk, out_shape = [], []
    for o, a in enumerate(source):
        n, own = (1, 1) if a is None else (image.shape[a], image.chunks[a])
        n_chunks = 1 if a is None else counts[a]
        whole = None if shape is None else int(shape[o])
        chunk = None if chunks is None else chunks[o]
        if isinstance(chunk, (tuple, list)):
            whole = sum(int(c) for c in chunk) if whole is None else whole
            chunk = _regular(chunk, o)
        elif chunk is None:
            if whole is None or whole == n:
                chunk = own if a is not None or whole is None else whole
            else:
                chunk = whole if n_chunks <= 1 else -(-own * whole // n)
        chunk = int(chunk)
        if chunk < 1:
            raise ValueError(f"chunks: got {chunk}, expected 1 or more samples along axis {o} of the result")
        if whole is None:
            last = n - (n_chunks - 1) * own
            whole = chunk if a is None else max(0, (n_chunks - 1) * chunk - (-last * chunk // own))
        if -(-whole // chunk) != n_chunks:
            raise ValueError(
                f"axis {o} of the result: {whole} samples in chunks of {chunk} are {-(-whole // chunk)} chunks, but there are "
                f"{n_chunks} blocks; expected one chunk for each"
            )
        out_chunk.append(chunk)
        out_shape.append(whole)
    return tuple(out_chunk), tuple(out_shape)


def _regular(chunks: Sequence[int], axis: int) -> int:
    first = chunks[0] if chunks else 1
    if any(c != first for c in chunks[:-1]) or (chunks and chunks[-1] > first):
        raise ValueError(f"chunks: got {tuple(chunks)} along axis {axis}, expected chunks of one size, the last one perhaps smaller")
    return first


def _depths(depth: Any, image: Image) -> tuple[tuple[int, ...], tuple[int, ...]]:
    pairs = []
    for value in _per_axis(depth, image, "depth", 0):
        low, high = value if isinstance(value, (tuple, list)) else (value, value)
        if int(low) != low or int(high) != high or low < 0 or high < 0:
            raise ValueError(f"depth: got {value!r}, expected whole numbers of samples, 0 or more")
        pairs.append((int(low), int(high)))
    return tuple(p[0] for p in pairs), tuple(p[1] for p in pairs)


def _boundary(
    boundary: Any, cval: float | None, image: Image, low: Sequence[int], high: Sequence[int]
) -> tuple[str, float, tuple[bool, ...]]:
    rules, clip = [], []
    for a, rule in enumerate(_per_axis(boundary, image, "boundary", "none")):
        clip.append(rule is None or rule == "none")
        if clip[-1] or low[a] + high[a] == 0:
            continue
        if isinstance(rule, Real):
            rules.append(("constant", float(rule)))
            continue
        name = _ALIASES.get(rule, rule)
        if name not in _MODES:
            raise ValueError(
                f"boundary: got {rule!r}, expected 'reflect', 'mirror', 'nearest', 'wrap', 'constant', a number, or 'none'"
            )
        rules.append((name, 0.0 if cval is None else float(cval)))
    if len(set(rules)) > 1:
        raise ValueError(
            f"boundary: got {boundary!r}, expected one rule for all axes; only 'none' can stand beside another rule"
        )
    mode, value = rules[0] if rules else ("nearest", 0.0)
    return mode, value, tuple(clip)


def _per_axis(value: Any, image: Image, name: str, default: Any) -> list[Any]:
    if isinstance(value, Mapping):
        values = [default] * image.ndim
        for key, one in value.items():
            values[_axis(key, image, name)] = one
        return values
    if isinstance(value, (tuple, list)):
        if len(value) != image.ndim:
            raise ValueError(f"{name}: got {len(value)} values, expected one per axis of {image.axes}")
        return list(value)
    return [value] * image.ndim


def _axis(key: Any, image: Image, name: str) -> int:
    if isinstance(key, str):
        if len(key) == 1 and key in image.axes:
            return image.axes.index(key)
    elif -image.ndim <= key < image.ndim:
        return int(key) % image.ndim
    raise ValueError(f"{name}: got axis {key!r}, expected one of {image.axes}, or its number")


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, Iterable) and not isinstance(value, str) else [value]
