"""Debian's ``prometheus-alertmanager``, in memory, with a receiver that tells nobody."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.servers.alertmanager import Alertmanager

_CONFIG = "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n"


@contextmanager
def running(folder: Path) -> Iterator[tuple[str, int]]:
    """Its address and process id, as long as the block runs."""
    peer = Alertmanager(folder, _CONFIG)
    try:
        yield peer.url, peer.pid
    finally:
        peer.stop()
