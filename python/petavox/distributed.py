"""Lazy images on a Dask cluster: the same plan as on one machine, cut into tasks that Dask's workers run.

Every worker has petavox installed and sees the files under the same paths. ``image.compute(scheduler=client)`` and
``image.to_zarr(path, scheduler=client)`` are what most want; `skeleton` is the whole way from a volume to its branches.

A task is a stage of the plan and a run of its blocks, worth a second or two. Numbers that one stage finds for the next (a
threshold, the components of a mask) are merged as a tree; images between stages lie in a Zarr that all see. What needs
passes over the whole image (thinning, exact distances) is done by one worker, from a volume of one bit per voxel where it can.
A worker that dies costs only its tasks: Dask runs them again, and what is written twice is the same bytes.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from . import _cluster, _core, config
from ._progress import display
from .image import Image

__all__ = ["compute", "skeleton", "to_dask", "to_zarr"]

#: What Python and Dask take in a worker.
_BASE_BYTES = 200 << 20
#: Memory of a task where workers have no limit.
_USUAL_BYTES = 512 << 20
#: A task that is given more makes blocks no caches like.
_MOST_BYTES = 2 << 30
#: Waiting tasks per thread.
_AHEAD = 3
#: How often blocks are written, at most, until they are found to be there.
_ATTEMPTS = 3


def compute(
    image: Image,
    client: Any,
    *,
    memory: int | str | None = None,
    folder: str | os.PathLike[str] | None = None,
    progress: bool | None = None,
) -> np.ndarray:
    """Compute an image on a cluster, into the memory of this process.

    Parameters
    ----------
    image : Image
        What is to be computed. Files in it must be visible to all workers; arrays in it travel to them.
    client : dask.distributed.Client or str
        The cluster, or the address of its scheduler.
    memory : int or str, optional
        Memory that petavox may use in each worker; by default 60 % of the worker's limit.
    folder : path, optional
        A folder that all workers see, for images between stages; by default petavox' ``scratch``, else the system's folder for
        temporary files, which only the workers of one machine share.
    progress : bool, optional
        Show a progress bar.

    Returns
    -------
    numpy.ndarray

    Raises
    ------
    MemoryError
        If a task does not fit into a worker.
    FileNotFoundError
        If a worker does not see a file or `folder`.
    """
    result = np.empty(image.shape, image.dtype)
    parent = folder or config.get("scratch") or tempfile.gettempdir()
    with _client(client) as client, _work_folder(Path(parent), "compute") as work:
        cluster = _Cluster(client, memory, progress)
        plan = cluster.plan(_absolute(image), json.dumps({"samples": {"chunk": [1] * image.ndim}}), work)
        cluster.carry_out(plan, result)
    return result if image.ndim else result[()]


def to_zarr(
    image: Image,
    path: str | os.PathLike[str],
    client: Any,
    *,
    memory: int | str | None = None,
    progress: bool | None = None,
    **options: Any,
) -> dict[str, Any]:
    """Compute an image on a cluster, into a Zarr that the workers write together.

    Parameters
    ----------
    image : Image
        What is to be computed.
    path : str or path
        The Zarr, in a folder that all workers see. It appears under its name when it is complete.
    client : dask.distributed.Client or str
        The cluster, or the address of its scheduler.
    memory, progress
        As for `compute`.
    **options
        As for `Image.save`: ``overwrite``, ``chunks``, ``shards``, ``codec``, ``levels``, ``zarr_format``, ``labels``.

    Returns
    -------
    dict
        What was done: path, shape, dtype, levels, tasks, seconds.

    Raises
    ------
    FileExistsError
        If `path` is there and ``overwrite`` was not given.
    ValueError
        For a path that is no Zarr.
    """
    file_options = image._file_options(**options)
    return _write(image, path, client, lambda lazy, path: _core.Output(lazy, path, file_options), memory, progress)


def _write(
    image: Image,
    path: str | os.PathLike[str],
    client: Any,
    start: Callable[[Any, Path], Any],
    memory: int | str | None,
    progress: bool | None,
) -> dict[str, Any]:
    began = time.perf_counter()
    path = Path(os.path.abspath(path))
    image = _absolute(image)
    path.parent.mkdir(parents=True, exist_ok=True)
    with _client(client) as client, _work_folder(path.parent, path.name) as work:
        cluster = _Cluster(client, memory, progress)
        output = start(image._lazy, path)
        try:
            for level in range(len(output.levels())):
                cluster.carry_out(cluster.plan(image, output.wants(level), work / f"level-{level}"))
            output.finish()
        except BaseException:
            output.abandon()
            raise
        return {
            "path": str(path),
            "shape": list(image.shape),
            "dtype": str(image.dtype),
            "levels": output.levels(),
            "n_tasks": cluster.n_tasks,
            "threads": cluster.n_threads,
            "seconds": time.perf_counter() - began,
        }


def skeleton(
    image: Image,
    path: str | os.PathLike[str],
    client: Any,
    job: dict[str, Any],
    *,
    memory: int | str | None = None,
    progress: bool | None = None,
) -> dict[str, Any]:
    """Skeletonize a volume on a cluster; `petavox.skeleton.analyse` is what most want.

    The workers smooth, threshold and clean the image together and write its mask; then one of them thins the mask, at one bit per
    voxel, and traces it. ``branches.parquet`` and ``skeleton.zarr`` are, byte for byte, those of one machine.

    Parameters
    ----------
    image : Image
        One grey 2-D or 3-D image.
    path : str or path
        The folder to write; all workers see it.
    client : dask.distributed.Client or str
        The cluster, or the address of its scheduler.
    job : dict
        The options of the pipeline, as the core takes them.
    memory, progress
        As for `compute`.

    Returns
    -------
    dict
        The contents of ``run.json``.

    Raises
    ------
    FileExistsError
        If the folder is there and may not be replaced.
    """
    path = Path(os.path.abspath(path))
    if os.path.lexists(path) and not job.get("overwrite"):
        raise FileExistsError(f"{path}: exists already; choose another name, or pass overwrite=True to replace it")
    # A worker that dies after it has written the folder is replaced by one that writes it again.
    job = {**job, "overwrite": True, "resume": False}
    path.parent.mkdir(parents=True, exist_ok=True)
    with _client(client) as client, _work_folder(path.parent, path.name) as work:
        cluster = _Cluster(client, memory, progress)
        plan = cluster.plan(_absolute(image), json.dumps({"skeleton": job["options"]}), work)
        keys, values, volumes = cluster.carry_out(plan)
        ((output, volume),) = volumes
        known = (cluster.sent(plan), str(path), json.dumps(job), output, keys, values, volume, cluster.memory)
        last = cluster.submit(_cluster.analyse, "thin+trace", "1/1", *known)
        cluster.tell("thin and trace", 1, 0)
        done = cluster.result(last)
        cluster.tell(None, 0, 0)
        return done


class _Cluster:
    """A client and what its workers have."""

    def __init__(self, client: Any, memory: int | str | None, progress: bool | None) -> None:
        if getattr(client, "asynchronous", False):
            raise ValueError("scheduler: got an asynchronous client, expected one that waits (asynchronous=False)")
        self.client = client
        client.wait_for_workers(1)
        workers = _workers(client)
        self.n_threads = sum(w["nthreads"] for w in workers)
        most = max(w["nthreads"] for w in workers)
        limits = [w["memory_limit"] for w in workers if w.get("memory_limit")]
        #: What a worker may take as a whole; by default by its own limit.
        self.memory = None if memory is None else config.parse_bytes(memory) or 0
        if self.memory is not None:
            room = self.memory - _BASE_BYTES
        elif limits:
            room = int(min(limits) * _cluster.SHARE) - _BASE_BYTES
        else:
            room = _USUAL_BYTES * most
        self.task_bytes = max(16 << 20, min(room // most, _MOST_BYTES))
        self.n_tasks = 0
        #: By the plan's id, which is only its own as long as the plan is there.
        self._sent: dict[int, tuple[_cluster.Plan, Any]] = {}
        self._run = uuid.uuid4().hex
        self._display = display(config.get("progress") if progress is None else progress)
        self._began = time.perf_counter()

    def plan(self, image: Image, wants: str, folder: Path) -> _cluster.Plan:
        """The plan of a computation, started here."""
        folder.mkdir(parents=True, exist_ok=True)
        plan = _cluster.Plan(image, _core.Shared.job(wants, self.task_bytes, 4 * self.n_threads, folder))
        try:
            plan.start()
        except MemoryError as error:
            raise MemoryError(
                f"{error} (that is for one task; workers with more memory or fewer threads give each task more)"
            ) from None
        return plan

    def sent(self, plan: _cluster.Plan) -> Any:
        """The plan on the cluster: a task's result, so that Dask can make it again wherever it is lost."""
        if id(plan) not in self._sent:
            key = f"petavox-plan-{uuid.uuid4().hex}"
            future = self.client.submit(_cluster.Plan, plan.image, plan.job, key=key, pure=False)
            self._sent[id(plan)] = plan, future
        return self._sent[id(plan)][1]

    def submit(self, function: Any, name: str, number: str, *args: Any, **more: Any) -> Any:
        """A task; the dashboard groups tasks by `name`."""
        self.n_tasks += 1
        key = (f"{name}-{self._run}{self.n_tasks:x}", number)
        return self.client.submit(function, *args, key=key, pure=False, **more)

    def result(self, future: Any) -> Any:
        """What a task gave; Ctrl-C gives the task up."""
        try:
            return future.result()
        except BaseException:
            self.client.cancel([future])
            raise

    def tell(self, stage: str | None, n_blocks: int, done: int) -> None:
        """Show how far it is."""
        if stage is not None and done == 0:
            self._began = time.perf_counter()
        if self._display is not None:
            self._display(stage, n_blocks, done, 0, time.perf_counter() - self._began)

    def carry_out(
        self, plan: _cluster.Plan, result: np.ndarray | None = None
    ) -> tuple[list[_cluster.Key], list[Any], list[tuple[int, Any]]]:
        """Run all stages. What comes back: the values (futures) by stage and output, and the volumes by output."""
        shared = plan.shared
        keys: list[_cluster.Key] = []
        values: list[Any] = []
        volumes: list[tuple[int, Any]] = []
        for stage, info in enumerate(json.loads(shared.stages())):
            shared.prepare(stage)
            merging = [o for o, kind in enumerate(info["outputs"]) if kind in ("value", "volume", "joined_sweep")]
            merged = self._blocks(plan, stage, info, merging, keys, values, result)
            if result is None:
                self._make_whole(plan, stage, info, keys, values)
            name = _name(info)
            more_keys, more_values = [], []
            for output, kind in enumerate(info["outputs"]):
                known = (self.sent(plan), stage, output, keys, values)
                if kind == "value":
                    more_keys.append((stage, output))
                    more_values.append(self.submit(_cluster.finish, f"{name}-finish", f"{output}", *known, merged))
                elif kind == "volume":
                    volumes.append((output, merged))
                elif kind in ("joined_sweep", "stored_sweep"):
                    volume = merged if kind == "joined_sweep" else None
                    self.tell(info["title"], 1, 0)
                    self.result(self.submit(_cluster.sweep, f"{name}-sweep", f"{output}", *known, volume, self.memory))
            keys, values = keys + more_keys, values + more_values
        self.tell(None, 0, 0)
        return keys, values, volumes

    def _make_whole(
        self, plan: _cluster.Plan, stage: int, info: dict[str, Any], keys: list[_cluster.Key], values: list[Any]
    ) -> None:
        """Look at everything a stage has stored, before anybody relies on it, and make again what is lost.

        An object that is missing would be read as the fill value, and nothing would tell.
        """
        if not any(kind in ("written", "stored_sweep") for kind in info["outputs"]):
            return
        name, sent = _name(info), self.sent(plan)
        tasks = list(_cluster.batches(info, self.n_threads, False))
        for attempt in range(_ATTEMPTS):
            lost = self._lost(name, sent, stage, tasks)
            if not lost:
                return
            if attempt + 1 < _ATTEMPTS:
                tasks = _cluster.runs(sorted(number for number, _ in lost))
                again = [
                    self.submit(_cluster.run, f"{name}-again", f"{a}", sent, stage, a, b, keys, values) for a, b in tasks
                ]
                for future in again:
                    self.result(future)
        more = f" and {len(lost) - 1} more" if len(lost) > 1 else ""
        raise RuntimeError(
            f"{info['title']}: what was written of region {lost[0][1]}{more} is not there, though it was written "
            f"{_ATTEMPTS} times; expected storage that keeps what is written: look at its free space and quota, and "
            "whether every worker sees the same folder"
        )

    def _lost(self, name: str, sent: Any, stage: int, tasks: list[tuple[int, int]]) -> list[tuple[int, str]]:
        """The blocks of a stage that are not whole where they were stored."""
        from distributed import as_completed

        lost: list[tuple[int, str]] = []
        waiting = as_completed(loop=self.client.loop)
        futures = set()
        try:
            for start, stop in tasks:
                while waiting.count() >= _AHEAD * self.n_threads + 1:
                    ready = next(waiting)
                    futures.discard(ready)
                    lost += self.result(ready)
                future = self.submit(_cluster.missing, f"{name}-check", f"{start}", sent, stage, start, stop)
                futures.add(future)
                waiting.add(future)
                del future
            for ready in waiting:
                futures.discard(ready)
                lost += self.result(ready)
        except BaseException:
            self.client.cancel(list(futures))
            raise
        return lost

    def _blocks(
        self,
        plan: _cluster.Plan,
        stage: int,
        info: dict[str, Any],
        merging: list[int],
        keys: list[_cluster.Key],
        values: list[Any],
        result: np.ndarray | None,
    ) -> Any:
        """Run the blocks of a stage, a bounded number of tasks at a time. What comes back is the future of all merged."""
        from distributed import as_completed

        tasks = list(_cluster.batches(info, self.n_threads, result is not None))
        name, sent = _name(info), self.sent(plan)
        levels: list[list[Any]] = []
        waiting = as_completed(loop=self.client.loop)
        done = 0

        def add(future: Any, level: int = 0) -> None:
            # Neighbours in order: the parts of a level are older than all of the level below.
            while len(levels) <= level:
                levels.append([])
            levels[level].append(future)
            if len(levels[level]) == _cluster.FAN_IN:
                parts, levels[level] = levels[level], []
                add(together(parts), level + 1)

        def together(parts: list[Any]) -> Any:
            number = f"{self.n_tasks}"
            return self.submit(_cluster.merge, f"{name}-merge", number, sent, stage, merging, keys, values, parts)

        def take(future: Any) -> None:
            nonlocal done
            if result is not None:
                for start, shape, samples in self.result(future)[1]:
                    place = tuple(slice(a, a + n) for a, n in zip(start, shape, strict=True))
                    result[place] = np.frombuffer(samples, result.dtype).reshape(shape)
            elif future.status == "error":
                self.result(future)
            done += 1
            self.tell(info["title"], len(tasks), done)

        self.tell(info["title"], len(tasks), 0)
        futures = set()
        try:
            for number, (start, stop) in enumerate(tasks):
                while waiting.count() >= _AHEAD * self.n_threads + 1:
                    ready = next(waiting)
                    futures.discard(ready)
                    take(ready)
                what = f"{number + 1}/{len(tasks)}"
                # Earlier blocks first, so that parts can be merged and forgotten.
                future = self.submit(_cluster.run, name, what, sent, stage, start, stop, keys, values, priority=-number)
                futures.add(future)
                waiting.add(future)
                if merging:
                    add(future)
                del future
            for ready in waiting:
                futures.discard(ready)
                take(ready)
        except BaseException:
            self.client.cancel(list(futures))
            raise
        rest = [part for level in reversed(levels) for part in level]
        if len(rest) > 1:
            return together(rest)
        return rest[0] if rest else None


