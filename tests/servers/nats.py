"""NATS servers with JetStream, one or a cluster of three, from the wheel that carries the server's program."""

from __future__ import annotations

import shutil
import signal
import sys
from dataclasses import dataclass, field
from pathlib import Path

from tests.servers.processes import Server, accepts, demoted, free_port, scratch_folder

PROGRAM = Path(sys.executable).parent / "nats-server"


@dataclass
class _Node:
    name: str
    port: int
    route: int
    server: Server | None = field(default=None)


class NatsCluster:
    """Running nodes; ``url`` is what ``OPULSE_NATS_URL`` takes. ``size`` 3 replicates streams three times, 1 does not."""

    def __init__(self, size: int = 3, address: str = "127.0.0.1") -> None:
        self._folder = scratch_folder("opulse-nats-")
        self._address = address
        self._nodes = [_Node(f"n{number}", free_port(), free_port()) for number in range(1, size + 1)]
        for node in self._nodes:
            self.start(node.name)

    @property
    def url(self) -> str:
        return "nats://" + ",".join(f"{self._address}:{node.port}" for node in self._nodes)

    @property
    def names(self) -> list[str]:
        return [node.name for node in self._nodes]

    def start(self, name: str) -> None:
        """Start a node, or start it again on what it had stored."""
        node = self._node(name)
        node.server = Server(self._command(node), self._folder / f"{name}.log", cwd=self._folder)
        node.server.wait_until(lambda: accepts(node.port, self._address), f"nats-server {name}")

    def kill(self, name: str) -> None:
        """``kill -9``."""
        server = self._node(name).server
        assert server is not None
        server.stop(signal.SIGKILL)

    def stop(self) -> None:
        for node in self._nodes:
            if node.server is not None:
                node.server.stop(signal.SIGKILL)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _node(self, name: str) -> _Node:
        return next(node for node in self._nodes if node.name == name)

    def _command(self, node: _Node) -> list[str]:
        flags = [
            "-js",
            "-sd",
            self._folder / node.name,
            "-n",
            node.name,
            "-p",
            node.port,
            "-a",
            self._address,
        ]
        if len(self._nodes) > 1:
            routes = ",".join(f"nats://127.0.0.1:{one.route}" for one in self._nodes)
            flags += [
                "--cluster_name",
                "opulse-test",
                "--cluster",
                f"nats://127.0.0.1:{node.route}",
                "--routes",
                routes,
            ]
        return demoted([PROGRAM, *map(str, flags)])
