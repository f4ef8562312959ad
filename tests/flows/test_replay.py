"""A replay of stored states says what really happened, and what another rule would have done."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from opulse.clock import ManualClock
from opulse.db import Database
from tests.unit.monitoring.activations.world import HANG, RETRANSMIT, Wing, calm, hang, open_wing
from tests.unit.monitoring.sensors.world import on

pytestmark = pytest.mark.stores


@pytest.fixture
async def wing(db: Database, clock: ManualClock) -> AsyncIterator[Wing]:
    async with open_wing(db, clock) as made:
        yield made


async def replayed(wing: Wing, draft: dict[str, Any], start: datetime, end: datetime) -> dict[str, Any]:
    body = {"notification": draft, "start": start.isoformat(), "end": end.isoformat()}
    answer = await wing.client.post("/api/v1/replays", json=body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def a_day(wing: Wing, ids: dict[str, str]) -> tuple[datetime, datetime]:
    """Two incidents: of a and b for half an hour, and of all three an hour later, that goes on."""
    start = wing.clock.now()
    await wing.trigger(hang(ids["a"]))
    await wing.wait(300, *ids.values())
    await wing.trigger(hang(ids["b"]))
    await wing.wait(1800, *ids.values())
    await wing.trigger(calm(ids["a"]), calm(ids["b"]))
    await wing.wait(3600, *ids.values())
    await wing.trigger(hang(ids["a"]), hang(ids["b"]), hang(ids["c"]))
    await wing.wait(300, *ids.values())
    return start, wing.clock.now()


async def test_it_finds_the_activations_that_there_were(wing: Wing) -> None:
    ids = await wing.put("a", "b", "c")
    await wing.notify([HANG], "number", 2)
    start, end = await a_day(wing, ids)
    real = list(reversed(await wing.activations()))
    found = await replayed(wing, await wing.draft([HANG], "number", 2), start, end)
    assert len(real) == len(found["activations"]) == 2
    for was, would in zip(real, found["activations"], strict=True):
        assert would["at_activation"] == was["systems"]["at_activation"]
        assert would["ever"] == was["systems"]["ever"]
        opened = datetime.fromisoformat(was["opened_at"]), datetime.fromisoformat(would["opened_at"])
        assert abs(opened[0] - opened[1]) < timedelta(seconds=1)
    assert found["activations"][0]["closed_at"] is not None
    assert found["activations"][1]["closed_at"] is None
    assert [one["systems"] for one in found["activations"]] == [["a", "b"], ["a", "b", "c"]]
    assert found["most_at_once"] == 3
    assert await wing.activations() == list(reversed(real)), "nothing was written"


async def test_another_threshold_hold_or_sensor_gives_other_answers(wing: Wing) -> None:
    ids = await wing.put("a", "b", "c")
    start, end = await a_day(wing, ids)

    async def count(*args: Any, **more: Any) -> int:
        draft = await wing.draft(*args, **more)
        return len((await replayed(wing, draft, start, end))["activations"])

    assert await count([HANG], "number", 3) == 1
    assert await count([HANG], "any") == 2
    assert await count([HANG], "number", 2, hold_seconds=1200) == 1
    assert await count([HANG], "number", 2, hold_seconds=3600) == 0
    assert await count([RETRANSMIT], "any") == 0
    assert await count([HANG, RETRANSMIT], "any") == 0


async def test_what_was_triggered_before_the_span_is_known_in_it(wing: Wing) -> None:
    ids = await wing.put("a", "b")
    await wing.trigger(hang(ids["a"]))
    await wing.wait(600, *ids.values())
    start = wing.clock.now()
    await wing.trigger(on(ids["b"], RETRANSMIT))
    await wing.wait(600, *ids.values())
    found = await replayed(wing, await wing.draft([HANG], "any"), start, wing.clock.now())
    assert [one["systems"] for one in found["activations"]] == [["a"]]
    early = await replayed(wing, await wing.draft([HANG], "number", 2), start, wing.clock.now())
    assert early["activations"] == []


async def test_who_would_have_been_asked_is_counted_as_of_then(wing: Wing) -> None:
    ids = await wing.put("a", "b")
    maya = {"user_id": "maya", "email": "maya@example.org", "is_primary": True}
    for name in ids:
        body = {"systems": [{"name": name, "users": [maya]}]}
        assert (await wing.client.put("/api/v1/systems", json=body)).status_code < 300
    start = wing.clock.now()
    wing.clock.advance(1)
    await wing.trigger(hang(ids["a"]), hang(ids["b"]))
    wing.clock.advance(60)
    [would] = (await replayed(wing, await wing.draft([HANG], "number", 2), start, wing.clock.now()))[
        "activations"
    ]
    assert (would["at_activation"], would["people"]) == (2, 1)


async def test_a_saved_notification_is_replayed_by_its_id(wing: Wing) -> None:
    ids = await wing.put("a", "b", "c")
    saved = await wing.notify([HANG], "number", 3)
    start, end = await a_day(wing, ids)
    body = {"notification_id": saved, "start": start.isoformat(), "end": end.isoformat()}
    found = (await wing.client.post("/api/v1/replays", json=body)).json()
    assert len(found["activations"]) == 1
    assert found["caveats"]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"start": "2099-01-01T00:00:00Z", "end": "2099-01-02T00:00:00Z"}, 422),
        ({"start": "2020-01-02T00:00:00Z", "end": "2020-01-01T00:00:00Z"}, 422),
        ({"notification_id": "none"}, 404),
        ({"notification": None}, 422),
    ],
)
async def test_what_makes_no_sense_is_refused(wing: Wing, change: dict[str, Any], status: int) -> None:
    body = {
        "notification": await wing.draft([HANG], "any"),
        "start": "2020-01-01T00:00:00Z",
        "end": "2020-01-02T00:00:00Z",
    } | change
    if change.get("notification_id"):
        del body["notification"]
    assert (await wing.client.post("/api/v1/replays", json=body)).status_code == status
