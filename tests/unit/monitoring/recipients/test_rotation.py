"""Rotation of a webhook's secret: both hold for a while, the old one ends by itself, and nothing of either can be read."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, text

from opulse.clock import ManualClock
from opulse.db import Database
from opulse.wire.signature import NEXT_SIGNATURE_HEADER, SIGNATURE_HEADER, verify_lakeside
from opulse.wire.standard_webhooks import verify_standard
from tests.unit.monitoring.activations.world import Received, Receiver, Wing, open_wing

pytestmark = pytest.mark.stores

DAY = 24 * 3600.0


@pytest.fixture
async def wing(db: Database, clock: ManualClock) -> AsyncIterator[Wing]:
    async with open_wing(db, clock) as made:
        yield made


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.stop()


async def made(wing: Wing, url: str, kind: str) -> tuple[str, str]:
    """Its path in the API, and its generated secret."""
    given = {"name": "Broker", "connection": "Webhook", "url": url, "authentication": {"type": kind}}
    answer = await wing.client.post("/api/v1/recipients", json=given)
    assert answer.status_code == 201, answer.text
    return f"/api/v1/recipients/{answer.json()['recipient_id']}", answer.json()["generated_secret"]


async def rotated(wing: Wing, path: str, hours: int = 24) -> dict[str, Any]:
    answer = await wing.client.post(f"{path}/rotate-secret", json={"overlap_hours": hours})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def tried(wing: Wing, path: str, receiver: Receiver) -> Received:
    assert (await wing.client.post(f"{path}/test")).json()["delivered"] is True
    return receiver.requests[-1]


async def stored(wing: Wing) -> str:
    def everything(conn: Connection) -> str:
        tables = ("recipients", "audit")
        return str([conn.execute(text(f"SELECT * FROM {name}")).all() for name in tables])

    return await wing.ports.db.read(everything)


async def test_standard_webhooks_signs_with_both_until_the_old_one_ends_by_itself(
    wing: Wing, receiver: Receiver
) -> None:
    path, old = await made(wing, receiver.url, "Standard Webhooks")
    assert old.startswith("whsec_")
    answer = await rotated(wing, path)
    new = answer["generated_secret"]
    assert new.startswith("whsec_")
    assert new != old
    assert answer["old_secret_until"] is not None
    request = await tried(wing, path, receiver)
    now = wing.clock.now()
    for secret in (new, old):
        assert verify_standard(secret, request.headers, request.body, now)
    assert len(request.headers["webhook-signature"].split(" ")) == 2

    wing.clock.advance(DAY)
    request = await tried(wing, path, receiver)
    now = wing.clock.now()
    assert verify_standard(new, request.headers, request.body, now)
    assert not verify_standard(old, request.headers, request.body, now)


async def test_lakesides_header_changes_to_the_new_secret_when_the_overlap_ends(
    wing: Wing, receiver: Receiver
) -> None:
    path, old = await made(wing, receiver.url, "Signed Secret")
    new = (await rotated(wing, path, 1))["generated_secret"]
    request = await tried(wing, path, receiver)
    assert verify_lakeside(old, request.body, request.headers[SIGNATURE_HEADER])
    assert verify_lakeside(new, request.body, request.headers[NEXT_SIGNATURE_HEADER])
    wing.clock.advance(3600)
    request = await tried(wing, path, receiver)
    assert verify_lakeside(new, request.body, request.headers[SIGNATURE_HEADER])
    assert NEXT_SIGNATURE_HEADER not in request.headers


async def test_a_person_ends_the_overlap_once_the_receiver_has_the_new_secret(
    wing: Wing, receiver: Receiver
) -> None:
    path, _ = await made(wing, receiver.url, "Signed Secret")
    new = (await rotated(wing, path))["generated_secret"]
    ended = await wing.client.post(f"{path}/end-overlap")
    assert ended.json()["old_secret_until"] is None
    request = await tried(wing, path, receiver)
    assert verify_lakeside(new, request.body, request.headers[SIGNATURE_HEADER])
    assert NEXT_SIGNATURE_HEADER not in request.headers


async def test_the_old_secret_is_erased_when_its_time_is_over_and_a_later_ones_is_not(
    wing: Wing, receiver: Receiver
) -> None:
    path, _ = await made(wing, receiver.url, "Standard Webhooks")
    await rotated(wing, path, 2)
    await wing.client.post(f"{path}/end-overlap")
    await rotated(wing, path, 4)
    wing.clock.advance(2 * 3600)
    await wing.work()  # the first rotation's job
    assert (await wing.client.get(path)).json()["old_secret_until"] is not None
    wing.clock.advance(2 * 3600)
    await wing.work()
    assert (await wing.client.get(path)).json()["old_secret_until"] is None


async def test_a_second_rotation_waits_for_the_first(wing: Wing, receiver: Receiver) -> None:
    path, _ = await made(wing, receiver.url, "Signed Secret")
    await rotated(wing, path)
    answer = await wing.client.post(f"{path}/rotate-secret", json={"overlap_hours": 24})
    assert answer.status_code == 409
    assert [problem["reason"] for problem in answer.json()["errors"]] == ["rotating"]
    wing.clock.advance(DAY)
    await rotated(wing, path)


async def test_what_signs_nothing_has_nothing_to_rotate(wing: Wing, receiver: Receiver) -> None:
    path, _ = await made(wing, receiver.url, "Off")
    answer = await wing.client.post(f"{path}/rotate-secret", json={"overlap_hours": 24})
    assert answer.status_code == 409
    assert [problem["reason"] for problem in answer.json()["errors"]] == ["signs_nothing"]
    answer = await wing.client.post(f"{path}/rotate-secret", json={"overlap_hours": 0})
    assert answer.status_code == 422


async def test_neither_secret_is_readable_in_the_store_or_an_answer_and_the_trail_names_the_person(
    wing: Wing, receiver: Receiver
) -> None:
    path, old = await made(wing, receiver.url, "Signed Secret")
    new = (await rotated(wing, path))["generated_secret"]
    shown = (await wing.client.get(path)).text + (await wing.client.get("/api/v1/recipients")).text
    everything = await stored(wing)
    for secret in (old, new):
        assert secret not in shown + everything
    assert "recipient.secret_rotated" in everything
    again = await wing.client.put(
        path,
        json={
            "name": "Broker",
            "connection": "Webhook",
            "url": receiver.url,
            "authentication": {"type": "Signed Secret"},
        },
    )
    assert again.json()["old_secret_until"] is not None, "saving the form keeps the overlap"


async def test_another_tenants_secret_is_not_rotated(wing: Wing, receiver: Receiver) -> None:
    path, _ = await made(wing, receiver.url, "Signed Secret")
    async with open_wing(wing.ports.db, wing.clock) as other:
        for verb in ("rotate-secret", "end-overlap", "enable", "disable"):
            answer = await other.client.post(f"{path}/{verb}", json={"overlap_hours": 24})
            assert answer.status_code == 404, verb
    assert (await wing.client.get(path)).json()["old_secret_until"] is None
