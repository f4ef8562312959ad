"""One pulse instead of five procedures: made whole or not at all, kept in step, mended, shared and deleted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest

from opulse.bootstrap.stages import load_extensions
from opulse.experience.directory.flow.lists import create_directory, create_list
from opulse.experience.workflows import views as workflows
from opulse.experience.workflows.flow import definitions
from opulse.experience.workflows.flow.checking import WorkflowProblem
from opulse.experience.workflows.models import Condition, ConditionGroup, Operator, Workflow
from opulse.monitoring.notifications.flow import saving as notifications
from opulse.monitoring.notifications.flow.reading import list_notifications
from opulse.monitoring.notifications.models import Notification
from opulse.monitoring.recipients.flow.saving import delete_recipient, list_recipients
from opulse.monitoring.sensors.flow.catalogue import create_sensor
from opulse.monitoring.sensors.models import Sensor, SensorOrigin
from opulse.monitoring.systems.flow.groups import create_group
from opulse.ports import Ports
from opulse.pulses.bound import Pulse, PulseDraft, PulseRefused
from opulse.pulses.bound.flow import keeping, own, parts, reading, removing, saving
from opulse.pulses.bound.models import DEFAULT_SURVEY, Part, PartKind, PartState
from opulse.tenancy.flow.tenants import create_tenant
from opulse.tenancy.views import list_audit, list_keys

pytestmark = pytest.mark.stores
WHO = "eva"


@dataclass
class World:
    ports: Ports
    tenant: int
    group: str

    def draft(self, name: str = "Slow disks", **said: Any) -> PulseDraft:
        return replace(PulseDraft(name, ("Disk Full", "Disk Slow"), self.group, "2"), **said)

    async def make(self, name: str = "Slow disks", **said: Any) -> Pulse:
        return await saving.create_pulse(self.ports, self.tenant, WHO, self.draft(name, **said))

    async def states(self, pulse: Pulse) -> Mapping[PartKind, PartState]:
        look = await reading.find_pulse(self.ports, self.tenant, pulse.id)
        return {one.kind: one.state for one in look.parts}

    async def notifications(self) -> list[Notification]:
        return await self.ports.db.read(list_notifications, self.tenant)

    async def workflows(self) -> dict[str, Workflow]:
        found = await self.ports.db.read(workflows.list_workflows, self.tenant)
        return {one.document.name: one for one in found}

    async def counts(self) -> tuple[int, int, int, int]:
        """Notifications, recipients, workflows, keys that open."""
        keys = await self.ports.db.read(list_keys, self.tenant)
        return (
            len(await self.notifications()),
            len(await list_recipients(self.ports, self.tenant)),
            len(await self.workflows()),
            sum(not one.revoked for one in keys),
        )


@pytest.fixture
async def world(ports: Ports) -> World:
    load_extensions()
    return await open_world(ports)


async def open_world(ports: Ports, name: str = "Acme") -> World:
    tenant = await create_tenant(ports, name, "test")
    for sensor in ("Disk Full", "Disk Slow", "Mail Hang"):
        custom = Sensor(0, "", sensor, "Ours", "", 5, False, SensorOrigin.CUSTOM, True, {}, {})
        await create_sensor(ports, tenant.id, custom, WHO)
    group = await create_group(ports, tenant.id, "Oslo", (), WHO)
    return World(ports, tenant.id, group.guid)


async def test_one_form_makes_all_five_procedures_from_nothing(world: World) -> None:
    made = await world.make()
    assert set(made.parts) == set(PartKind)
    assert set((await world.states(made)).values()) == {PartState.IN_STEP}
    [notification] = await world.notifications()
    assert notification.name == "Slow disks"
    assert [one.name for one in notification.sensors] == ["Disk Full", "Disk Slow"]
    assert notification.recipients == (made.parts[PartKind.RECIPIENT].id,)
    sender = (await world.workflows())["Send: Slow disks"]
    assert own.sensors_of(sender.document.conditions) == ["Disk Full", "Disk Slow"]
    task = own.task_of(sender.document)
    assert task is not None
    assert task.form["survey"] == made.draft.survey
    look = await reading.find_pulse(world.ports, world.tenant, made.id)
    names = {one.kind: one.name for one in look.parts}
    assert names[PartKind.SURVEY] == DEFAULT_SURVEY
    [row] = [
        one for one in await world.ports.db.read(list_audit, world.tenant) if one["action"] == "pulse.created"
    ]
    assert row["after"]["sensors"] == ["Disk Full", "Disk Slow"]


async def test_what_is_wrong_is_said_at_once_and_nothing_is_made(world: World) -> None:
    bad = PulseDraft(
        "", ("Disk Fool",), "", "some", channel="Pigeon", survey="SV_none", mailing_list="CG_none"
    )
    with pytest.raises(PulseRefused) as refused:
        await saving.create_pulse(world.ports, world.tenant, WHO, bad)
    assert {one.field for one in refused.value.problems} == {
        "name",
        "sensors",
        "group",
        "threshold",
        "channel",
        "survey",
        "mailing_list",
    }
    assert await world.counts() == (0, 0, 0, 0)


async def test_a_refusal_of_a_wing_undoes_all_that_was_made_before_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last of the five procedures is refused here; the other four were really done in the unit by then."""

    def refuse(*given: object) -> Part:
        raise WorkflowProblem(["something is wrong with it"])

    monkeypatch.setattr(parts, "save_sender_in", refuse)
    with pytest.raises(PulseRefused, match="something is wrong with it"):
        await world.make()
    assert await world.counts() == (0, 0, 0, 0)
    assert await reading.list_pulses(world.ports, world.tenant) == []


