"""A file that is here is taken step by step. A step is one unit: it takes the records, counts, and deletes itself, so a crash
leaves every step either taken once or still to be taken."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from opulse.db import chunked
from opulse.monitoring.systems import rules
from opulse.monitoring.systems.flow.people import take_people_in
from opulse.monitoring.systems.flow.systems import take_systems_in
from opulse.monitoring.systems.models import (
    FieldMapping,
    FileUnreadable,
    ImportKind,
    PersonEntry,
    RecordRefused,
    SystemEntry,
    SystemImport,
    SystemImportState,
    SystemRefusal,
    TakenSystem,
)
from opulse.monitoring.systems.rules.imports import (
    Record,
    Taken,
    Unread,
    make_mapping,
    merge_devices,
    read_device,
    read_person,
    read_records,
    suggest_mapping,
)
from opulse.monitoring.systems.store import imports as store
from opulse.ports import Ports
from opulse.tenancy import audit_in

_REASON_MAX = 500
_AT_ONCE = 500
_WHY = {
    SystemRefusal.BAD_ID: "system_id is no GUID",
    SystemRefusal.AMBIGUOUS_NAME: "several systems have this name: say which by system_id or serial",
}


@dataclass(frozen=True, slots=True)
class _Read:
    """A step that was read: its number, the entries that can be taken, the records that cannot."""

    number: int
    devices: Sequence[Taken]
    people: Sequence[PersonEntry]
    refused: Sequence[RecordRefused]


async def take_file(ports: Ports, tenant: int, import_id: str) -> None:
    """Take every step that is left, from wherever an earlier try was interrupted."""
    one = await ports.db.read(store.find_import, tenant, import_id)
    if one is None or one.state is not SystemImportState.RUNNING:
        return
    after = 0
    while (found := await ports.db.read(store.find_step, tenant, import_id, after)) is not None:
        after, first_line, body = found
        # in a thread: some 20 ms of work, during which people's pages must not wait
        step = await asyncio.to_thread(_read, one, after, first_line, body)
        await ports.db.write(_take_step_in, tenant, import_id, step, ports.clock.now())
    await ports.db.write(_finish_in, tenant, import_id, ports.clock.now())


def _read(one: SystemImport, number: int, first_line: int, body: bytes) -> _Read:
    devices: list[Taken] = []
    people: list[PersonEntry] = []
    refused: list[RecordRefused] = []
    text = body.decode(errors="surrogateescape")
    for record in read_records(one.format, one.heading, text, first_line):
        read = record.reason if isinstance(record, Unread) else _entry(one, record)
        if isinstance(read, str):
            who = "" if isinstance(record, Unread) else record.who
            refused.append(RecordRefused(record.line, _storable(who), _storable(read)))
        elif isinstance(read, PersonEntry):
            people.append(read)
        else:
            devices.append(Taken(record.line, read))
    return _Read(number, merge_devices(devices), people, refused)


def _entry(one: SystemImport, record: Record) -> SystemEntry | PersonEntry | str:
    fields = one.fields
    if not fields:
        try:
            fields = make_mapping(one.kind, suggest_mapping(one.kind, record.fields)).fields
        except FileUnreadable as error:
            return str(error)
    mapping = FieldMapping(one.kind, fields)
    return read_device(record, mapping) if one.kind is ImportKind.DEVICES else read_person(record, mapping)


def _take_step_in(conn: Connection, tenant: int, import_id: str, step: _Read, now: datetime) -> None:
    if not store.delete_step(conn, tenant, import_id, step.number):
        return  # a worker that was believed dead took it
    created, updated, unchanged, wrong = _take_devices_in(conn, tenant, step.devices, now)
    refused = [*step.refused, *wrong]
    if step.people:
        counts = take_people_in(conn, tenant, step.people, now)
        created, updated, unchanged = created + counts[0], updated + counts[1], unchanged + counts[2]
    store.add_progress(conn, tenant, import_id, (created, updated, unchanged), refused, now)


def _take_devices_in(
    conn: Connection, tenant: int, devices: Sequence[Taken], now: datetime
) -> tuple[int, int, int, list[RecordRefused]]:
    """Created, updated and unchanged systems, and what was refused. A record that means a system which an earlier one means by
    other words has its turn after it."""
    changes: list[TakenSystem] = []
    refused: list[RecordRefused] = []
    left = list(devices)
    while left:
        lines, wrong = rules.check_lines([one.entry for one in left])
        for chunk in chunked(lines, _AT_ONCE):
            taken, more = take_systems_in(conn, tenant, chunk, now)
            changes += taken
            wrong += more
        again = [left[one.index] for one in wrong if one.reason is SystemRefusal.NAMED_TWICE]
        refused += [
            RecordRefused(left[one.index].line, _storable(left[one.index].entry.name), _WHY[one.reason])
            for one in wrong
            if one.reason is not SystemRefusal.NAMED_TWICE
        ]
        left = again
    created = sum(one.created for one in changes)
    updated = sum(one.changed and not one.created for one in changes)
    return created, updated, len(changes) - created - updated, refused


def _finish_in(conn: Connection, tenant: int, import_id: str, now: datetime) -> None:
    one = store.find_import(conn, tenant, import_id)
    if one is None or one.state is not SystemImportState.RUNNING:
        return
    store.set_state(conn, tenant, import_id, SystemImportState.DONE, now)
    after = {"created": one.created, "updated": one.updated, "refused": one.refused}
    audit_in(conn, tenant, one.actor, f"{one.kind.value}.imported", one.id, None, after, now)


def _storable(text: str) -> str:
    """What of a refused record's text both databases keep."""
    return text.encode(errors="replace").decode().replace("\0", "?")[:_REASON_MAX]
