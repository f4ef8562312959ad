"""A tiny real server that plays the two routes an agent needs, on a loopback port."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from opulse.wire.agent_config import AgentConfig, AgentSensor, encode_config

SYSTEM = "0b1f6c1a-1f0e-4a86-9d5e-2b7a9f4f1c11"


@dataclass
class PulseServer:
    """What the server says, and what it heard. ``statuses`` are used up first, one per batch; then 202."""

    port: int
    plan: bytes = b""
    etag: str = ""
    answer: dict[str, Any] = field(default_factory=lambda: {"accepted": 0, "refused": [], "ignored": []})
    statuses: list[int] = field(default_factory=list)
    plan_status: int = 200
    batches: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    known_etags: list[str | None] = field(default_factory=list)
    arrived: threading.Condition = field(default_factory=threading.Condition)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def plans(self, *sensors: tuple[str, dict[str, Any]], heartbeat_seconds: int = 300) -> None:
        """Ask for these sensors from now on, in the form and with the tag of the real server."""
        wanted = [AgentSensor(name, variables) for name, variables in sensors]
        self.plan, self.etag = encode_config(AgentConfig(SYSTEM, wanted, heartbeat_seconds=heartbeat_seconds))

    def get(self, etag: str | None) -> tuple[int, bytes]:
        self.known_etags.append(etag)
        if self.plan_status != 200:
            return self.plan_status, b"{}"
        return (304, b"") if etag == self.etag else (200, self.plan)

    def heard(self, batches: int) -> bool:
        """Waits until so many batches came; blocking."""
        with self.arrived:
            return self.arrived.wait_for(lambda: len(self.batches) >= batches, timeout=20)

    def post(self, batch: dict[str, Any]) -> tuple[int, bytes]:
        with self.arrived:
            self.batches.append(batch)
            self.arrived.notify_all()
        status = self.statuses.pop(0) if self.statuses else 202
        return status, json.dumps(self.answer if status == 202 else {"title": "no"}).encode()


@pytest.fixture
def pulse_server() -> Iterator[PulseServer]:
    server: PulseServer

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.note_key()
            self.give(*server.get(self.headers.get("If-None-Match")))

        def do_POST(self) -> None:
            self.note_key()
            self.give(*server.post(json.loads(self.rfile.read(int(self.headers["Content-Length"])))))

        def note_key(self) -> None:
            server.keys.append(self.headers["Authorization"])

        def give(self, status: int, content: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            if self.command == "GET":
                self.send_header("ETag", server.etag)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server = PulseServer(port=listening.server_port)
    server.plans()
    thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield server
    listening.shutdown()
    listening.server_close()
    thread.join()
