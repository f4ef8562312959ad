"""Scripts of the machine's administrator: each file of a folder is run, and its end is a reading."""

from __future__ import annotations

import os
import stat
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from opulse.agent.sources import Measure, Question, Readings
from opulse.catalogue import Measured, Reading, Unavailable

FOLDER = Path("/etc/opulse-agent/scripts.d")
_EVERY_SECONDS = 300.0
_TIMEOUT_SECONDS = 10.0
_MOST_SECONDS = 20.0
"""For all of them together: the agent has other things to do."""
_MOST_SCRIPTS = 20


@dataclass(frozen=True, slots=True)
class _Run:
    """``exit_value`` None: it could not be run, or not to its end."""

    seconds: float
    exit_value: int | None


class Scripts:
    """Runs each script every five minutes, at most ten seconds long, and all of them in twenty.

    The server cannot say what is run: only files that root (or the agent's own user) alone may write are.
    """

    def __init__(
        self, folder: Path = FOLDER, every: float = _EVERY_SECONDS, timeout: float = _TIMEOUT_SECONDS
    ) -> None:
        self._folder = folder
        self._every = every
        self._timeout = timeout
        self._ran_at: float | None = None
        self._runs: dict[str, _Run] = {}

    def sample(self) -> None:
        """Nothing to note."""

    def measures(self) -> Mapping[str, Measure]:
        return {
            "script.duration_seconds": partial(self._each, lambda run: Measured(round(run.seconds, 3))),
            "script.failed": partial(self._each, lambda run: Measured(run.exit_value is None)),
            "script.exit_value": partial(self._each, _exit_value),
        }

    def _each(self, measure: Callable[[_Run], Reading], _: Question) -> Readings:
        now = time.monotonic()
        if self._ran_at is None or now - self._ran_at >= self._every:
            self._ran_at = now
            self._runs = dict(self._run_all(now + _MOST_SECONDS))
        return {name: measure(run) for name, run in self._runs.items()}

    def _scripts(self) -> list[Path]:
        if not self._folder.is_dir() or not _is_safe(self._folder.stat()):
            return []
        files = (path for path in sorted(self._folder.iterdir()) if path.is_file())
        return [path for path in files if os.access(path, os.X_OK) and _is_safe(path.stat())][:_MOST_SCRIPTS]

    def _run_all(self, until: float) -> Iterator[tuple[str, _Run]]:
        """Those whose turn does not come in time count as failed."""
        for path in self._scripts():
            left = until - time.monotonic()
            yield path.name, self._run(path, min(self._timeout, left)) if left > 0 else _Run(0.0, None)

    def _run(self, path: Path, timeout: float) -> _Run:
        started = time.monotonic()
        try:
            ended = subprocess.run(  # noqa: S603 - the administrator's own file, without words from outside
                [str(path)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=timeout,
                check=False,
            )
        except (OSError, subprocess.SubprocessError):
            return _Run(time.monotonic() - started, None)
        return _Run(time.monotonic() - started, ended.returncode)


def _exit_value(run: _Run) -> Reading:
    return (
        Unavailable("the script could not be run to its end")
        if run.exit_value is None
        else Measured(run.exit_value)
    )


def _is_safe(state: os.stat_result) -> bool:
    """Whether nobody but its owner may write it, and the owner is root or ourselves."""
    return state.st_uid in (0, os.geteuid()) and not state.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
