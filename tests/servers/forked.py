"""``opulse`` forked from a process that has imported it, so that a start costs no import.

An import of the whole product is six seconds of a processor; the suite starts it a hundred times, the fault bench hundreds of
times. What the child runs is the command itself, with the arguments, environment and log file that it would have been given, and
what is killed is the same as in production: a whole process, with nothing flushed. Journeys and benchmarks start the real one.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from multiprocessing import get_context
from pathlib import Path

from tests.servers.processes import Launched, Server

_FORKS = get_context("forkserver")
_FORKS.set_forkserver_preload(["tests.servers.imported"])


class Forked:
    """A process of the fork server. See :class:`Launched`."""

    def __init__(self, command: list[str], log: Path, environment: Mapping[str, str]) -> None:
        self._process = _FORKS.Process(target=_run, args=(os.getpid(), command, log, dict(environment)))
        self._process.start()
        self.pid = self._process.pid or 0

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise subprocess.TimeoutExpired("opulse", timeout or 0.0)
        return self._process.exitcode

    def send_signal(self, sig: int) -> None:
        if self._process.exitcode is None:
            os.kill(self.pid, sig)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


class ForkedServer(Server):
    """See :class:`Server`. ``command`` is ``opulse`` and its arguments."""

    def _launch(
        self, command: list[str], cwd: Path | None, environment: Mapping[str, str] | None
    ) -> Launched:
        assert cwd is None, "the child stays where the fork server stands"
        self.log.touch()  # whoever starts it reads there before the child has opened it
        return Forked(command, self.log, os.environ if environment is None else environment)


def _run(owner: int, command: list[str], log: Path, environment: dict[str, str]) -> None:
    """In the child: be the command, and end when the process ``owner`` does, however it ends."""
    for number in (signal.SIGTERM, signal.SIGINT):  # the parent's handlers are not ours
        signal.signal(number, signal.SIG_DFL)
    threading.Thread(target=_die_with, args=(owner,), daemon=True).start()
    output = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.dup2(output, sys.stdout.fileno())
    os.dup2(output, sys.stderr.fileno())
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = command
    from opulse.cli.main import main

    main()


def _die_with(process: int) -> None:
    try:
        select.select([os.pidfd_open(process)], [], [])
    finally:
        os.kill(os.getpid(), signal.SIGKILL)
