"""What somebody changed by hand becomes what the pulse says; every other part then follows."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from sqlalchemy import Connection

from opulse.ports import Ports
from opulse.pulses.bound import store
from opulse.pulses.bound.flow import own
from opulse.pulses.bound.flow.reading import Here, read_here
from opulse.pulses.bound.flow.saving import change_pulse_in
from opulse.pulses.bound.models import (
    PartKind,
    Pulse,
    PulseDraft,
    PulseFault,
    PulseProblem,
    PulseRefused,
    PulseUnknown,
)
from opulse.pulses.bound.rules import write_threshold


async def put_back(ports: Ports, tenant: int, actor: str, pulse: str) -> Pulse:
    """Every part as the pulse says it; missing ones are made again.

    Raises:
        PulseUnknown: there is none of this id.
        PulseRefused: something that it names is not there any more.
    """
    return await ports.db.write(_put_back_in, ports, tenant, actor, pulse)


def _put_back_in(conn: Connection, ports: Ports, tenant: int, actor: str, pulse: str) -> Pulse:
    return change_pulse_in(conn, ports, tenant, actor, pulse, _find(conn, tenant, pulse).draft)


async def keep(ports: Ports, tenant: int, actor: str, pulse: str, kind: PartKind) -> Pulse:
    """The pulse says from now on what this part says.

    Raises:
        PulseUnknown: there is none of this id.
        PulseRefused: the part says something that a pulse cannot say.
    """
    return await ports.db.write(_keep_in, ports, tenant, actor, pulse, kind)


def _keep_in(conn: Connection, ports: Ports, tenant: int, actor: str, pulse: str, kind: PartKind) -> Pulse:
    found = _find(conn, tenant, pulse)
    draft = _as_it_is(found, kind, read_here(conn, ports, tenant))
    if draft is None:
        text = "A pulse cannot say this. Put it back, or delete the pulse and keep its parts by hand."
        raise PulseRefused((PulseProblem("name", PulseFault.PART, text),))
    return change_pulse_in(conn, ports, tenant, actor, pulse, draft)


def _find(conn: Connection, tenant: int, pulse: str) -> Pulse:
    for one in store.lock_pulses(conn, tenant):
        if one.id == pulse:
            return one
    raise PulseUnknown(pulse)


def _as_it_is(pulse: Pulse, kind: PartKind, here: Here) -> PulseDraft | None:
    """None: the part is missing, or says what a pulse has no field for."""
    part = pulse.parts.get(kind)
    if part is None:
        return None
    if kind is PartKind.NOTIFICATION and part.id in here.notifications:
        found = here.notifications[part.id]
        if found.needed_sensors != len(found.sensors) or not found.enabled:
            return None
        return replace(
            pulse.draft,
            name=found.name,
            sensors=tuple(one.name for one in found.sensors),
            group=found.group_id,
            threshold=write_threshold(found.threshold.option.value, Decimal(found.threshold.value)),
        )
    if kind is PartKind.SENDER and part.id in here.workflows:
        workflow = here.workflows[part.id]
        sensors, task = own.sensors_of(workflow.document.conditions), own.task_of(workflow.document)
        if not sensors or task is None or workflow.enabled != pulse.enabled:
            return None
        name = workflow.document.name
        return replace(
            pulse.draft,
            name=name.removeprefix("Send: "),
            sensors=tuple(sensors),
            survey=str(task.form.get("survey") or ""),
            mailing_list=str(task.form.get("contact_list") or ""),
            message=str(task.form.get("message") or ""),
            channel=str(task.form.get("distribution_method") or ""),
        )
    return None
