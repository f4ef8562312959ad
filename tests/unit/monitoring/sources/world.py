"""The monitoring wing of a test with the routes of sources, and what other tools send."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2

from opulse.clock import ManualClock
from opulse.db import Database
from opulse.monitoring.sources import api as sources_api
from opulse.monitoring.sources.flow.keeping import Keeper
from tests.unit.monitoring.activations.world import Wing, open_wing

ALARM = "HighLoad"


@asynccontextmanager
async def open_sources(db: Database, clock: ManualClock) -> AsyncIterator[Wing]:
    """A wing whose application takes what sources receive."""
    async with open_wing(db, clock) as wing:
        wing.app.include_router(sources_api.router)
        yield wing


async def add_source(wing: Wing, kind: str = "alertmanager", name: str = "", **more: Any) -> str:
    """A new source's id."""
    body = {"kind": kind, "name": name or kind, **more}
    answer = await wing.client.post("/api/v1/sources", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["source_id"])


async def post(
    wing: Wing, source: str, body: Any, headers: dict[str, str] | None = None, client: Any = None
) -> httpx2.Response:
    """What a source answers to this body; JSON unless it is bytes."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    found: httpx2.Response = await (client or wing.client).post(
        f"/api/v1/sources/{source}/receive", content=content, headers=headers or {}
    )
    return found


async def send(wing: Wing, source: str, body: Any, headers: dict[str, str] | None = None) -> dict[str, Any]:
    """The same, taken; afterwards what it touched is decided."""
    answer = await post(wing, source, body, headers)
    assert answer.status_code == 202, answer.text
    wing.clock.advance(0.001)
    await wing.decider.decide_touched()
    found: dict[str, Any] = answer.json()
    return found


async def hit(wing: Wing, sensor: str, instance: str | None = None) -> list[str]:
    """Names of the reporting systems on which the sensor is triggered."""
    count = wing.evaluator.count(wing.tenant, [wing.pick(sensor, instance)], 0)
    return await wing.names(list(count.qualifying))


async def keep(wing: Wing) -> None:
    """The keeper looks once."""
    await Keeper(wing.ports, wing.evaluator).look(wing.tenant)


async def seen(wing: Wing, source: str) -> dict[str, Any]:
    """The source as the API shows it."""
    answer = await wing.client.get(f"/api/v1/sources/{source}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def alert(system: str = "a:9100", status: str = "firing", name: str = ALARM, **labels: str) -> dict[str, Any]:
    """One alert as Alertmanager writes it; its fingerprint is made of its labels."""
    own = {"alertname": name, "instance": system, **labels}
    return {
        "status": status,
        "labels": own,
        "annotations": {"description": "The load is high."},
        "startsAt": "2026-11-23T11:59:00.123456789Z",
        "endsAt": "0001-01-01T00:00:00Z" if status == "firing" else "2026-11-23T11:59:30Z",
        "generatorURL": "http://prometheus.example.org/graph",
        "fingerprint": "-".join(value for _, value in sorted(own.items())),
    }


def notice(*alerts: Any, version: str = "4") -> dict[str, Any]:
    """The whole payload."""
    return {
        "version": version,
        "groupKey": "{}:{}",
        "truncatedAlerts": 0,
        "status": "firing",
        "receiver": "operational-pulse",
        "groupLabels": {},
        "commonLabels": {},
        "commonAnnotations": {},
        "externalURL": "http://alertmanager.example.org",
        "alerts": list(alerts),
    }


def failing(*hosts: str, policy: str = "Disk encryption is on", **more: Any) -> dict[str, Any]:
    """What Fleet posts for a policy."""
    return {
        "timestamp": "2026-11-23T11:59:00Z",
        "policy": {"id": 7, "name": policy, "query": "SELECT 1;", "critical": False, **more},
        "hosts": [
            {"id": place, "hostname": host, "display_name": f"{host}-shown", "url": "https://fleet.example"}
            for place, host in enumerate(hosts, 1)
        ],
    }
