"""Workflows in the console: the guide's two kinds made by forms, edited without script, switched; roles and tenants."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest

from opulse.experience.directory.flow.lists import create_directory, create_list
from opulse.experience.surveys.flow import create_survey, publish_survey
from opulse.experience.surveys.recommended import recommended_pulse
from opulse.experience.workflows import Workflow, views
from opulse.experience.workflows.flow.accounts import install_extension
from opulse.experience.workflows.models import Condition, ConditionGroup, Operator, Side
from tests.edges.console import Console, open_console, text_of


@dataclass
class Made:
    """What the guide's prerequisites are."""

    directory: str
    mailing_list: str
    survey: str


@pytest.fixture
async def made(console: Console) -> Made:
    return await _prepare(console)


async def _prepare(console: Console) -> Made:
    ports, tenant = console.ports, console.tenant
    directory = await create_directory(ports, tenant, "Default directory", "test")
    mailing_list = await create_list(ports, tenant, directory.id, "Everybody", "test")
    survey = await create_survey(ports, tenant, "VPN pulse", recommended_pulse(), "test")
    await publish_survey(ports, tenant, survey.id, "test")
    return Made(directory.id, mailing_list.id, survey.id)


async def _create(console: Console, name: str, event: str) -> str:
    """The address of a workflow that was made through the form."""
    answer = await console.editor.post("/workflows/new", data={"name": name, "event": event})
    assert answer.status_code == 303, text_of(answer.text)
    return answer.headers["location"].removesuffix("/event")


async def _stored(console: Console, address: str) -> Workflow:
    found = await console.ports.db.read(views.find_workflow, console.tenant, address.rpartition("/")[2])
    assert found is not None
    return found


def _pulse_form(made: Made) -> dict[str, str]:
    return {
        "type": "operational_pulse",
        "systems_url": "${a://Field/Systems URL}",
        "sensor_names": "${a://Field/Sensor Names}",
        "token_url": "http://test/opulse/B2C_1_ROPC_AUTH/oauth2/v2.0/token",
        "cloud_url": "test",
        "client_id": "5b0c",
        "list_id": made.mailing_list,
        "directory_id": made.directory,
        "account": "new",
        "account.name": "SysTrack",
        "account.api_token": "opsvc_password",
        "account.systrack_api_account": "svc-1",
    }


def _survey_form(made: Made) -> dict[str, str]:
    return {
        "type": "xm_directory.distribute_survey",
        "link_type": "Individual",
        "contact_list": made.mailing_list,
        "first_name": "${m://FirstName}",
        "last_name": "${m://LastName}",
        "email": "${m://Email}",
        "language": "contact",
        "survey": made.survey,
        "subject": "Is it slow?",
    }


async def test_the_recipients_workflow_is_made_by_the_guides_steps(console: Console, made: Made) -> None:
    address = await _create(console, "Receive notifications", "json_event")
    event = await console.editor.get(f"{address}/event")
    url = re.search(r'id="trigger-url"[^>]* value="([^"]+)"', event.text)
    stored = await _stored(console, address)
    assert url
    assert url.group(1).endswith(f"triggers?urlTokenId={stored.url_token}")
    helped = await console.editor.post(f"{address}/event", data={"authentication": "open", "do": "guide"})
    assert 'value="data.systemsAtActivationURL"' in helped.text
    assert (await _stored(console, address)).revision == 1, "a button that adds rows stores nothing"
    fields = {
        "fields.name": ["Systems URL", "Sensor Names", ""],
        "fields.value": ["data.systemsAtActivationURL", "data.sensorNames", ""],
        "authentication": "token",
    }
    assert (await console.editor.post(f"{address}/event", data=fields)).status_code == 303
    tile = await console.editor.get(f"{address}/tasks/new")
    assert "Install it first" in text_of(tile.text)
    early = await console.editor.post(f"{address}/tasks/new", data=_pulse_form(made))
    assert early.status_code == 422
    assert "Install the extension" in text_of(early.text)
    accounts = await console.ports.db.read(views.list_accounts, console.tenant)
    form = {**_pulse_form(made), "account": accounts[0]["id"]}
    chosen = f'<option value="{accounts[0]["id"]}" selected>SysTrack</option>'
    assert chosen in early.text, "the account that was typed is made and need not be typed again"
    install = "/extensions/operational_pulse/install"
    await console.admin.post(install, data={"accept": "on", "domains": "cloud.example.org"})
    elsewhere = await console.editor.post(f"{address}/tasks/new", data=form)
    assert "Token URL leads to test, which this extension may not call" in text_of(elsewhere.text)
    assert 'href="#token_url"' in elsewhere.text
    await console.admin.post(install, data={"accept": "on", "domains": "test"})
    assert (await console.editor.post(f"{address}/tasks/new", data=form)).status_code == 303
    task = (await _stored(console, address)).document.tasks[0]
    assert task.account == accounts[0]["id"]
    assert task.form["create_contacts"] == "false"
    on = await console.editor.post(f"{address}/switch", data={"on": "yes"})
    assert on.status_code == 303
    assert (await _stored(console, address)).enabled
    page = text_of((await console.viewer.get(address)).text)
    assert "Nobody has to prove" not in page
    assert "Operational Pulse: Update Contact Metadata" in page
    assert "Account SysTrack" in page
    assert "opsvc_password" not in page


