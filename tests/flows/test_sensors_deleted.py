"""A custom sensor is deleted, unless something uses it; then it is said what."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from opulse.clock import ManualClock
from opulse.db import Database
from opulse.tenancy.views import list_audit
from tests.unit.monitoring.activations.world import Wing
from tests.unit.monitoring.sensors.world import on
from tests.unit.monitoring.sources.world import ALARM, add_source, alert, notice, open_sources, send

pytestmark = pytest.mark.stores
OURS = "Till / 7 offline"


@pytest.fixture
async def wing(db: Database, clock: ManualClock) -> AsyncIterator[Wing]:
    async with open_sources(db, clock) as made:
        yield made


async def add(wing: Wing, name: str = OURS) -> None:
    answer = await wing.client.post("/api/v1/sensors", json={"name": name})
    assert answer.status_code == 201, answer.text


async def delete(wing: Wing, name: str = OURS) -> tuple[int, str]:
    answer = await wing.client.delete(f"/api/v1/sensors/{name}")
    return answer.status_code, answer.text


def triggered(wing: Wing) -> list[str]:
    """Names of the sensors that are triggered on the first systems."""
    return [one.sensor for idx in range(3) for one in wing.evaluator.triggered_on(wing.tenant, idx)]


async def test_it_is_gone_with_its_states_and_its_name_is_free(wing: Wing) -> None:
    ids = await wing.put("a")
    await add(wing)
    await wing.trigger(on(ids["a"], OURS))
    assert triggered(wing) == [OURS]
    assert (await delete(wing))[0] == 204
    assert (await delete(wing))[0] == 404
    listed = (await wing.client.get("/api/v1/sensors", params={"search": OURS})).json()["sensors"]
    assert listed == []
    assert triggered(wing) == []
    taken = await wing.send("9", 9, [on(ids["a"], OURS)])
    assert "unknown_sensor" in str(taken)
    await add(wing)
    assert triggered(wing) == [], "a new sensor has a number of its own"
    row = (await wing.ports.db.read(list_audit, wing.tenant, 2))[1]
    assert (row["action"], row["what"], row["before"]["category"]) == ("sensor.deleted", OURS, "Custom")


async def test_a_sensor_of_a_kit_stays(wing: Wing) -> None:
    status, text = await delete(wing, "Application Hang")
    assert status == 409
    assert "from_kit" in text
    assert "switch it off" in text


async def test_what_a_notification_or_a_silence_uses_stays(wing: Wing) -> None:
    await add(wing)
    await wing.notify([OURS], also={"enabled": False})
    status, text = await delete(wing)
    assert (status, "notification Teams quality incident" in text) == (409, True)
    (found,) = (await wing.client.get("/api/v1/notifications")).json()["notifications"]
    await wing.client.delete(f"/api/v1/notifications/{found['notification_id']}")
    now = wing.clock.now()
    span = {"starts_at": now.isoformat(), "ends_at": (now + timedelta(hours=1)).isoformat()}
    body = {"comment": "Tills are closed", "sensor": OURS, **span}
    assert (await wing.client.post("/api/v1/silences", json=body)).status_code == 201
    status, text = await delete(wing)
    assert (status, "silence Tills are closed" in text) == (409, True)
    wing.clock.advance(2 * 3600)
    assert (await delete(wing))[0] == 204


async def test_what_a_source_holds_stays_until_it_lets_go(wing: Wing) -> None:
    await wing.put("a")
    source = await add_source(wing, name="Prometheus")
    await send(wing, source, notice(alert("a")))
    status, text = await delete(wing, ALARM)
    assert (status, "source Prometheus" in text) == (409, True)
    await send(wing, source, notice(alert("a", "resolved")))
    assert (await delete(wing, ALARM))[0] == 204
