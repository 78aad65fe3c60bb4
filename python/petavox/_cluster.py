"""What runs on the workers of a cluster, and how a stage is cut into tasks."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from . import _core
from .image import Image

#: What a task is worth, in seconds: long beside the scheduler's milliseconds, short beside a worker's life.
TASK_SECONDS = 1.5
#: Tasks of a stage, at most.
MOST_TASKS = 3000
#: Bytes of samples that come back with one task, about.
PIECES_BYTES = 32 << 20
#: Parts that are merged at once.
FAN_IN = 8
#: Of a worker's memory limit: Dask spills at 60 %.
SHARE = 0.6

#: A value of a fold: its stage and output.
Key = tuple[int, int]
#: What a task leaves: the merged part per output, and pieces of the result (first sample, shape, bytes).
Made = tuple[list[bytes], list[tuple[list[int], list[int], bytes]]]


class Plan:
    """A lazy image and what is to come out of it. It travels once to every worker, which plans the same as all others."""

    def __init__(self, image: Image, job: str) -> None:
        self.image = image
        self.job = job
        self._lock = threading.Lock()
        self._shared: _core.Shared | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        return Plan, (self.image, self.job)

    @property
    def shared(self) -> _core.Shared:
        """This process' part in the computation; all tasks of the process have the same."""
        with self._lock:
            if self._shared is None:
                self._shared = _core.Shared(self.image._lazy, self.job)
            return self._shared

    def start(self) -> _core.Shared:
        """The part of the process that starts the computation."""
        with self._lock:
            self._shared = _core.Shared(self.image._lazy, self.job, True)
            return self._shared


def _values(keys: Sequence[Key], values: Sequence[bytes]) -> list[tuple[int, int, bytes]]:
    return [(*key, value) for key, value in zip(keys, values, strict=True)]


def run(plan: Plan, stage: int, start: int, stop: int, keys: Sequence[Key], values: Sequence[bytes]) -> Made:
    """Make some blocks of a stage."""
    return plan.shared.run(stage, start, stop, _values(keys, values))


def missing(plan: Plan, stage: int, start: int, stop: int) -> list[tuple[int, str]]:
    """Look at what was stored of some blocks of a stage: those that are not whole, and where they lie."""
    return plan.shared.missing(stage, start, stop)


def runs(numbers: Sequence[int]) -> list[tuple[int, int]]:
    """Ascending numbers as runs of neighbours.

    Examples
    --------
    >>> runs([3, 4, 5, 9])
    [(3, 6), (9, 10)]
    """
    found: list[tuple[int, int]] = []
    for number in numbers:
        if found and found[-1][1] == number:
            found[-1] = found[-1][0], number + 1
        else:
            found.append((number, number + 1))
    return found


def chunk(
    *,
    plan: Plan,
    stage: int,
    counts: Sequence[int],
    value_keys: Sequence[Key],
    found: Sequence[bytes],
    result_dtype: np.dtype,
    block_id: tuple[int, ...],
) -> np.ndarray:
    """One chunk of a dask array."""
    number = int(np.ravel_multi_index(block_id, counts)) if counts else 0
    _, ((_, shape, samples),) = run(plan, stage, number, number + 1, value_keys, found)
    return np.frombuffer(bytearray(samples), result_dtype).reshape(shape)


def merge(
    plan: Plan, stage: int, outputs: Sequence[int], keys: Sequence[Key], values: Sequence[bytes], made: Sequence[Made]
) -> Made:
    """Merge what neighbouring tasks left."""
    known = _values(keys, values)
    n_outputs = len(made[0][0])
    parts = [
        plan.shared.merge(stage, output, [parts[output] for parts, _ in made], known) if output in outputs else b""
        for output in range(n_outputs)
    ]
    return parts, []


def finish(
    plan: Plan, stage: int, output: int, keys: Sequence[Key], values: Sequence[bytes], merged: Made | None
) -> bytes:
    """The value of a fold."""
    part = None if merged is None else merged[0][output]
    return plan.shared.finish(stage, output, part, _values(keys, values))


def sweep(
    plan: Plan,
    stage: int,
    output: int,
    keys: Sequence[Key],
    values: Sequence[bytes],
    merged: Made | None,
    memory: int | None,
) -> None:
    """Make the passes of a sweep, with all that this worker has."""
    volume = None if merged is None else merged[0][output]
    plan.shared.sweep(stage, output, volume, _values(keys, values), _whole_worker(memory))


def analyse(
    plan: Plan,
    path: str,
    job: str,
    output: int,
    keys: Sequence[Key],
    values: Sequence[bytes],
    merged: Made,
    memory: int | None,
) -> dict[str, Any]:
    """Thin and trace the mask that was stored, with all that this worker has."""
    told = plan.shared.analyse(path, job, merged[0][output], _values(keys, values), _whole_worker(memory))
    return json.loads(told)


def _whole_worker(memory: int | None) -> dict[str, Any]:
    """Settings for what one worker does alone, within the memory that all its tasks may take together."""
    from distributed import get_worker

    worker = get_worker()
    limit = worker.memory_manager.memory_limit
    if memory is None and limit:
        memory = int(limit * SHARE)
    scratch = worker.local_directory or None
    return {"memory": memory, "threads": worker.state.nthreads, "scratch": scratch, "block_edge": None, "progress": None}


def batches(info: dict[str, Any], n_threads: int, gives_pieces: bool) -> Iterator[tuple[int, int]]:
    """The tasks of a stage: runs of blocks that are worth a second or two, and enough of them for everybody.

    Examples
    --------
    >>> list(batches({"n_blocks": 10, "row": 1, "block_bytes": 1, "cpu_secs": 3.0}, 1, False))
    [(0, 4), (4, 7), (7, 10)]
    """
    n_blocks, row = info["n_blocks"], info["row"]
    if n_blocks == 0:
        return
    size = n_blocks * TASK_SECONDS / max(info["cpu_secs"], 1e-9)
    size = min(size, n_blocks / (3 * n_threads))
    if gives_pieces:
        size = min(size, PIECES_BYTES / max(info["block_bytes"], 1))
    size = max(size, n_blocks / MOST_TASKS, 1)
    # Blocks of a row share decoded chunks: rows are cut only where there would be too few tasks.
    n_rows = n_blocks // row
    if n_rows >= 2 * n_threads or size >= row:
        yield from _parts(0, n_rows, max(1, round(n_rows * row / size)), row)
    else:
        n_parts = round(min(row / size, max(1, 2 * n_threads / n_rows)))
        for first in range(n_rows):
            yield from _parts(first * row, row, n_parts, 1)


def _parts(first: int, n: int, n_parts: int, unit: int) -> Iterator[tuple[int, int]]:
    n_parts = max(1, min(n_parts, n))
    edges = [first + (n * k + n_parts - 1) // n_parts * unit for k in range(n_parts + 1)]
    yield from zip(edges[:-1], edges[1:], strict=True)