async def test_a_surveys_workflow_is_made_by_the_guides_steps(console: Console, made: Made) -> None:
    address = await _create(console, "VPN", "experience_id_change")
    first = (await _stored(console, address)).document.trigger.form
    assert (first["directory"], first["kinds"]) == (made.directory, ["created", "updated"])
    event = {
        "directory": made.directory,
        "kinds": ["created", "updated"],
        "embedded_fields": "lastAlarm\nsite",
    }
    await console.editor.post(f"{address}/event", data=event)
    added = await console.editor.post(f"{address}/conditions", data={"c.mode": "all", "do": "line:c"})
    assert '<option value="lastAlarm"' in added.text
    assert "Not saved yet" in text_of(added.text)
    conditions = {
        "c.mode": "all",
        "c.0.field": "lastAlarm",
        "c.0.side": "current",
        "c.0.operator": "contains",
        "c.0.operand": "VPN tunnel drops",
    }
    assert (await console.editor.post(f"{address}/conditions", data=conditions)).status_code == 303
    assert (await console.editor.post(f"{address}/tasks/new", data=_survey_form(made))).status_code == 303
    document = (await _stored(console, address)).document
    assert document.trigger.form["embedded_fields"] == ["lastAlarm", "site"]
    line = Condition(field="lastAlarm", operator=Operator.CONTAINS, operand="VPN tunnel drops")
    assert document.conditions == ConditionGroup(mode="all", items=[line])
    assert document.tasks[0].form["when"] == "Immediately"


async def test_lines_and_sets_are_inserted_and_removed_where_the_button_stands(
    console: Console, made: Made
) -> None:
    address = await _create(console, "VPN", "experience_id_change")
    lines = {
        "c.mode": "all",
        "c.0.field": "FirstName",
        "c.0.operator": "is_not_empty",
        "c.1.mode": "any",
        "c.1.0.field": "Language",
        "c.1.0.operator": "is_in_list",
        "c.1.0.operand": "en; de",
        "c.1.1.field": "Email",
        "c.1.1.side": "previous",
        "c.1.1.operator": "ends_with",
        "c.1.1.operand": "@acme.example",
    }
    inserted = await console.editor.post(f"{address}/conditions", data={**lines, "do": "insert:c.1.0"})
    assert re.search(r'name="c\.1\.1\.operand" value=""', inserted.text)
    assert re.search(r'name="c\.1\.2\.operand" value="@acme\.example"', inserted.text)
    removed = await console.editor.post(f"{address}/conditions", data={**lines, "do": "remove:c.1"})
    assert 'name="c.1.mode"' not in removed.text
    [box] = re.findall(r'<input[^>]*name="c\.0\.operand"[^>]*>', removed.text)
    assert 'placeholder="nothing is needed"' in box, "it stands there for who chooses another operator"
    await console.editor.post(f"{address}/conditions", data=lines)
    inner = ConditionGroup(
        mode="any",
        items=[
            Condition(field="Language", operator=Operator.IN, operand=["en", "de"]),
            Condition(
                field="Email", side=Side.PREVIOUS, operator=Operator.ENDS_WITH, operand="@acme.example"
            ),
        ],
    )
    outer = Condition(field="FirstName", operator=Operator.NOT_EMPTY)
    assert (await _stored(console, address)).document.conditions == ConditionGroup(items=[outer, inner])


