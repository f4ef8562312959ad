"""The findings about one object, beside its own page: after each edit, without a look outside and without counting people."""

from __future__ import annotations

from sqlalchemy import Connection

from opulse.ports import Ports
from opulse.pulses.doctor.flow.diagnosing import place_of
from opulse.pulses.doctor.flow.gathering import gather_set_up
from opulse.pulses.doctor.models import Finding, Severity
from opulse.pulses.doctor.rules import examine
from opulse.pulses.doctor.rules.cards import CARDS, LABELS
from opulse.pulses.doctor.rules.places import belonging_to, is_place
from opulse.web.access import Caller, Role
from opulse.web.components.notes import Note

_TONES = {Severity.FAULT: "red", Severity.WARNING: "yellow", Severity.ADVICE: "blue"}


class Beside:
    """The doctor as the pages' source of notes. Viewers, who cannot mend, see none; buttons are for administrators."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports

    async def notes_at(self, caller: Caller, path: str) -> tuple[Note, ...]:
        if not is_place(path) or not caller.may(Role.ADMIN, Role.EDITOR):
            return ()
        findings = await self._ports.db.read(findings_at, self._ports, caller.tenant, path)
        return tuple(_note(one, caller.may(Role.ADMIN)) for one in findings)


def findings_at(conn: Connection, ports: Ports, tenant: int, path: str) -> tuple[Finding, ...]:
    """What belongs on the page at ``path``, as things are now."""
    facts = gather_set_up(conn, tenant, place_of(ports), ports.clock.now())
    return belonging_to(examine(facts), path)


def _note(finding: Finding, presses: bool) -> Note:
    card, button = CARDS[finding.kind], finding.button if presses else None
    fields = {"action": button.action.value, "target": button.target, "other": button.other} if button else {}
    return Note(
        tone=_TONES[card.severity],
        word=card.severity.value.capitalize(),
        subject=finding.subject.name,
        subject_page=finding.subject.page,
        what=finding.what,
        why=card.why,
        mend=card.mend,
        label=LABELS[button.action] if button else "",
        action="/admin/doctor/mend",
        button=fields,
    )