async def test_renamed_and_with_other_sensors_both_sides_follow(world: World) -> None:
    made = await world.make()
    wanted = replace(
        made.draft, name="Disks", sensors=("Disk Full", "Mail Hang"), threshold="12,5%", message="Hello"
    )
    saved = await saving.change_pulse(world.ports, world.tenant, WHO, made.id, wanted)
    assert saved.draft.threshold == "12.5 %"
    [notification] = await world.notifications()
    assert (notification.name, [one.name for one in notification.sensors]) == (
        "Disks",
        ["Disk Full", "Mail Hang"],
    )
    sender = (await world.workflows())["Send: Disks"]
    assert own.sensors_of(sender.document.conditions) == ["Disk Full", "Mail Hang"]
    assert saved.parts == made.parts
    assert (await reading.find_pulse(world.ports, world.tenant, made.id)).in_step


async def test_saving_the_same_again_touches_no_part(world: World) -> None:
    """A notification that is saved ends its open activation: so it is not, when nothing of it is other."""
    made = await world.make()
    [before], sender = await world.notifications(), (await world.workflows())["Send: Slow disks"]
    await saving.change_pulse(world.ports, world.tenant, WHO, made.id, replace(made.draft, message="Hi"))
    [after] = await world.notifications()
    assert after.revision == before.revision
    assert (await world.workflows())["Send: Slow disks"].revision == sender.revision + 1


async def test_who_saves_what_somebody_else_has_saved_since_is_told(world: World) -> None:
    made = await world.make()
    await saving.change_pulse(world.ports, world.tenant, "bob", made.id, replace(made.draft, message="Hi"), 1)
    with pytest.raises(PulseRefused, match="bob has saved"):
        await saving.change_pulse(world.ports, world.tenant, WHO, made.id, made.draft, 1)


async def change_sensors_by_hand(world: World, pulse: Pulse) -> None:
    [found] = [one for one in await world.notifications() if one.id == pulse.parts[PartKind.NOTIFICATION].id]
    other = replace(own.draft_of(pulse.draft, "", found), sensors=own.draft_of(pulse.draft, "").sensors[:1])
    await notifications.change_notification(world.ports, world.tenant, "hand", found.id, other)


async def test_a_notification_changed_by_hand_is_seen_and_put_back(world: World) -> None:
    made = await world.make()
    await change_sensors_by_hand(world, made)
    look = await reading.find_pulse(world.ports, world.tenant, made.id)
    [changed] = [one for one in look.parts if one.state is not PartState.IN_STEP]
    assert changed.kind is PartKind.NOTIFICATION
    [difference] = changed.differences
    assert (difference.what, difference.here, difference.pulse) == (
        "Sensors",
        "Disk Full",
        "Disk Full, Disk Slow",
    )
    await keeping.put_back(world.ports, world.tenant, WHO, made.id)
    [notification] = await world.notifications()
    assert len(notification.sensors) == 2
    assert (await reading.find_pulse(world.ports, world.tenant, made.id)).in_step


async def test_what_was_changed_by_hand_is_kept_and_the_conditions_follow(world: World) -> None:
    made = await world.make()
    await change_sensors_by_hand(world, made)
    kept = await keeping.keep(world.ports, world.tenant, WHO, made.id, PartKind.NOTIFICATION)
    assert kept.draft.sensors == ("Disk Full",)
    sender = (await world.workflows())["Send: Slow disks"]
    assert own.sensors_of(sender.document.conditions) == ["Disk Full"]


async def test_conditions_that_a_pulse_cannot_say_are_not_kept(world: World) -> None:
    made = await world.make()
    sender = (await world.workflows())["Send: Slow disks"]
    other = ConditionGroup(items=[Condition(field="site", operator=Operator.EQUAL, operand="Oslo")])
    document = sender.document.model_copy(update={"conditions": other})
    await definitions.change_workflow(world.ports, world.tenant, sender.id, document, "hand")
    assert (await world.states(made))[PartKind.SENDER] is PartState.CHANGED
    with pytest.raises(PulseRefused, match="cannot say this"):
        await keeping.keep(world.ports, world.tenant, WHO, made.id, PartKind.SENDER)
    await keeping.put_back(world.ports, world.tenant, WHO, made.id)
    assert (await world.states(made))[PartKind.SENDER] is PartState.IN_STEP


