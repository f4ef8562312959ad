"""The JSON event over HTTP: what is answered (qualtrics-product.md 3.5), who may send, and what the run gets."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest

from opulse.bootstrap.app import make_app
from opulse.clock import ManualClock
from opulse.db import Database
from opulse.experience.extensions.json_event.flow.accepting import Admission, EventRefused, accept_event
from opulse.experience.extensions.json_event.models import EventEnd, EventRefusal
from opulse.experience.workflows.views import find_workflow, runs
from opulse.ports import Limits
from tests.servers.installation import browse
from tests.unit.experience.extensions.cloud import ACTIVATION
from tests.unit.experience.extensions.pulse import Pulse, open_pulse

pytestmark = pytest.mark.stores

PATH = "/inbound-event/v1/events/json/triggers"
SECRET = "a shared secret"


@pytest.fixture
async def pulse(db: Database, clock: ManualClock) -> AsyncIterator[Pulse]:
    async with open_pulse(db, clock) as opened:
        await opened.receive()
        yield opened


async def send(pulse: Pulse, body: Any, key: str = "", url: str = "", **headers: str) -> httpx2.Response:
    """From outside: with no credential but what is named."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    async with browse(make_app(pulse.ports, "experience"), key) as client:
        return await client.post(url or pulse.trigger_url, content=content, headers=headers)


async def stored(pulse: Pulse) -> list[dict[str, Any]]:
    return await pulse.rows(runs)


async def test_an_event_is_queued_and_answered_in_the_envelope(pulse: Pulse) -> None:
    answer = await send(pulse, pulse.envelope())
    assert answer.status_code == 202
    body = answer.json()
    assert body["meta"]["httpStatus"] == "202 - Accepted"
    assert body["meta"]["requestId"]
    assert body["result"] == {"runId": body["result"]["runId"], "status": "queued", "duplicate": False}
    [run] = await stored(pulse)
    assert (run["id"], run["state"], run["event_key"]) == (body["result"]["runId"], "queued", ACTIVATION)


async def test_the_run_carries_the_whole_envelope_and_its_fields(pulse: Pulse) -> None:
    envelope = pulse.envelope(extra={"deep": [1, 2.5, None, True, "ünïcode ✓"]})
    await send(pulse, envelope)
    [run] = await stored(pulse)
    assert run["event"]["envelope"] == envelope
    assert run["event"]["fields"] == {
        "Systems URL": envelope["data"]["systemsAtActivationURL"],
        "Sensor Names": envelope["data"]["sensorNames"],
    }


async def test_paths_may_be_written_with_or_without_the_dollar(pulse: Pulse) -> None:
    fields = [
        {"name": "with", "path": "$.data.sensorNames"},
        {"name": "without", "path": "data.sensorNames"},
        {"name": "none", "path": "data.nothing"},
    ]
    await pulse.receive(event={"fields": fields})
    await send(pulse, pulse.envelope())
    [run] = await stored(pulse)
    assert run["event"]["fields"] == {
        "with": ["Application Hang", "Disk Full"],
        "without": ["Application Hang", "Disk Full"],
        "none": None,
    }


async def test_the_same_event_again_is_the_same_run(pulse: Pulse) -> None:
    first = (await send(pulse, pulse.envelope())).json()["result"]
    await pulse.work()
    pulse.clock.advance(30 * 86_400)
    again = await send(pulse, pulse.envelope(sensors=["Other"]))
    assert again.status_code == 200
    assert again.json()["result"] == {"runId": first["runId"], "status": "queued", "duplicate": True}
    assert len(await stored(pulse)) == 1


async def test_an_event_at_once_from_many_sides_is_one_run(pulse: Pulse) -> None:
    answers = await asyncio.gather(
        *(pulse.client.post(pulse.trigger_url, json=pulse.envelope()) for _ in range(10))
    )
    assert sorted(answer.status_code for answer in answers) == [200] * 9 + [202]
    assert len({answer.json()["result"]["runId"] for answer in answers}) == 1
    assert len(await stored(pulse)) == 1


async def test_events_without_an_id_are_each_a_run(pulse: Pulse) -> None:
    for _ in range(2):
        assert (await send(pulse, {"data": {}})).status_code == 202
    assert len(await stored(pulse)) == 2


