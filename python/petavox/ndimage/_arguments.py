"""Arguments that many of the functions share."""

from __future__ import annotations

from typing import Any

import numpy as np



#: How samples outside the image are made, and the core's name of it.
MODES = {
    "reflect": "reflect",
    "constant": "constant",
    "nearest": "nearest",
    "mirror": "mirror",
    "wrap": "wrap",
    "grid-mirror": "reflect",
    "grid-constant": "constant",
    "grid-wrap": "wrap",
}


def per_axis(value: Any, n: int, name: str) -> list[Any]:
    """One value for each of `n` axes."""
    values = list(value) if isinstance(value, (list, tuple, np.ndarray)) else [value] * n
    if len(values) != n:
        raise RuntimeError(f"{name}: sequence argument must have length equal to input rank: {len(values)} for {n} axes")
    return values
