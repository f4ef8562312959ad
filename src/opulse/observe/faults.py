"""Points at which a process can be told to kill itself, so that the crash test dies where a real crash would hurt.

Off unless ``bootstrap`` armed it with the path of a file (setting ``fault_file``); then a point looks into the file, and a
file that names it means SIGKILL: no handler runs, nothing is flushed, what was committed is all there is. The file is removed
first, so that the process that comes after lives. A process may also be told to stop there (SIGSTOP), as a machine does that is
suspended: it goes on when it is sent SIGCONT. ``docs/explain/crashes.md`` lists the points.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from pathlib import Path

_file: Path | None = None
_along: Sequence[int] = ()


def arm(file: Path | None, along: Sequence[int] = ()) -> None:
    """Let the points of this process look into ``file``; None: they do nothing. Processes ``along`` share its fate: those that
    it belongs to, as when a container dies."""
    global _file, _along  # one process, one fate
    _file, _along = file, along


def point(name: str) -> None:
    """Die here if the file says ``<name>``, or at the n-th passing if it says ``<name> <n>``; ``stop <name>`` stops instead,
    ``alone <name>`` takes no process along."""
    if _file is not None:
        _look(_file, name)


def _look(file: Path, name: str) -> None:
    try:
        text = file.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return
    order = text.removeprefix("stop ").removeprefix("alone ")
    wanted, _, times = order.partition(" ")
    if wanted != name:
        return
    left = int(times or 1) - 1
    if left > 0:
        file.write_text(text.replace(order, f"{name} {left}"), encoding="utf-8")
        return
    file.unlink()
    fate = signal.SIGSTOP if text.startswith("stop ") else signal.SIGKILL
    for process in () if text.startswith("alone ") else _along:
        os.kill(process, fate)
    signal.raise_signal(fate)
