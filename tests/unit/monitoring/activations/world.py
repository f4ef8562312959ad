"""The monitoring wing of a test: everything of ``sensors.world`` and the stages behind it, with a decider and a real receiver."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import httpx2
from sqlalchemy import Connection, exists, func, select

import opulse.monitoring
from opulse.clock import ManualClock
from opulse.db import Database
from opulse.jobs import Worker
from opulse.jobs.table import jobs
from opulse.monitoring.activations import Decider
from opulse.monitoring.activations import api as activations_api
from opulse.monitoring.activations import jobs as activations_jobs
from opulse.monitoring.activations import pages as activations_pages
from opulse.monitoring.deliveries import api as deliveries_api
from opulse.monitoring.deliveries import jobs as deliveries_jobs
from opulse.monitoring.deliveries import pages as deliveries_pages
from opulse.monitoring.maintenance import api as maintenance_api
from opulse.monitoring.notifications import api as notifications_api
from opulse.monitoring.notifications import pages as notifications_pages
from opulse.monitoring.recipients import api as recipients_api
from opulse.monitoring.recipients import jobs as recipients_jobs
from opulse.monitoring.recipients import pages as recipients_pages
from opulse.monitoring.sensors import Evaluator
from opulse.monitoring.silences import api as silences_api
from opulse.monitoring.silences import pages as silences_pages
from opulse.pulses.replay import api as replay_api
from opulse.tenancy.flow.keys import issue_key
from opulse.tenancy.flow.people import add_person, sign_in
from opulse.tenancy.flow.tenants import create_tenant
from opulse.tenancy.models import KeyKind
from opulse.web.components.manifest import AssetManifest
from opulse.web.csrf import SESSION_COOKIE
from opulse.web.layout import Pages, make_environment
from opulse.web.roles import Role
from tests.servers.installation import open_ports
from tests.unit.monitoring.sensors.world import World, browse, make_app, off, on

HANG = "Application Hang"
RETRANSMIT = "High Retransmission Rate"
REBOOT = "System Pending Reboot"
HANDLERS = recipients_jobs.HANDLERS | activations_jobs.HANDLERS | deliveries_jobs.HANDLERS
ROUTERS = (
    recipients_api,
    notifications_api,
    activations_api,
    deliveries_api,
    silences_api,
    replay_api,
    maintenance_api,
    recipients_pages,
    notifications_pages,
    activations_pages,
    deliveries_pages,
    silences_pages,
)
STAGES = ("recipients", "notifications", "activations", "deliveries", "silences")
TEMPLATES = {name: Path(str(opulse.monitoring.__file__)).parent / name / "templates" for name in STAGES}
ICONS = Path(__file__).parents[4] / "assets" / "icons.json"
ASSETS = AssetManifest(
    {name: name for name in ("logo.svg", "icons.svg", "console.css", "console.js", "theme.js")},
    frozenset(json.loads(ICONS.read_text())),
)
PASSWORD = "correct horse battery"


@dataclass
class Received:
    """One request that arrived."""

    method: str
    path: str
    headers: dict[str, str]  # names in lower case
    body: bytes


class Receiver:
    """A real HTTP server on loopback. It answers with ``statuses`` in turn, then with 200; 429 and 503 say ``retry_after``."""

    def __init__(self, *statuses: int, answer: bytes = b'{"ok":true}', retry_after: str = "") -> None:
        self.statuses = list(statuses)
        self.retry_after = retry_after
        self.requests: list[Received] = []
        self._answer = answer
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                receiver.take(self)

            do_PUT = do_POST

            def log_message(self, *_: object) -> None:
                """Nothing on the test's own output."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/hook"

    def take(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("content-length", "0")))
        headers = {name.lower(): value for name, value in handler.headers.items()}
        self.requests.append(Received(handler.command, handler.path, headers, body))
        status = self.statuses.pop(0) if self.statuses else 200
        handler.send_response(status)
        if self.retry_after and status in (429, 503):
            handler.send_header("Retry-After", self.retry_after)
        handler.send_header("Content-Length", str(len(self._answer)))
        handler.end_headers()
        handler.wfile.write(self._answer)

    def stop(self) -> None:
        """Take no further request; a second call does nothing."""
        if not self._thread.is_alive():
            return
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@dataclass
class Wing(World):
    """One tenant with a decider. Nothing runs by itself: ``decide`` and ``work`` take a step when a test says so."""

    decider: Decider
    batch: int = field(default=0)

    async def trigger(self, *lines: dict[str, Any]) -> None:
        """Sensor states arrive, and what they touch is decided."""
        self.batch += 1
        self.clock.advance(0.001)
        await self.send(str(self.batch), self.batch, list(lines))
        await self.decider.decide_touched()

    async def decide(self) -> None:
        """A tick."""
        await self.evaluator.follow(self.tenant)
        self.clock.advance(0.001)
        await self.decider.decide_all()

    async def wait(self, seconds: float, *heartbeats: str) -> None:
        """Time passes in steps of a minute, ``heartbeats`` report, and every step is a tick."""
        while seconds > 0:
            step = min(seconds, 60.0)
            self.clock.advance(step)
            seconds -= step
            if heartbeats:
                self.batch += 1
                await self.send(str(self.batch), self.batch, [], heartbeat=list(heartbeats))
            self.evaluator.tick()
            await self.decider.decide_all()

    async def work(self) -> None:
        """Run every job that is due now, as a worker does."""
        worker = Worker(self.ports.db, self.clock, HANDLERS, self.ports)
        task = asyncio.create_task(worker.run())
        while not task.done() and await self.ports.db.read(_is_work_due, self.clock.now()):  # noqa: ASYNC110  # polled
            await asyncio.sleep(0.005)
        worker.stop()
        await task

    async def recipient(self, url: str, name: str = "Qualtrics", **more: Any) -> str:
        given = {"name": name, "connection": "Webhook", "url": url, **more}
        answer = await self.client.post("/api/v1/recipients", json=given)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["recipient_id"])

    async def notify(
        self,
        sensors: Sequence[str | tuple[str, str]] = (HANG,),
        option: str = "any",
        value: float | None = None,
        *,
        group: str = "",
        recipients: Sequence[str] = (),
        name: str = "Teams quality incident",
        also: dict[str, Any] | None = None,
        **activation: Any,
    ) -> str:
        """A saved notification's id; without ``group`` it watches All Systems. ``also``: further fields of the body."""
        given = await self.draft(
            sensors, option, value, group=group, recipients=recipients, name=name, **activation
        )
        given |= also or {}
        answer = await self.client.post("/api/v1/notifications", json=given)
        assert answer.status_code == 201, answer.text
        await self.decide()
        return str(answer.json()["notification_id"])

    async def draft(
        self,
        sensors: Sequence[str | tuple[str, str]] = (HANG,),
        option: str = "any",
        value: float | None = None,
        *,
        group: str = "",
        recipients: Sequence[str] = (),
        name: str = "Teams quality incident",
        **activation: Any,
    ) -> dict[str, Any]:
        picked = [sensor if isinstance(sensor, tuple) else (sensor, None) for sensor in sensors]
        return {
            "name": name,
            "description": "More than a few hang",
            "sensors": [{"name": sensor, "instance": instance} for sensor, instance in picked],
            "group_id": group or await self.everything(),
            "activation": {"option": option, "value": value, **activation},
            "recipients": list(recipients),
        }

    async def everything(self) -> str:
        """GUID of All Systems."""
        answer = await self.client.get("/api/v1/groups")
        return str(next(group["group_id"] for group in answer.json()["groups"] if group["kind"] == "all"))

    async def activations(self, **params: Any) -> list[dict[str, Any]]:
        """Newest first."""
        answer = await self.client.get("/api/v1/activations", params=params)
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["activations"]
        return found

    async def until_now(self, activation: str, count: int) -> None:
        """Until so many systems are affected now, by a decider that runs by itself."""
        for _ in range(1000):
            found = (await self.client.get(f"/api/v1/activations/{activation}")).json()
            if found["systems"]["now"] == count:
                return
            await asyncio.sleep(0.01)
        raise AssertionError(f"never {count}: {found['systems']}")

    @asynccontextmanager
    async def console(self, role: Role = Role.EDITOR) -> AsyncIterator[httpx2.AsyncClient]:
        """A browser in which a person of this role has signed in."""
        email = f"{role.value}-{self.tenant}@example.org"
        await add_person(self.ports, self.tenant, email, role.value, role, PASSWORD, "test")
        session = await sign_in(self.ports, email, PASSWORD, "test", "127.0.0.1")
        headers = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin"}
        transport = httpx2.ASGITransport(app=self.app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://test", headers=headers) as client:
            client.cookies.set(SESSION_COOKIE, session.cookie)
            yield client

    async def affected(self, activation: str, which: str) -> list[str]:
        """Names of the systems that one of the two addresses answers with."""
        page = (await self.client.get(affected_path(activation, which))).json()
        return sorted(system["systemName"] for system in page["systems"])


def affected_path(activation: str, which: str) -> str:
    return f"/api/sensornotifications/activations/{activation}/systems/{which}"


def hang(system: str, instance: str = "teams.exe") -> dict[str, Any]:
    return on(system, HANG, instance)


def calm(system: str, instance: str = "teams.exe") -> dict[str, Any]:
    return off(system, HANG, instance)


@asynccontextmanager
async def open_wing(db: Database, clock: ManualClock, **changes: Any) -> AsyncIterator[Wing]:
    """A tenant of its own in ``db``; ``changes`` are those of the ports (a relay, limits)."""
    async with open_ports(db, clock, **changes) as ports:
        tenant = (await create_tenant(ports, "Acme", "test")).id
        evaluator = Evaluator(db, clock, ports.limits)
        await evaluator.load()
        app = make_app(ports, evaluator)
        for stage in ROUTERS:
            app.include_router(stage.router)
        app.state.pages = Pages(make_environment(TEMPLATES, ASSETS))
        decider = Decider(ports, evaluator)
        _, secret = await issue_key(ports, tenant, KeyKind.INTEGRATION, "test", "test")
        async with browse(app, secret) as client:
            yield Wing(ports, clock, evaluator, app, tenant, client, decider)


def _is_work_due(conn: Connection, now: Any) -> bool:
    earlier = jobs.alias("earlier")
    blocked = exists().where(
        earlier.c.ordering_key == jobs.c.ordering_key, earlier.c.id < jobs.c.id, earlier.c.run_at > now
    )
    query = select(func.count()).where(jobs.c.state == "waiting", jobs.c.run_at <= now, ~blocked)
    return int(conn.execute(query).scalar_one()) > 0
