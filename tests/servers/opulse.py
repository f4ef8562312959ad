"""The product as its users run it: ``opulse serve`` and ``opulse work`` in processes of their own, which tests may kill, stop for
a while, and start again."""

from __future__ import annotations

import os
import re
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil

from tests.servers.processes import Server

COMMAND = Path(sys.executable).parent / "opulse"
START_SECONDS = 180.0
"""Until it listens: some on an idle machine, a minute and more where other suites keep its processors busy."""
_ADDRESS = re.compile(r"listens on (http://\S+)")


_WORKS = re.compile(r"Operational Pulse works on ")
LAUNCH: type[Server] = Server
"""How the command is started. The suite forks it from a process that has imported it; see ``tests.once``."""


def environment(options: Mapping[str, object]) -> dict[str, str]:
    """This process's, with exactly these options of ours."""
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("OPULSE_")},
        **{f"OPULSE_{name.upper()}": str(value) for name, value in options.items()},
    }


class WorkProcess:
    """``opulse work`` on ``queues``, beside an :class:`OpulseProcess` with the same data folder and database.

    ``inside`` are words before the command, for example to run it in a network namespace.
    """

    def __init__(
        self, data: Path, name: str, queues: str, *, inside: Sequence[str] = (), **options: object
    ) -> None:
        self.name = name
        self.log = data.parent / f"{name}.log"
        self._data = data
        self._command: list[str | Path] = [*inside, COMMAND, "work", "--data", data, "--queues", queues]
        self._options = options
        self._begin = 0
        self._server: Server | None = None

    def start(self) -> None:
        """``spawn`` and ``wait``."""
        self.spawn()
        self.wait()

    def spawn(self) -> None:
        """Begin; several may begin side by side. What is left of an earlier run is ended first."""
        self.kill()
        self._begin = self.log.stat().st_size if self.log.exists() else 0
        launch = Server if self._command[0] != COMMAND else LAUNCH
        self._server = launch(self._command, self.log, environment=environment(self._options))

    def wait(self) -> None:
        """Until it says that it works.

        Raises:
            ServerDidNotStart: with the end of the log.
        """
        assert self._server is not None, "not spawned"
        self._server.wait_until(
            lambda: bool(_WORKS.search(self.said(self._begin))), "opulse work", seconds=60
        )

    @property
    def state(self) -> str:
        """As the kernel says it: ``psutil.STATUS_*``."""
        try:
            return str(psutil.Process(self.pid).status())
        except psutil.NoSuchProcess:
            return str(psutil.STATUS_DEAD)

    def said(self, begin: int = 0) -> str:
        """The log from ``begin`` on."""
        return self.log.read_bytes()[begin:].decode(errors="replace")

    @property
    def pid(self) -> int:
        assert self._server is not None, "not started"
        return self._server.process.pid

    def pause(self) -> None:
        """``SIGSTOP``: it holds what it holds and does nothing."""
        os.kill(self.pid, signal.SIGSTOP)

    def go_on(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def kill(self) -> None:
        """``kill -9``."""
        if self._server is not None:
            self._server.stop(signal.SIGKILL, patience=20)

    def stop(self) -> None:
        """As an administrator stops it."""
        if self._server is not None:
            self._server.stop(signal.SIGTERM, patience=20)


class OpulseProcess:
    """One installation: a data folder, options, and the process that serves it (``running``).

    ``options`` are settings without their prefix (``smtp_host="127.0.0.1"``). The first start takes a free port, later
    starts the same one, so that addresses in mails still lead here.
    """

    def __init__(self, data: Path, **options: object) -> None:
        self.data = data
        self.log = data.parent / f"{data.name}.log"
        self._options = options
        self._port = int(str(options.get("port", 0)))
        self._server: Server | None = None
        self.url = ""

    def start(self) -> None:
        """Run until the address is told.

        Raises:
            ServerDidNotStart: with the end of the log.
        """
        begin = self.log.stat().st_size if self.log.exists() else 0
        command: list[str | Path] = [COMMAND, "serve", "--data", self.data, "--port", str(self._port)]
        self._server = self._launch(command)
        self._server.wait_until(lambda: self._address(begin) is not None, "opulse serve", START_SECONDS)
        self.url = self._address(begin) or ""
        self._port = int(self.url.rsplit(":", 1)[1])

    def _launch(self, command: list[str | Path]) -> Server:
        return LAUNCH(command, self.log, environment=environment(self._options))

    @property
    def pid(self) -> int:
        assert self._server is not None, "not started"
        return self._server.process.pid

    def kill(self) -> None:
        """``kill -9``: what a crash leaves behind is all there is."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """As an administrator stops it."""
        self._end(signal.SIGTERM)

    def _end(self, number: int) -> None:
        if self._server is not None:
            self._server.stop(number, patience=20)

    def _address(self, begin: int) -> str | None:
        told = _ADDRESS.search(self.log.read_bytes()[begin:].decode(errors="replace"))
        return told.group(1) if told else None
