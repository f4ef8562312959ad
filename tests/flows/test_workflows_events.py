"""Events beside contact changes: captured JSON, schedules, subscriptions, bounces, responses; on both databases."""

from __future__ import annotations

import asyncio
import smtplib
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, select

from opulse.clock import ManualClock
from opulse.db import Database
from opulse.experience.directory.flow.leaving import Subscription, set_opt_out
from opulse.experience.directory.models import SubscriptionOrigin
from opulse.experience.distributions.flow.bouncing import MAIL_BOUNCED
from opulse.experience.distributions.flow.links import unsubscribe_in
from opulse.experience.distributions.flow.returned import Returned
from opulse.experience.distributions.views import invitations
from opulse.experience.extensions.schedule.models import SCHEDULES_DUE
from opulse.experience.responses.flow.announcing import Changed, announce_responses_in
from opulse.experience.responses.models import ResponseState
from opulse.experience.responses.views import responses
from opulse.jobs import enqueue
from opulse.mail.inbound import Inbound
from opulse.mail.verp import Verp
from tests.unit.experience.extensions.cloud import estate
from tests.unit.experience.extensions.pulse import Pulse, open_pulse
from tests.unit.mail.test_reports import POSTFIX

pytestmark = pytest.mark.stores
BODY = {"eventId": "7", "data": {"who": "Zoe", "list": ["a", "b"]}}


@pytest.fixture
async def pulse(db: Database, clock: ManualClock) -> AsyncIterator[Pulse]:
    async with open_pulse(db, clock) as opened:
        yield opened


async def listen(
    pulse: Pulse, event: str, form: dict[str, Any], conditions: Any = None, tasks: Any = None
) -> str:
    """A workflow named after its event, which marks its contacts unless ``tasks`` say otherwise."""
    mark = {
        "type": "xm_directory.update_contacts",
        "form": {"who": "event", "directory": pulse.directory, "embedded_data": {"mark": event}},
    }
    body = {
        "name": event,
        "trigger": {"type": event, "form": form},
        "conditions": conditions or {},
        "tasks": [mark] if tasks is None else tasks,
    }
    made = await pulse.api("POST", "/workflows", body, 201)
    pulse.workflows[event] = made["id"]
    return str(made["id"])


async def marked(pulse: Pulse, name: str) -> str:
    return str((await pulse.contact(name))["embedded_data"].get("mark", ""))


async def test_capture_keeps_the_next_event_and_starts_nothing(pulse: Pulse) -> None:
    workflow = await pulse.receive()
    path = f"/workflows/{workflow}/capture"
    assert (await pulse.api("GET", path))["waiting"] is False
    started = await pulse.api("POST", path)
    assert started["waiting"] is True
    answer = await pulse.client.post(pulse.trigger_url, json=BODY)
    assert (answer.status_code, answer.json()["result"]["captured"]) == (200, True)
    assert await pulse.runs("receive") == []
    kept = await pulse.api("GET", path)
    assert (kept["waiting"], kept["body"]) == (False, BODY)
    assert (await pulse.client.post(pulse.trigger_url, json=BODY)).status_code == 202, (
        "one event, and no more"
    )


async def test_capture_ends_after_15_minutes_or_by_hand(pulse: Pulse) -> None:
    workflow = await pulse.receive()
    await pulse.api("POST", f"/workflows/{workflow}/capture")
    pulse.clock.advance(timedelta(minutes=15).total_seconds())
    assert (await pulse.client.post(pulse.trigger_url, json=BODY)).status_code == 202
    await pulse.api("POST", f"/workflows/{workflow}/capture")
    await pulse.api("DELETE", f"/workflows/{workflow}/capture", expect=204)
    assert (await pulse.client.post(pulse.trigger_url, json={"eventId": "8"})).status_code == 202
    await pulse.listen()
    await pulse.api("POST", f"/workflows/{pulse.workflows['ask']}/capture", expect=404)


async def test_a_test_event_starts_a_run_of_its_own_each_time(pulse: Pulse) -> None:
    conditions = {"items": [{"field": "Sensor Names", "operator": "contains", "operand": "Disk"}]}
    workflow = await pulse.receive(conditions=conditions)
    path = f"/workflows/{workflow}/test-event"
    first = await pulse.api("POST", path, {"body": {"eventId": "1", "data": {"sensorNames": ["Disk"]}}})
    again = await pulse.api("POST", path, {"body": {"eventId": "1", "data": {"sensorNames": ["Disk"]}}})
    assert first["run"]
    assert first["run"] != again["run"]
    assert first["fields"]["Sensor Names"] == ["Disk"]
    other = await pulse.api("POST", path, {"body": {}})
    assert (other["run"], other["status"]) == ("", "conditions_not_met")


