"""The guide's survey side, made through the public API: directory, list, survey, the two workflows; and what came of an event."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx2
from sqlalchemy import Connection, Table, exists, select

from opulse.bootstrap.app import make_app
from opulse.bootstrap.stages import handlers_of
from opulse.clock import ManualClock
from opulse.db import Database
from opulse.experience.distributions.views import invitations
from opulse.experience.extensions.operational_pulse.views import reach
from opulse.jobs import JobRetry, Worker
from opulse.jobs.claiming import claim_due
from opulse.jobs.table import complete, jobs, reschedule
from opulse.ports import Limits, Ports
from opulse.tenancy.flow.tenants import change_tenant
from tests.servers.installation import browse, make_tenant, open_ports
from tests.unit.experience.extensions.cloud import (
    ACTIVATION,
    CLIENT_ID,
    PASSWORD,
    USERNAME,
    Cloud,
    open_cloud,
)

FIELDS = [
    {"name": "Systems URL", "path": "data.systemsAtActivationURL"},
    {"name": "Sensor Names", "path": "data.sensorNames"},
]
SENSORS = ("Application Hang", "Disk Full")
HANDLERS = handlers_of("experience")


@dataclass
class Pulse:
    """One tenant's experience wing. Nothing runs by itself: ``work`` runs what is due."""

    ports: Ports
    clock: ManualClock
    cloud: Cloud
    client: httpx2.AsyncClient
    tenant: int
    directory: str
    list_id: str
    survey: str
    account: str
    workflows: dict[str, str] = field(default_factory=dict)
    trigger_url: str = ""

    async def api(self, method: str, path: str, body: Any = None, expect: int = 200) -> Any:
        answer = await self.client.request(method, f"/api/v1{path}", json=body)
        assert answer.status_code == expect, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    async def people(self, *names: str, **embedded: Any) -> None:
        """Contacts ``name@example.org``, as the directory's nightly import brings them."""
        rows = [
            {
                "first_name": name.title(),
                "email": f"{name}@example.org",
                "ext_ref": f"CORP\\{name}",
                "embedded_data": embedded,
            }
            for name in names
        ]
        for start in range(0, len(rows), 5_000):
            await self.api(
                "POST",
                f"/directories/{self.directory}/contacts:bulk",
                {"contacts": rows[start : start + 5_000]},
            )
        self.clock.advance(1)

    async def contact(self, name: str) -> dict[str, Any]:
        found = await self.api("GET", f"/directories/{self.directory}/contacts?search={name}@")
        assert len(found) == 1
        contact: dict[str, Any] = found[0]
        return contact

    async def edit(self, name: str, **changes: Any) -> None:
        contact = await self.contact(name)
        self.clock.advance(1)
        await self.api("PATCH", f"/directories/{self.directory}/contacts/{contact['id']}", changes)

    async def receive(
        self,
        *,
        conditions: Any = None,
        enabled: bool = True,
        form: Mapping[str, Any] | None = None,
        event: Mapping[str, Any] | None = None,
    ) -> str:
        """The workflow for the recipient (the guide's first procedure); ``form`` of the task, ``event`` of the trigger."""
        task = {
            "systems_url": "${a://Field/Systems URL}",
            "sensor_names": "${a://Field/Sensor Names}",
            "token_url": self.cloud.token_url,
            "cloud_url": self.cloud.host,
            "client_id": CLIENT_ID,
            "list_id": self.list_id,
            "directory_id": self.directory,
        }
        made = await self.api(
            "POST",
            "/workflows",
            {
                "name": "From SysTrack",
                "trigger": {"type": "json_event", "form": {"fields": FIELDS, **(event or {})}},
                "conditions": conditions or {},
                "tasks": [
                    {"type": "operational_pulse", "account": self.account, "form": task | dict(form or {})}
                ],
                "enabled": enabled,
            },
            201,
        )
        self.workflows["receive"] = made["id"]
        self.trigger_url = made["trigger_url"]
        return str(made["id"])

    async def listen(
        self,
        name: str = "ask",
        sensors: Sequence[str] = SENSORS,
        *,
        kinds: Sequence[str] = ("updated", "created"),
        conditions: Any = None,
        enabled: bool = True,
        **form: Any,
    ) -> str:
        """The workflow for a survey (the guide's last procedure): one *contains* per sensor, all of them true."""
        lines = [{"field": "lastAlarm", "operator": "contains", "operand": sensor} for sensor in sensors]
        made = await self.api(
            "POST",
            "/workflows",
            {
                "name": name,
                "trigger": {
                    "type": "experience_id_change",
                    "form": {
                        "directory": self.directory,
                        "kinds": list(kinds),
                        "embedded_fields": ["lastAlarm"],
                    },
                },
                "conditions": conditions or {"mode": "all", "items": lines},
                "tasks": [
                    {
                        "type": "xm_directory.distribute_survey",
                        "form": {"contact_list": self.list_id, "survey": self.survey} | form,
                    }
                ],
                "enabled": enabled,
            },
            201,
        )
        self.workflows[name] = made["id"]
        return str(made["id"])

    def envelope(
        self, activation: str = ACTIVATION, sensors: Sequence[str] = SENSORS, **data: Any
    ) -> dict[str, Any]:
        """The guide's body; ``waves=True`` adds the address of those affected now."""
        waves = {"systemsCurrentlyAffectedURL": self.cloud.systems_url("currentlyaffected", activation)}
        more = waves if data.pop("waves", False) else {}
        return {
            "eventId": activation,
            "eventTime": "2026-11-23T12:00:00.0000000Z",
            "eventType": "SensorNotification.Activated",
            "data": {
                "sensorNames": list(sensors),
                "systemsAtActivationURL": self.cloud.systems_url(activation=activation),
                **more,
                **data,
            },
        }

    async def post(self, envelope: Mapping[str, Any], expect: int = 202) -> dict[str, Any]:
        answer = await self.client.post(self.trigger_url, json=envelope)
        assert answer.status_code == expect, answer.text
        result: dict[str, Any] = answer.json().get("result", {})
        return result

    async def activate(
        self, activation: str = ACTIVATION, sensors: Sequence[str] = SENSORS, **data: Any
    ) -> str:
        """An incident, all the way: the event, and everything that follows from it. Returns the run of the first workflow."""
        self.clock.advance(1)
        self.cloud.activation = activation
        result = await self.post(self.envelope(activation, sensors, **data))
        await self.work()
        return str(result["runId"])

    async def work(self) -> None:
        """Run every job that is due now, as a worker does, and those that they bring about."""
        worker = Worker(self.ports.db, self.clock, HANDLERS, self.ports)
        task = asyncio.create_task(worker.run())
        while not task.done() and await self.ports.db.read(_is_work_due, self.clock.now()):  # noqa: ASYNC110  # polled
            await asyncio.sleep(0.005)
        worker.stop()
        await task

    async def step(self) -> str:
        """Run the one job that a worker would take next. Its kind; empty when nothing is due."""
        now, lease = self.clock.now(), timedelta(seconds=30)
        claimed = await self.ports.db.write(claim_due, "default", "test", now, lease, 1)
        if not claimed:
            return ""
        [job] = claimed
        try:
            await HANDLERS[job.kind](self.ports, job)
        except JobRetry as again:
            run_at = now + timedelta(seconds=again.seconds)
            await self.ports.db.write(reschedule, job, run_at, str(again), counts=again.counts)
        else:
            await self.ports.db.write(complete, job)
        return job.kind

    async def wait(self, seconds: float) -> None:
        self.clock.advance(seconds)
        await self.work()

    async def run(self, run: str) -> dict[str, Any]:
        found: dict[str, Any] = await self.api("GET", f"/runs/{run}")
        return found

    async def runs(self, name: str = "ask") -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = await self.api("GET", f"/workflows/{self.workflows[name]}/runs")
        return found

    async def traces(self, name: str = "ask") -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = await self.api("GET", f"/workflows/{self.workflows[name]}/traces")
        return found

    async def rows(self, table: Table) -> list[dict[str, Any]]:
        def query(conn: Connection) -> list[dict[str, Any]]:
            return [
                dict(row._mapping) for row in conn.execute(select(table).where(table.c.tenant == self.tenant))
            ]

        return await self.ports.db.read(query)

    async def reached(self) -> dict[tuple[str, str], str]:
        """(system name, person) → reason."""
        return {(row["system_name"], row["person"]): row["reason"] for row in await self.rows(reach)}

    async def waves(self) -> Counter[int]:
        """Systems per wave."""
        return Counter({row["system"]: row["wave"] for row in await self.rows(reach)}.values())

    async def asked(self, activation: str = "") -> Counter[str]:
        """E-mail addresses → how many invitations were not spared."""
        return Counter(
            row["email"]
            for row in await self.rows(invitations)
            if row["state"] != "spared" and activation in ("", row["activation"])
        )

    async def spared(self, activation: str = "") -> Counter[str]:
        """Reasons → how many were spared."""
        return Counter(
            row["reason"]
            for row in await self.rows(invitations)
            if row["state"] == "spared" and activation in ("", row["activation"])
        )

    async def set_rules(self, *rules: Mapping[str, Any]) -> None:
        await self.api("PUT", f"/directories/{self.directory}/frequency-rules", {"rules": list(rules)})


