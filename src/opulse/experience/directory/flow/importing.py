"""Import of a file of any length: received in steps, then taken step by step by a job that goes on where it was interrupted.

A step is one write unit. It takes the rows, notes those that were refused, counts, and deletes the step itself: so a crash
leaves every step either taken once or still to be taken.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from opulse.experience.directory.flow.checking import why_refused
from opulse.experience.directory.flow.taking import Destination, take_rows_in
from opulse.experience.directory.models import (
    IMPORT_RECEIVED,
    ContactImport,
    Declared,
    ImportState,
    IncomingContact,
    LineRefused,
)
from opulse.experience.directory.rules import (
    Heading,
    TableUnreadable,
    ValueRefused,
    read_heading,
    read_lines,
    read_values,
    split_heading,
)
from opulse.experience.directory.store import contacts
from opulse.experience.directory.store import imports as store
from opulse.experience.directory.store.fields import declared_for_contacts
from opulse.jobs import enqueue
from opulse.ports import Ports
from opulse.tenancy import audit_in
from opulse.wire.identifiers import Prefix, new_id
from opulse.wire.table_steps import StepCutter

STEPS_PER_UNIT = 8
HEADING_MAX = 64_000
REASON_MAX, CELL_MAX = 500, 4_000
_ABANDONED = timedelta(hours=1)
_UNMAPPED = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class _Read:
    """A step that was read: its number, the rows that can be taken, the others."""

    number: int
    rows: Sequence[IncomingContact]
    refused: Sequence[LineRefused]


class _Signal:
    """An event that any thread may set."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._event = asyncio.Event()

    def set(self, _done: object = None) -> None:
        self._loop.call_soon_threadsafe(self._event.set)

    async def wait(self) -> None:
        await self._event.wait()


