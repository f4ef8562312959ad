"""A pulse whose other half is a real product: fewer parts here, what the other side must be told, and an incident all the way."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from opulse.bootstrap.stages import load_extensions
from opulse.clock import ManualClock
from opulse.db import Database
from opulse.experience.extensions.operational_pulse.store import handed_asks
from opulse.experience.workflows.flow import definitions
from opulse.experience.workflows.flow.accounts import add_account, install_extension
from opulse.experience.workflows.flow.addresses import trigger_url
from opulse.monitoring.recipients.flow.saving import create_recipient, list_recipients
from opulse.monitoring.recipients.models import (
    Authentication,
    Channel,
    RecipientDraft,
    RecipientType,
    RequestMethod,
    Webhook,
)
from opulse.monitoring.sensors.flow.catalogue import create_sensor
from opulse.monitoring.sensors.models import Sensor, SensorOrigin
from opulse.monitoring.systems.flow.groups import create_group
from opulse.ports import Ports
from opulse.pulses.bound import Pulse, PulseDraft, PulseRefused
from opulse.pulses.bound.flow import keeping, listing, previewing, reading, removing, saving
from opulse.pulses.bound.models import AskedAt, PartKind, PartState, SensorsAt, Where
from opulse.pulses.doctor import diagnose
from opulse.tenancy.flow.service_accounts import create_account
from opulse.wire.webhook import DEFAULT_BODY
from tests.flows.test_pulses import WHO, World, open_world
from tests.unit.experience.extensions.bridge import Bridge, bridged
from tests.unit.experience.extensions.cloud import CLIENT_ID, system, user

pytestmark = pytest.mark.stores

MESSAGE = "Hello, ${l://SurveyLink?d=Take the survey}"
CLOUD = "cloud.lakesidesoftware.com"
RECEIVER_PARTS = {PartKind.ACCOUNT, PartKind.RECEIVER}


@pytest.fixture
async def world(ports: Ports) -> World:
    load_extensions()
    return await open_world(ports)


async def account(world: World, **more: str) -> str:
    """An account that signs in here and at Qualtrics, as an administrator makes it by the how-to."""
    service, password = await create_account(world.ports, world.tenant, "For pulses", WHO)
    await install_extension(world.ports, world.tenant, "operational_pulse", ["*"], WHO)
    fields = {
        "api_token": password,
        "systrack_api_account": service.username,
        "qualtrics_place": "fra1",
        "qualtrics_api_token": "t" * 40,
    }
    return await add_account(world.ports, world.tenant, "operational_pulse", "Both", fields | more, WHO)


def at_qualtrics(signs_in: str, **more: Any) -> Where:
    said = Where(
        asked=AskedAt.QUALTRICS,
        account=signs_in,
        directory=f"POOL_{'a' * 15}",
        survey=f"SV_{'b' * 15}",
        subject="How is it? ${e://Field/lastAlarmAt}",
        from_email="it@example.org",
        from_name="IT",
    )
    return replace(said, **more)


def at_systrack(signs_in: str, **more: Any) -> Where:
    return replace(
        Where(SensorsAt.SYSTRACK, account=signs_in, cloud_url=CLOUD, client_id="c"),
        **{"token_url": f"https://{CLOUD}/token", **more},
    )


async def webhook_to(world: World, url: str) -> str:
    webhook = Webhook(url, RequestMethod.POST, Authentication(), (), DEFAULT_BODY)
    draft = RecipientDraft(RecipientType.SYSTEM, "Theirs", Channel.WEBHOOK, webhook=webhook)
    return (await create_recipient(world.ports, world.tenant, WHO, draft)).recipient.id


async def in_step(world: World, pulse: Pulse) -> bool:
    return (await reading.find_pulse(world.ports, world.tenant, pulse.id)).in_step


async def titles(world: World, pulse: Pulse) -> list[str]:
    return [one.title for one in await listing.read_checklist(world.ports, world.tenant, pulse.id)]


async def test_of_a_real_systracks_alarms_the_survey_side_is_made_here(world: World) -> None:
    where = at_systrack(await account(world))
    made, second = (
        await world.make(where=where),
        await world.make("Mail", sensors=("Mail Hang",), where=where),
    )
    assert set(made.parts) == RECEIVER_PARTS | {PartKind.SURVEY, PartKind.SENDER}
    assert made.parts[PartKind.RECEIVER] == second.parts[PartKind.RECEIVER]
    assert await world.counts() == (0, 0, 3, 0)
    receiver = (await world.workflows())["Receive SysTrack notifications: People with a system"]
    [task] = receiver.document.tasks
    assert (task.form["cloud_url"], task.form["list_id"]) == (CLOUD, made.draft.mailing_list)
    assert await in_step(world, made)

    recipient, notification = await listing.read_checklist(world.ports, world.tenant, made.id)
    values = {step.text.split(":")[0]: step.value for step in recipient.steps}
    assert values["URL"] == trigger_url(world.ports, receiver)
    [body] = [step.code for step in recipient.steps if step.code]
    assert '"systemsCurrentlyAffectedURL": "@{systemsCurrentlyAffectedURL}"' in body
    assert [step.value for step in notification.steps if step.text == "Sensor"] == ["Disk Full", "Disk Slow"]

    leavings = await removing.preview_deletion(world.ports, world.tenant, made.id)
    assert {one.kind for one in leavings if not one.stays} == {PartKind.SENDER}
    assert any("at SysTrack" in one.stays for one in leavings)
    await removing.delete_pulse(world.ports, world.tenant, WHO, made.id)
    assert await in_step(world, second)
    await removing.delete_pulse(world.ports, world.tenant, WHO, second.id)
    assert await world.counts() == (0, 0, 0, 0)


async def test_a_workflow_made_by_hand_for_that_systrack_is_used_and_stays(world: World) -> None:
    where = at_systrack(await account(world))
    first = await world.make(where=where)
    [receiver] = [
        one for one in (await world.workflows()).values() if one.id == first.parts[PartKind.RECEIVER].id
    ]
    mine = receiver.document.model_copy(update={"name": "Mine"})
    await removing.delete_pulse(world.ports, world.tenant, WHO, first.id)
    by_hand = await definitions.create_workflow(world.ports, world.tenant, mine, "hand", enabled=True)
    made = await world.make(where=where, mailing_list=first.draft.mailing_list)
    assert (made.parts[PartKind.RECEIVER].id, made.parts[PartKind.RECEIVER].made) == (by_hand.id, False)
    await removing.delete_pulse(world.ports, world.tenant, WHO, made.id)
    assert set(await world.workflows()) == {"Mine"}


async def test_at_qualtrics_by_api_each_pulse_has_a_way_of_its_own(world: World) -> None:
    where = at_qualtrics(await account(world))
    made = await world.make(message=MESSAGE, where=where)
    other = await world.make("Mail", sensors=("Mail Hang",), message=MESSAGE, where=where)
    assert set(made.parts) == RECEIVER_PARTS | {PartKind.KEY, PartKind.RECIPIENT, PartKind.NOTIFICATION}
    assert made.parts[PartKind.RECEIVER] != other.parts[PartKind.RECEIVER], "whatever tells it asks"
    assert await world.counts() == (2, 2, 2, 2)
    [task] = (await world.workflows())["Ask at Qualtrics: Slow disks"].document.tasks
    assert (task.account, task.form["directory_at"]) == (where.account, "qualtrics")
    assert (task.form["qualtrics_survey"], task.form["qualtrics_message"]) == (where.survey, MESSAGE)
    assert await titles(world, made) == ["In Qualtrics: look before the first incident"]
    assert await in_step(world, made)
    changed = replace(made.draft, name="Disks", where=replace(where, from_name="Help desk"))
    await saving.change_pulse(world.ports, world.tenant, WHO, made.id, changed)
    [task] = (await world.workflows())["Ask at Qualtrics: Disks"].document.tasks
    assert task.form["qualtrics_from_name"] == "Help desk"
    for one in (made, other):
        await removing.delete_pulse(world.ports, world.tenant, WHO, one.id)
    assert await world.counts() == (0, 0, 0, 0)


async def test_paused_it_records_and_tells_nobody(world: World) -> None:
    made = await world.make(message=MESSAGE, where=at_qualtrics(await account(world)))
    await saving.switch_pulse(world.ports, world.tenant, WHO, made.id, False)
    [notification] = await world.notifications()
    assert (notification.enabled, notification.recipients) == (True, ())
    assert await in_step(world, made)
    await saving.switch_pulse(world.ports, world.tenant, WHO, made.id, True)
    [notification] = await world.notifications()
    assert notification.recipients == (made.parts[PartKind.RECIPIENT].id,)
    assert await in_step(world, made)


async def test_between_two_real_products_there_is_one_workflow(world: World) -> None:
    where = at_qualtrics(await account(world), sensors=SensorsAt.SYSTRACK, cloud_url=CLOUD, client_id="c")
    where = replace(where, token_url=f"https://{CLOUD}/token")
    made = await world.make(message=MESSAGE, where=where)
    assert set(made.parts) == RECEIVER_PARTS
    assert await world.counts() == (0, 0, 1, 0)
    assert [title.partition(":")[0] for title in await titles(world, made)] == [
        "In SysTrack",
        "In SysTrack",
        "In Qualtrics",
    ]
    await saving.switch_pulse(world.ports, world.tenant, WHO, made.id, False)
    assert not (await world.workflows())["Ask at Qualtrics: Slow disks"].enabled
    assert await in_step(world, made)


async def test_their_workflows_are_told_by_a_webhook_that_stays(world: World) -> None:
    url = "https://fra1.qualtrics.com/inbound-event/v1/events/json/triggers?triggerId=OC_1"
    webhook = await webhook_to(world, url)
    made = await world.make(where=Where(asked=AskedAt.THEIR_WORKFLOWS, webhook=webhook))
    assert set(made.parts) == {PartKind.RECIPIENT, PartKind.NOTIFICATION}
    [notification] = await world.notifications()
    assert notification.recipients == (webhook,)
    assert await in_step(world, made)
    assert len(await titles(world, made)) == 3
    await removing.delete_pulse(world.ports, world.tenant, WHO, made.id)
    assert [one.id for one in await list_recipients(world.ports, world.tenant)] == [webhook]


async def test_a_pulse_may_move_to_the_other_side_and_back_and_leaves_nothing(world: World) -> None:
    made = await world.make()
    there = replace(made.draft, message=MESSAGE, where=at_qualtrics(await account(world)))
    moved = await saving.change_pulse(world.ports, world.tenant, WHO, made.id, there)
    assert await in_step(world, moved)
    assert await world.counts() == (1, 1, 1, 1)
    assert moved.parts[PartKind.NOTIFICATION] == made.parts[PartKind.NOTIFICATION]
    for where in (at_systrack(there.where.account), Where()):
        moved = await saving.change_pulse(
            world.ports, world.tenant, WHO, made.id, replace(there, where=where)
        )
        assert await in_step(world, moved)
    assert await world.counts() == (1, 1, 2, 1)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"directory": "POOL_1"}, "where.directory"),
        ({"survey": ""}, "where.survey"),
        ({"survey": "SV_1"}, "where.survey"),
        ({"subject": "How is it?"}, "where.subject"),
        ({"from_email": ""}, "where.from_email"),
        ({"account": ""}, "where.account"),
        ({"account": "none"}, "where.account"),
        ({"sensors": SensorsAt.SYSTRACK}, "where.cloud_url"),
    ],
)
async def test_what_is_missing_is_said_on_its_field(world: World, changes: Any, field: str) -> None:
    where = at_qualtrics(await account(world), **changes)
    with pytest.raises(PulseRefused) as refused:
        await world.make(message=MESSAGE, where=where)
    assert field in {one.field for one in refused.value.problems}
    assert await world.counts() == (0, 0, 0, 0)


async def test_other_things_that_do_not_go(world: World) -> None:
    signs_in = await account(world, qualtrics_place="")
    for draft, text in (
        (world.draft(where=Where(SensorsAt.SYSTRACK, AskedAt.THEIR_WORKFLOWS)), "nothing of it is here"),
        (world.draft(where=Where(asked=AskedAt.THEIR_WORKFLOWS)), "Choose the webhook"),
        (world.draft(where=Where(asked=AskedAt.THEIR_WORKFLOWS, webhook="none")), "not there any more"),
        (world.draft(where=at_qualtrics(signs_in)), "needs the survey's link"),
        (world.draft(message=MESSAGE, where=at_qualtrics(signs_in)), "names no Qualtrics data centre"),
    ):
        with pytest.raises(PulseRefused, match=text):
            await saving.create_pulse(world.ports, world.tenant, WHO, draft)
    elsewhere = await account(world, systrack_api_account="somebody")
    with pytest.raises(PulseRefused, match="does not sign in here"):
        await world.make(message=MESSAGE, where=at_qualtrics(elsewhere))
    assert await world.counts() == (0, 0, 0, 0)


async def test_a_workflow_changed_by_hand_is_seen_and_put_back(world: World) -> None:
    made = await world.make(message=MESSAGE, where=at_qualtrics(await account(world)))
    found = (await world.workflows())["Ask at Qualtrics: Slow disks"]
    document = found.document.model_copy(deep=True)
    document.tasks[0].form.update({"qualtrics_from_name": "Somebody", "create_contacts": "true"})
    await definitions.change_workflow(world.ports, world.tenant, found.id, document, "hand")
    look = await reading.find_pulse(world.ports, world.tenant, made.id)
    [changed] = [one for one in look.parts if one.state is not PartState.IN_STEP]
    [difference] = changed.differences
    assert (changed.kind, difference.what, difference.here, difference.pulse) == (
        PartKind.RECEIVER,
        "Qualtrics From Name",
        "Somebody",
        "IT",
    )
    await keeping.put_back(world.ports, world.tenant, WHO, made.id)
    assert await in_step(world, made)
    [task] = (await world.workflows())["Ask at Qualtrics: Slow disks"].document.tasks
    assert task.form["create_contacts"] == "true", "a pulse does not speak of it, so it stays"


async def test_what_a_real_systrack_counts_is_not_counted_here(world: World) -> None:
    draft = world.draft(where=at_systrack("any"))
    would = await previewing.preview_pulse(world.ports, None, world.tenant, draft)  # type: ignore[arg-type]
    assert not would.counted
    assert "SysTrack counts" in would.notes[0]


async def test_the_doctor_expects_no_notification_of_a_real_systrack(world: World) -> None:
    await world.make(where=at_systrack(await account(world)))
    found = {one.kind.value for one in (await diagnose(world.ports, world.tenant)).findings}
    assert not found & {"no_notification", "no_workflow"}


@pytest.fixture
async def bridge(db: Database, clock: ManualClock) -> AsyncIterator[Bridge]:
    async with bridged(db, clock, "", None, clock) as made:
        yield made


async def test_an_incident_of_one_product_asks_with_the_survey_of_the_other(bridge: Bridge) -> None:
    pulse = bridge.pulse
    for name in ("Application Hang", "Disk Full"):
        custom = Sensor(0, "", name, "Theirs", "", 5, False, SensorOrigin.CUSTOM, True, {}, {})
        await create_sensor(pulse.ports, pulse.tenant, custom, WHO)
    group = await create_group(pulse.ports, pulse.tenant, "Oslo", (), WHO)
    where = Where(
        SensorsAt.SYSTRACK,
        AskedAt.QUALTRICS,
        pulse.account,
        pulse.cloud.token_url,
        pulse.cloud.host,
        CLIENT_ID,
        bridge.brand.directory,
        bridge.there.product.survey.id,
        "How is it? ${e://Field/lastAlarmAt}",
        "it@example.org",
        "IT",
    )
    draft = PulseDraft("Disks", ("Application Hang", "Disk Full"), group.guid, message=MESSAGE, where=where)
    made = await saving.create_pulse(pulse.ports, pulse.tenant, WHO, draft)
    [recipient, *_] = await listing.read_checklist(pulse.ports, pulse.tenant, made.id)
    pulse.trigger_url = next(step.value for step in recipient.steps if step.text == "URL")

    bridge.put(extRef="CORP\\ann", email="ann@example.org")
    pulse.cloud.systems = [system(1, user("ann")), system(2)]
    await pulse.activate()
    await bridge.finish()
    for _ in range(100):
        if [one["state"] for one in await pulse.rows(handed_asks)] == ["asked"]:
            break
        await pulse.wait(5)
    [one] = bridge.there.product.field.distributions.values()
    assert (one.message, one.header["fromName"]) == (MESSAGE, "IT")
    assert await bridge.tally() == {"asked_at_qualtrics": 1, "no_user": 1}
