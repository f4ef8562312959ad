"""A ledger as a file: one line per affected system. Read page by page, so its size does not matter."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator, Callable, Mapping

from sqlalchemy import Connection

from opulse.ports import Ports
from opulse.pulses.ledger.flow.listing import Reading, begin_in, list_systems_in
from opulse.pulses.ledger.models import SENTENCES, FileKind, SystemEnd, SystemsPage, Wanted
from opulse.pulses.ledger.rules import Place, matches, read_place

AT_ONCE = 1_000
COLUMNS = (
    "system",
    "name",
    "state",
    "sentence",
    "wave",
    "contact",
    "person",
    "person_name",
    "detail",
    "asked_by",
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


async def ledger_table(
    ports: Ports, tenant: int, activation: str, wanted: Wanted, kind: FileKind, *, names: bool
) -> AsyncIterator[str]:
    """The lines of the file, some at a time, all as of the moment of the call. ``names`` False: without people.

    Raises:
        NotFound: neither side of this installation knows the activation; before the first line.
    """
    now = ports.clock.now()

    def begin(conn: Connection) -> Reading:
        return begin_in(conn, tenant, activation, now)

    return _lines(ports, await ports.db.read(begin), wanted, kind, names=names)


async def _lines(
    ports: Ports, reading: Reading, wanted: Wanted, kind: FileKind, *, names: bool
) -> AsyncIterator[str]:
    line = _LINES[kind]
    if kind is FileKind.CSV:
        yield _csv_line(dict(zip(COLUMNS, COLUMNS, strict=True)))
    # a page of all is found by its key, a page of some states by judging every system: a file walks all of them once
    walked = Wanted(words=wanted.words, people=wanted.people)
    after = Place()
    while True:
        page = await ports.db.read(_page, reading, walked, after)
        ends = (one for one in page.found if matches(wanted, one))
        if text := "".join(line(_cells(one if names else one.without_people())) for one in ends):
            yield text
        if not page.next:
            return
        after = read_place(page.next)


def _page(conn: Connection, reading: Reading, wanted: Wanted, after: Place) -> SystemsPage:
    return list_systems_in(conn, reading, wanted, after, AT_ONCE)


def _cells(end: SystemEnd) -> dict[str, str | int]:
    return {
        "system": end.system,
        "name": end.name,
        "state": end.state.value,
        "sentence": SENTENCES[end.state],
        "wave": end.wave,
        "contact": end.contact,
        "person": end.person,
        "person_name": end.person_name,
        "detail": end.detail,
        "asked_by": end.asked_by,
    }


def _csv_line(cells: Mapping[str, str | int]) -> str:
    """One row. What a spreadsheet would take for a formula is given as text, with an apostrophe before it."""
    written = io.StringIO()
    texts = [str(cell) for cell in cells.values()]
    csv.writer(written).writerow([f"'{text}" if text.startswith(_FORMULA) else text for text in texts])
    return written.getvalue()


def _ndjson_line(cells: Mapping[str, str | int]) -> str:
    return json.dumps(cells, ensure_ascii=False) + "\n"


_LINES: Mapping[FileKind, Callable[[Mapping[str, str | int]], str]] = {
    FileKind.CSV: _csv_line,
    FileKind.NDJSON: _ndjson_line,
}
