"""Take many contacts that a program brings at once, with their transactions, and keep what became of each row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection

from opulse.db import chunked
from opulse.experience.directory.flow.people import import_contacts
from opulse.experience.directory.flow.transactions import TransactionRow, add_transactions
from opulse.experience.directory.models import (
    BulkRow,
    ContactImport,
    ImportEntry,
    ImportState,
    LineRefused,
    RowRefused,
)
from opulse.experience.directory.store import bulk as store
from opulse.experience.directory.store import contacts, imports
from opulse.ports import Ports
from opulse.wire.identifiers import Prefix, new_id

AT_ONCE = 10_000
ENTRIES_PER_UNIT = 2_000
HEADING = "by a program"
"""What stands where an imported file has the names of its columns."""


async def take_bulk(
    ports: Ports,
    tenant: int,
    directory: str,
    list_id: str,
    rows: Sequence[BulkRow],
    actor: str,
    batch: str = "",
) -> ContactImport:
    """Contacts first, then their transactions; a bad row or transaction is refused, the rest are taken.

    Repeating it after a failure in the middle updates the contacts, and adds transactions that were kept by then once more.
    """
    whom = [dict(one.contact) for one in rows]
    before = await ports.db.read(_whose_in, tenant, directory, whom)
    taken = await import_contacts(
        ports, tenant, directory, whom, list_id=list_id, raise_events=True, actor=actor
    )
    refused = {one.index: one for one in taken.refused}
    after = await ports.db.read(_whose_in, tenant, directory, whom)
    known = {place: number for place, number in after.items() if place not in refused}
    made, wrong = await _transactions(ports, tenant, directory, rows, known, actor, batch)
    entries = [
        ImportEntry(place, number, place not in before, made.get(place, ""), wrong.get(place, ""))
        for place, number in known.items()
    ]
    now = ports.clock.now()
    one = ContactImport(
        new_id(Prefix.CONTACT_IMPORT),
        directory,
        list_id,
        True,
        actor,
        ImportState.DONE,
        HEADING,
        1,
        0,
        0,
        0,
        0,
        0,
        0,
        now,
        now,
    )
    counts = (taken.created, taken.updated, taken.unchanged)
    lines = [_line(whom, each) for each in taken.refused]

    def unit(conn: Connection) -> ContactImport:
        imports.insert_import(conn, tenant, one)
        imports.add_progress(conn, tenant, one.id, counts, lines, now)
        for some in chunked(entries, ENTRIES_PER_UNIT):
            store.insert_entries(conn, tenant, one.id, some)
        found = imports.find_import(conn, tenant, one.id)
        assert found is not None
        return found

    return await ports.db.write(unit)


async def _transactions(
    ports: Ports,
    tenant: int,
    directory: str,
    rows: Sequence[BulkRow],
    known: Mapping[int, str],
    actor: str,
    batch: str,
) -> tuple[dict[int, str], dict[int, str]]:
    """Place of a row → the transaction that was kept, and → why it was not."""
    places = [place for place in known if rows[place].data is not None]
    if not places:
        return {}, {}
    wanted = [TransactionRow(known[place], rows[place].at, rows[place].data or {}) for place in places]
    taken = await add_transactions(ports, tenant, directory, wanted, actor, batch)
    made = {places[index]: number for index, number in taken.ids.items()}
    return made, {places[one.index]: one.reason for one in taken.refused}


def _whose_in(
    conn: Connection, tenant: int, directory: str, rows: Sequence[Mapping[str, object]]
) -> dict[int, str]:
    """Place → contact, by external reference, else by address: as the import matches them."""
    keys = [(_key(row, "ext_ref"), _key(row, "email")) for row in rows]
    by_ref = contacts.find_ids_by_ext_ref(conn, tenant, directory, {ref for ref, _ in keys if ref})
    by_mail = contacts.find_ids_by_email(conn, tenant, directory, {mail for _, mail in keys if mail})
    found = {place: by_ref.get(ref) or by_mail.get(mail) for place, (ref, mail) in enumerate(keys)}
    return {place: number for place, number in found.items() if number}


def _key(row: Mapping[str, object], name: str) -> str:
    value = row.get(name)
    return value.strip().lower() if isinstance(value, str) else ""


def _line(rows: Sequence[Mapping[str, object]], one: RowRefused) -> LineRefused:
    """Line 1 is the heading of a file: row 0 stands on line 2, as in one."""
    row = rows[one.index]
    who = str(row.get("email") or row.get("ext_ref") or "")[:200]
    return LineRefused(one.index + 2, who.replace("\0", ""), one.reason)
