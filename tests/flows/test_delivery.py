"""Telling recipients: real HTTP receivers and a real mail server, every attempt the same bytes and a row."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Connection

from opulse.clock import ManualClock
from opulse.db import Database
from opulse.jobs import enqueue
from opulse.mail.models import Relay, Security
from opulse.monitoring.activations.flow.deciding import OPENED
from opulse.wire.signature import SIGNATURE_HEADER, verify_lakeside
from opulse.wire.webhook import OPERATIONAL_PULSE_BODY
from tests.servers.smtp import SmtpSink
from tests.unit.monitoring.activations.world import HANG, RETRANSMIT, Receiver, Wing, calm, hang, open_wing
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


async def activate(wing: Wing, *recipients: str) -> str:
    """An activation of two sensors on one system tells these; its id. Its deliveries were tried once."""
    ids = await wing.put("a")
    await wing.notify([HANG, RETRANSMIT], recipients=recipients)
    await wing.trigger(hang(ids["a"]), on(ids["a"], RETRANSMIT))
    await wing.work()
    (activation,) = await wing.activations()
    return str(activation["activation_id"])


async def deliveries(wing: Wing, activation: str) -> list[dict[str, Any]]:
    answer = await wing.client.get(f"/api/v1/activations/{activation}/deliveries")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["deliveries"]
    return found


async def test_check_1_the_guides_body_has_exactly_the_two_paths_that_the_receiver_reads(
    wing: Wing, receivers: Receivers
) -> None:
    receiver = receivers()
    activation = await activate(wing, await wing.recipient(receiver.url, body=OPERATIONAL_PULSE_BODY))
    (request,) = receiver.requests
    assert (request.method, request.path) == ("POST", "/hook")
    assert request.headers["content-type"] == "application/json; charset=utf-8"
    body = json.loads(request.body)
    assert sorted(body) == ["data", "eventId", "eventTime", "eventType"]
    assert body["eventId"] == activation
    assert body["eventType"] == "SensorNotification.Activated"
    assert body["data"] == {
        "sensorNames": [HANG, RETRANSMIT],
        "systemsAtActivationURL": f"http://test/api/sensornotifications/activations/{activation}/systems/atactivation",
    }
    assert len(body["eventTime"]) == len("2026-03-03T16:31:07.1234567Z")


async def test_check_5_and_the_other_variables_of_the_default_body(wing: Wing, receivers: Receivers) -> None:
    receiver = receivers()
    activation = await activate(wing, await wing.recipient(receiver.url))
    data = json.loads(receiver.requests[0].body)["data"]
    assert data.pop("tenantId") != ""
    assert data == {
        "notificationName": "Teams quality incident",
        "notificationDescription": "More than a few hang",
        "sensorNames": [HANG, RETRANSMIT],
        "groupName": "All Systems",
        "activationThresholdText": "1 system currently reporting",
        "activationThresholdValue": 1,
        "activationThresholdIsPercent": False,
        "notificationActivationDetailsURL": f"http://test/activations/{activation}",
        "systemsAtActivationURL": f"http://test/api/sensornotifications/activations/{activation}/systems/atactivation",
        "systemsCurrentlyAffectedURL": (
            f"http://test/api/sensornotifications/activations/{activation}/systems/currentlyaffected"
        ),
    }


async def test_check_11_a_503_then_200_is_one_event_with_the_same_id_and_identical_bytes(
    wing: Wing, receivers: Receivers
) -> None:
    receiver = receivers(503)
    activation = await activate(wing, await wing.recipient(receiver.url))
    (waiting,) = await deliveries(wing, activation)
    assert (waiting["state"], waiting["reason"]) == ("waiting", "try_again")
    wing.clock.advance(1)
    await wing.work()
    first, second = receiver.requests
    assert first.body == second.body
    assert first.headers["x-delivery-id"] == second.headers["x-delivery-id"]
    (delivery,) = await deliveries(wing, activation)
    assert (delivery["state"], delivery["reason"]) == ("delivered", "accepted")
    assert delivery["body_sha256"] == hashlib.sha256(first.body).hexdigest()
    assert [
        (attempt["number"], attempt["status"], attempt["outcome"]) for attempt in delivery["attempts"]
    ] == [
        (1, 503, "failed"),
        (2, 200, "accepted"),
    ]
    assert delivery["attempts"][1]["response"] == '{"ok":true}'


async def test_a_receiver_that_never_recovers_ends_as_a_dead_letter_that_can_be_sent_again(
    wing: Wing, receivers: Receivers
) -> None:
    receiver = receivers(*[500] * 7)
    activation = await activate(wing, await wing.recipient(receiver.url))
    for seconds in (1, 5, 15, 60, 300, 900):
        wing.clock.advance(seconds - 0.5)
        await wing.work()
        before = len(receiver.requests)
        wing.clock.advance(0.6)
        await wing.work()
        assert len(receiver.requests) == before + 1, f"after {seconds} s"
    (dead,) = await deliveries(wing, activation)
    assert (dead["state"], dead["reason"], len(dead["attempts"])) == ("dead", "used_up", 7)

    answer = await wing.client.post(f"/api/v1/deliveries/{dead['delivery_id']}/send-again")
    assert answer.json()["state"] == "waiting"
    await wing.work()
    (delivery,) = await deliveries(wing, activation)
    assert (delivery["state"], len(delivery["attempts"])) == ("delivered", 8)
    assert len({request.body for request in receiver.requests}) == 1


@pytest.mark.parametrize(("status", "reason"), [(400, "refused"), (302, "refused"), (410, "gone")])
async def test_what_would_be_refused_again_is_not_tried_again(
    wing: Wing, receivers: Receivers, status: int, reason: str
) -> None:
    receiver = receivers(status)
    activation = await activate(wing, await wing.recipient(receiver.url))
    wing.clock.advance(3600)
    await wing.work()
    (delivery,) = await deliveries(wing, activation)
    assert (delivery["state"], delivery["reason"], len(receiver.requests)) == ("dead", reason, 1)


async def test_nobody_listens_is_an_attempt_with_its_error(wing: Wing, receivers: Receivers) -> None:
    receiver = receivers()
    recipient = await wing.recipient(receiver.url)
    receiver.stop()
    activation = await activate(wing, recipient)
    (delivery,) = await deliveries(wing, activation)
    (attempt,) = delivery["attempts"]
    assert (attempt["status"], attempt["error"]) == (None, "127.0.0.1 took no connection")


async def test_a_signed_webhook_verifies_and_put_basic_and_own_headers_arrive(
    wing: Wing, receivers: Receivers
) -> None:
    signed, basic = receivers(), receivers()
    one = await wing.recipient(
        signed.url,
        "signed",
        request_method="PUT",
        authentication={"type": "Signed Secret", "secret": "s3cr3t-for-tests"},
        headers=[
            {"name": "X-API-TOKEN", "value": "t0ken", "sensitive": True},
            {"name": "X-Site", "value": "B"},
        ],
    )
    two = await wing.recipient(
        basic.url, "basic", authentication={"type": "Basic Auth", "username": "ada", "password": "pä:ss"}
    )
    await activate(wing, one, two)
    (request,) = signed.requests
    assert request.method == "PUT"
    assert verify_lakeside("s3cr3t-for-tests", request.body, request.headers[SIGNATURE_HEADER])
    assert not verify_lakeside("s3cr3t-for-tests", request.body + b" ", request.headers[SIGNATURE_HEADER])
    assert (request.headers["x-api-token"], request.headers["x-site"]) == ("t0ken", "B")
    assert "authorization" not in request.headers
    (request,) = basic.requests
    assert request.headers["authorization"] == "Basic YWRhOnDDpDpzcw=="
    assert SIGNATURE_HEADER not in request.headers


async def test_check_12_a_name_with_quotes_and_backslashes_is_still_json(
    wing: Wing, receivers: Receivers
) -> None:
    name = 'Drive "C:\\" @{tenantId} full'
    await wing.client.post("/api/v1/sensors", json={"name": name})
    await wing.evaluator.follow(wing.tenant)
    receiver = receivers()
    ids = await wing.put("a")
    await wing.notify([name], recipients=[await wing.recipient(receiver.url)])
    await wing.trigger(on(ids["a"], name))
    await wing.work()
    assert json.loads(receiver.requests[0].body)["data"]["sensorNames"] == [name]


async def test_each_recipient_is_told_once_however_often_the_job_runs(
    wing: Wing, receivers: Receivers
) -> None:
    receiver = receivers()
    activation = await activate(wing, await wing.recipient(receiver.url))

    def announce(conn: Connection) -> None:
        enqueue(conn, wing.tenant, OPENED, {"activation": activation})

    for _ in range(2):
        await wing.ports.db.write(announce)
        await wing.work()
    assert len(receiver.requests) == 1
    assert len(await deliveries(wing, activation)) == 1


async def test_the_end_is_told_to_those_who_ask_for_it_and_after_the_beginning(
    wing: Wing, receivers: Receivers
) -> None:
    """The first event is still being retried when the activation ends: the second waits behind it."""
    both, first_only = receivers(503), receivers()
    one = await wing.recipient(both.url, "both", resolved_event=True)
    two = await wing.recipient(first_only.url, "first only")
    ids = await wing.put("a")
    await wing.notify(recipients=[one, two])
    await wing.trigger(hang(ids["a"]))
    await wing.work()
    (activation,) = await wing.activations()
    await wing.client.post(f"/api/v1/activations/{activation['activation_id']}/resolve")
    await wing.work()
    assert len(both.requests) == 1, "a late Activated never follows Resolved"
    wing.clock.advance(1)
    await wing.work()
    types = [json.loads(request.body)["eventType"] for request in both.requests]
    assert types == ["SensorNotification.Activated"] * 2 + ["SensorNotification.Resolved"]
    events = [json.loads(request.body)["eventId"] for request in both.requests]
    assert events == [activation["activation_id"]] * 2 + [f"{activation['activation_id']}-resolved"]
    assert len(first_only.requests) == 1


async def test_recipients_are_those_of_the_moment_it_activated(wing: Wing, receivers: Receivers) -> None:
    told, later = receivers(), receivers()
    one = await wing.recipient(told.url, "told")
    ids = await wing.put("a")
    notification = await wing.notify(recipients=[one])
    await wing.trigger(hang(ids["a"]))
    two = await wing.recipient(later.url, "later")
    await wing.client.put(f"/api/v1/recipients/{two}/notifications", json={"notifications": [notification]})
    await wing.work()
    await wing.trigger(calm(ids["a"]))
    await wing.work()
    assert (len(told.requests), len(later.requests)) == (1, 0)


async def test_a_mail_recipient_gets_one_mail(db: Database, clock: ManualClock, smtp_sink: SmtpSink) -> None:
    relay = Relay("127.0.0.1", smtp_sink.port, Security.OFF)
    async with open_wing(db, clock, relay=lambda: relay) as wing:
        person = {
            "recipient_type": "User",
            "name": "Ada",
            "connection": "Email",
            "email": "ada@example.org",
            "first_name": "Ada",
            "last_name": "Lovelace",
        }
        answer = await wing.client.post("/api/v1/recipients", json=person)
        activation = await activate(wing, answer.json()["recipient_id"])
        (delivery,) = await deliveries(wing, activation)
        assert (delivery["state"], delivery["attempts"][0]["status"]) == ("delivered", 250)
        (mail,) = smtp_sink.mails()
        assert mail.recipients == ("ada@example.org",)
        assert mail.message["Subject"] == "Teams quality incident"
        text = mail.message.get_content()
        assert f"http://test/activations/{activation}" in text
        assert "Application Hang, High Retransmission Rate" in text


async def test_without_a_relay_a_mail_waits_and_leaves_when_there_is_one(
    db: Database, clock: ManualClock, smtp_sink: SmtpSink
) -> None:
    relays: list[Relay] = []
    async with open_wing(db, clock, relay=lambda: relays[0] if relays else None) as wing:
        desk = {
            "recipient_type": "System",
            "name": "Desk",
            "connection": "Email",
            "email": "desk@example.org",
        }
        answer = await wing.client.post("/api/v1/recipients", json=desk)
        activation = await activate(wing, answer.json()["recipient_id"])
        (delivery,) = await deliveries(wing, activation)
        assert (delivery["state"], delivery["reason"], delivery["attempts"]) == ("waiting", "no_relay", [])
        relays.append(Relay("127.0.0.1", smtp_sink.port, Security.OFF))
        clock.advance(30)
        await wing.work()
        (delivery,) = await deliveries(wing, activation)
        assert delivery["state"] == "delivered"
        assert len(smtp_sink.mails()) == 1


async def test_a_mail_that_the_relay_defers_is_sent_again_and_one_it_refuses_is_not(
    db: Database, clock: ManualClock, smtp_sinks: Callable[..., SmtpSink]
) -> None:
    for option, state, tries in (("-r", "waiting", 1), ("-f", "dead", 1)):
        sink = smtp_sinks(option, "RCPT")
        relay = Relay("127.0.0.1", sink.port, Security.OFF)
        async with open_wing(db, clock, relay=lambda relay=relay: relay) as wing:
            desk = {
                "recipient_type": "System",
                "name": "Desk",
                "connection": "Email",
                "email": "d@example.org",
            }
            answer = await wing.client.post("/api/v1/recipients", json=desk)
            activation = await activate(wing, answer.json()["recipient_id"])
            (delivery,) = await deliveries(wing, activation)
            assert (delivery["state"], len(delivery["attempts"])) == (state, tries), option


async def test_another_tenants_activation_and_delivery_are_not_found(
    wing: Wing, receivers: Receivers
) -> None:
    receiver = receivers(400)
    activation = await activate(wing, await wing.recipient(receiver.url))
    (dead,) = await deliveries(wing, activation)
    async with open_wing(wing.ports.db, wing.clock) as other:
        assert (await other.client.get(f"/api/v1/activations/{activation}/deliveries")).status_code == 404
        again = f"/api/v1/deliveries/{dead['delivery_id']}/send-again"
        assert (await other.client.post(again)).status_code == 404
        assert (await other.client.get(f"/api/v1/activations/{activation}")).status_code == 404
        assert (await other.client.post(f"/api/v1/activations/{activation}/dismiss")).status_code == 404
