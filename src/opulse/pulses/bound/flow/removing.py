"""Delete a pulse with what it made, as far as nothing else uses it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from sqlalchemy import Connection

from opulse.experience.workflows.flow.definitions import delete_workflow_in
from opulse.monitoring.notifications.flow.saving import delete_notification_in
from opulse.monitoring.recipients.flow.saving import delete_recipient_in
from opulse.ports import Ports
from opulse.pulses.bound import store
from opulse.pulses.bound.flow.reading import Here, list_looks_in, read_here
from opulse.pulses.bound.flow.work import Work
from opulse.pulses.bound.models import (
    AskedAt,
    Leaving,
    PartKind,
    PartLook,
    PartState,
    Pulse,
    PulseUnknown,
    SensorsAt,
)
from opulse.tenancy import audit_in
from opulse.tenancy.flow.keys import revoke_key_in

SHARED = (PartKind.RECIPIENT, PartKind.KEY, PartKind.RECEIVER)
"""What goes with the last pulse that uses it, in the order in which it goes: who tells, what opens, who is told."""


async def preview_deletion(ports: Ports, tenant: int, pulse: str) -> tuple[Leaving, ...]:
    """What would go, and what would stay and why.

    Raises:
        PulseUnknown: there is none of this id.
    """
    return await ports.db.read(_preview_in, ports, tenant, pulse)


def _preview_in(conn: Connection, ports: Ports, tenant: int, pulse: str) -> tuple[Leaving, ...]:
    looks = list_looks_in(conn, ports, tenant)
    look = next((one for one in looks if one.pulse.id == pulse), None)
    if look is None:
        raise PulseUnknown(pulse)
    here = read_here(conn, ports, tenant)
    others = [one.pulse for one in looks if one.pulse.id != pulse]
    ours = tuple(
        Leaving(part.kind, part.name, _why_it_stays(look.pulse, part, others, here))
        for part in look.parts
        if part.state is not PartState.MISSING
    )
    return (*ours, *_left_there(look.pulse))


def _left_there(pulse: Pulse) -> Iterator[Leaving]:
    """What a person has made in a real product, and takes back there."""
    where = pulse.draft.where
    if where.sensors is SensorsAt.SYSTRACK:
        text = "It is at SysTrack: delete it there, and the webhook with the last notification that tells it."
        yield Leaving(PartKind.NOTIFICATION, pulse.draft.name, text)
    if where.asked is AskedAt.THEIR_WORKFLOWS:
        yield Leaving(PartKind.SENDER, f"Send: {pulse.draft.name}", "It is at Qualtrics: delete it there.")
    if where.asked is AskedAt.QUALTRICS:
        text = "Its lists, mails and answers are at Qualtrics."
        yield Leaving(PartKind.SURVEY, where.survey, text)


async def delete_pulse(ports: Ports, tenant: int, actor: str, pulse: str) -> Pulse:
    """Its open activation ends, as with each notification that is deleted. Past answers stay.

    Raises:
        PulseUnknown: there is none of this id.
    """
    return await ports.db.write(_delete_in, ports, tenant, actor, pulse)


def _delete_in(conn: Connection, ports: Ports, tenant: int, actor: str, pulse: str) -> Pulse:
    work = Work(ports, conn, tenant, actor, ports.clock.now())
    known = store.lock_pulses(conn, tenant)
    found = next((one for one in known if one.id == pulse), None)
    if found is None:
        raise PulseUnknown(pulse)
    if (sender := found.parts.get(PartKind.SENDER)) is not None:
        _delete_workflow(work, sender.id)
    if (notification := found.parts.get(PartKind.NOTIFICATION)) is not None:
        delete_notification_in(conn, tenant, actor, notification.id, work.now)
    remove_shared_in(work, found, [one for one in known if one.id != pulse])
    store.delete_pulse(conn, tenant, pulse)
    before = {"name": found.draft.name, "parts": {kind.value: one.id for kind, one in found.parts.items()}}
    audit_in(conn, tenant, actor, "pulse.deleted", found.draft.name, before, None, work.now)
    return found


def remove_left_in(work: Work, before: Pulse, saved: Pulse, others: Sequence[Pulse]) -> None:
    """What the pulse had and has no more, after a save: as when its surveys are asked elsewhere from now on."""
    gone = {
        kind
        for kind, part in before.parts.items()
        if kind not in saved.parts or saved.parts[kind].id != part.id
    }
    if PartKind.SENDER in gone and PartKind.SENDER not in saved.parts:
        _delete_workflow(work, before.parts[PartKind.SENDER].id)
    if PartKind.NOTIFICATION in gone and PartKind.NOTIFICATION not in saved.parts:
        part = before.parts[PartKind.NOTIFICATION]
        if part.id in read_here(work.conn, work.ports, work.tenant).notifications:
            delete_notification_in(work.conn, work.tenant, work.actor, part.id, work.now)
    if gone & set(SHARED):
        remove_shared_in(work, before, [saved, *others])


def remove_shared_in(work: Work, pulse: Pulse, others: Sequence[Pulse]) -> None:
    """The webhook, its key and its workflow, where a pulse made them and nobody else is told by them."""
    here = read_here(work.conn, work.ports, work.tenant)
    mine = (PartKind.NOTIFICATION, PartKind.SENDER)
    own = {pulse.parts[kind].id for kind in mine if kind in pulse.parts}
    for kind in SHARED:
        part = pulse.parts.get(kind)
        if part is None or _why_shared_stays(pulse, kind, others, here, own):
            continue
        if kind is PartKind.RECIPIENT and part.id in here.recipients:
            delete_recipient_in(work.conn, work.tenant, work.actor, part.id, work.now)
        elif kind is PartKind.KEY:
            revoke_key_in(work.conn, work.tenant, part.id, work.actor, work.now)
        elif kind is PartKind.RECEIVER:
            _delete_workflow(work, part.id)


def _delete_workflow(work: Work, workflow: str) -> None:
    if workflow in read_here(work.conn, work.ports, work.tenant).workflows:
        delete_workflow_in(work.conn, work.tenant, workflow, work.actor, work.now)


def _why_it_stays(pulse: Pulse, part: PartLook, others: Sequence[Pulse], here: Here) -> str:
    if part.kind is PartKind.SURVEY:
        return "Its answers are kept under it."
    if part.kind is PartKind.ACCOUNT:
        return "Other workflows may sign in with it."
    if part.kind not in SHARED:
        return ""
    own = {one.id for one in pulse.parts.values()}
    return _why_shared_stays(pulse, part.kind, others, here, own)


def _why_shared_stays(
    pulse: Pulse, kind: PartKind, others: Sequence[Pulse], here: Here, own: Iterable[str]
) -> str:
    part, tells = pulse.parts[kind], pulse.parts.get(PartKind.RECIPIENT)
    users = [one.draft.name for one in others if kind in one.parts and one.parts[kind].id == part.id]
    if users:
        return f"It is used by {', '.join(users)}."
    if not part.made:
        return "It was there before the pulse."
    if tells is None:
        return ""
    tellers = [
        one.name for one in here.notifications.values() if tells.id in one.recipients and one.id not in own
    ]
    return f"{', '.join(tellers)} still tells it." if tellers else ""