async def test_an_incomplete_condition_is_named_and_kept_as_typed(console: Console, made: Made) -> None:
    address = await _create(console, "VPN", "experience_id_change")
    lines = {"c.mode": "any", "c.0.field": "", "c.0.operator": "contains", "c.0.operand": "half typed"}
    refused = await console.editor.post(f"{address}/conditions", data=lines)
    assert refused.status_code == 422
    assert 'href="#c.0.field"' in refused.text
    assert 'value="half typed"' in refused.text
    assert (await _stored(console, address)).document.conditions.items == []


async def test_the_address_of_a_refused_form_leads_back_to_its_page(console: Console, made: Made) -> None:
    address = await _create(console, "VPN", "experience_id_change")
    for path, wanted in (("conditions", ""), ("notices", "/sharing"), ("holds", "/sharing")):
        again = await console.editor.get(f"{address}/{path}")
        assert (again.status_code, again.headers["location"]) == (303, address + wanted)
        assert (await console.editor.get(again.headers["location"])).status_code == 200
        assert (await console.editor.get(f"/workflows/WF_none/{path}")).status_code == 404


async def test_a_pipe_is_put_into_its_field_and_nothing_is_stored(console: Console, made: Made) -> None:
    address = await _create(console, "VPN", "experience_id_change")
    form = {**_survey_form(made), "insert": "subject:${m://FirstName}"}
    page = await console.editor.post(f"{address}/tasks/new", data=form)
    assert page.status_code == 200
    assert re.search(r'name="subject"[^>]* value="Is it slow\?\$\{m://FirstName\}"', page.text)
    assert (await _stored(console, address)).document.tasks == []


async def test_a_pipe_goes_behind_what_was_typed_and_not_behind_the_default(
    console: Console, made: Made
) -> None:
    address = await _create(console, "VPN", "experience_id_change")
    emptied = {**_survey_form(made), "first_name": "", "insert": "first_name:${m://FirstName}"}
    shown = await console.editor.post(f"{address}/tasks/new", data=emptied)
    assert shown.text.count('value="${m://FirstName}"') == 1
    typed = {**_survey_form(made), "subject": "Slow, ", "insert": "subject:${m://FirstName}"}
    shown = await console.editor.post(f"{address}/tasks/new", data=typed)
    assert 'value="Slow, ${m://FirstName}"' in shown.text


async def test_what_a_task_lacks_stands_at_its_field(console: Console, made: Made) -> None:
    address = await _create(console, "VPN", "experience_id_change")
    wrong = {**_survey_form(made), "survey": "", "reply_to": "nobody"}
    refused = await console.editor.post(f"{address}/tasks/new", data=wrong)
    assert refused.status_code == 422
    assert 'href="#survey"' in refused.text
    wrong["survey"] = made.survey
    refused = await console.editor.post(f"{address}/tasks/new", data=wrong)
    assert 'href="#reply_to"' in refused.text
    assert 'id="reply_to-error"' in refused.text


async def test_tasks_are_ordered_and_removed_by_buttons(console: Console, made: Made) -> None:
    address = await _create(console, "VPN", "experience_id_change")
    for subject in ("first", "second"):
        await console.editor.post(f"{address}/tasks/new", data={**_survey_form(made), "subject": subject})
    first, second = (await _stored(console, address)).document.tasks
    await console.editor.post(f"{address}/tasks/{second.id}/move", data={"to": "up"})
    assert [one.id for one in (await _stored(console, address)).document.tasks] == [second.id, first.id]
    await console.editor.post(f"{address}/tasks/{second.id}/move", data={"to": "up"})
    await console.editor.post(f"{address}/tasks/{first.id}/remove")
    assert [one.id for one in (await _stored(console, address)).document.tasks] == [second.id]
    edited = {
        **_survey_form(made),
        "subject": "third",
        "embedded_data.name": "asked",
        "embedded_data.value": "yes",
    }
    await console.editor.post(f"{address}/tasks/{second.id}", data=edited)
    stored = (await _stored(console, address)).document.tasks[0]
    assert (stored.form["subject"], stored.form["embedded_data"]) == ("third", {"asked": "yes"})
    assert "Revision" in text_of((await console.viewer.get(f"{address}/revisions")).text)


