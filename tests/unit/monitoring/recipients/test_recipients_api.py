"""Recipients over the API: secrets go in and never come out, a test of the webhook is marked as one."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, select, text, update

from opulse.clock import ManualClock
from opulse.db import Database
from opulse.monitoring.recipients.store import recipients
from opulse.wire.signature import SIGNATURE_HEADER, verify_lakeside
from opulse.wire.standard_webhooks import new_standard_secret, verify_standard
from tests.unit.monitoring.activations.world import Receiver, Wing, open_wing

pytestmark = pytest.mark.stores

SECRETS = ("s3cr3t-value", "t0ken-value")


@pytest.fixture
async def wing(db: Database, clock: ManualClock) -> AsyncIterator[Wing]:
    async with open_wing(db, clock) as made:
        yield made


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.stop()


def signed(url: str, secret: str | None = SECRETS[0]) -> dict[str, Any]:
    return {
        "name": "Qualtrics",
        "connection": "Webhook",
        "url": url,
        "authentication": {"type": "Signed Secret", "secret": secret},
        "headers": [
            {"name": "X-API-TOKEN", "value": SECRETS[1], "sensitive": True},
            {"name": "X-Site", "value": "Berlin"},
        ],
    }


async def created(wing: Wing, given: dict[str, Any]) -> dict[str, Any]:
    answer = await wing.client.post("/api/v1/recipients", json=given)
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def test_secrets_are_sealed_in_the_store_and_hidden_in_every_answer(
    wing: Wing, receiver: Receiver
) -> None:
    saved = await created(wing, signed(receiver.url))
    one = await wing.client.get(f"/api/v1/recipients/{saved['recipient_id']}")
    listed = await wing.client.get("/api/v1/recipients")
    assert [header["value"] for header in one.json()["headers"]] == [None, "Berlin"]
    assert one.json()["authentication"] == {
        "type": "Signed Secret",
        "username": "",
        "password": None,
        "secret": None,
    }

    def everything(conn: Connection) -> str:
        tables = ("recipients", "audit")
        return str([conn.execute(text(f"SELECT * FROM {name}")).all() for name in tables])

    stored = await wing.ports.db.read(everything)
    for secret in SECRETS:
        assert secret not in stored + one.text + listed.text + str(saved)


async def test_a_secret_left_empty_is_generated_and_shown_once(wing: Wing, receiver: Receiver) -> None:
    saved = await created(wing, signed(receiver.url, None))
    secret = saved["generated_secret"]
    assert len(secret) >= 43
    address = f"/api/v1/recipients/{saved['recipient_id']}"
    assert (await wing.client.get(address)).json()["generated_secret"] is None
    again = await wing.client.put(address, json=signed(receiver.url, None))
    assert again.json()["generated_secret"] is None, "saved again with the field empty it stays"
    await wing.client.post(f"{address}/test")
    (request,) = receiver.requests
    assert verify_lakeside(secret, request.body, request.headers[SIGNATURE_HEADER])


async def test_saved_again_with_dots_the_sensitive_header_stays(wing: Wing, receiver: Receiver) -> None:
    saved = await created(wing, signed(receiver.url))
    given = signed(receiver.url, None)
    given["headers"][0]["value"] = None
    await wing.client.put(f"/api/v1/recipients/{saved['recipient_id']}", json=given)
    await wing.client.post(f"/api/v1/recipients/{saved['recipient_id']}/test")
    (request,) = receiver.requests
    assert request.headers["x-api-token"] == SECRETS[1]
    assert verify_lakeside(SECRETS[0], request.body, request.headers[SIGNATURE_HEADER])


async def test_the_test_webhook_sends_a_fresh_id_each_time_marks_itself_and_makes_no_activation(
    wing: Wing, receiver: Receiver
) -> None:
    saved = await created(wing, signed(receiver.url))
    address = f"/api/v1/recipients/{saved['recipient_id']}/test"
    outcomes = [(await wing.client.post(address)).json() for _ in range(2)]
    assert [(outcome["delivered"], outcome["status"]) for outcome in outcomes] == [(True, 200)] * 2
    assert outcomes[0]["response"] == '{"ok":true}'
    ids = {json.loads(request.body)["eventId"] for request in receiver.requests}
    assert len(ids) == 2
    assert [request.headers["x-test"] for request in receiver.requests] == ["1", "1"]
    assert json.loads(receiver.requests[0].body)["eventType"] == "SensorNotification.Activated"
    assert await wing.activations() == []


async def test_the_test_webhook_says_what_went_wrong(wing: Wing, receiver: Receiver) -> None:
    saved = await created(wing, signed(receiver.url))
    receiver.statuses = [403]
    address = f"/api/v1/recipients/{saved['recipient_id']}/test"
    refused = (await wing.client.post(address)).json()
    assert (refused["delivered"], refused["status"]) == (False, 403)
    receiver.stop()
    silent = (await wing.client.post(address)).json()
    assert (silent["status"], silent["error"]) == (None, "127.0.0.1 took no connection")


async def test_faults_are_named_by_field(wing: Wing) -> None:
    given = signed("https://169.254.169.254/latest")
    answer = await wing.client.post("/api/v1/recipients", json=given)
    assert answer.status_code == 422
    (problem,) = answer.json()["errors"]
    assert (problem["where"], problem["reason"]) == ("url", "url_invalid")
    assert "this machine's own wire" in problem["what"]
    given = signed("https://hooks.example.org") | {"body": "{", "name": ""}
    answer = await wing.client.post("/api/v1/recipients", json=given)
    assert [problem["where"] for problem in answer.json()["errors"]] == ["name", "body"]


async def test_two_webhooks_cannot_share_a_name(wing: Wing, receiver: Receiver) -> None:
    await created(wing, signed(receiver.url))
    answer = await wing.client.post("/api/v1/recipients", json=signed(receiver.url) | {"name": " QUALTRICS "})
    assert [problem["reason"] for problem in answer.json()["errors"]] == ["name_taken"]


async def test_a_recipient_in_use_is_not_deleted(wing: Wing, receiver: Receiver) -> None:
    saved = await created(wing, signed(receiver.url))
    address = f"/api/v1/recipients/{saved['recipient_id']}"
    notification = await wing.notify(recipients=[saved["recipient_id"]])
    refused = await wing.client.delete(address)
    assert (refused.status_code, refused.json()["notifications"]) == (409, 1)
    assert (await wing.client.get(address)).json()["notifications_assigned"] == 1
    await wing.client.delete(f"/api/v1/notifications/{notification}")
    assert (await wing.client.delete(address)).status_code == 204
    assert (await wing.client.get(address)).status_code == 404


async def test_another_tenants_recipient_is_not_found(wing: Wing, receiver: Receiver) -> None:
    saved = await created(wing, signed(receiver.url))
    address = f"/api/v1/recipients/{saved['recipient_id']}"
    async with open_wing(wing.ports.db, wing.clock) as other:
        assert (await other.client.get(address)).status_code == 404
        assert (await other.client.put(address, json=signed(receiver.url))).status_code == 404
        assert (await other.client.delete(address)).status_code == 404
        assert (await other.client.post(f"{address}/test")).status_code == 404
        answer = await other.client.put(f"{address}/notifications", json={"notifications": []})
        assert answer.status_code == 404
        assert (await other.client.get("/api/v1/recipients")).json() == {"recipients": []}
    assert receiver.requests == []


async def test_an_unsaved_form_is_tested_over_the_api_and_nothing_is_kept(
    wing: Wing, receiver: Receiver
) -> None:
    given = signed(receiver.url) | {
        "authentication": {"type": "Standard Webhooks", "secret": new_standard_secret()}
    }
    receiver.statuses = [202]
    outcome = (await wing.client.post("/api/v1/recipients/test", json=given)).json()
    assert (outcome["delivered"], outcome["status"], outcome["response"]) == (True, 202, '{"ok":true}')
    assert outcome["seconds"] >= 0
    (request,) = receiver.requests
    assert request.headers["x-test"] == "1"
    secret = given["authentication"]["secret"]
    assert verify_standard(secret, request.headers, request.body, wing.clock.now())
    assert outcome["body"] == request.body.decode()
    assert (await wing.client.get("/api/v1/recipients")).json() == {"recipients": []}
    assert await wing.activations() == []
    wrong = await wing.client.post("/api/v1/recipients/test", json=given | {"body": "{"})
    assert [problem["where"] for problem in wrong.json()["errors"]] == ["body"]
    mail = {"name": "Ada", "connection": "Email", "email": "ada@example.org"}
    assert (await wing.client.post("/api/v1/recipients/test", json=mail)).status_code == 422
    assert len(receiver.requests) == 1


async def test_a_long_answer_to_a_test_is_cut_and_shows_no_sensitive_value(wing: Wing) -> None:
    receiver = Receiver(answer=b"key s3cr3t " + b"x" * 5000)
    try:
        given = {
            "name": "On call",
            "connection": "Webhook",
            "url": receiver.url,
            "body": '{"key": "@{key}"}',
            "values": [{"name": "key", "value": "s3cr3t", "sensitive": True}],
        }
        outcome = (await wing.client.post("/api/v1/recipients/test", json=given)).json()
        assert outcome["response"].startswith("key •••• xxx")
        assert len(outcome["response"]) <= 2048
        assert outcome["body"] == '{"key": "••••"}'
        assert json.loads(receiver.requests[0].body) == {"key": "s3cr3t"}
    finally:
        receiver.stop()


async def test_a_recipient_of_an_earlier_version_is_read_as_it_was(wing: Wing, receiver: Receiver) -> None:
    """Its document has none of the fields that came later."""
    saved = await created(wing, signed(receiver.url))

    def age(conn: Connection) -> None:
        query = select(recipients.c.webhook).where(recipients.c.id == saved["recipient_id"])
        document = dict(conn.execute(query).scalar_one())
        for name in ("url_sensitive", "url_shown", "values", "end_body"):
            del document[name]
        for name in ("previous", "previous_until"):
            del document["authentication"][name]
        conn.execute(
            update(recipients).where(recipients.c.id == saved["recipient_id"]).values(webhook=document)
        )

    await wing.ports.db.write(age)
    found = (await wing.client.get(f"/api/v1/recipients/{saved['recipient_id']}")).json()
    assert (found["url"], found["url_shown"]) == (receiver.url, receiver.url)
    assert (found["values"], found["resolved_body"], found["old_secret_until"]) == ([], "", None)
    await wing.client.post(f"/api/v1/recipients/{saved['recipient_id']}/test")
    (request,) = receiver.requests
    assert verify_lakeside(SECRETS[0], request.body, request.headers[SIGNATURE_HEADER])
