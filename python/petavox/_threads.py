"""How many threads a run uses where nothing was said."""

from __future__ import annotations

import sys
import threading


def default_threads() -> int | None:
    """1 where somebody else already runs as many tasks as there are cores; None for the core's own rule."""
    return 1 if _in_dask_task() or _in_joblib_worker() else None


def _in_dask_task() -> bool:
    # dask.threaded and distributed run tasks on threads of pools with these names.
    name = threading.current_thread().name
    return name.startswith(("Dask-", "dask-", "ThreadPoolExecutor")) and "dask" in sys.modules


def _in_joblib_worker() -> bool:
    return "joblib.externals.loky.process_executor" in sys.modules and _is_child_process()


def _is_child_process() -> bool:
    multiprocessing = sys.modules.get("multiprocessing.process")
    return multiprocessing is not None and multiprocessing.parent_process() is not None
