"""JSON events, durable and run to the end; and the way from a sensor that crosses its threshold to the webhook's receiver."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from statistics import median, quantiles
from typing import Any
from urllib.parse import urlsplit

import httpx2

from bench.figures import Figure, Goal, Scope
from bench.parts.answers import serving
from bench.receiver import Receiver, receiving
from opulse.cli.demo.calling import ApiClient
from opulse.cli.demo.procedures import distribute_survey, webhook
from tests.faults.world import batch_of, make_tenant

SENDERS = 16
PATIENCE = 120.0
PAUSE = 0.15  # between two crossings: each is measured alone


async def measure(scope: Scope) -> list[Figure]:
    """Both on one `opulse serve` with SQLite."""
    data = scope.folder / "data"
    key = await asyncio.to_thread(make_tenant, data)
    async with (
        receiving() as receiver,
        serving(data, allow_origins=urlsplit(receiver.url).netloc) as url,
        ApiClient(url, key) as api,
    ):
        crossings = await _crossings(url, key, api, receiver, scope.pick(20, 60))
        events = await _events(api, data, scope.pick(1_000, 2_500))
    return [
        Figure("events_per_s", (events,), "/s", "JSON events run to the end, two tasks each, durable"),
        Figure(
            "webhook_p50_ms",
            (median(crossings),),
            "ms",
            "from the crossing change to the webhook, p50",
            Goal(at_most=20),
            f"p95 {quantiles(crossings, n=20)[-1]:.0f} ms of {len(crossings)}",
            {"all_ms": crossings},
        ),
    ]


async def _events(api: ApiClient, data: Path, count: int) -> float:
    """Events per second, from the first POST until the last run has ended. At most 3,000 a minute are admitted."""
    trigger = await _make_workflow(api)
    bodies = iter(range(count))

    async def send(client: httpx2.AsyncClient) -> None:
        for number in bodies:
            answer = await client.post(trigger, json={"eventId": f"event-{number}", "number": number})
            assert answer.status_code == 202, answer.text

    began = time.perf_counter()
    async with httpx2.AsyncClient(timeout=60, trust_env=False) as client:
        await asyncio.gather(*(send(client) for _ in range(SENDERS)))
    while await asyncio.to_thread(_ended, data) < count:
        assert time.perf_counter() - began < PATIENCE, "not all events were run to their end"
        await asyncio.sleep(0.05)
    return count / (time.perf_counter() - began)


async def _make_workflow(api: ApiClient) -> str:
    """A JSON event with two tasks, each of which would ask a list on which nobody is."""
    directory = (await api.post("/api/v1/directories", {"name": "People"}))["id"]
    empty = await api.post(f"/api/v1/directories/{directory}/mailing-lists", {"name": "Nobody"})
    survey = await api.post("/api/v1/surveys", {"name": "Pulse", "template": "recommended"})
    await api.post(f"/api/v1/surveys/{survey['survey_id']}/publish")
    task = {
        "type": "xm_directory.distribute_survey",
        "form": distribute_survey(empty["id"], survey["survey_id"]),
    }
    trigger: dict[str, Any] = {"type": "json_event", "form": {"authentication": "open"}}
    made = await api.post(
        "/api/v1/workflows", {"name": "Two tasks", "trigger": trigger, "tasks": [task, task]}
    )
    return str(made["trigger_url"])


def _ended(data: Path) -> int:
    with closing(sqlite3.connect(f"file:{data / 'opulse.db'}?mode=ro", uri=True)) as conn:
        return int(conn.execute("SELECT count(*) FROM runs WHERE ended_at IS NOT NULL").fetchone()[0])


async def _crossings(url: str, key: str, api: ApiClient, receiver: Receiver, count: int) -> list[float]:
    """Milliseconds of each crossing: a system of its own, a group of its own, a notification of its own."""
    systems = [{"name": f"LT-{number}", "users": []} for number in range(count + 1)]
    made = (await api.put("/api/v1/systems", {"systems": systems}))["systems"]
    recipient = (await api.post("/api/v1/recipients", webhook(f"{receiver.url}/hook", "token")))[
        "recipient_id"
    ]
    for one in made:
        group = await api.post("/api/v1/groups", {"name": one["name"], "members": [one["system_id"]]})
        body = {
            "name": f"Trouble on {one['name']}",
            "sensors": [{"name": "Application Hang"}],
            "group_id": group["group_id"],
            "activation": {"option": "number", "value": 1},
            "recipients": [recipient],
        }
        await api.post("/api/v1/notifications", body)
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    took = []
    async with httpx2.AsyncClient(base_url=url, headers=headers, timeout=30, trust_env=False) as agent:
        for seq, one in enumerate(made, 1):
            batch = batch_of(seq, [one["system_id"]])
            began = time.perf_counter()
            sent = agent.post("/api/v1/sensor-states", content=batch)
            answer, arrived = await asyncio.gather(sent, receiver.next(PATIENCE))
            assert answer.status_code == 202, answer.text
            took.append((arrived - began) * 1_000)
            await asyncio.sleep(PAUSE)
    return took[1:]  # the first one opens the connections
