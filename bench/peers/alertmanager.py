"""Debian's ``prometheus-alertmanager``, in memory, with a receiver that tells nobody."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from tests.servers.processes import Server, accepts, free_port

PEERS = Path(__file__).resolve().parents[2] / "build" / "peers"
_CONFIG = "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n"


class NotHere(RuntimeError):
    """The program is not on this machine; ``make bench`` fetches it."""


def find_program() -> Path:
    """Where it is: installed, or fetched by ``make bench`` without installing a service.

    Raises:
        NotHere: neither.
    """
    installed = shutil.which("prometheus-alertmanager")
    if installed:
        return Path(installed)
    fetched = PEERS / "usr/bin/prometheus-alertmanager"
    if not fetched.is_file():
        raise NotHere("prometheus-alertmanager is not here: run `make bench`, which fetches it")
    return fetched


@contextmanager
def running(folder: Path) -> Iterator[tuple[str, int]]:
    """Its address and process id, as long as the block runs."""
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "alertmanager.yml"
    config.write_text(_CONFIG)
    port = free_port()
    command: list[str | Path] = [
        find_program(),
        f"--config.file={config}",
        f"--storage.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
        "--log.level=error",
    ]
    server = Server(command, folder / "alertmanager.log", environment=dict(os.environ))
    try:
        server.wait_until(partial(accepts, port), "alertmanager")
        yield f"http://127.0.0.1:{port}", server.process.pid
    finally:
        server.stop()
