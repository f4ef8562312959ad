"""Write the document of a tenant, and take one: compared and written in one unit, so that all of it is taken or nothing.

A dry run does the same and is rolled back: what it says is what an import would meet.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Connection

from opulse.ports import Ports
from opulse.pulses.configuration.models import (
    Doing,
    EntryChange,
    ImportDone,
    ImportRefused,
    ImportWanted,
    Mend,
    Plan,
    PlanOutdated,
)
from opulse.pulses.configuration.rules import (
    Document,
    compare_entries,
    read_document,
    secrets_in,
    token_of,
    write_document,
)
from opulse.pulses.configuration.sections import SECTIONS
from opulse.tenancy import audit_in
from opulse.tenancy.configuring import OPEN_MAIL
from opulse.tenancy.sections import Change, Fault, Section, Work


class _RolledBack(Exception):
    """Ends a unit whose work is not to stay."""

    def __init__(self, plan: Plan) -> None:
        super().__init__()
        self.plan = plan


@dataclass(frozen=True)
class _Part:
    """What happens in one section."""

    section: Section
    changes: Sequence[Change]
    removed: Sequence[str]
    shown: Sequence[EntryChange]
    secrets: Sequence[str]


async def export_configuration(ports: Ports, tenant: int, actor: str) -> str:
    """The document of everything that administrators made. That it was taken is audited."""
    now = ports.clock.now()
    text = await ports.db.read(_export, tenant, now)
    after = {"characters": len(text)}
    await ports.db.write(audit_in, tenant, actor, "configuration.exported", "all", None, after, now)
    return text


def _export(conn: Connection, tenant: int, now: datetime) -> str:
    found = {section.name: section.read_in(conn, tenant, now) for section in SECTIONS}
    return write_document(
        {name: {key: one.shown() for key, one in entries.items()} for name, entries in found.items()}
    )


async def import_configuration(ports: Ports, tenant: int, actor: str, wanted: ImportWanted) -> ImportDone:
    """Make what is here what the document says.

    Raises:
        ImportRefused: with everything to mend; nothing was taken.
        PlanOutdated: what was looked at is not what would be done now.
    """
    document = read_document(wanted.document)
    entries = _entries_of(document)
    try:
        return await ports.db.write(_import_in, ports, tenant, actor, document, entries, wanted)
    except _RolledBack as undone:
        return ImportDone(undone.plan, False)


def _import_in(
    conn: Connection,
    ports: Ports,
    tenant: int,
    actor: str,
    document: Document,
    entries: Mapping[str, Mapping[str, Any]],
    wanted: ImportWanted,
) -> ImportDone:
    """One unit, however long: half of a configuration is none (ADR 0013)."""
    now = ports.clock.now()
    parts = [
        _compare_in(conn, tenant, section, entries[section.name], wanted, now)
        for section in SECTIONS
        if section.name in entries
    ]
    shown = [one for part in parts for one in part.shown]
    missing = tuple(path for part in parts for path in part.secrets)
    plan = Plan(tuple(shown), missing, token_of(shown))
    _refuse_unknown_secrets(parts, entries, wanted)
    if missing or not plan.changes_something:
        raise _RolledBack(plan)
    if wanted.expect and wanted.expect != plan.token:
        raise PlanOutdated
    _refuse_opening_mail(shown, wanted, document)
    work = Work(ports, conn, tenant, actor, now, wanted.secrets)
    for part in parts:
        part.section.save_in(work, part.changes)
        _refuse_faulty(work.faults, document)
    for part in reversed(parts):
        if part.removed and part.section.remove_in is not None:
            part.section.remove_in(work, part.removed)
            _refuse_faulty(work.faults, document)
    if wanted.dry_run:
        raise _RolledBack(plan)
    counts = {doing.value: sum(one.doing is doing for one in shown) for doing in Doing}
    audit_in(conn, tenant, actor, "configuration.imported", "all", None, counts, now)
    return ImportDone(plan, True)


def _compare_in(
    conn: Connection,
    tenant: int,
    section: Section,
    entries: Mapping[str, Any],
    wanted: ImportWanted,
    now: datetime,
) -> _Part:
    read = section.read_in(conn, tenant, now)
    unsaid = section.unsaid_in(conn, tenant, entries.keys() - read.keys()) if section.unsaid_in else {}
    before = {**unsaid, **read}
    changes, removed, shown, secrets = [], [], [], []
    for key, given in entries.items():
        if section.is_over is not None and key not in before and section.is_over(given, now):
            shown.append(EntryChange(section.name, key, Doing.OVER))
            continue
        entry = section.settle_in(conn, tenant, given) if section.settle_in else given
        was, becomes = before[key].shown() if key in before else None, entry.shown()
        here = (section.name, key)
        known = set(secrets_in(was or {}, here))
        secrets += [
            path for path in secrets_in(becomes, here) if path not in known and path not in wanted.secrets
        ]
        under = f"{section.name}/{key}/"
        typed = [
            path.removeprefix(under).replace("/", ".") for path in wanted.secrets if path.startswith(under)
        ]
        fields = compare_entries(was, becomes, typed)
        if was is None or fields:
            shown.append(EntryChange(*here, Doing.ADDED if was is None else Doing.CHANGED, fields))
            changes.append(Change(key, before.get(key), entry))
    if wanted.prune:
        gone = [key for key in read if key not in entries]
        doing = Doing.LEFT if section.remove_in is None else Doing.REMOVED
        shown += [EntryChange(section.name, key, doing) for key in gone]
        removed = gone if doing is Doing.REMOVED else []
    return _Part(section, changes, removed, shown, secrets)


def _entries_of(document: Document) -> dict[str, dict[str, Any]]:
    """Each entry as its section's type.

    Raises:
        ImportRefused: with each value that cannot be one, and its line.
    """
    known = {section.name: section for section in SECTIONS}
    mends: list[Mend] = []
    found: dict[str, dict[str, Any]] = {}
    for name, entries in document.sections.items():
        section = known.get(name)
        if section is None:
            text = f"There is no such section; there are {', '.join(known)}."
            mends.append(Mend(document.line_of((name,)), name, text))
            continue
        found[name] = {}
        for key, data in entries.items():
            try:
                found[name][key] = section.entry.model_validate({} if data is None else data)
            except ValidationError as error:
                mends += [_mend(document, (name, key), one) for one in error.errors()]
    if mends:
        raise ImportRefused(tuple(sorted(mends, key=lambda one: one.line)))
    return found


def _mend(document: Document, here: tuple[str, ...], error: Any) -> Mend:
    path = (*here, *(str(part) for part in error["loc"]))
    words = str(error["msg"]).removeprefix("Value error, ")
    if error["type"] == "extra_forbidden":
        words = "There is no such field here"
    elif error["type"] == "missing":
        words = "This field is missing"
    return Mend(document.line_of(path), "/".join(path), f"{words[:1].upper()}{words[1:]}.".replace("..", "."))


def _refuse_faulty(faults: Sequence[Fault], document: Document) -> None:
    if faults:
        mends = [Mend(document.line_of(one.path), "/".join(one.path), one.text) for one in faults]
        raise ImportRefused(tuple(sorted(mends, key=lambda one: one.line)))


def _refuse_opening_mail(shown: Sequence[EntryChange], wanted: ImportWanted, document: Document) -> None:
    opens = any(
        f"{one.section}/{one.key}/{field.path}" == OPEN_MAIL and field.after is True
        for one in shown
        for field in one.fields
    )
    if opens and not wanted.open_mail:
        text = "This opens mail to everybody in the directories. Say so expressly (--open-mail), or set it to false."
        raise ImportRefused((Mend(document.line_of(tuple(OPEN_MAIL.split("/"))), OPEN_MAIL, text),))


def _refuse_unknown_secrets(
    parts: Sequence[_Part], entries: Mapping[str, Mapping[str, Any]], wanted: ImportWanted
) -> None:
    places = {
        path
        for part in parts
        for key, entry in entries[part.section.name].items()
        for path in secrets_in(entry.shown(), (part.section.name, key))
    }
    unknown = [path for path in wanted.secrets if path not in places]
    if unknown:
        raise ImportRefused(
            tuple(Mend(0, path, "The document has no secret in this place.") for path in unknown)
        )