async def test_parts_that_are_gone_are_made_again(world: World) -> None:
    made = await world.make()
    for part in (PartKind.SENDER, PartKind.RECEIVER):
        await definitions.delete_workflow(world.ports, world.tenant, made.parts[part].id, "hand")
    await notifications.delete_notification(
        world.ports, world.tenant, "hand", made.parts[PartKind.NOTIFICATION].id
    )
    await delete_recipient(world.ports, world.tenant, "hand", made.parts[PartKind.RECIPIENT].id)
    states = await world.states(made)
    assert {kind for kind, state in states.items() if state is PartState.MISSING} == {
        PartKind.SENDER,
        PartKind.RECEIVER,
        PartKind.NOTIFICATION,
        PartKind.RECIPIENT,
    }
    await keeping.put_back(world.ports, world.tenant, WHO, made.id)
    assert (await reading.find_pulse(world.ports, world.tenant, made.id)).in_step
    assert (await world.counts())[:3] == (1, 1, 2)


async def test_pulses_of_one_list_share_the_webhook_and_the_last_takes_it_along(world: World) -> None:
    first, second = await world.make(), await world.make("Mail", sensors=("Mail Hang",))
    assert await world.counts() == (2, 1, 3, 1)
    leavings = await removing.preview_deletion(world.ports, world.tenant, first.id)
    goes = {one.kind for one in leavings if not one.stays}
    assert goes == {PartKind.NOTIFICATION, PartKind.SENDER}
    await removing.delete_pulse(world.ports, world.tenant, WHO, first.id)
    assert await world.counts() == (1, 1, 2, 1)
    assert (await reading.find_pulse(world.ports, world.tenant, second.id)).in_step
    await removing.delete_pulse(world.ports, world.tenant, WHO, second.id)
    assert await world.counts() == (0, 0, 0, 0)
    assert await reading.list_pulses(world.ports, world.tenant) == []


async def test_another_list_gets_a_webhook_of_its_own_and_the_others_keep_theirs(world: World) -> None:
    first, second = await world.make(), await world.make("Mail", sensors=("Mail Hang",))
    directory = await create_directory(world.ports, world.tenant, "Guests", WHO)
    other = await create_list(world.ports, world.tenant, directory.id, "Guests", WHO)
    wanted = replace(first.draft, mailing_list=other.id)
    moved = await saving.change_pulse(world.ports, world.tenant, WHO, first.id, wanted)
    assert moved.parts[PartKind.RECEIVER].id != second.parts[PartKind.RECEIVER].id
    assert (await reading.find_pulse(world.ports, world.tenant, first.id)).in_step
    assert (await reading.find_pulse(world.ports, world.tenant, second.id)).in_step
    told = {one.name: one.recipients for one in await world.notifications()}
    assert told == {
        "Slow disks": (moved.parts[PartKind.RECIPIENT].id,),
        "Mail": (second.parts[PartKind.RECIPIENT].id,),
    }
    assert await world.counts() == (2, 2, 4, 2)
    await saving.change_pulse(world.ports, world.tenant, WHO, first.id, first.draft)
    assert await world.counts() == (2, 1, 3, 1), "nobody uses the webhook of the guests any more"


async def test_what_something_else_is_told_by_stays(world: World) -> None:
    made = await world.make()
    recipient = made.parts[PartKind.RECIPIENT].id
    by_hand = own.draft_of(replace(made.draft, name="By hand"), recipient)
    await notifications.create_notification(world.ports, world.tenant, "hand", by_hand)
    stays = {
        one.kind: one.stays for one in await removing.preview_deletion(world.ports, world.tenant, made.id)
    }
    assert stays[PartKind.RECIPIENT] == "By hand still tells it."
    await removing.delete_pulse(world.ports, world.tenant, WHO, made.id)
    assert await world.counts() == (1, 1, 1, 1)


async def test_a_paused_pulse_asks_nobody_and_still_records(world: World) -> None:
    made = await world.make()
    paused = await saving.switch_pulse(world.ports, world.tenant, WHO, made.id, False)
    assert not paused.enabled
    assert not (await world.workflows())["Send: Slow disks"].enabled
    [notification] = await world.notifications()
    assert notification.enabled
    assert (await reading.find_pulse(world.ports, world.tenant, made.id)).in_step
    await saving.switch_pulse(world.ports, world.tenant, WHO, made.id, True)
    assert (await world.workflows())["Send: Slow disks"].enabled


async def test_a_pulse_of_another_tenant_is_not_there(world: World) -> None:
    made, other = await world.make(), await open_world(world.ports, "Brim")
    for ask in (
        reading.find_pulse(other.ports, other.tenant, made.id),
        removing.preview_deletion(other.ports, other.tenant, made.id),
        removing.delete_pulse(other.ports, other.tenant, WHO, made.id),
        keeping.put_back(other.ports, other.tenant, WHO, made.id),
        saving.change_pulse(other.ports, other.tenant, WHO, made.id, other.draft()),
        saving.switch_pulse(other.ports, other.tenant, WHO, made.id, False),
    ):
        with pytest.raises(LookupError):
            await ask
    assert (await reading.find_pulse(world.ports, world.tenant, made.id)).in_step
    await other.make()
    assert await other.counts() == (1, 1, 2, 1)
