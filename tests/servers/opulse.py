"""The product as its users run it: the command ``opulse serve`` in a process of its own, which tests may kill and start again."""

from __future__ import annotations

import os
import re
import signal
import sys
from pathlib import Path

from tests.servers.processes import Server

COMMAND = Path(sys.executable).parent / "opulse"
_ADDRESS = re.compile(r"listens on (http://\S+)")


class OpulseProcess:
    """One installation: a data folder, options, and the process that serves it (``running``).

    ``options`` are settings without their prefix (``smtp_host="127.0.0.1"``). The first start takes a free port, later
    starts the same one, so that addresses in mails still lead here.
    """

    def __init__(self, data: Path, **options: object) -> None:
        self.data = data
        self.log = data.parent / f"{data.name}.log"
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("OPULSE_")},
            **{f"OPULSE_{name.upper()}": str(value) for name, value in options.items()},
        }
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
        self._server.wait_until(lambda: self._address(begin) is not None, "opulse serve", seconds=60)
        self.url = self._address(begin) or ""
        self._port = int(self.url.rsplit(":", 1)[1])

    def _launch(self, command: list[str | Path]) -> Server:
        return Server(command, self.log, environment=self._environment)

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
