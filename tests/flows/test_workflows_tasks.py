"""What tasks do beyond asking: mails over real SMTP, requests over real HTTP, contacts, the desk; on both databases."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl

import pytest
from sqlalchemy import Connection

from opulse.clock import ManualClock
from opulse.db import Database
from opulse.experience.impact.store import add_counts
from opulse.mail.models import Relay, Security
from opulse.tenancy.flow.tenants import change_tenant
from tests.servers.smtp import SmtpSink
from tests.unit.experience.extensions.cloud import estate
from tests.unit.experience.extensions.pulse import Pulse, open_pulse
from tests.unit.outbound.loopback import Asked, LoopbackServer, answer, running

pytestmark = pytest.mark.stores
FIELDS = [{"name": name, "path": f"data.{name}"} for name in ("who", "text", "id", "list")]


@pytest.fixture
async def pulse(db: Database, clock: ManualClock) -> AsyncIterator[Pulse]:
    async with open_pulse(db, clock) as opened:
        yield opened


@pytest.fixture
async def server() -> AsyncIterator[LoopbackServer]:
    async with running() as opened:
        yield opened


def mail_through(pulse: Pulse, sink: SmtpSink) -> None:
    relay = Relay("127.0.0.1", sink.port, Security.OFF)
    pulse.ports = replace(pulse.ports, relay=lambda: relay)


async def make(pulse: Pulse, *tasks: dict[str, Any], **settings: Any) -> str:
    """A workflow of a JSON event with these tasks. Returns its address."""
    body = {
        "name": "Tasks",
        "trigger": {"type": "json_event", "form": {"fields": FIELDS}},
        "tasks": [{"id": f"t{number}"} | task for number, task in enumerate(tasks, 1)],
        "settings": settings,
    }
    made = await pulse.api("POST", "/workflows", body, 201)
    pulse.workflows["tasks"] = made["id"]
    return str(made["trigger_url"])


async def run(pulse: Pulse, url: str, **data: Any) -> dict[str, Any]:
    """Post an event and do what is due. The run, with its tasks by id."""
    pulse.clock.advance(1)
    posted = await pulse.client.post(url, json={"data": data})
    assert posted.status_code == 202, posted.text
    await pulse.work()
    return await look(pulse, posted.json()["result"]["runId"])


async def look(pulse: Pulse, run_id: str) -> dict[str, Any]:
    found = await pulse.run(run_id)
    return found | {"tasks": {task["task"]: task for task in found["tasks"]}}


async def test_a_mail_goes_to_each_address_once_with_the_others_shown(
    pulse: Pulse, smtp_sink: SmtpSink
) -> None:
    mail_through(pulse, smtp_sink)
    form = {
        "to": "a@example.org, ${a://Field/who}",
        "cc": "c@example.org",
        "bcc": "secret@example.org; A@example.org",
        "subject": "Disk ${a://Field/text}",
        "message": "Hello ${a://Field/who}\nText: ${a://Field/text}",
    }
    url = await make(pulse, {"type": "email", "form": form})
    ended = await run(pulse, url, who="b@example.org", text='full\r\nBcc: evil@example.org "x"')
    assert ended["state"] == "succeeded", ended
    mails = smtp_sink.mails()
    assert sorted(mail.recipients[0] for mail in mails) == [
        "a@example.org",
        "b@example.org",
        "c@example.org",
        "secret@example.org",
    ]
    message = mails[0].message
    assert message["To"] == "a@example.org, b@example.org"
    assert message["Cc"] == "c@example.org"
    assert message["Bcc"] is None
    assert message["Subject"] == 'Disk full Bcc: evil@example.org "x"'
    assert "secret@" not in str(message)
    assert {mail.message["Message-ID"] for mail in mails} == {message["Message-ID"]}


async def test_a_mail_waits_for_its_delay_for_a_relay_and_for_the_switch(
    pulse: Pulse, smtp_sink: SmtpSink
) -> None:
    form = {"to": "a@example.org", "subject": "s", "message": "m", "delay_minutes": "30"}
    url = await make(pulse, {"type": "email", "form": form})
    waiting = await run(pulse, url)
    assert waiting["tasks"]["t1"]["error"].startswith("waits until")
    await change_tenant(pulse.ports, pulse.tenant, "test", mail_paused=True)
    await pulse.wait(1801)
    paused = await look(pulse, waiting["id"])
    assert "mail is paused" in paused["tasks"]["t1"]["error"]
    await change_tenant(pulse.ports, pulse.tenant, "test", mail_paused=False)
    await pulse.wait(61)
    assert "trying again" in (await look(pulse, waiting["id"]))["tasks"]["t1"]["error"], "there is no relay"
    mail_through(pulse, smtp_sink)
    await pulse.wait(301)
    assert (await look(pulse, waiting["id"]))["state"] == "succeeded"
    assert len(smtp_sink.mails()) == 1


async def test_while_mail_is_not_open_only_listed_addresses_get_any(
    pulse: Pulse, smtp_sink: SmtpSink
) -> None:
    mail_through(pulse, smtp_sink)
    await change_tenant(pulse.ports, pulse.tenant, "test", mail_open=False, allow_list=["@example.org"])
    form = {"to": "a@example.org, b@elsewhere.example", "subject": "s", "message": "m"}
    ended = await run(pulse, await make(pulse, {"type": "email", "form": form}))
    task = ended["tasks"]["t1"]
    assert (task["state"], task["output"]["sent"]) == ("failed", 1)
    assert "b@elsewhere.example (not on allow list)" in task["error"]


async def test_a_web_service_gets_escaped_values_and_gives_fields_to_later_tasks(
    pulse: Pulse, server: LoopbackServer
) -> None:
    async def reply(_: Asked) -> bytes:
        return answer(201, json.dumps({"result": {"number": "INC7"}}).encode())

    server.reply = reply
    base = f"http://127.0.0.1:{server.port}"
    first = {
        "method": "POST",
        "url": base + "/tickets/${a://Field/id}",
        "headers": {"X-From": "opulse"},
        "body_type": "json",
        "body": '{"text": "${a://Field/text}", "list": ${a://Field/list}}',
        "response_fields": [{"name": "number", "path": "result.number"}],
    }
    second = {
        "method": "PUT",
        "url": base + "/notes",
        "body_type": "form",
        "parameters": {"ticket": "${t://t1/number}", "a b": "1&2"},
    }
    tasks = [{"type": "web_service", "form": second}, {"type": "web_service", "form": first}]
    tasks = [tasks[0] | {"id": "note"}, tasks[1] | {"id": "t1"}]
    ended = await run(pulse, await make(pulse, *tasks), id="../x?y", text='say "hi"\n', list=["a", 1])
    assert ended["state"] == "succeeded", ended
    ticket, note = server.asked
    assert ticket.line.startswith("POST /tickets/..%2Fx%3Fy "), (
        "a piped value cannot leave its place in the URL"
    )
    assert json.loads(ticket.body) == {"text": 'say "hi"\n', "list": ["a", 1]}
    assert ticket.headers["x-from"] == "opulse"
    assert note.line.startswith("PUT /notes ")
    assert dict(parse_qsl(note.body.decode())) == {"ticket": "INC7", "a b": "1&2"}, (
        "the task that pipes the number is done after the one that has it"
    )
    assert ended["tasks"]["t1"]["output"] == {"status": 201, "number": "INC7"}


async def _account(pulse: Pulse, **fields: str) -> str:
    body = {"name": "Service", "fields": {"host": "127.0.0.1", "secret": "s3cret"} | fields}
    return str((await pulse.api("POST", "/extensions/web_service/accounts", body, 201))["id"])


async def test_credentials_go_to_the_host_of_their_account_alone(
    pulse: Pulse, server: LoopbackServer
) -> None:
    base = f"http://127.0.0.1:{server.port}"
    tokens = 0

    async def reply(asked: Asked) -> bytes:
        nonlocal tokens
        if asked.line.startswith("POST /token"):
            tokens += 1
            return answer(200, json.dumps({"access_token": f"tok{tokens}", "expires_in": 3600}).encode())
        if asked.headers.get("authorization") == "Bearer tok1":
            return answer(401)
        return answer()

    server.reply = reply
    account = await _account(pulse, user="me", token_url=f"{base}/token", scope="write")
    form = {"url": f"{base}/x", "body_type": "none"}

    def task(auth: str, **more: str) -> dict[str, Any]:
        return {"type": "web_service", "account": account, "form": form | {"authentication": auth} | more}

    url = await make(
        pulse, task("basic"), task("api_key"), task("oauth"), task("basic", url="http://localhost/x")
    )
    ended = await run(pulse, url)
    sent = [asked.headers for asked in server.asked if asked.line.startswith("POST /x")]
    assert sent[0]["authorization"] == "Basic bWU6czNjcmV0"
    assert sent[1]["x-api-token"] == "s3cret"
    assert sent[3]["authorization"] == "Bearer tok2", "a token that is refused is got anew, once"
    granted = next(asked for asked in server.asked if asked.line.startswith("POST /token"))
    assert granted.body == b"grant_type=client_credentials&scope=write"
    assert "secret goes to 127.0.0.1 only" in ended["tasks"]["t4"]["error"]
    assert "s3cret" not in json.dumps(ended)


@pytest.mark.parametrize(
    ("policy", "seconds", "state"),
    [("none", 0, "failed"), ("15min", 1000, "failed"), ("24h", 1000, "running")],
)
async def test_429_and_5xx_are_tried_again_as_long_as_the_workflow_says(
    pulse: Pulse, server: LoopbackServer, policy: str, seconds: float, state: str
) -> None:
    async def busy(_: Asked) -> bytes:
        return answer(503, Retry_After="7")

    server.reply = busy
    form = {"url": f"http://127.0.0.1:{server.port}/", "body_type": "none"}
    url = await make(pulse, {"type": "web_service", "form": form}, retry=policy)
    first = await run(pulse, url)
    if seconds:
        assert first["tasks"]["t1"]["error"] == "trying again: 127.0.0.1 answered 503"
        for _ in range(4):
            await pulse.wait(seconds / 4)
    assert (await look(pulse, first["id"]))["state"] == state


async def test_a_task_is_tried_for_its_whole_window_and_not_only_a_dozen_times(
    pulse: Pulse, server: LoopbackServer
) -> None:
    async def busy(_: Asked) -> bytes:
        return answer(503)

    async def well(_: Asked) -> bytes:
        return answer()

    server.reply = busy
    form = {"url": f"http://127.0.0.1:{server.port}/", "body_type": "none"}
    first = await run(pulse, await make(pulse, {"type": "web_service", "form": form}))
    for _ in range(20):
        await pulse.wait(301)
    assert (await look(pulse, first["id"]))["state"] == "running"
    server.reply = well
    await pulse.wait(301)
    assert (await look(pulse, first["id"]))["state"] == "succeeded"


async def test_another_4xx_is_an_answer_and_no_second_try(pulse: Pulse, server: LoopbackServer) -> None:
    async def refuse(_: Asked) -> bytes:
        return answer(422, b"no such queue")

    server.reply = refuse
    form = {"url": f"http://127.0.0.1:{server.port}/", "body_type": "plain", "body": "x"}
    ended = await run(pulse, await make(pulse, {"type": "web_service", "form": form}))
    assert ended["tasks"]["t1"]["error"] == "answered 422: no such queue"
    assert len(server.asked) == 1


async def test_slack_and_teams_get_their_shapes_and_the_address_stays_secret(
    pulse: Pulse, server: LoopbackServer
) -> None:
    hook = f"http://127.0.0.1:{server.port}/services/T0/secret"
    made = await pulse.api(
        "POST", "/extensions/chat/accounts", {"name": "c", "fields": {"webhook_url": hook}}, 201
    )
    tasks = [
        {"type": "chat.slack", "account": made["id"], "form": {"message": "<!channel> ${a://Field/text}"}},
        {"type": "chat.teams", "account": made["id"], "form": {"title": "Alarm", "message": "Now"}},
    ]
    url = await make(pulse, *tasks)
    ended = await run(pulse, url, text="a & b")
    assert ended["state"] == "succeeded"
    slack, teams = (json.loads(asked.body) for asked in server.asked)
    assert slack == {"text": "&lt;!channel&gt; a &amp; b"}
    card = teams["attachments"][0]["content"]
    assert [block["text"] for block in card["body"]] == ["Alarm", "Now"]

    async def gone(_: Asked) -> bytes:
        return answer(404)

    server.reply = gone
    ended = await run(pulse, url, text="x")
    assert ended["tasks"]["t1"]["error"] == "answered 404: the webhook is gone: make a new one"
    assert "secret" not in json.dumps(ended)


async def test_a_contact_is_made_updated_and_read(pulse: Pulse) -> None:
    update = {
        "directory": pulse.directory,
        "contact_list": pulse.list_id,
        "email": "${a://Field/who}",
        "first_name": "Pat",
        "embedded_data": {"site": "${a://Field/text}"},
    }
    load = {"directory": pulse.directory, "email": "${a://Field/who}", "embedded_fields": ["site"]}
    url = await make(
        pulse,
        {"type": "xm_directory.update_contacts", "form": update},
        {"type": "xm_directory.load_contact", "form": load},
    )
    first = await run(pulse, url, who="pat@example.org", text="Oslo")
    assert first["tasks"]["t1"]["output"]["created"] is True
    assert first["tasks"]["t2"]["output"]["site"] == "Oslo"
    second = await run(pulse, url, who="PAT@example.org", text="Lima")
    assert second["tasks"]["t1"]["output"] == first["tasks"]["t1"]["output"] | {"created": False}
    assert (await pulse.contact("pat"))["embedded_data"] == {"site": "Lima"}
    nobody = await run(pulse, url, who="", text="x")
    assert "both empty" in nobody["tasks"]["t1"]["error"]
    assert nobody["tasks"]["t2"]["output"] == {"found": False}


async def test_contacts_of_an_event_are_updated_in_one_go_and_start_no_circle(pulse: Pulse) -> None:
    await pulse.people("p0", "p1", site="Oslo")
    form = {"who": "event", "directory": pulse.directory, "embedded_data": {"seen": "yes"}}
    body = {
        "name": "Mark",
        "trigger": {
            "type": "experience_id_change",
            "form": {"directory": pulse.directory, "kinds": ["updated"], "embedded_fields": ["site"]},
        },
        "conditions": {"items": [{"field": "site", "operator": "changed_to", "operand": "Lima"}]},
        "tasks": [{"type": "xm_directory.update_contacts", "form": form}],
    }
    pulse.workflows["mark"] = (await pulse.api("POST", "/workflows", body, 201))["id"]
    await pulse.edit("p0", embedded_data={"site": "Lima"})
    await pulse.work()
    assert (await pulse.contact("p0"))["embedded_data"]["seen"] == "yes"
    assert "seen" not in (await pulse.contact("p1"))["embedded_data"]
    assert len(await pulse.runs("mark")) == 1


async def test_the_desk_is_told_once_when_enough_cannot_work(pulse: Pulse, smtp_sink: SmtpSink) -> None:
    mail_through(pulse, smtp_sink)
    await pulse.set_rules()
    await pulse.receive()
    await pulse.people("p0")
    pulse.cloud.systems = estate(2)
    await pulse.listen()
    workflow = pulse.workflows["ask"]
    document = (await pulse.api("GET", f"/workflows/{workflow}"))["document"]
    desk = {"id": "desk", "type": "tell_desk", "form": {"to": "desk@example.org", "percent": "25"}}
    document["tasks"] = [*document["tasks"], desk]
    await pulse.api("PUT", f"/workflows/{workflow}", document)
    await pulse.activate()
    [started] = await pulse.runs()

    async def count(cannot: int, others: int) -> None:
        def unit(conn: Connection) -> None:
            differences = {("QID1", "4"): cannot, ("QID1", "1"): others}
            add_counts(conn, pulse.tenant, started["activation"], pulse.survey, differences)

        await pulse.ports.db.write(unit)
        await pulse.wait(61)

    await count(1, 3)
    assert (await look(pulse, started["id"]))["state"] == "running", "four answers say too little"
    await count(0, 1)
    assert smtp_sink.mails() == [], "one of five is less than a quarter"
    await count(1, 1)
    ended = await look(pulse, started["id"])
    assert ended["state"] == "succeeded"
    assert ended["tasks"]["desk"]["output"]["told"] is True
    [mail] = smtp_sink.mails()
    assert "28.6 % of 7 people who answered cannot work" in mail.message["Subject"]
    pulse.clock.advance(timedelta(hours=1).total_seconds())
    await pulse.work()
    assert len(smtp_sink.mails()) == 1


@pytest.mark.parametrize(
    ("task", "words"),
    [
        ({"type": "email", "form": {"to": "nobody", "subject": "s", "message": "m"}}, "nobody is no e-mail"),
        (
            {
                "type": "email",
                "form": {
                    "to": ",".join(f"a{n}@b.example" for n in range(31)),
                    "subject": "s",
                    "message": "m",
                },
            },
            "at most 30",
        ),
        ({"type": "web_service", "form": {"url": "ftp://x", "body_type": "none"}}, "URL begins with https"),
        ({"type": "web_service", "form": {"url": "https://x", "body_type": "json", "body": "{"}}, "no JSON"),
        (
            {"type": "web_service", "form": {"url": "https://x", "headers": {"Host": "y"}}},
            "Host cannot be set",
        ),
        (
            {"type": "web_service", "form": {"url": "https://x", "authentication": "basic"}},
            "choose an account",
        ),
        ({"type": "chat.slack", "form": {"message": "m"}}, "choose an account"),
        ({"type": "tell_desk", "form": {"to": "d@x.example", "percent": "0"}}, "Share .percent. is a whole"),
    ],
)
async def test_a_task_that_could_not_work_is_not_saved(
    pulse: Pulse, task: dict[str, Any], words: str
) -> None:
    with pytest.raises(AssertionError, match=words):
        await make(pulse, task)


async def test_an_account_is_used_by_its_own_extension_only(pulse: Pulse) -> None:
    task = {
        "type": "web_service",
        "account": pulse.account,
        "form": {"url": "https://x", "body_type": "none", "authentication": "basic"},
    }
    with pytest.raises(AssertionError, match="choose an account"):
        await make(pulse, task)
