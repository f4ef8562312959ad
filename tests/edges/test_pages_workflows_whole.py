"""Pages around workflows, without script: blocks of conditions, capture, runs steered, revisions, sharing, holds, Ask now."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from opulse.clock import ManualClock
from opulse.db import Database
from opulse.experience.directory.flow.lists import create_directory, create_list
from opulse.experience.directory.flow.people import import_contacts
from opulse.experience.surveys.flow import create_survey, publish_survey
from opulse.experience.surveys.recommended import recommended_pulse
from opulse.experience.workflows import Workflow, views
from opulse.experience.workflows.flow.definitions import create_workflow
from opulse.experience.workflows.models import TaskDefinition, TriggerDefinition, WorkflowDocument
from opulse.tenancy.views import list_people
from tests.edges.console import Console, open_console, text_of
from tests.servers.installation import open_ports


@pytest.fixture
async def console(db: Database, clock: ManualClock) -> AsyncIterator[Console]:
    async with open_ports(db, clock) as ports, open_console(ports) as opened:
        yield opened


async def make(console: Console, *tasks: TaskDefinition, event: str = "json_event") -> str:
    """The address of a workflow that nobody owns."""
    document = WorkflowDocument(name="Whole", trigger=TriggerDefinition(type=event), tasks=list(tasks))
    made = await create_workflow(console.ports, console.tenant, document, "test")
    return f"/workflows/{made.id}"


async def stored(console: Console, address: str) -> Workflow:
    found = await console.ports.db.read(views.find_workflow, console.tenant, address.rpartition("/")[2])
    assert found is not None
    return found


async def test_a_block_of_conditions_is_made_by_its_form(console: Console) -> None:
    address = await make(console)
    new = f"{address}/tasks/new"
    page = await console.editor.get(f"{new}?type=conditions")
    assert page.status_code == 200
    added = await console.editor.post(
        new, data={"type": "conditions", "conditions.mode": "any", "do": "line:conditions"}
    )
    assert 'name="conditions.0.operand"' in added.text
    form = {
        "type": "conditions",
        "conditions.mode": "any",
        "conditions.0.field": "",
        "conditions.0.operator": "contains",
        "conditions.0.operand": "x",
    }
    wrong = await console.editor.post(new, data=form)
    assert wrong.status_code == 422
    assert "Choose the field" in text_of(wrong.text)
    assert (await console.editor.post(new, data=form | {"conditions.0.field": "kind"})).status_code == 303
    [task] = (await stored(console, address)).document.tasks
    assert task.form["conditions"]["items"][0]["field"] == "kind"
    shown = text_of((await console.viewer.get(address)).text)
    assert "Any of these must hold for what follows" in shown


async def test_a_web_service_without_credentials_needs_no_account_and_its_fields_can_be_inserted_later(
    console: Console,
) -> None:
    address = await make(console)
    form = {
        "type": "web_service",
        "account": "new",
        "method": "POST",
        "url": "https://api.example.com/",
        "authentication": "none",
        "body_type": "none",
        "response_fields.name": "number",
        "response_fields.value": "result.number",
    }
    answer = await console.editor.post(f"{address}/tasks/new", data=form)
    assert answer.status_code == 303, text_of(answer.text)
    first = (await stored(console, address)).document.tasks[0]
    assert first.account == ""
    later = await console.editor.get(f"{address}/tasks/new?type=email")
    assert f'value="to:${{t://{first.id}/number}}"' in later.text
    secret = await console.editor.post(f"{address}/tasks/new", data=form | {"authentication": "basic"})
    assert "Host is missing" in text_of(secret.text)


async def test_an_event_is_captured_its_value_added_and_a_test_event_sent(console: Console) -> None:
    address = await make(console)
    capture = f"{address}/capture"
    assert (await console.editor.post(capture)).status_code == 303
    assert "Listening until" in text_of((await console.editor.get(capture)).text)
    url = f"/inbound-event/v1/events/json/triggers?urlTokenId={(await stored(console, address)).url_token}"
    await console.editor.post(url, json={"data": {"odd 'name'": [{"deep": 7}]}})
    page = await console.editor.get(capture)
    assert "list of 1" in page.text
    path = "data['odd \\'name\\''][0].deep"
    for _ in range(2):
        added = await console.editor.post(f"{capture}/field", data={"path": path})
        assert added.status_code == 303
    fields = (await stored(console, address)).document.trigger.form["fields"]
    assert [(one["name"], one["path"]) for one in fields] == [("deep", path), ("deep 2", path)]
    body = '{"data": {"odd \'name\'": [{"deep": 8}]}}'
    sent = await console.editor.post(f"{address}/test-event", data={"body": body})
    run = await console.editor.get(sent.headers["location"])
    assert "deep" in text_of(run.text)
    broken = await console.editor.post(f"{address}/test-event", data={"body": "{"})
    assert broken.status_code == 422
    assert "not JSON" in text_of(broken.text)


async def test_runs_are_steered_and_what_they_carried_is_for_editors(console: Console) -> None:
    wait = TaskDefinition(id="w", type="wait", form={"amount": "1", "unit": "days"})
    address = await make(console, wait)
    sent = await console.editor.post(f"{address}/test-event", data={"body": '{"secret": "xyzzy"}'})
    run = sent.headers["location"]
    assert "xyzzy" in (await console.editor.get(run)).text
    seen = await console.viewer.get(run)
    assert "xyzzy" not in seen.text
    assert "Cancel the run" not in seen.text
    assert (await console.editor.post(f"{run}/cancel")).status_code == 303
    shown = await console.editor.get(run)
    assert "Cancelled" in text_of(shown.text)
    assert "Do again what failed" in shown.text
    assert (await console.editor.post(f"{run}/retry")).status_code == 303
    again = await console.ports.db.read(views.find_run, console.tenant, run.rpartition("/")[2])
    assert again is not None
    assert again.state == "queued"
    for view in ("started", "not_started", "conditions_not_met", "nonsense"):
        assert (await console.viewer.get(f"{address}/runs?view={view}")).status_code == 200


async def test_revisions_are_compared_and_restored(console: Console) -> None:
    address = await make(console)
    await console.editor.post(f"{address}/settings", data={"name": "Renamed", "retry": "none"})
    page = text_of((await console.viewer.get(f"{address}/revisions")).text)
    assert "Whole" in page
    assert "Renamed" in page
    assert (await console.editor.get(f"{address}/revisions?before=1&after=7")).status_code == 404
    assert (await console.editor.post(f"{address}/revisions/1/restore")).status_code == 303
    assert (await stored(console, address)).document.name == "Whole"


async def test_sharing_notices_and_holds_by_their_forms(console: Console) -> None:
    address = await make(console)
    people = {one.role.value: one.id for one in await console.ports.db.read(list_people, console.tenant)}
    assert (await console.admin.post(f"{address}/owner", data={"person": people["admin"]})).status_code == 303
    private = {"private": "on", f"share.{people['editor']}": "run"}
    assert (await console.editor.post(f"{address}/sharing", data=private)).status_code == 403
    assert (await console.admin.post(f"{address}/sharing", data=private)).status_code == 303
    assert (await console.viewer.get(address)).status_code == 404
    assert "Edit the event" not in (await console.editor.get(address)).text
    assert (await console.editor.post(f"{address}/conditions", data={"c.mode": "all"})).status_code == 403
    assert (await console.editor.post(f"{address}/switch", data={})).status_code == 303
    assert "Whole" not in text_of((await console.viewer.get("/workflows")).text)
    wrong = await console.admin.post(f"{address}/notices", data={"kinds": "task_failure", "addresses": "x"})
    assert "X is no e-mail address" in text_of(wrong.text)
    told = {"kinds": ["task_failure"], "addresses": "ops@example.org\ndesk@example.org"}
    assert (await console.admin.post(f"{address}/notices", data=told)).status_code == 303
    past = await console.editor.post(
        f"{address}/holds", data={"name": "Freeze", "until_at": "2020-01-01T00:00", "zone": "Europe/Berlin"}
    )
    assert "not in the past" in text_of(past.text)
    assert (await console.editor.post(f"{address}/holds", data={"name": "Freeze"})).status_code == 303
    page = await console.editor.get(f"{address}/sharing")
    assert "until somebody ends it" in page.text
    end = page.text.partition(f'action="{address}/holds/')[2].partition("/end")[0]
    assert (await console.editor.post(f"{address}/holds/{end}/end")).status_code == 303


async def test_ask_now_looks_first_and_then_asks(console: Console) -> None:
    ports, tenant = console.ports, console.tenant
    directory = await create_directory(ports, tenant, "People", "test")
    await create_list(ports, tenant, directory.id, "Everybody", "test")
    survey = await create_survey(ports, tenant, "Pulse", recommended_pulse(), "test")
    await publish_survey(ports, tenant, survey.id, "test")
    rows = [{"email": "zoe@example.org", "first_name": "Zoe", "last_name": "Zed"}]
    await import_contacts(ports, tenant, directory.id, rows)
    assert (await console.viewer.get("/ask-now")).status_code == 403
    assert (await console.editor.get("/ask-now")).status_code == 200
    form = {"directory": directory.id, "survey": survey.id, "people": "zoe zed\nnobody", "key": "k"}
    seen = text_of((await console.editor.post("/ask-now", data=form | {"do": "look"})).text)
    assert "People found 1" in seen
    assert "nobody : no contact has this name" in seen.replace("nobody:", "nobody :")
    none = await console.editor.post("/ask-now", data=form | {"people": "", "do": "look"})
    assert none.status_code == 422
    asked = await console.editor.post("/ask-now", data=form | {"do": "ask"})
    assert asked.status_code == 303, text_of(asked.text)
    again = await console.editor.post("/ask-now", data=form | {"do": "ask"})
    assert again.headers["location"] == asked.headers["location"], "pressing twice asks once"
    assert (await console.editor.get(asked.headers["location"])).status_code == 200
