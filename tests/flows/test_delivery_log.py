"""The delivery log, sending again, 410, one rate per host, sealed bodies: with real receivers, on both databases."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Connection, text

from opulse.clock import ManualClock
from opulse.db import Database
from opulse.ports import Limits
from opulse.wire.standard_webhooks import verify_standard
from tests.unit.monitoring.activations.world import HANG, RETRANSMIT, Receiver, Wing, open_wing
from tests.unit.monitoring.sensors.world import on

pytestmark = pytest.mark.stores

Receivers = Callable[..., Receiver]


@pytest.fixture
async def wing(db: Database, clock: ManualClock) -> AsyncIterator[Wing]:
    async with open_wing(db, clock) as made:
        yield made


@pytest.fixture
def receivers() -> Iterator[Receivers]:
    made: list[Receiver] = []

    def make(*statuses: int, **more: Any) -> Receiver:
        made.append(Receiver(*statuses, **more))
        return made[-1]

    yield make
    for receiver in made:
        receiver.stop()


async def activate(wing: Wing, *recipients: str, name: str = "First", sensor: str = HANG) -> str:
    """A notification that tells these activates on one system; its id. What is due was tried once."""
    ids = await wing.put("a")
    notification = await wing.notify([sensor], recipients=recipients, name=name)
    await wing.trigger(on(ids["a"], sensor))
    await wing.work()
    return notification


async def activate_second(wing: Wing, *recipients: str) -> str:
    """Another incident, of another sensor, while the first is open."""
    return await activate(wing, *recipients, name="Second", sensor=RETRANSMIT)


async def log(wing: Wing, **params: Any) -> list[dict[str, Any]]:
    answer = await wing.client.get("/api/v1/deliveries", params=params)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["deliveries"]
    return found


async def recipient_of(wing: Wing, recipient: str) -> dict[str, Any]:
    found: dict[str, Any] = (await wing.client.get(f"/api/v1/recipients/{recipient}")).json()
    return found


async def audited(wing: Wing) -> list[tuple[str, str]]:
    def query(conn: Connection) -> list[tuple[str, str]]:
        return [(row.action, row.actor) for row in conn.execute(text("SELECT action, actor FROM audit"))]

    return await wing.ports.db.read(query)


async def test_410_switches_the_recipient_off_and_only_a_person_switches_it_on(
    wing: Wing, receivers: Receivers
) -> None:
    gone, other = receivers(410), receivers()
    one, two = await wing.recipient(gone.url, "gone"), await wing.recipient(other.url, "other")
    await activate(wing, one, two)
    found = await recipient_of(wing, one)
    assert (found["state"], found["disabled_reason"]) == ("disabled", "receiver_gone")
    assert found["disabled_at"] is not None
    assert ("recipient.disabled", "the receiver (410 Gone)") in await audited(wing)
    assert (await recipient_of(wing, two))["state"] == "active"

    await activate_second(wing, one, two)
    assert (len(gone.requests), len(other.requests)) == (1, 2), "nothing more is sent to who is gone"
    (kept,) = (line for line in await log(wing, recipient_id=one) if line["notification_name"] == "Second")
    assert (kept["state"], kept["reason"], kept["attempts"]) == ("dead", "recipient_disabled", [])

    refused = await wing.client.post(f"/api/v1/deliveries/{kept['delivery_id']}/send-again")
    assert (refused.status_code, refused.json()["reason"]) == (409, "recipient_disabled")
    refused = await wing.client.post(f"/api/v1/recipients/{one}/send-again")
    assert refused.status_code == 409
    enabled = await wing.client.post(f"/api/v1/recipients/{one}/enable")
    assert (enabled.json()["state"], enabled.json()["disabled_reason"]) == ("active", None)
    done = await wing.client.post(f"/api/v1/recipients/{one}/send-again")
    assert done.json() == {"deliveries": 2, "left": False}
    await wing.work()
    names = [json.loads(request.body)["data"]["notificationName"] for request in gone.requests]
    assert (names[0], sorted(names[1:])) == ("First", ["First", "Second"]), "two activations, in no order"
    assert {line["state"] for line in await log(wing, recipient_id=one)} == {"delivered"}


async def test_what_waits_when_its_recipient_is_disabled_is_given_up_and_kept(
    wing: Wing, receivers: Receivers
) -> None:
    receiver = receivers(503)
    one = await wing.recipient(receiver.url)
    await activate(wing, one)
    assert (await wing.client.post(f"/api/v1/recipients/{one}/disable")).json()[
        "disabled_reason"
    ] == "by_a_person"
    wing.clock.advance(3600)
    await wing.work()
    (line,) = await log(wing)
    assert (line["state"], line["reason"], len(receiver.requests)) == ("dead", "recipient_disabled", 1)


async def test_sending_again_sends_the_same_bytes_with_a_signature_of_its_own_time(
    wing: Wing, receivers: Receivers
) -> None:
    receiver = receivers(400)
    given = {"authentication": {"type": "Standard Webhooks"}}
    answer = await wing.client.post(
        "/api/v1/recipients", json={"name": "Broker", "connection": "Webhook", "url": receiver.url, **given}
    )
    one, secret = answer.json()["recipient_id"], answer.json()["generated_secret"]
    await activate(wing, one)
    (line,) = await log(wing)
    assert (line["state"], line["reason"]) == ("dead", "refused")
    wing.clock.advance(3600)
    path = f"/api/v1/deliveries/{line['delivery_id']}/send-again"
    assert (await wing.client.post(path)).json()["state"] == "waiting"
    assert (await wing.client.post(path)).json()["state"] == "waiting", "pressed twice it is sent once"
    await wing.work()
    first, second = receiver.requests
    assert first.body == second.body
    assert json.loads(first.body)["eventId"] == json.loads(second.body)["eventId"] == line["activation_id"]
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == line["delivery_id"]
    assert int(second.headers["webhook-timestamp"]) - int(first.headers["webhook-timestamp"]) >= 3600
    assert verify_standard(secret, second.headers, second.body, wing.clock.now())

    await wing.client.post(path)  # one that was delivered, because the other side lost it
    await wing.work()
    assert [request.body for request in receiver.requests] == [first.body] * 3
    (line,) = await log(wing)
    assert (line["state"], [attempt["number"] for attempt in line["attempts"]]) == ("delivered", [1, 2, 3])
    assert [action for action, _ in await audited(wing)].count("delivery.sent_again") == 2


async def test_what_was_taken_once_stays_delivered_when_another_round_fails(
    wing: Wing, receivers: Receivers
) -> None:
    """Else the ledger would say that nobody was told."""
    receiver = receivers()
    one = await wing.recipient(receiver.url)
    await activate(wing, one)
    (line,) = await log(wing)
    path = f"/api/v1/deliveries/{line['delivery_id']}/send-again"
    receiver.statuses = [400, 503]
    await wing.client.post(path)
    await wing.work()
    (line,) = await log(wing)
    assert (line["state"], line["reason"]) == ("delivered", "refused")
    await wing.client.post(path)
    await wing.work()
    await wing.client.post(f"/api/v1/recipients/{one}/disable")
    wing.clock.advance(1)
    await wing.work()
    (line,) = await log(wing)
    assert (line["state"], line["reason"], len(receiver.requests)) == ("delivered", "recipient_disabled", 3)
    assert await log(wing, state="dead") == []


async def test_all_failed_of_one_recipient_are_sent_again_and_nobody_elses(
    wing: Wing, receivers: Receivers
) -> None:
    failing, fine, other = receivers(400, 400), receivers(), receivers(400)
    one, two = await wing.recipient(failing.url, "failing"), await wing.recipient(fine.url, "fine")
    three = await wing.recipient(other.url, "other")
    await activate(wing, one, two, three, name="First")
    await activate_second(wing, one, two)
    done = await wing.client.post(f"/api/v1/recipients/{one}/send-again")
    assert done.json() == {"deliveries": 2, "left": False}
    await wing.work()
    assert (len(failing.requests), len(fine.requests), len(other.requests)) == (4, 2, 1)
    bodies = [request.body for request in failing.requests]
    assert sorted(bodies[:2]) == sorted(bodies[2:])
    again = await wing.client.post(f"/api/v1/recipients/{one}/send-again")
    assert again.json() == {"deliveries": 0, "left": False}
    assert [action for action, _ in await audited(wing)].count("recipient.failed_sent_again") == 1


async def test_the_log_is_filtered_by_recipient_notification_state_and_time(
    wing: Wing, receivers: Receivers
) -> None:
    fine, failing = receivers(), receivers(*[400] * 2)
    one, two = await wing.recipient(fine.url, "fine"), await wing.recipient(failing.url, "failing")
    first = await activate(wing, one, two, name="First")
    wing.clock.advance(7200)
    between = wing.clock.now().isoformat()
    wing.clock.advance(7200)
    second = await activate_second(wing, one, two)
    assert [line["notification_name"] for line in await log(wing)] == ["Second"] * 2 + ["First"] * 2

    def names(lines: list[dict[str, Any]]) -> set[tuple[str, str]]:
        return {(line["notification_name"], line["recipient_name"]) for line in lines}

    assert names(await log(wing, recipient_id=two)) == {("First", "failing"), ("Second", "failing")}
    assert names(await log(wing, notification_id=first)) == {("First", "fine"), ("First", "failing")}
    assert names(await log(wing, state="dead")) == {("First", "failing"), ("Second", "failing")}
    assert names(await log(wing, since=between)) == {("Second", "fine"), ("Second", "failing")}
    assert names(await log(wing, until=between)) == {("First", "fine"), ("First", "failing")}
    assert names(await log(wing, notification_id=second, state="delivered")) == {("Second", "fine")}
    (line,) = await log(wing, notification_id=second, recipient_id=two)
    assert line["body_sha256"] == hashlib.sha256(failing.requests[-1].body).hexdigest()
    (attempt,) = line["attempts"]
    assert (attempt["status"], attempt["response"], attempt["outcome"]) == (400, '{"ok":true}', "failed")
    wrong = await wing.client.get("/api/v1/deliveries", params={"before": "yesterday"})
    assert wrong.status_code == 422


async def test_the_log_is_paged_from_new_to_old_without_a_gap(wing: Wing, receivers: Receivers) -> None:
    recipients = [await wing.recipient(receivers().url, f"hook {number:02}") for number in range(52)]
    await activate(wing, *recipients)
    answer = (await wing.client.get("/api/v1/deliveries")).json()
    assert len(answer["deliveries"]) == 50
    rest = (await wing.client.get("/api/v1/deliveries", params={"before": answer["next"]})).json()
    assert (len(rest["deliveries"]), rest["next"]) == (2, None)
    ids = [line["delivery_id"] for line in answer["deliveries"] + rest["deliveries"]]
    assert len(set(ids)) == 52


async def test_another_tenants_log_is_empty_and_its_deliveries_cannot_be_sent_again(
    wing: Wing, receivers: Receivers
) -> None:
    one = await wing.recipient(receivers(400).url)
    await activate(wing, one)
    async with open_wing(wing.ports.db, wing.clock) as other:
        assert await log(other) == []
        assert await log(other, recipient_id=one) == []
        assert (await other.client.post(f"/api/v1/recipients/{one}/send-again")).status_code == 404


async def test_one_host_gets_its_rate_whoever_sends_and_the_rest_waits_its_turn(
    db: Database, clock: ManualClock, receivers: Receivers
) -> None:
    """12 a minute are one each 5 s. Two tenants and two recipients share the one host."""
    limits = replace(Limits(), webhooks_per_minute=12)
    async with open_wing(db, clock, limits=limits) as wing, open_wing(db, clock, limits=limits) as other:
        receiver = receivers()
        recipients = [await wing.recipient(receiver.url, name) for name in ("one", "two")]
        await activate(wing, *recipients)
        assert len(receiver.requests) == 1
        (waiting,) = await log(wing, state="waiting")
        assert (waiting["reason"], waiting["attempts"]) == ("rate_limited", [])
        await activate(other, await other.recipient(receiver.url))
        assert len(receiver.requests) == 1
        counts = []
        for _ in range(3):
            clock.advance(5)
            await wing.work()
            counts.append(len(receiver.requests))
        assert counts == [2, 3, 3]
        states = [line["state"] for each in (wing, other) for line in await log(each)]
        assert states == ["delivered"] * 3
        elsewhere = receivers()
        await activate_second(wing, await wing.recipient(elsewhere.url, "elsewhere"))
        assert len(elsewhere.requests) == 1, "another host has a rate of its own"


@pytest.mark.parametrize("status", [429, 503])
async def test_a_host_that_asks_for_a_pause_gets_it_from_every_delivery(
    wing: Wing, receivers: Receivers, status: int
) -> None:
    receiver = receivers(status, retry_after="120")
    one = await wing.recipient(receiver.url, "one")
    await activate(wing, one)
    assert len(receiver.requests) == 1
    two = await wing.recipient(receiver.url, "two")
    await activate_second(wing, two)
    (held,) = await log(wing, recipient_id=two)
    assert (held["state"], held["reason"], held["attempts"]) == ("waiting", "host_paused", [])
    wing.clock.advance(110)
    await wing.work()
    assert len(receiver.requests) == 1
    wing.clock.advance(11)
    await wing.work()
    assert len(receiver.requests) == 3
    assert {line["state"] for line in await log(wing)} == {"delivered"}


async def test_a_failure_without_a_word_pauses_nobody_else(wing: Wing, receivers: Receivers) -> None:
    receiver = receivers(503)
    await activate(wing, await wing.recipient(receiver.url, "one"), await wing.recipient(receiver.url, "two"))
    assert sorted(line["state"] for line in await log(wing)) == ["delivered", "waiting"]


async def test_a_routing_key_in_the_body_is_sealed_everywhere_and_arrives_on_every_attempt(
    wing: Wing, receivers: Receivers
) -> None:
    key = "R0UT1NGKEY0123456789abcdefghijkl"
    receiver = receivers(503, answer=f"unknown key {key}".encode())
    templates = (await wing.client.get("/api/v1/recipients/templates")).json()["templates"]
    pagerduty = next(found for found in templates if found["template"] == "pagerduty")
    one = await wing.recipient(
        receiver.url,
        "PagerDuty",
        body=pagerduty["body"],
        resolved_body=pagerduty["resolved_body"],
        resolved_event=True,
        values=[{"name": "routingKey", "value": key, "sensitive": True}],
    )
    await activate(wing, one)
    wing.clock.advance(1)
    await wing.work()
    (activation,) = await wing.activations()
    await wing.client.post(f"/api/v1/activations/{activation['activation_id']}/resolve")
    await wing.work()
    bodies = [json.loads(request.body) for request in receiver.requests]
    assert [body["event_action"] for body in bodies] == ["trigger", "trigger", "resolve"]
    assert {body["routing_key"] for body in bodies} == {key}
    assert len({body["dedup_key"] for body in bodies}) == 1
    assert receiver.requests[0].body == receiver.requests[1].body

    def everything(conn: Connection) -> str:
        tables = ("recipients", "audit", "deliveries", "delivery_attempts", "jobs")
        return "".join(
            str([tuple(map(_shown, row)) for row in conn.execute(text(f"SELECT * FROM {name}"))])
            for name in tables
        )

    lines = await log(wing)
    assert key not in await wing.ports.db.read(everything) + str(lines) + str(await recipient_of(wing, one))
    assert lines[-1]["attempts"][0]["response"] == "unknown key ••••"
    assert hashlib.sha256(receiver.requests[0].body).hexdigest() in {line["body_sha256"] for line in lines}
    await wing.client.post(f"/api/v1/deliveries/{lines[0]['delivery_id']}/send-again")
    await wing.work()
    assert receiver.requests[-1].body == receiver.requests[-2].body


async def test_an_address_that_is_a_secret_is_sealed_and_shown_with_its_host_alone(
    wing: Wing, receivers: Receivers
) -> None:
    receiver = receivers()
    url = receiver.url + "/services/T000/B000/s3cr3t"
    one = await wing.recipient(url, "Slack", url_sensitive=True)
    shown = await recipient_of(wing, one)
    assert (shown["url"], shown["url_shown"]) == ("", receiver.url.removesuffix("hook") + "…")
    given = {"name": "Slack", "connection": "Webhook", "url": "", "url_sensitive": True}
    assert (await wing.client.put(f"/api/v1/recipients/{one}", json=given)).status_code == 200
    await activate(wing, one)
    (request,) = receiver.requests
    assert request.path == "/hook/services/T000/B000/s3cr3t"

    def everything(conn: Connection) -> str:
        tables = ("recipients", "audit", "deliveries", "delivery_attempts", "delivery_holds", "jobs")
        return str([conn.execute(text(f"SELECT * FROM {name}")).all() for name in tables])

    assert "s3cr3t" not in await wing.ports.db.read(everything)


def _shown(value: Any) -> Any:
    """A body reads as text, so that a key in it would be seen."""
    return bytes(value).decode("utf-8", "replace") if isinstance(value, bytes | memoryview) else value
