"""The checklist of a pulse: what is made by hand in the real products."""

from __future__ import annotations

from sqlalchemy import Connection

from opulse.experience.workflows.flow.addresses import trigger_url
from opulse.ports import Ports
from opulse.pulses.bound import store
from opulse.pulses.bound.flow.reading import Here, read_here
from opulse.pulses.bound.models import PartKind, Procedure, Pulse, PulseUnknown, SensorsAt
from opulse.pulses.bound.rules import Said, checklist_of


async def read_checklist(ports: Ports, tenant: int, pulse: str) -> tuple[Procedure, ...]:
    """Empty: nothing is to be done by hand.

    Raises:
        PulseUnknown: there is none of this id.
    """
    return await ports.db.read(_read_in, ports, tenant, pulse)


def _read_in(conn: Connection, ports: Ports, tenant: int, pulse: str) -> tuple[Procedure, ...]:
    for one in store.list_pulses(conn, tenant):
        if one.id == pulse:
            return checklist_of(one.draft, _said(one, read_here(conn, ports, tenant)))
    raise PulseUnknown(pulse)


def _said(pulse: Pulse, here: Here) -> Said:
    draft, receiver = pulse.draft, pulse.parts.get(PartKind.RECEIVER)
    group, survey = here.groups.get(draft.group), here.surveys.get(draft.survey)
    mailing_list = here.lists.get(draft.mailing_list)
    found = here.workflows.get(receiver.id) if receiver else None
    is_told = draft.where.sensors is SensorsAt.SYSTRACK and found is not None
    return Said(
        group.name if group else "a deleted group",
        survey.name if survey else "a survey",
        mailing_list.name if mailing_list else "the people with a system",
        trigger_url(here.ports, found) if is_told and found is not None else "",
    )