async def test_a_schedule_starts_at_its_time_about_a_list_and_makes_up_for_missed_times_once(
    pulse: Pulse,
) -> None:
    await pulse.people("p0", "p1", site="Oslo")
    await pulse.people("p2", site="Lima")
    people = [await pulse.contact(name) for name in ("p0", "p1", "p2")]
    members = {"contacts": [one["id"] for one in people]}
    await pulse.api("POST", f"/mailing-lists/{pulse.list_id}/members", members, 204)
    conditions = {"items": [{"field": "site", "operator": "is_equal_to", "operand": "Oslo"}]}
    form = {"preset": "daily", "time": "09:00", "list": pulse.list_id, "embedded_fields": ["site"]}
    workflow = await listen(pulse, "schedule", form, conditions)

    async def look() -> list[dict[str, Any]]:
        def unit(conn: Connection) -> None:
            enqueue(conn, 0, SCHEDULES_DUE, {}, unique=SCHEDULES_DUE)

        await pulse.ports.db.write(unit)
        await pulse.work()
        return await pulse.runs("schedule")

    assert await look() == []
    pulse.clock.advance(86_400)
    [run] = await look()
    assert (run["contacts"], run["state"]) == (2, "succeeded")
    assert [await marked(pulse, name) for name in ("p0", "p1", "p2")] == ["schedule", "schedule", ""]
    pulse.clock.advance(5 * 86_400)
    assert len(await look()) == 2, "five times were missed, one run makes up for them"
    assert len(await look()) == 2
    following = (await pulse.api("GET", f"/workflows/{workflow}/schedule"))["next_at"]
    assert following == "2026-11-30T09:00:00Z"
    await pulse.api("POST", f"/workflows/{workflow}/schedule/run", expect=202)
    await pulse.work()
    assert len(await pulse.runs("schedule")) == 3, "a person may start it beside its times"
    await pulse.api("POST", f"/workflows/{workflow}/disable", expect=204)
    await pulse.api("POST", f"/workflows/{workflow}/schedule/run", expect=409)
    pulse.clock.advance(86_400)
    assert len(await look()) == 3


async def test_opting_out_and_in_again_start_workflows_of_their_kind(pulse: Pulse) -> None:
    await pulse.set_rules()
    await pulse.receive()
    await pulse.people("p0", "p1")
    pulse.cloud.systems = estate(2)
    await pulse.listen()
    await pulse.activate()
    form = {"directory": pulse.directory, "ways": ["out"]}
    await listen(pulse, "subscription_change", form)
    contact = (await pulse.contact("p0"))["id"]
    for out in (True, True, False):
        await set_opt_out(
            pulse.ports,
            pulse.tenant,
            pulse.directory,
            contact,
            Subscription(out, SubscriptionOrigin.OPERATOR, "test"),
        )
    await pulse.work()
    assert len(await pulse.runs("subscription_change")) == 1, (
        "once out; a second time changes nothing; in is not ticked"
    )
    assert await marked(pulse, "p0") == "subscription_change"

    document = (await pulse.api("GET", f"/workflows/{pulse.workflows['subscription_change']}"))["document"]
    document["trigger"]["form"] = {**form, "list": pulse.list_id}
    await pulse.api("PUT", f"/workflows/{pulse.workflows['subscription_change']}", document)
    [row] = [row for row in await pulse.rows(invitations) if row["email"] == "p1@example.org"]
    await pulse.ports.db.write(unsubscribe_in, pulse.tenant, row["id"], pulse.clock.now())
    await pulse.work()
    assert await marked(pulse, "p1") == "subscription_change", "by the link in the mail, out of the list"


async def test_bounced_mails_start_one_run_for_those_refused_in_the_same_words(pulse: Pulse) -> None:
    await pulse.set_rules()
    await pulse.receive()
    await pulse.people("p0", "p1", "p2")
    pulse.cloud.systems = estate(3)
    await pulse.listen()
    await pulse.activate()
    conditions = {"items": [{"field": "bounceCode", "operator": "is_equal_to", "operand": "550"}]}
    await listen(pulse, "bounce", {"directory": pulse.directory}, conditions)

    def unit(conn: Connection) -> None:
        ids = list(
            conn.execute(select(invitations.c.id).where(invitations.c.tenant == pulse.tenant)).scalars()
        )
        values = {"relay_code": 550, "relay_text": "no such user"}
        conn.execute(invitations.update().where(invitations.c.email != "p2@example.org").values(**values))
        enqueue(conn, pulse.tenant, MAIL_BOUNCED, {"event": "b1", "invitations": ids})

    await pulse.ports.db.write(unit)
    await pulse.work()
    [run] = await pulse.runs("bounce")
    assert run["contacts"] == 2
    assert [await marked(pulse, name) for name in ("p0", "p1", "p2")] == ["bounce", "bounce", ""]


