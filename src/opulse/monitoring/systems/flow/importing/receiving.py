"""A file arrives and is kept in steps. Nothing of one that ends early is taken."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

from sqlalchemy import Connection

from opulse.jobs import enqueue
from opulse.monitoring.systems.models import (
    IMPORT_RECEIVED,
    FileFormat,
    FileUnreadable,
    ImportKind,
    SystemImport,
    SystemImportState,
)
from opulse.monitoring.systems.rules.imports import (
    PageReader,
    ends_entry,
    make_mapping,
    read_heading,
    suggest_mapping,
)
from opulse.monitoring.systems.store import imports as store
from opulse.ports import Ports
from opulse.wire.table_steps import StepCutter

STEP_LINES = 450
"""Of a table and of lines of JSON: with their users and facts about as much as one write unit may be."""

_LDIF_LINES = 4_000  # an entry has some ten lines
_STEPS_PER_UNIT = 8
_HEADING_MAX = 64_000
_ABANDONED = timedelta(hours=1)
_UNMAPPED = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is sent. Without ``fields`` the names of its fields say where they go."""

    tenant: int
    kind: ImportKind
    format: FileFormat
    actor: str
    fields: Mapping[str, str] | None = None


async def receive_file(ports: Ports, wanted: Wanted, pieces: AsyncIterator[bytes]) -> SystemImport:
    """Keep the file as it arrives, and announce it when it is whole.

    Raises:
        FileUnreadable: it is no file of this form, its mapping fits nothing, or there is no record in it.
    """
    heading, rest = await _begin(ports, wanted, pieces)
    fields = _fields(wanted, read_heading(heading) if heading else [])
    import_id = await _keep_whole(
        ports, wanted, _begun(wanted, fields, heading, ports.clock.now()), rest, pieces
    )
    return await ports.db.write(announce_in, wanted.tenant, import_id, ports.clock.now())


async def hold_file(ports: Ports, wanted: Wanted, pieces: AsyncIterator[bytes]) -> SystemImport:
    """Keep the file as it arrives; nothing of it is taken before somebody says where its fields go.

    Raises:
        FileUnreadable: it is no file of this form, or there is no record in it.
    """
    heading, rest = await _begin(ports, wanted, pieces)
    if heading:
        read_heading(heading)
    import_id = await _keep_whole(ports, wanted, _begun(wanted, {}, heading, ports.clock.now()), rest, pieces)
    return await ports.db.write(_hold_in, wanted.tenant, import_id, ports.clock.now())


async def _begin(ports: Ports, wanted: Wanted, pieces: AsyncIterator[bytes]) -> tuple[str, bytes]:
    await _forget_abandoned(ports, wanted.tenant)
    return await _read_first_line(pieces) if wanted.format is FileFormat.CSV else ("", b"")


async def _keep_whole(
    ports: Ports, wanted: Wanted, one: SystemImport, rest: bytes, pieces: AsyncIterator[bytes]
) -> str:
    """Its id, once every byte is here."""
    await ports.db.write(store.insert_import, wanted.tenant, one)
    try:
        steps = await _keep(ports, wanted, one.id, rest, pieces)
    except BaseException:  # the sender is gone, or we are stopped: shielded, because the cancellation goes on
        await asyncio.shield(ports.db.write(_break_in, wanted.tenant, one.id, ports.clock.now()))
        raise
    if not steps:
        await ports.db.write(_break_in, wanted.tenant, one.id, ports.clock.now())
        raise FileUnreadable("There is no record in the file.")
    return one.id


def _fields(wanted: Wanted, columns: list[str]) -> Mapping[str, str]:
    """The mapping as it is kept. Files other than tables do not say what they hold before they are read: an empty one is filled
    by what each record has."""
    if wanted.fields is not None:
        fields = make_mapping(wanted.kind, wanted.fields).fields
    elif wanted.format is FileFormat.CSV:
        fields = make_mapping(wanted.kind, suggest_mapping(wanted.kind, columns)).fields
    else:
        return {}
    named = {column.casefold() for column in columns}
    missing = [source for source in fields.values() if named and source.casefold() not in named]
    if missing:
        raise FileUnreadable(f"The file has no column {', '.join(sorted(missing))}.")
    return fields


