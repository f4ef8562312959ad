"""Pulses in the console: one form of at most eight fields, what was changed by hand, and what a deletion takes."""

from __future__ import annotations

import re

import pytest

from opulse.experience.workflows import views as workflows
from opulse.experience.workflows.flow import definitions
from opulse.monitoring.recipients.flow.saving import create_recipient
from opulse.monitoring.recipients.models import (
    Authentication,
    Channel,
    RecipientDraft,
    RecipientType,
    RequestMethod,
    Webhook,
)
from opulse.monitoring.sensors.flow.catalogue import create_sensor
from opulse.monitoring.sensors.flow.evaluator import Evaluator
from opulse.monitoring.sensors.models import Sensor, SensorOrigin
from opulse.monitoring.systems.flow.groups import create_group
from opulse.wire.webhook import DEFAULT_BODY
from tests.edges.console import Console, open_console, text_of

__all__ = ["open_console"]

FIELD = re.compile(r'<(?:input|select|textarea)\b[^>]*\bname="([a-z_]+)"')
HIDDEN = re.compile(r'<input\b[^>]*type="hidden"[^>]*>')
FOLDED = re.compile(r"<details>.*?</details>", re.DOTALL)
MOST_FIELDS = 8


@pytest.fixture
async def group(console: Console) -> str:
    ports = console.ports
    console.app.state.evaluator = Evaluator(ports.db, ports.clock, ports.limits)
    for name in ("Disk Full", "Disk Slow"):
        custom = Sensor(0, "", name, "Ours", "", 5, False, SensorOrigin.CUSTOM, True, {}, {})
        await create_sensor(ports, console.tenant, custom, "test")
    return (await create_group(ports, console.tenant, "Oslo", (), "test")).guid


def form_in(html: str) -> str:
    """What a newcomer sees of it: the fields of real products are folded away."""
    return FOLDED.sub("", HIDDEN.sub("", html[html.index('action="/pulses/new"') : html.rindex("</form>")]))


async def test_a_pulse_is_made_edited_and_deleted_on_its_pages(console: Console, group: str) -> None:
    empty = (await console.editor.get("/pulses/new")).text
    fields = FIELD.findall(form_in(empty))
    assert len(fields) == len(set(fields)) <= MOST_FIELDS, fields
    typed = {
        "name": "Slow disks",
        "sensor": "Disk Full",
        "group": group,
        "threshold": "1",
        "channel": "Email",
    }
    more = await console.editor.post("/pulses/new", data={**typed, "do": "add"})
    assert "Another sensor" in text_of(more.text)
    looked = await console.editor.post("/pulses/new", data={**typed, "do": "preview"})
    assert "This would count 0 of 0 reporting systems" in text_of(looked.text)
    made = await console.editor.post("/pulses/new", data={**typed, "do": "save"})
    assert made.status_code == 303, text_of(made.text)
    address = made.headers["location"]
    shown = text_of((await console.viewer.get(address)).text)
    assert shown.count("In step") == 7
    assert "Slow disks" in text_of((await console.viewer.get("/pulses")).text)
    listed = text_of((await console.viewer.get(f"{address}/checklist")).text)
    assert "lastAlarm, Current Value, contains: Disk Full" in listed
    revision = {"revision": "1"}
    two = {**typed, **revision, "sensor": ["Disk Full", "Disk Slow"], "do": "save"}
    assert (await console.editor.post(f"{address}/edit", data=two)).status_code == 303
    again = await console.editor.post(f"{address}/edit", data=two)
    assert again.status_code == 422
    assert "has saved this pulse since you opened it" in text_of(again.text)
    goes = text_of((await console.editor.get(f"{address}/delete")).text)
    assert "Its answers are kept under it." in goes
    assert (await console.editor.post(f"{address}/delete")).status_code == 303
    assert (await console.viewer.get(address)).status_code == 404


async def test_what_was_changed_by_hand_is_shown_and_put_back(console: Console, group: str) -> None:
    typed = {
        "name": "Slow disks",
        "sensor": "Disk Full",
        "group": group,
        "threshold": "1",
        "channel": "Email",
    }
    made = await console.editor.post("/pulses/new", data={**typed, "do": "save"})
    address = made.headers["location"]
    found = await console.ports.db.read(workflows.list_workflows, console.tenant)
    [sender] = [one for one in found if one.document.name == "Send: Slow disks"]
    other = sender.document.model_copy(update={"name": "Mine"})
    await definitions.change_workflow(console.ports, console.tenant, sender.id, other, "hand")
    shown = text_of((await console.editor.get(address)).text)
    assert "Name: Mine; the pulse says Send: Slow disks" in shown
    assert "changed by hand" in text_of((await console.viewer.get("/pulses")).text)
    assert "Put everything back" not in text_of((await console.viewer.get(address)).text)
    assert (await console.editor.post(f"{address}/put-back")).status_code == 303
    assert "changed by hand" not in text_of((await console.editor.get(address)).text)
    paused = await console.editor.post(f"{address}/switch", data={"enabled": "no"})
    assert paused.status_code == 303
    assert "nobody is asked" in text_of((await console.editor.get(address)).text)


async def test_a_bad_form_says_what_to_mend_and_viewers_change_nothing(console: Console, group: str) -> None:
    bad = await console.editor.post("/pulses/new", data={"name": "", "sensor": "", "do": "save"})
    assert bad.status_code == 422
    words = text_of(bad.text)
    for sentence in ("Give the pulse a name.", "Choose at least one sensor.", "Choose the group of systems"):
        assert sentence in words
    assert (await console.viewer.get("/pulses/new")).status_code == 403
    assert (await console.viewer.post("/pulses/new", data={"do": "save"})).status_code == 403


async def test_the_fields_of_a_real_product_are_kept_and_mended_in_the_form(
    console: Console, group: str
) -> None:
    typed = {
        "name": "Slow disks",
        "sensor": "Disk Full",
        "group": group,
        "threshold": "1",
        "channel": "Email",
    }
    there = {"where_sensors": "systrack", "where_asked": "qualtrics", "where_directory": "POOL_1"}
    refused = await console.editor.post("/pulses/new", data={**typed, **there, "do": "save"})
    assert refused.status_code == 422
    shown = refused.text
    for text in ("Cloud URL", "Choose the account", "POOL_ and 15 letters"):
        assert text in text_of(shown)
    assert 'value="POOL_1"' in shown
    assert "<details open>" in shown
    counted = await console.editor.post("/pulses/new", data={**typed, **there, "do": "preview"})
    assert "SysTrack counts its systems" in text_of(counted.text)
    webhook = await theirs(console)
    told = {"where_asked": "their_workflows", "where_webhook": webhook}
    made = await console.editor.post("/pulses/new", data={**typed, **told, "do": "save"})
    assert made.status_code == 303, text_of(made.text)
    address = made.headers["location"]
    page = text_of((await console.viewer.get(address)).text)
    assert "The workflows of a real Qualtrics ask the people" in page
    assert page.count("In step") == 2
    goes = text_of((await console.editor.get(f"{address}/delete")).text)
    assert "It is at Qualtrics: delete it there." in goes


async def theirs(console: Console) -> str:
    webhook = Webhook(
        "https://fra1.qualtrics.com/inbound-event/v1/events/json/triggers?triggerId=OC_1",
        RequestMethod.POST,
        Authentication(),
        (),
        DEFAULT_BODY,
    )
    draft = RecipientDraft(RecipientType.SYSTEM, "Theirs", Channel.WEBHOOK, webhook=webhook)
    return (await create_recipient(console.ports, console.tenant, "test", draft)).recipient.id
