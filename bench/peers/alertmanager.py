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
TEMPLATES = Path("/usr/share/prometheus/alertmanager/default.tmpl")
_WITH_TEMPLATES = 'mount -t overlay overlay -o "lowerdir=$0:/usr/share" /usr/share && exec "$@"'
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


def _seeing_its_templates(program: Path) -> list[str | Path]:
    """What to start ``program`` with. Debian's opens its templates under ``/usr/share`` alone: where it was fetched and not
    installed, it is shown the fetched ones there, in a mount namespace that ends with it."""
    if TEMPLATES.exists():
        return [program]
    own = ["unshare", "--map-root-user", "--mount", "sh", "-c", _WITH_TEMPLATES]
    return [*own, PEERS / "usr/share", program]


@contextmanager
def running(folder: Path) -> Iterator[tuple[str, int]]:
    """Its address and process id, as long as the block runs."""
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "alertmanager.yml"
    config.write_text(_CONFIG)
    port = free_port()
    command: list[str | Path] = [
        *_seeing_its_templates(find_program()),
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