async def _read_first_line(pieces: AsyncIterator[bytes]) -> tuple[str, bytes]:
    """The heading, and what of the first pieces stands behind it."""
    begun = b""
    async for piece in pieces:
        begun += piece
        if b"\n" in begun or len(begun) > _HEADING_MAX:
            break
    first, _, rest = begun.partition(b"\n")
    if len(first) > _HEADING_MAX:
        raise FileUnreadable("The first line is too long to be the heading of a table.")
    try:
        heading = first.decode("utf-8-sig").strip("\r\n")
    except UnicodeDecodeError as error:
        raise FileUnreadable("The file is not in UTF-8.") from error
    if not heading.strip():
        raise FileUnreadable("The first line must name the columns.")
    return heading, rest


async def _keep(
    ports: Ports, wanted: Wanted, import_id: str, rest: bytes, pieces: AsyncIterator[bytes]
) -> int:
    """Write the steps down as they become complete; returns how many there are."""
    cutter = _cutter(wanted.format)
    reader = PageReader() if wanted.format is FileFormat.JSON else None
    waiting, number = cutter.take(rest), 0

    async def write() -> None:
        nonlocal number, waiting
        numbered = [(number + place, one.first_line, one.body) for place, one in enumerate(waiting, 1)]
        number += len(waiting)
        waiting = []
        await ports.db.write(store.add_steps, wanted.tenant, import_id, numbered, ports.clock.now())

    async for piece in pieces:
        waiting += cutter.take(piece if reader is None else reader.take(piece))
        if len(waiting) >= _STEPS_PER_UNIT:
            await write()
    if reader is not None:
        waiting += cutter.take(reader.take(b"", last=True))
    waiting += cutter.end()
    if any(step.body.strip() for step in waiting):
        await write()
    return number


def _cutter(form: FileFormat) -> StepCutter:
    if form is FileFormat.CSV:
        return StepCutter(2, lines=STEP_LINES)
    if form is FileFormat.LDIF:
        return StepCutter(1, lines=_LDIF_LINES, ends=ends_entry, quotes=False)
    return StepCutter(1, lines=STEP_LINES, quotes=False)


def _begun(wanted: Wanted, fields: Mapping[str, str], heading: str, now: datetime) -> SystemImport:
    return SystemImport(
        id=str(uuid4()),
        kind=wanted.kind,
        format=wanted.format,
        fields=fields,
        actor=wanted.actor,
        state=SystemImportState.RECEIVING,
        heading=heading,
        steps=0,
        steps_done=0,
        rows=0,
        created=0,
        updated=0,
        unchanged=0,
        refused=0,
        created_at=now,
        updated_at=now,
    )


def announce_in(conn: Connection, tenant: int, import_id: str, now: datetime) -> SystemImport:
    """Its records are taken from now on."""
    store.set_state(conn, tenant, import_id, SystemImportState.RUNNING, now)
    enqueue(conn, tenant, IMPORT_RECEIVED, {"import": import_id}, unique=import_id, priority=7)
    one = store.find_import(conn, tenant, import_id)
    assert one is not None, "it was made before"
    return one


def _hold_in(conn: Connection, tenant: int, import_id: str, now: datetime) -> SystemImport:
    store.set_state(conn, tenant, import_id, SystemImportState.MAPPING, now)
    one = store.find_import(conn, tenant, import_id)
    assert one is not None, "it was made before"
    return one


def _break_in(conn: Connection, tenant: int, import_id: str, now: datetime) -> None:
    store.delete_steps(conn, tenant, import_id)
    store.set_state(conn, tenant, import_id, SystemImportState.BROKEN, now)


async def _forget_abandoned(ports: Ports, tenant: int) -> None:
    """What a killed process was receiving an hour ago never becomes whole; what nobody mapped within a day is forgotten."""
    now = ports.clock.now()
    for state, life in ((SystemImportState.RECEIVING, _ABANDONED), (SystemImportState.MAPPING, _UNMAPPED)):
        for one in await ports.db.read(store.list_abandoned, tenant, state, now - life):
            await ports.db.write(_break_in, tenant, one, now)
