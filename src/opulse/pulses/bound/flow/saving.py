"""Save a pulse: both wings follow in one unit, or neither does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from uuid import uuid4

from sqlalchemy import Connection

from opulse.ports import Ports
from opulse.pulses.bound import store
from opulse.pulses.bound.flow.parts import carry_out_in
from opulse.pulses.bound.flow.removing import remove_left_in
from opulse.pulses.bound.flow.work import Work
from opulse.pulses.bound.models import (
    Pulse,
    PulseDraft,
    PulseFault,
    PulseProblem,
    PulseRefused,
    PulseUnknown,
)
from opulse.tenancy import audit_in


async def create_pulse(ports: Ports, tenant: int, actor: str, draft: PulseDraft) -> Pulse:
    """All five procedures.

    Raises:
        PulseRefused: with everything to mend; nothing was made.
    """
    return await ports.db.write(create_pulse_in, ports, tenant, actor, draft)


def create_pulse_in(conn: Connection, ports: Ports, tenant: int, actor: str, draft: PulseDraft) -> Pulse:
    """:func:`create_pulse` inside another unit."""
    work = Work(ports, conn, tenant, actor, ports.clock.now())
    fresh = Pulse(str(uuid4()), draft, True, 1, actor, work.now)
    saved = carry_out_in(work, fresh, store.lock_pulses(conn, tenant))
    store.insert_pulse(conn, tenant, saved)
    audit_in(conn, tenant, actor, "pulse.created", saved.draft.name, None, describe(saved), work.now)
    return saved


async def change_pulse(
    ports: Ports, tenant: int, actor: str, pulse: str, draft: PulseDraft, revision: int | None = None
) -> Pulse:
    """Every part follows; what somebody changed by hand is put back. ``revision``: the one that was looked at.

    Raises:
        PulseUnknown: there is none of this id.
        PulseRefused: see :func:`create_pulse`.
    """
    return await ports.db.write(change_pulse_in, ports, tenant, actor, pulse, draft, revision)


def change_pulse_in(
    conn: Connection,
    ports: Ports,
    tenant: int,
    actor: str,
    pulse: str,
    draft: PulseDraft,
    revision: int | None = None,
) -> Pulse:
    """:func:`change_pulse` inside another unit."""
    work = Work(ports, conn, tenant, actor, ports.clock.now())
    known = store.lock_pulses(conn, tenant)
    before = _find(known, pulse)
    if revision is not None and revision != before.revision:
        text = f"{before.changed_by} has saved this pulse since you opened it. Open it again and look what is different."
        raise PulseRefused((PulseProblem("name", PulseFault.OUTDATED, text),))
    wanted = replace(before, draft=draft, revision=before.revision + 1, changed_by=actor, changed_at=work.now)
    others = [one for one in known if one.id != pulse]
    saved = carry_out_in(work, wanted, others, before)
    store.update_pulse(conn, tenant, saved)
    remove_left_in(work, before, saved, others)
    change = describe(before), describe(saved)
    audit_in(conn, tenant, actor, "pulse.changed", saved.draft.name, *change, work.now)
    return saved


async def switch_pulse(ports: Ports, tenant: int, actor: str, pulse: str, enabled: bool) -> Pulse:
    """Pause or resume: incidents go on being recorded; while it is paused nobody is asked.

    Raises:
        PulseUnknown: there is none of this id.
    """
    return await ports.db.write(_switch_in, ports, tenant, actor, pulse, enabled)


def _switch_in(conn: Connection, ports: Ports, tenant: int, actor: str, pulse: str, enabled: bool) -> Pulse:
    work = Work(ports, conn, tenant, actor, ports.clock.now())
    known = store.lock_pulses(conn, tenant)
    before = _find(known, pulse)
    wanted = replace(
        before, enabled=enabled, revision=before.revision + 1, changed_by=actor, changed_at=work.now
    )
    others = [one for one in known if one.id != pulse]
    saved = carry_out_in(work, wanted, others, before)
    store.update_pulse(conn, tenant, saved)
    what = "pulse.resumed" if enabled else "pulse.paused"
    change = {"enabled": before.enabled}, {"enabled": enabled}
    audit_in(conn, tenant, actor, what, saved.draft.name, *change, work.now)
    return saved


def describe(pulse: Pulse) -> dict[str, object]:
    """For the audit trail."""
    made = {kind.value: part.id for kind, part in pulse.parts.items()}
    return {**asdict(pulse.draft), "enabled": pulse.enabled, "parts": made}


def _find(known: Sequence[Pulse], pulse: str) -> Pulse:
    found = next((one for one in known if one.id == pulse), None)
    if found is None:
        raise PulseUnknown(pulse)
    return found
