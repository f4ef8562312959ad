"""Debian's ``prometheus-alertmanager``: installed, or its program alone, which ``make test`` unpacks into the checkout."""

from __future__ import annotations

import os
import shutil
from functools import partial
from pathlib import Path

from tests.servers.processes import Server, ServerDidNotStart, accepts, free_port

FETCHED = Path(__file__).resolve().parents[2] / "build" / "peers"
TEMPLATES = Path("/usr/share/prometheus/alertmanager/default.tmpl")
_WITH_TEMPLATES = 'mount -t overlay overlay -o "lowerdir=$0:/usr/share" /usr/share && exec "$@"'


def find_program() -> Path:
    """Where it is.

    Raises:
        ServerDidNotStart: neither installed nor unpacked.
    """
    installed = shutil.which("prometheus-alertmanager")
    if installed:
        return Path(installed)
    fetched = FETCHED / "usr/bin/prometheus-alertmanager"
    if not fetched.is_file():
        raise ServerDidNotStart("prometheus-alertmanager is not here: `make test` and `make bench` fetch it")
    return fetched


def _seeing_its_templates(program: Path) -> list[str | Path]:
    """What to start ``program`` with. Debian's opens its templates under ``/usr/share`` alone: where it was fetched and not
    installed, it is shown the fetched ones there, in a mount namespace that ends with it."""
    if TEMPLATES.exists():
        return [program]
    own = ["unshare", "--map-root-user", "--mount", "sh", "-c", _WITH_TEMPLATES]
    return [*own, FETCHED / "usr/share", program]


class Alertmanager:
    """A running one with the configuration ``config`` (YAML), its data in ``folder``, at ``url``."""

    def __init__(self, folder: Path, config: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / "alertmanager.yml"
        file.write_text(config, encoding="utf-8")
        port = free_port()
        command: list[str | Path] = [
            *_seeing_its_templates(find_program()),
            f"--config.file={file}",
            f"--storage.path={folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{port}",
            "--cluster.listen-address=",
            "--log.level=error",
        ]
        self.url = f"http://127.0.0.1:{port}"
        self._server = Server(command, folder / "alertmanager.log", environment=dict(os.environ))
        self._server.wait_until(partial(accepts, port), "alertmanager")

    @property
    def pid(self) -> int:
        return self._server.process.pid

    @property
    def log(self) -> str:
        return self._server.log.read_text(errors="replace")

    def stop(self) -> None:
        self._server.stop()