async def test_a_stored_secret_stays_unless_it_is_typed_again(console: Console) -> None:
    address = await _create(console, "Signed", "json_event")
    lacking = await console.editor.post(f"{address}/event", data={"authentication": "hmac"})
    assert 'href="#secret"' in lacking.text
    await console.editor.post(f"{address}/event", data={"authentication": "hmac", "secret": "s3cret-of-two"})
    sealed = (await _stored(console, address)).document.trigger.form["sealed_secret"]
    page = (await console.editor.get(f"{address}/event")).text
    assert "Leave it empty to keep it." in text_of(page)
    assert "s3cret-of-two" not in page
    assert sealed not in page
    await console.editor.post(f"{address}/event", data={"authentication": "hmac"})
    assert (await _stored(console, address)).document.trigger.form["sealed_secret"] == sealed


async def test_what_cannot_be_saved_elsewhere_does_not_get_lost(console: Console, made: Made) -> None:
    await install_extension(console.ports, console.tenant, "operational_pulse", None, "test")
    address = await _create(console, "VPN", "json_event")
    nameless = await console.editor.post(f"{address}/settings", data={"name": " "})
    assert nameless.status_code == 422
    settings = {"name": "Renamed", "location": made.survey, "on_failure": "stop", "retry": "none"}
    await console.editor.post(f"{address}/settings", data=settings)
    document = (await _stored(console, address)).document
    assert (document.name, document.location, document.settings.on_failure) == (
        "Renamed",
        made.survey,
        "stop",
    )
    await console.editor.post(f"{address}/delete")
    assert (await console.editor.get(address)).status_code == 404


async def test_a_viewer_reads_and_changes_nothing(console: Console, made: Made) -> None:
    address = await _create(console, "VPN", "experience_id_change")
    await console.editor.post(f"{address}/tasks/new", data=_survey_form(made))
    task = (await _stored(console, address)).document.tasks[0].id
    for path in (
        "/workflows",
        address,
        f"{address}/runs",
        f"{address}/traces",
        f"{address}/revisions",
        "/extensions",
    ):
        page = await console.viewer.get(path)
        assert page.status_code == 200
        assert page.text.count('method="post"') == 1, "signing out is all that a viewer can send"
    closed = [
        await console.viewer.get("/workflows/new"),
        await console.viewer.get(f"{address}/event"),
        await console.viewer.get(f"{address}/tasks/{task}"),
        await console.viewer.get(f"{address}/settings"),
        await console.viewer.get("/qualtrics-ids"),
        await console.viewer.post("/workflows/new", data={"name": "x", "event": "json_event"}),
        await console.viewer.post(f"{address}/conditions", data={"c.mode": "all"}),
        await console.viewer.post(f"{address}/switch"),
        await console.viewer.post(f"{address}/tasks/{task}/remove"),
        await console.viewer.post(f"{address}/delete"),
        await console.viewer.post("/extensions/operational_pulse/accounts"),
        await console.editor.post("/extensions/operational_pulse/install", data={"accept": "on"}),
    ]
    assert [answer.status_code for answer in closed] == [403] * len(closed)


async def test_another_tenants_workflow_is_not_found(console: Console, made: Made) -> None:
    address = await _create(console, "VPN", "experience_id_change")
    await console.editor.post(f"{address}/tasks/new", data=_survey_form(made))
    task = (await _stored(console, address)).document.tasks[0].id
    async with open_console(console.ports, "Umbrella", "umbrella.example") as other:
        assert address.rpartition("/")[2] not in (await other.admin.get("/workflows")).text
        gets = (
            "",
            "/event",
            "/runs",
            "/traces",
            "/revisions",
            "/settings",
            "/tasks/new",
            f"/tasks/{task}",
            "/conditions",
        )
        posts = (
            "/event",
            "/conditions",
            "/switch",
            "/delete",
            f"/tasks/{task}/move",
            f"/tasks/{task}/remove",
        )
        answers = [await other.admin.get(address + path) for path in gets]
        answers += [await other.admin.post(address + path, data={"name": "x"}) for path in posts]
        assert [answer.status_code for answer in answers] == [404] * len(answers)