def _is_work_due(conn: Connection, now: Any) -> bool:
    due = exists().where(jobs.c.state == "waiting", jobs.c.run_at <= now)
    return bool(conn.execute(select(due)).scalar())


@asynccontextmanager
async def open_pulse(db: Database, clock: ManualClock, **limits: Any) -> AsyncIterator[Pulse]:
    """A tenant with open mail, an empty directory, a published survey, and an account of the service account."""
    async with (
        open_cloud() as cloud,
        open_ports(db, clock, monitoring_url=cloud.url, limits=Limits(**limits)) as ports,
    ):
        tenant, secret = await make_tenant(ports)
        await change_tenant(ports, tenant, "test", mail_open=True)
        async with browse(make_app(ports, "experience"), secret) as client:
            pulse = Pulse(ports, clock, cloud, client, tenant, "", "", "", "")
            await _furnish(pulse)
            yield pulse


async def _furnish(pulse: Pulse) -> None:
    pulse.directory = (await pulse.api("POST", "/directories", {"name": "People"}, 201))["id"]
    path = f"/directories/{pulse.directory}/mailing-lists"
    pulse.list_id = (await pulse.api("POST", path, {"name": "Everybody"}, 201))["id"]
    survey = {"name": "Pulse", "template": "recommended"}
    pulse.survey = (await pulse.api("POST", "/surveys", survey, 201))["survey_id"]
    await pulse.api("POST", f"/surveys/{pulse.survey}/publish", {})
    await pulse.api("POST", "/extensions/operational_pulse/install", {}, 204)
    account = {"name": "SysTrack", "fields": {"api_token": PASSWORD, "systrack_api_account": USERNAME}}
    pulse.account = (await pulse.api("POST", "/extensions/operational_pulse/accounts", account, 201))["id"]
