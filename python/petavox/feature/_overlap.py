"""Blobs that are mostly inside others."""

from __future__ import annotations

import itertools
import math

import numpy as np


def pruned(blobs: np.ndarray, overlap: float, n_sigmas: int) -> np.ndarray:
    """Blobs without those that have too much in common with a larger one; a row of a blob ends with `n_sigmas` sigmas."""
    ndim = blobs.shape[1] - n_sigmas
    blobs = blobs.copy()
    reach = 2 * blobs[:, -n_sigmas:].max() * math.sqrt(ndim)
    for first, others in _pairs(blobs[:, :ndim], reach):
        for second in others.tolist():
            a, b = blobs[first], blobs[second]
            if _overlap(a, b, ndim, n_sigmas) > overlap:
                (b if a[-1] > b[-1] else a)[-1] = 0
    return blobs[blobs[:, -1] > 0]


def _pairs(places: np.ndarray, reach: float) -> list[tuple[int, np.ndarray]]:
    """For every point, in order, the later ones within reach, rising."""
    reach = float(reach)
    cells = np.floor(places / max(reach, 1e-300)).astype(np.int64)
    members: dict[tuple[int, ...], list[int]] = {}
    for number, cell in enumerate(map(tuple, cells.tolist())):
        members.setdefault(cell, []).append(number)
    found: list[tuple[int, np.ndarray]] = []
    steps = list(itertools.product((-1, 0, 1), repeat=places.shape[1]))
    for cell, own in members.items():
        around = [members.get(tuple(c + s for c, s in zip(cell, step, strict=True)), []) for step in steps]
        near = np.sort(np.concatenate([np.asarray(some, np.int64) for some in around]))
        for number in own:
            later = near[np.searchsorted(near, number, side="right") :]
            square = ((places[later].astype(np.float64) - places[number]) ** 2).sum(axis=1)
            within = later[square <= reach * reach]
            if len(within):
                found.append((number, within))
    return sorted(found, key=lambda pair: pair[0])


def _overlap(a: np.ndarray, b: np.ndarray, ndim: int, n_sigmas: int) -> float:
    """What two blobs have in common, as a share of the smaller."""
    if ndim > 3 or a[-1] == b[-1] == 0:
        return 0.0
    # In units of the larger one's radius.
    large, small = (a, b) if a[-1] > b[-1] else (b, a)
    r1, r2 = 1.0, float(small[-1] / large[-1])
    if large is b:
        r1, r2 = r2, r1
    unit = large[-n_sigmas:] * math.sqrt(ndim)
    d = float(np.sqrt((((b[:ndim] - a[:ndim]) / unit) ** 2).sum()))
    if d > r1 + r2:
        return 0.0
    if d <= abs(r1 - r2):
        return 1.0
    return _disks(d, r1, r2) if ndim == 2 else _balls(d, r1, r2)


def _disks(d: float, r1: float, r2: float) -> float:
    angles = [math.acos(min(1.0, max(-1.0, (d * d + p * p - q * q) / (2 * d * p)))) for p, q in ((r1, r2), (r2, r1))]
    kite = 0.5 * math.sqrt(abs((-d + r2 + r1) * (d - r2 + r1) * (d + r2 - r1) * (d + r2 + r1)))
    return (r1 * r1 * angles[0] + r2 * r2 * angles[1] - kite) / (math.pi * min(r1, r2) ** 2)


def _balls(d: float, r1: float, r2: float) -> float:
    lens = math.pi / (12 * d) * (r1 + r2 - d) ** 2 * (d * d + 2 * d * (r1 + r2) - 3 * (r1 * r1 + r2 * r2) + 6 * r1 * r2)
    return lens / (4.0 / 3 * math.pi * min(r1, r2) ** 3)
