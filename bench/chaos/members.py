"""The processes that are killed: ``opulse serve``, forked from one that has imported it, so that a restart costs no import.

What is killed is the same as in production: a whole process, by SIGKILL, with nothing flushed. Only the second or more that
Python needs to import the program anew is saved, without which two hundred passes would take hours instead of one.
"""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from multiprocessing import get_context
from pathlib import Path

from tests.faults.mortal import Mortal
from tests.servers.opulse import environment
from tests.servers.processes import Launched, Server

_ERROR = re.compile(r"\[error\s*\] (.*?)(?:\s{2,}|$)")
_FORKS = get_context("forkserver")
_FORKS.set_forkserver_preload(
    ["opulse.bootstrap.installation", "opulse.bootstrap.stages", "bench.chaos.imported"]
)


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


class _ForkedServer(Server):
    def _launch(
        self, command: list[str], cwd: Path | None, environment: Mapping[str, str] | None
    ) -> Launched:
        self.log.touch()  # whoever starts it reads there before the child has opened it
        return Forked(command, self.log, environment or {})


class Member(Mortal):
    """One process of the installation under test."""

    def _launch(self, command: list[str | Path]) -> Server:
        return _ForkedServer(command, self.log, environment=environment(self._options))

    @property
    def port(self) -> int:
        return self._port

    @property
    def is_dead(self) -> bool:
        return self._server is not None and self._server.process.poll() is not None

    @property
    def exit_code(self) -> int | None:
        return self._server.process.returncode if self._server is not None else None

    def errors(self) -> list[str]:
        """What was logged as an error, without its time and values: the event alone."""
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        return [found.group(1).strip() for line in lines if (found := _ERROR.search(line))]

    def strike(self, number: signal.Signals) -> None:
        """Send a signal, to whatever state it is in, and do not wait."""
        if self._server is not None:
            self._server.process.send_signal(number)


def end_in_order() -> None:
    """On SIGTERM and SIGINT end as after an error: what was started is killed, what was written is removed."""

    def leave(number: int, _: object) -> None:
        sys.exit(128 + number)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, leave)


def _run(bench: int, command: list[str], log: Path, environment: dict[str, str]) -> None:
    """In the child: be the command, and end when the process ``bench`` does, however it ends."""
    for number in (signal.SIGTERM, signal.SIGINT):  # the parent's handlers are not ours
        signal.signal(number, signal.SIG_DFL)
    threading.Thread(target=_die_with, args=(bench,), daemon=True).start()
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
