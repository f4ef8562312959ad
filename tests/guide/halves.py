"""Two installations, set up by ``opulse init`` and served by ``opulse serve``: one is SysTrack's half, the other Qualtrics'."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.servers.opulse import COMMAND, OpulseProcess, environment
from tests.servers.processes import free_port
from tests.servers.smtp import SmtpSink

DOMAIN = "acme.example"
_TOLD = re.compile(r"Password: +(\S+)")


@dataclass(frozen=True)
class Half:
    """One installation, and its administrator as ``opulse init`` told the password."""

    url: str
    email: str
    password: str


@dataclass(frozen=True)
class Halves:
    """The two products of the guide, and the server that takes the mails."""

    systrack: Half
    qualtrics: Half
    inbox: SmtpSink


@contextmanager
def open_halves(folder: Path) -> Iterator[Halves]:
    """Both, running until the end of the block."""
    here, there = free_port(), free_port()
    inbox = SmtpSink()
    systrack = _Installation(
        folder / "systrack", here, wing="monitoring", allow_origins=f"127.0.0.1:{there}", tick_seconds=1
    )
    qualtrics = _Installation(
        folder / "qualtrics",
        there,
        wing="experience",
        monitoring_url=f"http://127.0.0.1:{here}",
        smtp_host="127.0.0.1",
        smtp_port=inbox.port,
        smtp_security="none",
        mail_from=f"pulse@{DOMAIN}",
    )
    try:
        with ThreadPoolExecutor(2) as pool:
            first, second = pool.map(_Installation.start, (systrack, qualtrics))
        yield Halves(first, second, inbox)
    finally:
        qualtrics.process.stop()
        systrack.process.stop()
        inbox.remove()


class _Installation:
    """A data folder, and the process that serves it on ``port``."""

    def __init__(self, data: Path, port: int, **options: object) -> None:
        self._data = data
        self._url = f"http://127.0.0.1:{port}"
        self._email = f"{data.name}@{DOMAIN}"
        self.process = OpulseProcess(data, port=port, **options)

    def start(self) -> Half:
        """Set it up and serve it."""
        told = [
            "--data",
            str(self._data),
            "--email",
            self._email,
            "--public-url",
            self._url,
            "--no-test-mail",
        ]
        done = subprocess.run(
            [COMMAND, "init", *told],
            capture_output=True,
            text=True,
            timeout=120,
            env=environment({}),
            check=False,
        )
        found = _TOLD.search(done.stdout)
        assert found is not None, done.stdout + done.stderr
        self.process.start()
        return Half(self._url, self._email, found.group(1))
