"""What runs may use, for the whole process or for a while.

Examples
--------
>>> import petavox
>>> with petavox.config.set(memory="512MiB", threads=1):
...     petavox.config.get("threads")
1
"""

from __future__ import annotations

import contextlib
import re
import threading
from collections.abc import Callable
from typing import Any

__all__ = ["get", "set"]

_DEFAULTS: dict[str, Any] = {
    "memory": None,
    "threads": None,
    "scratch": None,
    "block_edge": None,
    "progress": None,
    "array_limit": None,
}
_lock = threading.RLock()
_values = dict(_DEFAULTS)


class set(contextlib.AbstractContextManager):
    """Set what runs may use; in a ``with`` statement, until its end.

    Parameters
    ----------
    memory : int or str, optional
        Limit on the resident memory of the whole process, in bytes or as ``"2GiB"``. By default half of what is available
        beside what the process holds already.
    threads : int, optional
        Threads that compute at once. By default ``PETAVOX_NUM_THREADS``, ``OMP_NUM_THREADS``, else the cores the process may
        use; 1 inside the worker threads of Dask and joblib.
    scratch : path, optional
        Folder for scratch files; by default the system's folder for temporary files.
    block_edge : int, optional
        Samples that a block has at most along an axis, to try a function of your own on many small blocks. By default the
        planner takes what costs least.
    progress : bool, optional
        Show a progress bar on long runs. By default in terminals and notebooks.
    array_limit : int or str, optional
        Bytes from which ``numpy.asarray(image)`` is refused, because it was hardly meant; by default a quarter of the memory
        that is available.

    Raises
    ------
    TypeError
        For a name that there is not.
    ValueError
        For a value that makes no sense.
    """

    def __init__(self, **values: Any) -> None:
        unknown = [name for name in values if name not in _DEFAULTS]
        if unknown:
            raise TypeError(f"petavox.config has {', '.join(_DEFAULTS)}, not {unknown[0]!r}")
        checked = {name: _CHECKS[name](value) for name, value in values.items()}
        with _lock:
            self._before = {name: _values[name] for name in checked}
            _values.update(checked)

    def __exit__(self, *_: Any) -> None:
        with _lock:
            _values.update(self._before)


def get(name: str) -> Any:
    """The value in force; None where nothing was set.

    Parameters
    ----------
    name : str
        What `set` calls it.

    Returns
    -------
    object

    Raises
    ------
    KeyError
        For a name that there is not.
    """
    with _lock:
        return _values[name]


def parse_bytes(size: int | str | None) -> int | None:
    """A number of bytes from a number or from text such as ``"512MiB"`` or ``"2GB"``.

    >>> parse_bytes("1.5KiB")
    1536
    """
    if size is None:
        return None
    if isinstance(size, str):
        match = re.fullmatch(r"\s*([0-9]*\.?[0-9]+)\s*([kmgtp]?)(i?)b?\s*", size.lower())
        if match is None:
            raise ValueError(f"memory: got {size!r}, expected a size such as '512MiB', '2GB' or a number of bytes")
        number, prefix, binary = match.groups()
        bytes_ = float(number) * (1024 if binary else 1000) ** " kmgtp".index(prefix or " ")
    else:
        bytes_ = size
    if bytes_ != bytes_ or not 0 < bytes_ < 2**63:
        raise ValueError(f"memory: got {size!r}, expected more than 0 bytes")
    return round(bytes_)


def _whole(name: str) -> Callable[[int | None], int | None]:
    def check(value: int | None) -> int | None:
        if value is not None and (isinstance(value, bool) or int(value) != value or value < 1):
            raise ValueError(f"{name}: got {value!r}, expected a whole number, 1 or more")
        return None if value is None else int(value)

    return check


_threads = _whole("threads")


_CHECKS = {
    "memory": parse_bytes,
    "threads": _threads,
    "block_edge": _whole("block_edge"),
    "scratch": lambda value: None if value is None else str(value),
    "progress": lambda value: None if value is None else bool(value),
    "array_limit": parse_bytes,
}


def array_limit() -> int:
    """Bytes that ``numpy.asarray`` may ask for without saying so."""
    from ._core import available_memory

    return get("array_limit") or available_memory() // 4


def settings(memory: int | str | None = None, threads: int | None = None, progress: bool | None = None) -> dict[str, Any]:
    """What the core is told for one run: the arguments of a call before what was set."""
    from ._progress import display
    from ._threads import default_threads

    chosen = _threads(threads) or get("threads") or default_threads()
    return {
        "memory": parse_bytes(memory) or get("memory"),
        "threads": chosen,
        "scratch": get("scratch"),
        "block_edge": get("block_edge"),
        "progress": display(get("progress") if progress is None else progress),
    }
