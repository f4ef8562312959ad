"""Runs looked at, retried and cancelled; revisions compared and restored; who may do what; who is told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from opulse.clock import ManualClock
from opulse.db import Database
from opulse.experience.workflows.flow.sharing import find_shared, hand_over, list_shared, set_sharing
from opulse.experience.workflows.models import ShareLevel
from opulse.mail.models import Relay, Security
from opulse.tenancy.flow.people import add_person
from opulse.web.roles import Caller, Role
from tests.servers.smtp import SmtpSink
from tests.unit.experience.extensions.pulse import Pulse, open_pulse
from tests.unit.outbound.loopback import Asked, LoopbackServer, answer, running

pytestmark = pytest.mark.stores


@pytest.fixture
async def pulse(db: Database, clock: ManualClock) -> AsyncIterator[Pulse]:
    async with open_pulse(db, clock) as opened:
        yield opened


@pytest.fixture
async def server() -> AsyncIterator[LoopbackServer]:
    async with running() as opened:
        yield opened


def web(server: LoopbackServer, number: int, **form: Any) -> dict[str, Any]:
    url = f"http://127.0.0.1:{server.port}/{number}"
    return {"id": f"t{number}", "type": "web_service", "form": {"url": url, "body_type": "none"} | form}


async def make(pulse: Pulse, *tasks: dict[str, Any], **more: Any) -> str:
    body = {
        "name": "Steered",
        "trigger": {"type": "json_event", "form": {"fields": []}},
        "tasks": list(tasks),
    }
    made = await pulse.api("POST", "/workflows", body | more, 201)
    pulse.workflows["steered"] = made["id"]
    pulse.trigger_url = made["trigger_url"]
    return str(made["id"])


async def start(pulse: Pulse) -> str:
    pulse.clock.advance(1)
    posted = await pulse.client.post(pulse.trigger_url, json={})
    assert posted.status_code == 202
    await pulse.work()
    return str(posted.json()["result"]["runId"])


async def test_a_retry_does_what_failed_and_what_was_not_begun_and_nothing_twice(
    pulse: Pulse, server: LoopbackServer
) -> None:
    broken = True

    async def reply(asked: Asked) -> bytes:
        return answer(400 if broken and "/2" in asked.line else 200)

    server.reply = reply
    third = web(server, 3, headers={"x-s": "${t://t2/status}"})
    await make(pulse, web(server, 1), web(server, 2), third, settings={"on_failure": "stop"})
    run = await start(pulse)
    assert (await pulse.run(run))["state"] == "partly_failed"
    broken = False
    await pulse.api("POST", f"/runs/{run}/retry", expect=204)
    await pulse.work()
    ended = await pulse.run(run)
    assert ended["state"] == "succeeded"
    assert {task["task"]: task["attempt"] for task in ended["tasks"]} == {"t1": 1, "t2": 2, "t3": 1}
    assert [asked.line.split()[1] for asked in server.asked] == ["/1", "/2", "/2", "/3"]
    refused = await pulse.api("POST", f"/runs/{run}/retry", expect=409)
    assert refused["detail"] == "none of its tasks failed"


async def test_a_workflow_may_forbid_retries(pulse: Pulse, server: LoopbackServer) -> None:
    async def reply(_: Asked) -> bytes:
        return answer(400)

    server.reply = reply
    await make(pulse, web(server, 1), settings={"manual_retry": False})
    run = await start(pulse)
    refused = await pulse.api("POST", f"/runs/{run}/retry", expect=409)
    assert "settings forbid it" in refused["detail"]


async def test_a_cancelled_run_begins_nothing_more(pulse: Pulse, server: LoopbackServer) -> None:
    wait = {"id": "w", "type": "wait", "form": {"amount": "1", "unit": "hours"}}
    await make(pulse, wait, web(server, 1))
    run = await start(pulse)
    await pulse.api("POST", f"/runs/{run}/cancel", expect=204)
    await pulse.wait(3700)
    ended = await pulse.run(run)
    assert (ended["state"], ended["reason"]) == ("cancelled", "cancelled by key test")
    assert [task["state"] for task in ended["tasks"]] == ["cancelled"]
    assert server.asked == []
    assert "ended already" in (await pulse.api("POST", f"/runs/{run}/cancel", expect=409))["detail"]


async def test_what_is_cancelled_while_a_task_is_done_stays_cancelled(
    pulse: Pulse, server: LoopbackServer
) -> None:
    async def cancel_meanwhile(_: Asked) -> bytes:
        [run] = await pulse.runs("steered")
        await pulse.api("POST", f"/runs/{run['id']}/cancel", expect=204)
        return answer()

    server.reply = cancel_meanwhile
    await make(pulse, web(server, 1), web(server, 2))
    ended = await pulse.run(await start(pulse))
    assert ended["state"] == "cancelled"
    assert {task["task"]: task["state"] for task in ended["tasks"]} == {"t1": "cancelled"}
    assert len(server.asked) == 1


async def test_the_views_of_the_history(pulse: Pulse, server: LoopbackServer) -> None:
    conditions = {"items": [{"field": "x", "operator": "is_equal_to", "operand": "1"}]}
    workflow = await make(
        pulse,
        web(server, 1),
        conditions=conditions,
        trigger={"type": "json_event", "form": {"fields": [{"name": "x", "path": "x"}]}},
    )
    await pulse.client.post(pulse.trigger_url, json={"eventId": "no", "x": 2})
    await pulse.client.post(pulse.trigger_url, json={"eventId": "yes", "x": 1})
    await pulse.api("POST", f"/workflows/{workflow}/disable", expect=204)
    await pulse.client.post(pulse.trigger_url, json={"eventId": "off", "x": 1})
    await pulse.work()

    async def keys(view: str) -> list[str]:
        listed = await pulse.api("GET", f"/workflows/{workflow}/runs?view={view}")
        return [one["event_key"].split("/")[0] for one in listed]

    assert [await keys(view) for view in ("started", "not_started", "conditions_not_met")] == [
        ["yes"],
        ["off"],
        ["no"],
    ]
    [trace] = [one for one in await pulse.traces("steered") if one["change_set"] == "yes"]
    assert trace["matched"], "every event leaves its trace"


async def test_revisions_are_compared_in_words_and_one_comes_back(
    pulse: Pulse, server: LoopbackServer
) -> None:
    workflow = await make(
        pulse,
        web(server, 1),
        trigger={"type": "json_event", "form": {"authentication": "hmac", "secret": "s"}},
    )
    document = (await pulse.api("GET", f"/workflows/{workflow}"))["document"]
    changed = document | {
        "name": "Renamed",
        "conditions": {"mode": "any", "items": [{"field": "x", "operator": "contains", "operand": "y"}]},
        "tasks": [],
        "settings": document["settings"] | {"retry": "none"},
    }
    await pulse.api("PUT", f"/workflows/{workflow}", changed)
    found = await pulse.api("GET", f"/workflows/{workflow}/differences?before=1&after=2")
    told = {one["place"]: (one["before"], one["after"]) for one in found}
    assert told["Name"] == ("Steered", "Renamed")
    assert told["Conditions"] == ("", 'Any of: x contains "y"')
    assert told["Order of tasks"] == ("Web service", "")
    assert told["Task Web service (t1): URL"] == (f"http://127.0.0.1:{server.port}/1", "")
    assert told["Setting retry"] == ("24h", "none")
    assert "Location" not in told
    restored = await pulse.api("POST", f"/workflows/{workflow}/revisions/1/restore")
    assert restored["number"] == 3
    assert await pulse.api("GET", f"/workflows/{workflow}/differences?before=1&after=3") == []
    await pulse.api("GET", f"/workflows/{workflow}/differences?before=1&after=9", expect=404)
    await pulse.api("POST", f"/workflows/{workflow}/revisions/9/restore", expect=404)
    assert len(await pulse.api("GET", f"/workflows/{workflow}/revisions")) == 3


async def _person(pulse: Pulse, name: str, role: Role) -> Caller:
    made = await add_person(
        pulse.ports, pulse.tenant, f"{name}@example.org", name, role, "a long pass phrase", "test"
    )
    return Caller(pulse.tenant, role, name, user_id=made.id)


async def test_the_levels_of_sharing(pulse: Pulse) -> None:
    workflow = await make(pulse)
    owner, editor, other, viewer = [
        await _person(pulse, name, role)
        for name, role in (
            ("owner", Role.EDITOR),
            ("editor", Role.EDITOR),
            ("other", Role.EDITOR),
            ("viewer", Role.VIEWER),
        )
    ]
    admin = replace(other, role=Role.ADMIN)

    async def level(caller: Caller) -> ShareLevel | None:
        found = await find_shared(pulse.ports, caller, workflow)
        return found[1] if found else None

    assert await level(editor) is ShareLevel.OWNER, "nobody owns it, so every editor does"
    await hand_over(pulse.ports, admin, workflow, owner.user_id)
    assert [await level(one) for one in (owner, editor, viewer)] == [
        ShareLevel.OWNER,
        ShareLevel.EDIT,
        ShareLevel.READ,
    ]
    shares = {editor.user_id: ShareLevel.RUN, viewer.user_id: ShareLevel.EDIT}
    await set_sharing(pulse.ports, owner, workflow, True, shares)
    assert [await level(one) for one in (owner, editor, viewer, other, admin)] == [
        ShareLevel.OWNER,
        ShareLevel.RUN,
        ShareLevel.READ,
        None,
        ShareLevel.OWNER,
    ]
    assert await list_shared(pulse.ports, other) == []
    assert len(await list_shared(pulse.ports, editor)) == 1
    await hand_over(pulse.ports, owner, workflow, other.user_id)
    assert [await level(one) for one in (other, owner)] == [ShareLevel.OWNER, ShareLevel.EDIT]
    with pytest.raises(ValueError, match="nobody of this tenant"):
        await set_sharing(pulse.ports, owner, workflow, True, {"P_unknown": ShareLevel.READ})
    seen = await pulse.api("GET", f"/workflows/{workflow}/sharing")
    assert (seen["owner"], seen["private"], seen["shares"][editor.user_id]) == (other.user_id, True, "run")
    body = {"private": False, "shares": {editor.user_id: "everything"}}
    await pulse.api("PUT", f"/workflows/{workflow}/sharing", body, 422)


async def test_people_are_told_of_failures_by_mail_and_not_of_each(
    pulse: Pulse, server: LoopbackServer, smtp_sink: SmtpSink
) -> None:
    async def reply(_: Asked) -> bytes:
        return answer(400, b"no such queue")

    server.reply = reply
    workflow = await make(pulse, web(server, 1))
    wanted = {"kinds": ["task_failure", "trigger_failure"], "addresses": ["ops@example.org"]}
    await pulse.api("PUT", f"/workflows/{workflow}/notices", wanted, 204)
    relay = Relay("127.0.0.1", smtp_sink.port, Security.OFF)
    pulse.ports = replace(pulse.ports, relay=lambda: relay)
    run = await start(pulse)
    [mail] = smtp_sink.mails()
    text = mail.message.get_content()
    assert mail.message["Subject"] == "Workflow Steered had a task that failed"
    assert "Task Web service: answered 400: no such queue" in text
    assert f"/workflows/{workflow}/runs/{run}" in text
    for _ in range(3):
        await start(pulse)
    assert len(smtp_sink.mails()) == 1, "at most one in a quarter of an hour"
    await pulse.wait(901)
    assert len(smtp_sink.mails()) == 2
    await pulse.api("POST", f"/workflows/{workflow}/disable", expect=204)
    await pulse.client.post(pulse.trigger_url, json={})
    await pulse.work()
    subjects = {mail.message["Subject"] for mail in smtp_sink.mails()}
    assert "Workflow Steered did not start" in subjects
    wrong = {"kinds": [], "addresses": ["nobody"]}
    await pulse.api("PUT", f"/workflows/{workflow}/notices", wrong, 422)


async def test_holds_by_the_api(pulse: Pulse, server: LoopbackServer) -> None:
    workflow = await make(pulse, web(server, 1))
    made = await pulse.api("POST", f"/workflows/{workflow}/holds", {"name": "Holidays"}, 201)
    assert [one["name"] for one in await pulse.api("GET", f"/workflows/{workflow}/holds")] == ["Holidays"]
    run = await start(pulse)
    assert (await pulse.run(run))["state"] == "held"
    await pulse.api("DELETE", f"/workflows/{workflow}/holds/{made['id']}", expect=204)
    await pulse.work()
    assert (await pulse.run(run))["state"] == "succeeded"
    await pulse.api("DELETE", f"/workflows/{workflow}/holds/{made['id']}", expect=404)
    past = {"name": "x", "until_at": "2020-01-01T00:00:00Z"}
    await pulse.api("POST", f"/workflows/{workflow}/holds", past, 422)


async def test_a_run_shows_what_tasks_carried(pulse: Pulse, server: LoopbackServer) -> None:
    await make(pulse, web(server, 1))
    run = await pulse.run(await start(pulse))
    assert run["tasks"][0]["input"]["body_type"] == "none"
    assert run["tasks"][0]["output"] == {"status": 200}
    assert run["event"]["envelope"] == {}
