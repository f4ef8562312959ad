"""Our webhook calls a JSON event as Qualtrics has it: the stand-in's, with faults; each delivery arrives, as the same bytes."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from opulse.clock import ManualClock
from opulse.db import Database
from opulse.emulators.faults import Exchange
from opulse.emulators.qualtrics import Options, QualtricsStandIn
from opulse.pulses.doctor import diagnose
from opulse.wire.webhook import OPERATIONAL_PULSE_BODY
from tests.servers.standing import Standing, stand_in
from tests.unit.monitoring.activations.world import HANG, Wing, hang, open_wing

pytestmark = pytest.mark.stores

FAULTS = "slow=5ms@20%,429=1s@15%,500=20%,duplicate=20%,reorder=10ms@20%,truncate=20%,expire-token"
RECIPIENTS = 20


@asynccontextmanager
async def wired(
    db: Database, clock: ManualClock, faults: str = "", *, needs_token: bool = False
) -> AsyncIterator[tuple[Wing, Standing[QualtricsStandIn]]]:
    options = Options(event_needs_token=needs_token)
    async with (
        open_wing(db, clock) as wing,
        stand_in(lambda bench: QualtricsStandIn(bench, options), faults) as there,
    ):
        yield wing, there


async def activate(wing: Wing, *recipients: str) -> str:
    """An activation of one sensor tells these, until nobody waits any more; its id."""
    ids = await wing.put("a")
    await wing.notify([HANG], recipients=recipients)
    await wing.trigger(hang(ids["a"]))
    for _ in range(60):
        await wing.work()
        (activation,) = await wing.activations()
        if all(one["state"] != "waiting" for one in await deliveries(wing, activation["activation_id"])):
            break
        wing.clock.advance(30)
    return str(activation["activation_id"])


async def deliveries(wing: Wing, activation: str) -> list[dict[str, Any]]:
    answer = await wing.client.get(f"/api/v1/activations/{activation}/deliveries")
    found: list[dict[str, Any]] = answer.json()["deliveries"]
    return found


def calls(there: Standing[QualtricsStandIn]) -> list[Exchange]:
    """Every call of the event, taken or not."""
    return [one for one in there.recorder.kept if one.path.startswith("/inbound-event/")]


async def test_the_event_reads_the_two_paths_that_the_guide_names(db: Database, clock: ManualClock) -> None:
    async with wired(db, clock) as (wing, there):
        before = {finding.kind for finding in (await diagnose(wing.ports, wing.tenant)).findings}
        recipient = await wing.recipient(there.product.events.address, body=OPERATIONAL_PULSE_BODY)
        activation = await activate(wing, recipient)
        [event] = there.product.events.received
        assert (event["eventId"], event["data"]["sensorNames"]) == (activation, [HANG])
        assert event["data"]["systemsAtActivationURL"].endswith(
            f"/activations/{activation}/systems/atactivation"
        )
        after = {finding.kind for finding in (await diagnose(wing.ports, wing.tenant)).findings}
        assert after <= before, "the doctor has nothing to say about this recipient"


async def test_the_token_of_the_event_goes_in_a_header_and_not_into_the_log(
    db: Database, clock: ManualClock
) -> None:
    async with wired(db, clock, needs_token=True) as (wing, there):
        token = there.product.brand.api_token
        address, body = there.product.events.address, OPERATIONAL_PULSE_BODY
        headers = [{"name": "X-API-TOKEN", "value": token, "sensitive": True}]
        known = await wing.recipient(address, body=body, headers=headers)
        unknown = await wing.recipient(address, "Without", body=body)
        activation = await activate(wing, known, unknown)
        found = {one["recipient_name"]: one for one in await deliveries(wing, activation)}
        assert (found["Qualtrics"]["state"], found["Without"]["state"]) == ("delivered", "dead")
        assert found["Without"]["attempts"][-1]["status"] == 401
        assert len(there.product.events.received) == 1
        assert token not in json.dumps(found)


async def test_every_delivery_arrives_through_every_fault(db: Database, clock: ManualClock) -> None:
    """A repeat is the same bytes under the same id (``eventId``, and ours, ``X-Delivery-Id``), which tells it apart."""
    async with wired(db, clock, FAULTS) as (wing, there):
        body = OPERATIONAL_PULSE_BODY
        made = [
            await wing.recipient(there.product.events.address, f"Q{number}", body=body)
            for number in range(RECIPIENTS)
        ]
        activation = await activate(wing, *made)
        told = await deliveries(wing, activation)
        assert {one["state"] for one in told} == {"delivered"}, there.recorder.faults
        bodies: dict[str, set[str]] = defaultdict(set)
        for call in calls(there):
            bodies[call.headers["x-delivery-id"]].add(call.body)
        assert bodies.keys() == {one["delivery_id"] for one in told}
        assert {len(sent) for sent in bodies.values()} == {1}
        events = there.product.events.received
        assert {event["eventId"] for event in events} == {activation}
        assert len(events) > RECIPIENTS, "some came twice: the event keeps each call by itself"
        assert {"429", "500", "duplicate", "truncate", "slow", "reorder"} <= set(there.recorder.faults)
