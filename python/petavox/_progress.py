"""A bar for long runs: one line on a terminal, one element in a notebook, nothing where nobody looks."""

from __future__ import annotations

import sys
from collections.abc import Callable

#: Seconds before anything is shown: most calls are over by then.
PATIENCE = 0.7

Display = Callable[["str | None", int, int, int, float], None]


def display(wanted: bool | None) -> Display | None:
    """Whom the core tells of progress, or None."""
    if wanted is False:
        return None
    if _in_notebook():
        return _Notebook()
    if wanted or (sys.stderr is not None and sys.stderr.isatty()):
        return _Terminal()
    return None


def _in_notebook() -> bool:
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return shell is not None and shell.__class__.__name__ == "ZMQInteractiveShell"


def _line(stage: str, n_blocks: int, done: int, n_bytes: int, seconds: float, width: int = 28) -> str:
    full = width * done // max(n_blocks, 1)
    left = f", {seconds / done * (n_blocks - done):.0f} s left" if done else ""
    speed = n_bytes / max(seconds, 1e-3) / 1e6
    return f"{stage} [{'=' * full}{' ' * (width - full)}] {done}/{n_blocks} blocks, {speed:.0f} MB/s{left}"


class _Terminal:
    def __init__(self) -> None:
        self._shown = 0

    def __call__(self, stage: str | None, n_blocks: int, done: int, n_bytes: int, seconds: float) -> None:
        if stage is None:
            if self._shown:
                sys.stderr.write("\r" + " " * self._shown + "\r")
        elif self._shown or seconds > PATIENCE:
            line = _line(stage, n_blocks, done, n_bytes, seconds)
            sys.stderr.write("\r" + line.ljust(self._shown))
            self._shown = len(line)
        sys.stderr.flush()


class _Notebook:
    def __init__(self) -> None:
        self._handle = None

    def __call__(self, stage: str | None, n_blocks: int, done: int, n_bytes: int, seconds: float) -> None:
        from IPython.display import HTML, display

        if stage is None:
            if self._handle is not None:
                self._handle.update(HTML(""))
            return
        if self._handle is None and seconds <= PATIENCE:
            return
        text = _line(stage, n_blocks, done, n_bytes, seconds, width=0).replace(" []", "")
        html = HTML(f'<progress max="{max(n_blocks, 1)}" value="{done}"></progress> <code>{text}</code>')
        if self._handle is None:
            self._handle = display(html, display_id=True)
        else:
            self._handle.update(html)
