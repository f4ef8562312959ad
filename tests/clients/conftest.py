"""One installation per process of the suite, with the proxy before it, for every client that is called."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.clients.front import Front
from tests.clients.table import Client
from tests.clients.world import World, secrets_of
from tests.house.tree import ROOT
from tests.servers.opulse import OpulseProcess
from tests.servers.smtp import SmtpSink

INSTALLED = ROOT / "build/clients"
SCRIPTS = Path(__file__).resolve().parent / "scripts"
DATA_CENTRE = "fra1"
CALL_SECONDS = 240.0
_MEND = "is not installed; mend: python3 tools/setup long"


@dataclass(frozen=True)
class Called:
    """How one method of a client went. ``sent``: verb, target and status of each request."""

    method: str
    sent: tuple[tuple[str, str, int], ...]
    wrong: str


class Landscape:
    """The running installation as clients reach it."""

    def __init__(self, front: Front, world: dict[str, Any]) -> None:
        self._front = front
        self._world = {**world, "url": front.url, "data_centre": DATA_CENTRE}

    def call(self, client: Client, methods: Iterable[str]) -> list[Called]:
        """Run the client's program in the client's environment; of its calls, these."""
        done = subprocess.run(
            command_of(client),
            capture_output=True,
            text=True,
            timeout=CALL_SECONDS,
            check=False,
            env=self._environment() | {"CLIENT_METHODS": json.dumps(sorted(methods))},
        )
        assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
        return [_called(json.loads(line)) for line in done.stdout.splitlines()]

    def _environment(self) -> dict[str, str]:
        """Settings that the clients' HTTP libraries read, and what the program needs."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
        authority = str(self._front.authority)
        return kept | {
            "HTTPS_PROXY": self._front.proxy,
            "NO_PROXY": "127.0.0.1",
            "REQUESTS_CA_BUNDLE": authority,
            "NODE_EXTRA_CA_CERTS": authority,
            "CLIENT_WORLD": json.dumps(self._world),
            "CLIENT_RECORD": str(self._front.record),
            "CLIENT_HOME": str(INSTALLED / "node"),
        }


def command_of(client: Client) -> list[str]:
    """What runs the client's program; the client has to be installed."""
    if client.registry == "npm":
        assert (INSTALLED / "node/node_modules" / client.name).is_dir(), f"{client.name} {_MEND}"
        return ["node", str(SCRIPTS / f"call_{client.stem}.cjs")]
    python = INSTALLED / client.stem / "bin/python"
    assert python.exists(), f"{client.name} {_MEND}"
    return [str(python), str(SCRIPTS / f"call_{client.stem}.py")]


def _called(line: dict[str, Any]) -> Called:
    sent = ((verb, target, int(status)) for verb, target, status in (one.split(" ") for one in line["sent"]))
    return Called(line["method"], tuple(sent), line["wrong"])


@pytest.fixture(scope="session")
def landscape(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Landscape]:
    folder = tmp_path_factory.mktemp("clients")
    data = folder / "installation"
    secrets = secrets_of(data)
    sink = SmtpSink()
    process = OpulseProcess(
        data, smtp_host="127.0.0.1", smtp_port=sink.port, smtp_security="none", proxy_headers="127.0.0.1"
    )
    process.start()
    front = Front(int(process.url.rsplit(":", 1)[1]), folder)
    front.start()
    try:
        yield Landscape(front, World(process, secrets).make())
    finally:
        front.stop()
        process.stop()
        sink.remove()
