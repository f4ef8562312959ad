"""Files whose columns a person sends to their places, and what was refused of a file."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Sequence

from sqlalchemy import Connection

from opulse.experience.directory.flow.importing import announce_in
from opulse.experience.directory.flow.taking import Destination
from opulse.experience.directory.models import ContactImport, ImportState
from opulse.experience.directory.rules import TableUnreadable, read_heading, split_heading
from opulse.experience.directory.store import imports as store
from opulse.ports import Ports
from opulse.tenancy import audit_in

SHOWN_ROWS = 3
REFUSED_AT_ONCE = 1_000


async def start_mapped(
    ports: Ports, where: Destination, import_id: str, mapping: Sequence[str]
) -> ContactImport:
    """Take the rows of a file that waits, each column to its place.

    Raises:
        LookupError: no such file waits.
        TableUnreadable: no column identifies a person, or two go to the same place.
    """
    now = ports.clock.now()

    def unit(conn: Connection) -> ContactImport:
        one = store.find_import(conn, where.tenant, import_id)
        if one is None or one.state is not ImportState.MAPPING or one.directory != where.directory:
            raise LookupError(import_id)
        heading = read_heading(one.heading, mapping)
        if heading.private and not where.list_id:
            raise TableUnreadable(
                "Data for a list needs a list: choose one, or another place for these columns."
            )
        store.set_mapping(conn, where.tenant, import_id, mapping, where.list_id, where.raise_events)
        before, after = {"state": one.state.value}, {"columns": list(mapping), "list": where.list_id}
        audit_in(conn, where.tenant, where.actor, "contact_import.mapped", import_id, before, after, now)
        return announce_in(conn, where.tenant, import_id, ImportState.RUNNING, now)

    return await ports.db.write(unit)


async def first_rows(ports: Ports, tenant: int, one: ContactImport) -> list[list[str]]:
    """The first rows of a file that waits, as cells: what a person sees beside each column."""
    found = await ports.db.read(store.find_step, tenant, one.id, 0)
    delimiter, _ = split_heading(one.heading)
    text = found[2].decode(errors="replace") if found else ""
    lines = text.splitlines()[:SHOWN_ROWS]
    return list(csv.reader(lines, delimiter=delimiter))


async def refused_table(ports: Ports, tenant: int, one: ContactImport) -> AsyncIterator[str]:
    """The refused rows as CSV: as they stood in the file, with line and reason behind, ready to be mended and sent again."""
    _, columns = split_heading(one.heading)
    yield _csv_line([*columns, "Line", "Reason"])
    after = -1
    while found := await ports.db.read(store.list_refused, tenant, one.id, after, REFUSED_AT_ONCE):
        after = found[-1].line
        padded = ((*row.cells, *[""] * len(columns))[: max(len(columns), len(row.cells))] for row in found)
        yield "".join(
            _csv_line([*cells, str(row.line), row.reason]) for cells, row in zip(padded, found, strict=True)
        )


def _csv_line(cells: Sequence[str]) -> str:
    written = io.StringIO()
    csv.writer(written).writerow(cells)
    return written.getvalue()