async def test_put_is_taken_too(pulse: Pulse) -> None:
    answer = await pulse.client.put(pulse.trigger_url, json=pulse.envelope())
    assert answer.status_code == 202


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "not JSON"),
        (b"<xml/>", "not JSON"),
        (b'{"eventId": "1"', "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[" * 50_000, "not JSON"),
        (b"[1, 2]", "not an object"),
        (b'"text"', "not an object"),
        (b"null", "not an object"),
        (b'{"a": NaN}', "not finite"),
        (b'{"a": [1e999]}', "not finite"),
        (b'{"a": "\\u0000"}', "NUL"),
        (b'{"a\\u0000": 1}', "NUL"),
        (b'{"a": "\\ud800"}', "surrogate"),
        (b'{"eventId": {"a": 1}}', "eventId is a text"),
        (b'{"eventId": true}', "eventId is a text"),
        (b'{"eventId": "' + b"x" * 201 + b'"}', "eventId is a text"),
    ],
)
async def test_a_body_that_is_no_event_is_a_400(pulse: Pulse, body: bytes, words: str) -> None:
    answer = await send(pulse, body)
    assert answer.status_code == 400
    error = answer.json()["meta"]["error"]
    assert error["errorCode"] == "not_json"
    assert words in error["errorMessage"]
    assert await stored(pulse) == []


@pytest.mark.parametrize("token", ["", "nonsense", "\x00", "7b2b77e5-af96-44db-a56b-03a823a69a6a"])
async def test_an_unknown_address_is_a_404(pulse: Pulse, token: str) -> None:
    async with browse(make_app(pulse.ports, "experience")) as client:
        answer = await client.post(PATH, params={"urlTokenId": token}, json={})
    assert (answer.status_code, answer.json()["meta"]["error"]["errorCode"]) == (404, "unknown_url")


async def test_a_workflow_with_another_event_has_no_such_address(pulse: Pulse) -> None:
    workflow = await pulse.ports.db.read(find_workflow, pulse.tenant, await pulse.listen())
    assert workflow is not None
    assert (await send(pulse, {}, url=f"{PATH}?urlTokenId={workflow.url_token}")).status_code == 404


async def test_a_deleted_workflow_has_no_address_any_more(pulse: Pulse) -> None:
    await pulse.api("DELETE", f"/workflows/{pulse.workflows['receive']}", expect=204)
    assert (await send(pulse, pulse.envelope())).status_code == 404


async def test_a_workflow_that_is_off_is_a_409_and_on_record(pulse: Pulse) -> None:
    await pulse.api("POST", f"/workflows/{pulse.workflows['receive']}/disable", expect=204)
    answer = await send(pulse, pulse.envelope())
    assert (answer.status_code, answer.json()["meta"]["error"]["errorCode"]) == (409, "workflow_off")
    [run] = await pulse.runs("receive")
    assert (run["state"], run["reason"]) == ("not_started", "the workflow is switched off")
    await pulse.api("POST", f"/workflows/{pulse.workflows['receive']}/enable", expect=204)
    assert (await send(pulse, pulse.envelope())).status_code == 202, "sent again, it finds its way"


async def test_conditions_that_are_false_are_no_error_of_the_senders(pulse: Pulse) -> None:
    line = {"field": "Sensor Names", "operator": "contains", "operand": "Disk Full"}
    await pulse.receive(conditions={"items": [line]})
    answer = await send(pulse, pulse.envelope("no-1", sensors=["Application Hang"]))
    assert answer.status_code == 200
    assert answer.json()["result"] == {"runId": "", "status": "conditions_not_met"}
    assert await stored(pulse) == []
    [trace] = await pulse.traces("receive")
    assert (trace["change_set"], trace["matched"]) == ("no-1", False)
    assert trace["trace"]["items"][0]["current"] == ["Application Hang"]
    assert (await send(pulse, pulse.envelope("yes-1", sensors=["Disk Full"]))).status_code == 202


async def test_more_than_the_limit_is_a_413(db: Database, clock: ManualClock) -> None:
    async with open_pulse(db, clock, event_bytes=1_000) as pulse:
        await pulse.receive()
        envelope = pulse.envelope()
        envelope["pad"] = "x" * (1_000 - len(json.dumps(envelope)) - len(', "pad": ""'))
        assert len(json.dumps(envelope)) == 1_000
        assert (await send(pulse, envelope)).status_code == 202
        envelope["pad"] += "x"
        answer = await send(pulse, envelope)
        assert (answer.status_code, answer.json()["meta"]["error"]["errorCode"]) == (413, "too_large")


async def test_the_default_limit_is_a_hundred_kilobytes() -> None:
    assert (Limits().event_bytes, Limits().events_per_minute, Limits().runs_per_day) == (
        100_000,
        3_000,
        300_000,
    )


async def test_more_events_than_the_rate_are_a_429(db: Database, clock: ManualClock) -> None:
    async with open_pulse(db, clock, events_per_minute=3) as pulse:
        await pulse.receive()
        answers = [
            await pulse.client.post(pulse.trigger_url, json={"eventId": str(number)}) for number in range(5)
        ]
        assert [answer.status_code for answer in answers] == [202, 202, 202, 429, 429]
        assert answers[3].headers["retry-after"] == "60"
        assert answers[3].json()["meta"]["error"]["errorCode"] == "too_many"
        clock.advance(60)
        assert (await pulse.client.post(pulse.trigger_url, json={"eventId": "9"})).status_code == 202


