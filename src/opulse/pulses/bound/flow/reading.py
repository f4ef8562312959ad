"""Pulses as they are now: each part compared with what the pulse says of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from opulse.experience.directory.models import MailingList
from opulse.experience.directory.views import list_lists
from opulse.experience.extensions.operational_pulse.views import list_surveys_there
from opulse.experience.surveys.models import SurveyRecord, SurveyState
from opulse.experience.surveys.views import list_all_surveys
from opulse.experience.workflows import views as workflows
from opulse.experience.workflows.flow.addresses import trigger_url
from opulse.experience.workflows.models import Workflow
from opulse.monitoring.activations.models import Activation
from opulse.monitoring.activations.views import list_activations
from opulse.monitoring.notifications.flow.reading import list_notifications
from opulse.monitoring.notifications.models import Notification
from opulse.monitoring.recipients.flow.saving import list_recipients_in
from opulse.monitoring.recipients.models import Recipient
from opulse.monitoring.systems.models import Group
from opulse.monitoring.systems.views import list_groups
from opulse.ports import Ports
from opulse.pulses.bound import store
from opulse.pulses.bound.flow import own
from opulse.pulses.bound.flow.elsewhere import asker_said, read_asker, receives
from opulse.pulses.bound.flow.shared import EXTENSION, leads_to, updates_list
from opulse.pulses.bound.models import (
    AskedAt,
    Difference,
    Part,
    PartKind,
    PartLook,
    PartState,
    Pulse,
    PulseLook,
    PulseUnknown,
    SensorsAt,
)
from opulse.pulses.bound.rules import compare, notes_on
from opulse.pulses.bound.views import count_asked
from opulse.tenancy import views as tenancy
from opulse.tenancy.models import Key, Tenant

SHARED = (PartKind.ACCOUNT, PartKind.RECEIVER, PartKind.KEY, PartKind.RECIPIENT, PartKind.SURVEY)


@dataclass(frozen=True)
class Here:
    """Everything of the tenant that a part may be, by id: read once for all pulses."""

    ports: Ports
    tenant: Tenant
    now: datetime
    notifications: Mapping[str, Notification]
    recipients: Mapping[str, Recipient]
    workflows: Mapping[str, Workflow]
    surveys: Mapping[str, SurveyRecord]
    lists: Mapping[str, MailingList]
    groups: Mapping[str, Group]
    accounts: Mapping[str, Mapping[str, Any]]
    keys: Mapping[str, Key]


def read_here(conn: Connection, ports: Ports, tenant: int) -> Here:
    found = tenancy.find_tenant(conn, tenant)
    assert found is not None, "the caller is of this tenant"
    return Here(
        ports,
        found,
        ports.clock.now(),
        {one.id: one for one in list_notifications(conn, tenant)},
        {one.id: one for one in list_recipients_in(conn, tenant)},
        {one.id: one for one in workflows.list_workflows(conn, tenant)},
        {one.id: one for one in list_all_surveys(conn, tenant)},
        {one.id: one for one in list_lists(conn, tenant)},
        {one.guid: one for one in list_groups(conn, tenant)},
        {one["id"]: one for one in workflows.list_accounts(conn, tenant)},
        {one.id: one for one in tenancy.list_keys(conn, tenant)},
    )


async def list_pulses(ports: Ports, tenant: int) -> list[PulseLook]:
    """All of them, by name."""
    return await ports.db.read(list_looks_in, ports, tenant)


def list_looks_in(conn: Connection, ports: Ports, tenant: int) -> list[PulseLook]:
    known = store.list_pulses(conn, tenant)
    if not known:
        return []
    here = read_here(conn, ports, tenant)
    last = {one.id: _last_activation(conn, tenant, one) for one in known}
    senders = [one.parts[PartKind.SENDER].id for one in known if PartKind.SENDER in one.parts]
    asked = count_asked(conn, tenant, senders, [one.id for one in last.values() if one is not None])
    asked |= _asked_there(conn, tenant, known, last)
    return [_look(one, known, here, last[one.id], asked) for one in known]


def _asked_there(
    conn: Connection, tenant: int, known: Sequence[Pulse], last: Mapping[str, Activation | None]
) -> dict[tuple[str, str], int]:
    """(receiving workflow, activation) → people who were asked by a survey at Qualtrics; one look-up for each such pulse."""
    found = {}
    for pulse in known:
        activation, receiver = last[pulse.id], pulse.parts.get(PartKind.RECEIVER)
        if activation is not None and receiver is not None and _asks_there(pulse):
            there = list_surveys_there(conn, tenant, activation.id)
            of_pulse = [one.asked for one in there if one.survey == pulse.draft.where.survey]
            found[(receiver.id, activation.id)] = sum(of_pulse)
    return found


async def find_pulse(ports: Ports, tenant: int, pulse: str) -> PulseLook:
    """One of them.

    Raises:
        PulseUnknown: there is none of this id.
    """
    for look in await list_pulses(ports, tenant):
        if look.pulse.id == pulse:
            return look
    raise PulseUnknown(pulse)


def _last_activation(conn: Connection, tenant: int, pulse: Pulse) -> Activation | None:
    part = pulse.parts.get(PartKind.NOTIFICATION)
    found = list_activations(conn, tenant, notification=part.id, limit=1) if part else []
    return found[0] if found else None


def _look(
    pulse: Pulse,
    known: Sequence[Pulse],
    here: Here,
    last: Activation | None,
    asked: Mapping[tuple[str, str], int],
) -> PulseLook:
    others = [one for one in known if one.id != pulse.id]
    looks = tuple(
        _part_look(pulse, pulse.parts[kind], here, others) for kind in PartKind if kind in pulse.parts
    )
    sender = pulse.parts.get(PartKind.RECEIVER if _asks_there(pulse) else PartKind.SENDER)
    count = asked.get((sender.id, last.id), 0) if sender and last else 0
    return PulseLook(
        pulse,
        looks,
        last.opened_at if last else None,
        last.id if last else "",
        count,
        notes_on(pulse.draft, others),
    )


def _part_look(pulse: Pulse, part: Part, here: Here, others: Sequence[Pulse]) -> PartLook:
    found = _LOOKS[part.kind](pulse, part, here)
    if found is None:
        name = part.kind.value.replace("_", " ")
        return PartLook(part.kind, f"The {name} is not there any more", "", PartState.MISSING)
    if part.kind not in SHARED:
        return found
    users = (one for one in others if (other := one.parts.get(part.kind)) and other.id == part.id)
    return replace(found, shared=tuple(one.draft.name for one in users))


def _named(kind: PartKind, name: str, href: str, differences: tuple[Difference, ...] = ()) -> PartLook:
    state = PartState.CHANGED if differences else PartState.IN_STEP
    return PartLook(kind, name, href, state, differences)


def _account(pulse: Pulse, part: Part, here: Here) -> PartLook | None:
    found = here.accounts.get(part.id)
    return _named(part.kind, found["name"], f"/extensions/{EXTENSION}") if found else None


def _key(pulse: Pulse, part: Part, here: Here) -> PartLook | None:
    found = here.keys.get(part.id)
    if found is None or found.revoked or found.expires_at <= here.now:
        return None
    return _named(part.kind, f"{found.name}, until {found.expires_at:%Y-%m-%d}", "/admin/api-keys")


def _survey(pulse: Pulse, part: Part, here: Here) -> PartLook | None:
    found = here.surveys.get(part.id)
    if found is None:
        return None
    state = "open" if found.state is SurveyState.ACTIVE else "takes no answers"
    differences = compare({"State": "open"}, {"State": state})
    return _named(part.kind, found.name, f"/surveys/{found.id}", differences)


def _receiver(pulse: Pulse, part: Part, here: Here) -> PartLook | None:
    found = here.workflows.get(part.id)
    if found is None:
        return None
    differences = _of_asker(pulse, found, here) if _asks_there(pulse) else _of_receiver(pulse, found)
    return _named(part.kind, found.document.name, f"/workflows/{found.id}", differences)


def _asks_there(pulse: Pulse) -> bool:
    return pulse.draft.where.asked is AskedAt.QUALTRICS


def _of_receiver(pulse: Pulse, found: Workflow) -> tuple[Difference, ...]:
    draft = pulse.draft
    is_real = draft.where.sensors is SensorsAt.SYSTRACK
    fits = receives(found, draft, draft.where.account) if is_real else updates_list(found, draft.mailing_list)
    said = {"Enabled": "yes", "Writes lastAlarm on the mailing list": "yes"}
    is_so = {
        "Enabled": "yes" if found.enabled else "no",
        "Writes lastAlarm on the mailing list": "yes" if fits else "no",
    }
    return compare(said, is_so)


def _of_asker(pulse: Pulse, found: Workflow, here: Here) -> tuple[Difference, ...]:
    """Paused, it takes nothing only where SysTrack tells it: our own notification then does not tell."""
    takes = pulse.enabled or pulse.draft.where.sensors is SensorsAt.HERE
    said = {**asker_said(here.ports, here.tenant, pulse.draft), "Enabled": "yes" if takes else "no"}
    is_so = {**read_asker(found), "Enabled": "yes" if found.enabled else "no"}
    names = {key: str(one["name"]) for key, one in here.accounts.items()}
    return tuple(
        replace(one, here=names.get(one.here, one.here), pulse=names.get(one.pulse, one.pulse))
        for one in compare(said, is_so)
    )


def _recipient(pulse: Pulse, part: Part, here: Here) -> PartLook | None:
    found = here.recipients.get(part.id)
    if found is None:
        return None
    if PartKind.RECEIVER not in pulse.parts:  # it leads to Qualtrics, and where there is not ours to say
        state = {"Enabled": "no" if found.disabled_reason else "yes"}
        return _named(part.kind, found.name, f"/recipients/{found.id}", compare({"Enabled": "yes"}, state))
    receiver = here.workflows.get(pulse.parts[PartKind.RECEIVER].id)
    fits = receiver is not None and leads_to(found, trigger_url(here.ports, receiver))
    said = {"Enabled": "yes", "Leads to the receiving workflow": "yes"}
    is_so = {
        "Enabled": "no" if found.disabled_reason else "yes",
        "Leads to the receiving workflow": "yes" if fits else "no",
    }
    return _named(part.kind, found.name, f"/recipients/{found.id}", compare(said, is_so))


def _notification(pulse: Pulse, part: Part, here: Here) -> PartLook | None:
    found = here.notifications.get(part.id)
    if found is None:
        return None
    group = here.groups.get(pulse.draft.group)
    said = own.said_of_notification(pulse, group.name if group else "a deleted group")
    is_so = own.read_notification(found, pulse.parts[PartKind.RECIPIENT].id)
    return _named(part.kind, found.name, f"/notifications/{found.id}", compare(said, is_so))


def _sender(pulse: Pulse, part: Part, here: Here) -> PartLook | None:
    found = here.workflows.get(part.id)
    if found is None:
        return None
    said = {**own.said_of_sender(pulse.draft), "Enabled": "yes" if pulse.enabled else "no"}
    is_so = {**own.read_sender(found), "Enabled": "yes" if found.enabled else "no"}
    surveys = {key: one.name for key, one in here.surveys.items()}
    lists = {key: one.name for key, one in here.lists.items()}
    names = {"Survey": surveys, "Mailing list": lists}
    differences = tuple(
        replace(one, here=known.get(one.here, one.here), pulse=known.get(one.pulse, one.pulse))
        for one in compare(said, is_so)
        for known in (names.get(one.what, {}),)
    )
    return _named(part.kind, found.document.name, f"/workflows/{found.id}", differences)


_LOOKS = {
    PartKind.ACCOUNT: _account,
    PartKind.RECEIVER: _receiver,
    PartKind.KEY: _key,
    PartKind.RECIPIENT: _recipient,
    PartKind.SURVEY: _survey,
    PartKind.NOTIFICATION: _notification,
    PartKind.SENDER: _sender,
}
