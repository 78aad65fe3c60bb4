"""How many threads a run uses where nothing was said, and what threadpoolctl sees of them."""

from __future__ import annotations

import os
import sys
import threading
from types import FrameType

from . import _core

#: Modules whose functions stand on the stack of a thread that runs somebody's task.
_TASK_RUNNERS = frozenset({"dask.local", "distributed.worker", "joblib.parallel"})


def default_threads() -> int | None:
    """1 where somebody else already runs as many tasks as there are cores; None for the core's own rule."""
    if "PETAVOX_NUM_THREADS" in os.environ:
        return None
    return 1 if _is_worker_process() or _in_task() else None


def _in_task() -> bool:
    """Whether this thread runs a task of Dask or joblib. The main thread may wait for one, or run one after another."""
    if threading.current_thread() is threading.main_thread() or _TASK_RUNNERS.isdisjoint(sys.modules):
        return False
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if frame.f_globals.get("__name__") in _TASK_RUNNERS:
            return True
        frame = frame.f_back
    return False


def _is_worker_process() -> bool:
    """Whether this process was started by multiprocessing, or by what is made with it: loky, concurrent.futures, Dask."""
    multiprocessing = sys.modules.get("multiprocessing.process")
    return multiprocessing is not None and multiprocessing.parent_process() is not None


def register_controller() -> None:
    """Tell threadpoolctl, if it is installed, how petavox' threads are counted and limited."""
    try:
        import threadpoolctl
    except ImportError:
        return
    if not hasattr(threadpoolctl, "register"):  # before 3.2
        return

    class PetavoxController(threadpoolctl.LibController):
        """petavox as threadpoolctl sees it: the C functions of the compiled module."""

        user_api = "petavox"
        internal_api = "petavox"
        filename_prefixes = ("_core",)
        check_symbols = ("petavox_get_num_threads", "petavox_set_num_threads")

        def get_num_threads(self) -> int:
            """The threads that a run may use."""
            return num_threads()

        def set_num_threads(self, num_threads: int) -> None:
            """Limit the threads of all runs together."""
            limit_threads(num_threads)

        def get_version(self) -> str | None:
            """The version of petavox; other libraries may have files of that name."""
            return _core.__version__ if hasattr(self.dynlib, self.check_symbols[0]) else None

    threadpoolctl.register(PetavoxController)


def num_threads() -> int:
    """The threads that a run uses now where a call does not say."""
    wanted = _wanted()
    limit = _core.thread_limit()
    return wanted if limit is None else min(limit, wanted)


def limit_threads(n: int) -> None:
    """Let no more than `n` threads compute in this process; as many as there would be anyway is no limit."""
    _core.set_thread_limit(None if n >= _wanted() else max(1, int(n)))


def _wanted() -> int:
    from . import config

    return config.get("threads") or default_threads() or _core.default_threads()
