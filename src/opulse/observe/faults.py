"""Points at which a process can be told to kill itself, so that the crash test dies where a real crash would hurt.

Off unless ``bootstrap`` armed it with the path of a file (setting ``fault_file``); then a point looks into the file, and a
file that names it means SIGKILL: no handler runs, nothing is flushed, what was committed is all there is. The file is removed
first, so that the process that comes after lives. A process may also be told to stop there (SIGSTOP), as a machine does that is
suspended: it goes on when it is sent SIGCONT. ``docs/explain/crashes.md`` lists the points.
"""

from __future__ import annotations

import signal
from pathlib import Path

_file: Path | None = None


def arm(file: Path | None) -> None:
    """Let the points of this process look into ``file``; None: they do nothing."""
    global _file  # noqa: PLW0603  # one process, one fate
    _file = file


def point(name: str) -> None:
    """Die here if the file says ``<name>``, or at the n-th passing if it says ``<name> <n>``; ``stop <name>`` stops instead."""
    if _file is not None:
        _look(_file, name)


def _look(file: Path, name: str) -> None:
    try:
        text = file.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return
    order = text.removeprefix("stop ")
    wanted, _, times = order.partition(" ")
    if wanted != name:
        return
    left = int(times or 1) - 1
    if left > 0:
        file.write_text(text.replace(order, f"{name} {left}"), encoding="utf-8")
        return
    file.unlink()
    signal.raise_signal(signal.SIGKILL if order == text else signal.SIGSTOP)
