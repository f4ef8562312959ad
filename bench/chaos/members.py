"""The processes that are killed: ``opulse serve``, forked from one that has imported it.

What is killed is the same as in production: a whole process, by SIGKILL, with nothing flushed. Only the seconds that Python needs
to import the program anew are saved, without which two hundred passes would take hours instead of one.
"""

from __future__ import annotations

import re
import signal
import sys
from pathlib import Path

from tests.faults.mortal import Mortal
from tests.servers.forked import ForkedServer
from tests.servers.opulse import environment
from tests.servers.processes import Server

_ERROR = re.compile(r"\[error\s*\] (.*?)(?:\s{2,}|$)")


class Member(Mortal):
    """One process of the installation under test."""

    def _launch(self, command: list[str | Path]) -> Server:
        return ForkedServer(command, self.log, environment=environment(self._options))

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
