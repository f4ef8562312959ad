"""Refused records as a table that is read page by page."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Iterable

from opulse.monitoring.systems import views
from opulse.ports import Ports

_AT_ONCE = 1_000
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


async def refused_table(ports: Ports, tenant: int, import_id: str) -> AsyncIterator[str]:
    """Lines of CSV: line, who, reason. A cell that a spreadsheet would compute is given as text."""
    yield _line(("line", "who", "reason"))
    after = -1
    while found := await ports.db.read(views.list_refused, tenant, import_id, after, _AT_ONCE):
        after = found[-1].line
        yield "".join(_line((str(row.line), _plain(row.who), _plain(row.reason))) for row in found)


def _plain(text: str) -> str:
    return "'" + text if text.startswith(_FORMULA) else text


def _line(cells: Iterable[str]) -> str:
    written = io.StringIO()
    csv.writer(written).writerow(cells)
    return written.getvalue()