async def test_more_runs_a_day_than_allowed_are_a_429_too(db: Database, clock: ManualClock) -> None:
    async with open_pulse(db, clock, runs_per_day=2) as pulse:
        await pulse.receive()
        answers = [
            await pulse.client.post(pulse.trigger_url, json={"eventId": str(number)}) for number in range(3)
        ]
        assert [answer.status_code for answer in answers] == [202, 202, 429]
        assert answers[2].headers["retry-after"] == "3600"
        clock.advance(86_401)
        assert (await pulse.client.post(pulse.trigger_url, json={"eventId": "9"})).status_code == 202


async def _all_at_once(pulse: Pulse, *keys: str) -> list[tuple[str, int, str]]:
    """(event, status, run) of each; in whatever order they are taken."""
    posted = [pulse.client.post(pulse.trigger_url, json={"eventId": key}) for key in keys]
    answers = await asyncio.gather(*posted)
    results = [(answer.json().get("result") or {}).get("runId", "") for answer in answers]
    return [(key, answer.status_code, run) for key, answer, run in zip(keys, answers, results, strict=True)]


async def test_events_of_the_moment_are_told_apart(pulse: Pulse) -> None:
    """They are written in one unit, and each hears what became of its own."""
    told = await _all_at_once(pulse, "a", "b", "a", "c")
    assert sorted(status for _, status, _ in told) == [200, 202, 202, 202]
    assert {key for key, status, _ in told if status == 202} == {"a", "b", "c"}
    assert {run["event_key"]: run["id"] for run in await stored(pulse)} == {key: run for key, _, run in told}
    assert len({run for key, _, run in told if key == "a"}) == 1, "both senders hear of the same run"


async def test_the_limit_lies_between_two_events_of_the_moment(db: Database, clock: ManualClock) -> None:
    async with open_pulse(db, clock, runs_per_day=3) as pulse:
        await pulse.receive()
        told = await _all_at_once(pulse, "a", "b", "c", "d", "e")
        assert sorted(status for _, status, _ in told) == [202, 202, 202, 429, 429]
        started = {key for key, status, _ in told if status == 202}
        assert {run["event_key"] for run in await stored(pulse)} == started


async def test_runs_that_others_start_count_at_once(db: Database, clock: ManualClock) -> None:
    """Another process's runs of the last seconds are seen, and those that are a day old by now give their place back."""
    async with open_pulse(db, clock, runs_per_day=3) as pulse:
        await pulse.receive()
        other = Admission()
        this = Admission()
        token = pulse.trigger_url.partition("urlTokenId=")[2]

        async def take(admission: Admission, key: str) -> EventEnd | EventRefusal:
            body = json.dumps({"eventId": key}).encode()
            try:
                taken = await accept_event(pulse.ports, admission, nobody, token, {}, body)
            except EventRefused as refused:
                return refused.reason
            return taken.end

        assert [await take(this, "1"), await take(other, "2")] == [EventEnd.QUEUED] * 2
        clock.advance(1)
        assert await take(this, "3") is EventEnd.QUEUED
        assert await take(other, "4") is EventRefusal.TOO_MANY
        clock.advance(86_400 - 0.5)
        assert await take(other, "4") is EventEnd.QUEUED, "two of the three are more than a day old"
        assert await take(this, "5") is EventEnd.QUEUED
        assert await take(this, "6") is EventRefusal.TOO_MANY


async def nobody(secret: str) -> int | None:
    return None


@pytest.mark.parametrize(
    ("event", "words"),
    [
        ({"fields": [{"name": "a", "path": "data["}]}, "is not a JSON path"),
        ({"fields": [{"name": "a", "path": "x"}, {"name": "a", "path": "y"}]}, "a name of its own"),
        ({"fields": [{"name": " ", "path": "x"}]}, "a name of its own"),
        ({"fields": [{"path": "x"}] * 51}, "at most 50"),
        ({"fields": "data.x"}, "list of at most 50"),
        ({"fields": ["data.x"]}, "a name and a path"),
        ({"authentication": "oauth"}, "authentication is one of"),
        ({"authentication": ["open"]}, "authentication is one of"),
        ({"authentication": "hmac"}, "needs the secret"),
        ({"authentication": "hmac", "sealed_secret": "forged"}, "needs the secret"),
    ],
)
async def test_an_event_that_could_not_be_received_is_not_saved(
    pulse: Pulse, event: dict[str, Any], words: str
) -> None:
    with pytest.raises(AssertionError, match=words):
        await pulse.receive(event=event)


async def test_the_address_is_shown_with_the_workflow(pulse: Pulse) -> None:
    shown = await pulse.api("GET", f"/workflows/{pulse.workflows['receive']}")
    assert shown["trigger_url"] == pulse.trigger_url
    assert shown["trigger_url"].startswith(f"{pulse.ports.public_url}{PATH}?urlTokenId=")
    listening = await pulse.api("GET", f"/workflows/{await pulse.listen()}")
    assert listening["trigger_url"] == ""