async def test_a_delivery_report_starts_workflows_as_a_refusal_at_once_does(pulse: Pulse) -> None:
    await pulse.set_rules()
    await pulse.receive()
    await pulse.people("p0", "p1")
    pulse.cloud.systems = estate(2)
    await pulse.listen()
    await pulse.activate()
    conditions = {"items": [{"field": "bounceCode", "operator": "is_equal_to", "operand": "550"}]}
    await listen(pulse, "bounce", {"directory": pulse.directory}, conditions)

    def unit(conn: Connection) -> None:
        conn.execute(invitations.update().values(state="accepted", relay_code=250, next_try_at=None))

    await pulse.ports.db.write(unit)
    [one] = [row for row in await pulse.rows(invitations) if row["email"] == "p0@example.org"]
    domain = pulse.ports.mail_from.rpartition("@")[2]
    address = Verp(domain, (pulse.ports.digest_key,)).encode(bytes.fromhex(one["id"]))
    door = Inbound(Returned(pulse.ports).takes, "127.0.0.1", 0)
    await door.start()
    try:
        await asyncio.to_thread(bring, door.port, address)
        await asyncio.to_thread(bring, door.port, address)
    finally:
        await door.stop()
    await pulse.work()
    [run] = await pulse.runs("bounce")
    assert run["contacts"] == 1
    assert [await marked(pulse, name) for name in ("p0", "p1")] == ["bounce", ""]


def bring(port: int, address: str) -> None:
    """A delivery report, as the organisation's mail server hands it on."""
    with smtplib.LMTP("127.0.0.1", port) as client:
        client.sendmail("", [address], POSTFIX)


async def test_a_response_is_an_event_about_who_answered_or_about_what_never_both(pulse: Pulse) -> None:
    await pulse.set_rules()
    await pulse.receive()
    await pulse.people(*(f"p{number}" for number in range(6)))
    pulse.cloud.systems = estate(6)
    await pulse.listen()
    await pulse.activate()
    await listen(pulse, "survey_response", {"survey": pulse.survey})
    conditions = {"items": [{"field": "QID1", "operator": "is_equal_to", "operand": "4"}]}
    form = {"survey": pulse.survey, "about": "answers", "questions": ["QID1"]}
    people = pulse.workflows["survey_response"]
    answers = await listen(pulse, "survey_response", form, conditions, tasks=[])
    sent = await pulse.rows(invitations)
    now = pulse.clock.now()

    async def answer(number: int, choice: str, state: str = "recorded") -> None:
        invitation = sent[number]

        def unit(conn: Connection) -> None:
            row = {
                "tenant": pulse.tenant,
                "id": f"R_{number}{state}",
                "invitation": invitation["id"],
                "individual": True,
                "distribution": invitation["distribution"],
                "survey": pulse.survey,
                "version": 1,
                "activation": invitation["activation"],
                "state": state,
                "quarantine": "",
                "answers": {"QID1": choice},
                "language": "en",
                "revision": 1,
                "counted": 0,
                "started_at": now,
                "updated_at": now,
                "recorded_at": now,
            }
            conn.execute(responses.insert().values(**row))
            changed = Changed(str(row["id"]), 1, pulse.survey, ResponseState(state), now)
            announce_responses_in(conn, pulse.tenant, [changed])

        await pulse.ports.db.write(unit)
        await pulse.work()

    await answer(5, "4", "partial")
    assert await pulse.api("GET", f"/workflows/{people}/runs") == [], "incomplete ones are not included"
    for number in range(4):
        await answer(number, "4" if number < 2 else "1")
    assert len(await pulse.api("GET", f"/workflows/{people}/runs")) == 4
    assert await pulse.api("GET", f"/workflows/{answers}/runs") == [], "four answers could be told apart"
    await answer(4, "1")
    await pulse.wait(301)
    runs = await pulse.api("GET", f"/workflows/{answers}/runs")
    assert [(run["state"], run["contacts"]) for run in runs] == [("succeeded", 0)] * 2
    marks = [await marked(pulse, f"p{number}") for number in range(6)]
    assert sorted(marks) == [""] + ["survey_response"] * 5
    told = [await pulse.run(run["id"]) for run in await pulse.api("GET", f"/workflows/{people}/runs")]
    assert "QID1" not in str(told)
    ids = [f"R_{number}recorded" for number in range(6)] + [row["contact"] for row in sent]
    carried = str([await pulse.run(run["id"]) for run in runs]) + str(told)
    assert not any(one in carried for one in ids)


@pytest.mark.parametrize(
    ("event", "form", "words"),
    [
        ("schedule", {"preset": "weekly"}, "Day is a day of the week"),
        ("schedule", {"list": "CG_x"}, "names no mailing list"),
        ("subscription_change", {"directory": "POOL_x", "ways": []}, "tick at least one"),
        ("bounce", {"directory": "POOL_x"}, "choose a directory"),
        ("survey_response", {"survey": "SV_x"}, "Survey names no survey"),
        ("survey_response", {"survey": "own", "questions": ["QID1"]}, "about the person carries no answers"),
        ("survey_response", {"survey": "own", "about": "answers", "questions": ["QID4_TEXT"]}, "free text"),
    ],
)
async def test_an_event_that_could_not_come_is_not_saved(
    pulse: Pulse, event: str, form: dict[str, Any], words: str
) -> None:
    form = {name: pulse.survey if value == "own" else value for name, value in form.items()}
    with pytest.raises(AssertionError, match=words):
        await listen(pulse, event, form)