async def receive_file(
    ports: Ports,
    where: Destination,
    pieces: AsyncIterator[bytes],
    actor: str,
    then: ImportState = ImportState.RUNNING,
) -> ContactImport:
    """Keep the file as it arrives, and announce it when it is whole. Nothing of one that ends early is taken.

    ``then``: RUNNING takes its rows as the columns are named; MAPPING waits until :func:`start_mapped` says where they go.

    Raises:
        TableUnreadable: its first line is no heading of a table of contacts, or below it stands nothing.
    """
    await _forget_abandoned(ports, where.tenant)
    heading, rest = await _read_first_line(pieces)
    if then is ImportState.RUNNING:
        read_heading(heading)
    now = ports.clock.now()
    one = ContactImport(
        id=new_id(Prefix.CONTACT_IMPORT),
        directory=where.directory,
        list_id=where.list_id,
        raise_events=where.raise_events,
        actor=actor,
        state=ImportState.RECEIVING,
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
    await ports.db.write(store.insert_import, where.tenant, one)
    try:
        steps = await _keep(ports, where.tenant, one.id, rest, pieces)
    except BaseException:  # the sender is gone, or we are stopped: shielded, because the cancellation goes on
        await asyncio.shield(ports.db.write(_break_in, where.tenant, one.id, ports.clock.now()))
        raise
    if not steps:
        await ports.db.write(_break_in, where.tenant, one.id, ports.clock.now())
        raise TableUnreadable("Below the heading stands no row.")
    return await ports.db.write(announce_in, where.tenant, one.id, then, ports.clock.now())


async def take_file(ports: Ports, tenant: int, import_id: str) -> None:
    """Take every step that is left. The next one is read while this one's commit is on its way to the disk.

    Not earlier: two threads of Python at once only take the interpreter from each other, row by row.
    """
    one = await ports.db.read(store.find_import, tenant, import_id)
    if one is None or one.state is not ImportState.RUNNING:
        return
    heading = read_heading(one.heading, one.mapping)
    where = Destination(tenant, one.directory, one.list_id, one.raise_events, one.actor)
    step = await _read_step(ports, where, import_id, heading, 0)
    while step is not None:
        number, inserted = step.number, _Signal()
        writing = asyncio.create_task(
            ports.db.write(_take_step_in, where, import_id, step, ports.clock.now(), inserted)
        )
        writing.add_done_callback(inserted.set)
        reading = _read_step(ports, where, import_id, heading, number, inserted)
        _, step = await asyncio.gather(writing, reading)
        if number & (number - 1) == 0:  # 1, 2, 4, 8, …: the directory may have doubled
            await ports.db.write(contacts.look_at_growth)
    await ports.db.write(_finish_in, tenant, one.id, ports.clock.now())


async def _read_first_line(pieces: AsyncIterator[bytes]) -> tuple[str, bytes]:
    """The heading, checked, and what of the first pieces stands behind it."""
    begun = b""
    async for piece in pieces:
        begun += piece
        if b"\n" in begun or len(begun) > HEADING_MAX:
            break
    first, _, rest = begun.partition(b"\n")
    if len(first) > HEADING_MAX:
        raise TableUnreadable("The first line is too long to be the heading of a table.")
    try:
        heading = first.decode("utf-8-sig").strip("\r\n")
    except UnicodeDecodeError as error:
        raise TableUnreadable("The file is not in UTF-8.") from error
    split_heading(heading)
    return heading, rest


async def _keep(ports: Ports, tenant: int, import_id: str, rest: bytes, pieces: AsyncIterator[bytes]) -> int:
    """Write the steps down as they become complete; returns how many there are."""
    cutter = StepCutter(first_line=2)
    waiting, number = cutter.take(rest), 0

    async def write() -> None:
        nonlocal number
        numbered = [(number + place, one.first_line, one.body) for place, one in enumerate(waiting, 1)]
        number += len(waiting)
        waiting.clear()
        await ports.db.write(store.add_steps, tenant, import_id, numbered, ports.clock.now())

    async for piece in pieces:
        waiting += cutter.take(piece)
        if len(waiting) >= STEPS_PER_UNIT:
            await write()
    waiting += cutter.end()
    if waiting:
        await write()
    return number


async def _read_step(
    ports: Ports,
    where: Destination,
    import_id: str,
    heading: Heading,
    after: int,
    when: _Signal | None = None,
) -> _Read | None:
    if when is not None:
        await when.wait()
    found = await ports.db.read(_find_step, where, import_id, after)
    if found is None:
        return None
    (number, first_line, body), declared = found
    # in a thread: some 20 ms of work, during which people's pages must not wait
    return await asyncio.to_thread(_read, heading, declared, number, first_line, body)


def _find_step(
    conn: Connection, where: Destination, import_id: str, after: int
) -> tuple[tuple[int, int, bytes], Declared] | None:
    """The next step, and the types that hold as it is read."""
    found = store.find_step(conn, where.tenant, import_id, after)
    return None if found is None else (found, declared_for_contacts(conn, where.tenant, where.directory))


def _read(heading: Heading, declared: Declared, number: int, first_line: int, body: bytes) -> _Read:
    typed = any(name.casefold() in declared for name in heading.embedded)
    rows: list[IncomingContact] = []
    refused: list[LineRefused] = []
    for line, row, cells in read_lines(heading, body.decode(errors="surrogateescape"), first_line):
        if isinstance(row, str):
            refused.append(LineRefused(line, "", row))
            continue
        why = why_refused(row)
        if not why and typed:
            try:
                row = row._replace(embedded=read_values(declared, row.embedded))
            except ValueRefused as error:
                why = str(error)
        if why:
            as_it_stood = tuple(_storable(cell)[:CELL_MAX] for cell in cells)
            refused.append(LineRefused(line, _who(row), _storable(why)[:REASON_MAX], as_it_stood))
        else:
            rows.append(row)
    return _Read(number, rows, refused)


def _who(row: IncomingContact) -> str:
    return _storable(row.email or row.ext_ref or f"{row.first_name} {row.last_name}".strip())[:REASON_MAX]


def _storable(text: str) -> str:
    """What of a refused row's text both databases keep."""
    return text.encode(errors="replace").decode().replace("\0", "?")


def _take_step_in(
    conn: Connection, where: Destination, import_id: str, step: _Read, now: datetime, inserted: _Signal
) -> None:
    if not store.delete_step(conn, where.tenant, import_id, step.number):
        return  # a worker that was believed dead took it
    taken = take_rows_in(conn, where, step.rows, now)
    counts = (taken.created, taken.updated, taken.unchanged)
    store.add_progress(conn, where.tenant, import_id, counts, step.refused, now)
    inserted.set()


def announce_in(
    conn: Connection, tenant: int, import_id: str, state: ImportState, now: datetime
) -> ContactImport:
    """The file is whole: its rows are taken, or wait to be told where their columns go."""
    store.set_state(conn, tenant, import_id, state, now)
    if state is ImportState.RUNNING:
        enqueue(conn, tenant, IMPORT_RECEIVED, {"import": import_id}, unique=import_id, priority=7)
    one = store.find_import(conn, tenant, import_id)
    assert one is not None, "it was made before"
    return one


def _finish_in(conn: Connection, tenant: int, import_id: str, now: datetime) -> None:
    one = store.find_import(conn, tenant, import_id)
    if one is None or one.state is not ImportState.RUNNING:
        return
    store.set_state(conn, tenant, import_id, ImportState.DONE, now)
    after = {"created": one.created, "updated": one.updated, "refused": one.refused, "list": one.list_id}
    audit_in(conn, tenant, one.actor, "contacts.imported", one.directory, None, after, now)


def _break_in(conn: Connection, tenant: int, import_id: str, now: datetime) -> None:
    store.delete_steps(conn, tenant, import_id)
    store.set_state(conn, tenant, import_id, ImportState.BROKEN, now)


async def _forget_abandoned(ports: Ports, tenant: int) -> None:
    """What a killed process was receiving an hour ago never becomes whole; nobody says any more where yesterday's columns go."""
    now = ports.clock.now()
    for state, after in ((ImportState.RECEIVING, _ABANDONED), (ImportState.MAPPING, _UNMAPPED)):
        for one in await ports.db.read(store.list_abandoned, tenant, state, now - after):
            await ports.db.write(_break_in, tenant, one, now)
