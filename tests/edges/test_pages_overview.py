"""The overview, the extensions and the ids: what is on, what was given up, what is still to be set up."""

from __future__ import annotations

import re
from dataclasses import asdict

from sqlalchemy import Connection

from opulse.experience.directory.flow.lists import create_directory, create_list
from opulse.experience.distributions.models import DistributionState, MessageSpec
from opulse.experience.distributions.views import distributions
from opulse.experience.surveys.flow import create_survey, publish_survey
from opulse.experience.surveys.recommended import recommended_pulse
from opulse.experience.workflows import Event, WorkflowDocument, views
from opulse.experience.workflows.flow.definitions import create_workflow
from opulse.experience.workflows.flow.traces import trace_event_in
from opulse.experience.workflows.models import Condition, ConditionGroup, Operator, TriggerDefinition
from opulse.jobs import Job
from opulse.jobs.claiming import claim_due
from opulse.jobs.table import bury, count_waiting, enqueue, list_dead
from opulse.tenancy.models import SESSION_IDLE
from tests.edges.console import Console, text_of
from tests.unit.experience.impact.incident import insert_row


def _give_up(conn: Connection, console: Console) -> None:
    """A job as the worker leaves it that has tried everything."""
    now = console.ports.clock.now()
    enqueue(conn, console.tenant, "delivery.due", {"delivery": "D"}, unique="D")
    job: Job = claim_due(conn, "default", "test", now, SESSION_IDLE, 1)[0]
    bury(conn, job, "the recipient did not answer")


async def test_an_empty_tenant_is_led_through_the_five_procedures(console: Console) -> None:
    page = text_of((await console.admin.get("/")).text)
    for title in ("1. A workflow for the recipient", "2. A recipient", "3. Surveys", "4. Notifications"):
        assert title in page
    survey = await create_survey(console.ports, console.tenant, "Pulse", recommended_pulse(), "test")
    before = (await console.admin.get("/")).text.count('aria-label="Done"')
    await publish_survey(console.ports, console.tenant, survey.id, "test")
    after = (await console.admin.get("/")).text
    assert (before, after.count('aria-label="Done"')) == (0, 1)
    assert 'href="/admin/tenant"' not in (await console.editor.get("/")).text, (
        "only an administrator may open it"
    )


async def test_a_job_that_was_given_up_is_shown_and_run_again(console: Console) -> None:
    await console.ports.db.write(_give_up, console)
    page = await console.editor.get("/")
    assert "the recipient did not answer" in text_of(page.text)
    action = re.search(r'action="(/jobs/\d+/revive)"', page.text)
    assert action
    assert "/revive" not in (await console.viewer.get("/")).text
    assert (await console.viewer.post(action.group(1))).status_code == 403
    assert (await console.editor.post(action.group(1))).status_code == 303
    assert await console.ports.db.read(list_dead, console.tenant) == []
    assert await console.ports.db.read(count_waiting, console.tenant) == 1
    assert (await console.editor.post(action.group(1))).status_code == 404


async def test_only_distributions_that_go_on_are_shown_and_counted(console: Console) -> None:
    """A year of ended incidents must not be counted each time somebody opens the overview."""
    now = console.ports.clock.now()
    for state in DistributionState:
        row = {"tenant": console.tenant, "id": f"EMD_{state}", "state": state, "link_type": "individual"}
        row |= {"name": f"Pulse {state}", "workflow": state, "message": asdict(MessageSpec())}
        await console.ports.db.write(insert_row, distributions, row, now)
    page = text_of((await console.viewer.get("/")).text)
    assert {state for state in DistributionState if f"Pulse {state}" in page} == {
        DistributionState.RUNNING,
        DistributionState.PAUSED,
    }


async def test_ids_stand_ready_to_be_copied(console: Console) -> None:
    directory = await create_directory(console.ports, console.tenant, "Default directory", "test")
    mailing_list = await create_list(console.ports, console.tenant, directory.id, "Participants", "test")
    survey = await create_survey(console.ports, console.tenant, "Pulse", recommended_pulse(), "test")
    page = (await console.editor.get("/qualtrics-ids")).text
    for number in (directory.id, mailing_list.id, survey.id):
        assert f'value="{number}" readonly' in page
        assert f'data-copy="{number}"' in page
    assert "An administrator makes and revokes tokens." in text_of(page)


async def test_a_token_is_made_and_revoked_from_the_ids_page(console: Console) -> None:
    assert 'action="/admin/api-keys/new"' in (await console.admin.get("/qualtrics-ids")).text
    form = {"kind": "integration", "name": "Webhook", "days": "180", "back": "qualtrics-ids"}
    made = await console.admin.post("/admin/api-keys/new", data=form)
    assert 'href="/qualtrics-ids"' in made.text
    page = (await console.admin.get("/qualtrics-ids")).text
    assert "Webhook" in text_of(page)
    revoke = re.search(r'action="(/admin/api-keys/[^"]+/revoke)"', page)
    assert revoke
    done = await console.admin.post(revoke.group(1), data={"back": "qualtrics-ids"})
    assert done.headers["location"] == "/qualtrics-ids"
    assert "No API token yet" in text_of((await console.admin.get("/qualtrics-ids")).text)


async def test_an_extension_is_accepted_with_the_domains_it_may_call(console: Console) -> None:
    address = "/extensions/operational_pulse"
    assert "Not installed" in text_of((await console.viewer.get("/extensions")).text)
    unread = await console.admin.post(f"{address}/install", data={"domains": "https://cloud.example.org"})
    assert 'href="#accept"' in unread.text
    assert 'href="#domains"' in unread.text
    await console.admin.post(f"{address}/install", data={"accept": "on", "domains": "Cloud.example.org"})
    assert await console.ports.db.read(views.list_installs, console.tenant) == {
        "operational_pulse": ["cloud.example.org"]
    }
    lacking = await console.editor.post(f"{address}/accounts", data={"account_name": "SysTrack"})
    assert 'href="#api_token"' in lacking.text
    fields = {"account_name": "SysTrack", "api_token": "opsvc_hidden", "systrack_api_account": "svc-1"}
    await console.editor.post(f"{address}/accounts", data=fields)
    page = (await console.viewer.get(address)).text
    assert "Systrack api account: svc-1" in text_of(page)
    assert "opsvc_hidden" not in page
    assert (await console.admin.get("/extensions/unknown")).status_code == 404


async def test_why_nothing_ran_shows_each_condition_with_what_it_saw(console: Console) -> None:
    line = Condition(field="Sensor Names", operator=Operator.CONTAINS, operand="Application Hang")
    document = WorkflowDocument(
        name="Receive", trigger=TriggerDefinition(type="json_event"), conditions=ConditionGroup(items=[line])
    )
    workflow = await create_workflow(console.ports, console.tenant, document, "test")
    event = Event("E1", {"fields": {"Sensor Names": ["Critical Application Hang"]}})
    now = console.ports.clock.now()
    assert not await console.ports.db.write(trace_event_in, workflow, event, now)
    page = text_of((await console.viewer.get(f"/workflows/{workflow.id}/traces")).text)
    assert "Nothing ran" in page
    assert "was empty, is Critical Application Hang" in page