def to_dask(image: Image) -> Any:
    """The image as a dask array, one task per chunk; `Image.to_dask` is what most call.

    Parameters
    ----------
    image : Image
        What is to be computed.

    Returns
    -------
    dask.array.Array

    Raises
    ------
    ImportError
        If dask is not installed.
    ValueError
        For images that take passes over the whole of another (thinning, exact distances).
    """
    try:
        import dask.array as da
        from dask.delayed import delayed
    except ImportError as error:
        raise ImportError("dask arrays need dask: pip install 'petavox[dask]'") from error
    image = _absolute(image)
    shape = image.chunks
    wants = json.dumps({"chunks": {"chunk": list(shape)}})
    plan = _cluster.Plan(image, _core.Shared.job(wants, _USUAL_BYTES, 16, Path(tempfile.gettempdir())))
    stages = json.loads(plan.shared.stages())
    if any("sweep" in kind for info in stages for kind in info["outputs"]):
        raise ValueError(
            f"to_dask: got an image made by {stages[0]['title']}, which takes passes over a whole image; "
            "expected one whose chunks can be made by themselves: write it with to_zarr first, and open that"
        )
    token = uuid.uuid4().hex
    sent = delayed(plan, name=f"petavox-plan-{token}", traverse=False)
    keys: list[_cluster.Key] = []
    values: list[Any] = []
    for stage, info in enumerate(stages[:-1]):
        name, outputs = _name(info), list(range(len(info["outputs"])))
        made = [
            delayed(_cluster.run, pure=False)(sent, stage, a, b, keys, values, dask_key_name=f"{name}-{token}{stage}{a}")
            for a, b in _cluster.batches(info, 4, False)
        ]
        merge = delayed(_cluster.merge, pure=False)
        while len(made) > 1:
            groups = [made[i : i + _cluster.FAN_IN] for i in range(0, len(made), _cluster.FAN_IN)]
            made = [merge(sent, stage, outputs, keys, values, group) for group in groups]
        finish = delayed(_cluster.finish, pure=False)
        found = [finish(sent, stage, output, keys, values, made[0] if made else None) for output in outputs]
        keys, values = keys + [(stage, output) for output in outputs], values + found
    counts = tuple(max(1, -(-n // c)) for n, c in zip(image.shape, shape, strict=True))
    chunks = tuple(
        tuple(min(c, n - i * c) for i in range(k)) for n, c, k in zip(image.shape, shape, counts, strict=True)
    )
    return da.map_blocks(
        _cluster.chunk,
        chunks=chunks,
        dtype=image.dtype,
        meta=np.empty((0,) * image.ndim, image.dtype),
        name=f"{_name(stages[-1])}-{token}",
        plan=sent,
        stage=len(stages) - 1,
        counts=counts,
        value_keys=keys,
        found=values,
        result_dtype=image.dtype,
    )


def _name(info: dict[str, Any]) -> str:
    """A stage's name in the dashboard, such as ``gaussian+threshold``."""
    others = [part for part in info["title"].split(" + ") if not part.startswith("write")]
    # A hyphen would end the name.
    return "+".join(info["operations"] + others).replace("-", "_") or "write"


def _workers(client: Any) -> list[dict[str, Any]]:
    try:
        info = client.scheduler_info(n_workers=-1)
    except TypeError:
        info = client.scheduler_info()
    return list(info["workers"].values())


@contextlib.contextmanager
def _client(client: Any) -> Iterator[Any]:
    """The client, or one for the address of a scheduler."""
    try:
        from distributed import Client
    except ImportError as error:
        raise ImportError("computing on a cluster needs dask.distributed: pip install 'petavox[dask]'") from error
    if isinstance(client, str):
        with Client(client, set_as_default=False) as own:
            yield own
    elif isinstance(client, Client):
        yield client
    else:
        given = type(client).__name__
        raise TypeError(f"scheduler: got {given}, expected a dask.distributed.Client or the address of a scheduler")


@contextlib.contextmanager
def _work_folder(parent: Path, name: str) -> Iterator[Path]:
    """A hidden folder for what lies between stages, gone afterwards."""
    folder = parent / f".{name}.work-{uuid.uuid4().hex[:12]}"
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _absolute(image: Image) -> Image:
    """The image with files named as workers find them, whose working directory is another."""
    nodes = json.loads(image._lazy.to_plan())
    for node in nodes:
        path = node["params"].get("path") if node["op"] == "open" else None
        if path is not None and "://" not in path and not path.startswith("python:"):
            node["params"]["path"] = os.path.abspath(path)
    return Image(_core.LazyImage.from_plan(json.dumps(nodes), image._lazy.held()), chunks=image._chunks)


def _main() -> int:
    """What the command line program calls: a request as JSON comes in, what was done goes out."""
    request = json.load(sys.stdin)
    image = Image(_core.LazyImage.from_plan(json.dumps(request["plan"]), {}))
    common = {"memory": request.get("memory"), "progress": request.get("progress")}
    try:
        if "skeleton" in request:
            done = skeleton(image, request["path"], request["scheduler"], request["skeleton"], **common)
        else:
            options = json.dumps(request["options"])
            start = lambda lazy, path: _core.Output.described(lazy, path, options)  # noqa: E731
            done = _write(image, request["path"], request["scheduler"], start, request.get("memory"), None)
    except (OSError, ValueError, TypeError, MemoryError, ImportError, RuntimeError) as error:
        print(error, file=sys.stderr)
        return 1
    json.dump(done, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(_main())
