"""``opulse demo`` in a process of its own, as a newcomer starts it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from pathlib import Path
from typing import Any

import httpx2

from tests.servers.opulse import COMMAND
from tests.servers.processes import Server

ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("OPULSE_")}
_TOLD = re.compile(r"Console +(\S+?)/\s+Sign in +(\S+)\s+Password +(\S+)")


def run_opulse(*arguments: str, seconds: float = 280) -> subprocess.CompletedProcess[str]:
    """The command, to its end."""
    return subprocess.run(
        [COMMAND, *arguments], capture_output=True, text=True, timeout=seconds, env=ENVIRONMENT, check=False
    )


class DemoProcess:
    """A demo that serves. ``address``, ``email`` and ``password`` are what it printed."""

    def __init__(self, data: Path, *arguments: str) -> None:
        self.data = data
        self.log = data.parent / f"{data.name}.log"
        begin = self.log.stat().st_size if self.log.exists() else 0
        self._server = Server(
            [COMMAND, "demo", "--data", data, *arguments], self.log, environment=ENVIRONMENT
        )
        self._server.wait_until(lambda: self._told(begin) is not None, "opulse demo", seconds=120)
        told = self._told(begin)
        assert told is not None
        self.address, self.email, self.password = told.groups()

    @property
    def state(self) -> dict[str, Any]:
        """``demo.json``."""
        found: dict[str, Any] = json.loads((self.data / "demo.json").read_text())
        return found

    def api(self) -> httpx2.Client:
        """A client with the demo's own integration key."""
        headers = {"X-API-TOKEN": self.state["key"]}
        return httpx2.Client(base_url=self.address, headers=headers, timeout=30, trust_env=False)

    def signed_in(self) -> httpx2.Client:
        """A browser of the person who was told the password."""
        headers = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin"}
        client = httpx2.Client(base_url=self.address, headers=headers, timeout=30, trust_env=False)
        answer = client.post("/sign-in", data={"email": self.email, "password": self.password})
        assert answer.status_code == 303, answer.text
        return client

    def stop(self, number: int = signal.SIGINT) -> int:
        """As Ctrl-C does. The exit code."""
        self._server.stop(number, patience=30)
        code = self._server.process.returncode
        assert code is not None
        return code

    def _told(self, begin: int) -> re.Match[str] | None:
        return _TOLD.search(self.log.read_bytes()[begin:].decode(errors="replace"))
