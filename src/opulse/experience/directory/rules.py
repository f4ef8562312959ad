"""Read a table of contacts that somebody pasted or uploaded. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from opulse.experience.directory.models import MAIN_FIELDS

ROWS_MAX = 10_000
_DELIMITERS = (",", ";", "\t")
_SPOKEN = {
    "firstname": "first_name",
    "lastname": "last_name",
    "email": "email",
    "emailaddress": "email",
    "externaldatareference": "ext_ref",
    "extref": "ext_ref",
    "phone": "phone",
    "language": "language",
    "unsubscribed": "unsubscribed",
}
_YES = frozenset({"1", "true", "yes", "y"})


class TableUnreadable(ValueError):
    """The text is no table of contacts; the message says what to mend."""


@dataclass(frozen=True)
class Table:
    """The rows as an import takes them, and the line of the text on which each ends (the heading is line 1)."""

    rows: tuple[Mapping[str, Any], ...]
    lines: tuple[int, ...]
    embedded: tuple[str, ...]  # the columns that became embedded data


def read_table(text: str) -> Table:
    """Comma, semicolon or tab separated, the first line names the columns; unknown names become embedded data.

    Raises:
        TableUnreadable: no heading, no column that identifies a person, two columns of one name, or too many rows.
    """
    text = text.removeprefix("\ufeff").strip("\r\n")
    heading = text.partition("\n")[0]
    delimiter = max(_DELIMITERS, key=heading.count)
    reader = csv.reader(io.StringIO(text), delimiter=delimiter)
    columns = [name.strip() for name in next(reader, [])]
    targets = [_SPOKEN.get(_spoken(name), "") for name in columns]
    _check_columns(columns, targets)
    rows: list[Mapping[str, Any]] = []
    lines: list[int] = []
    for cells in reader:
        if not any(cell.strip() for cell in cells):
            continue
        if len(rows) == ROWS_MAX:
            raise TableUnreadable(f"At most {ROWS_MAX:,} rows at once: cut the table into parts.")
        rows.append(_row(columns, targets, cells))
        lines.append(reader.line_num)
    if not rows:
        raise TableUnreadable("Below the heading stands no row.")
    embedded = tuple(name for name, target in zip(columns, targets, strict=True) if name and not target)
    return Table(tuple(rows), tuple(lines), embedded)


def _check_columns(columns: list[str], targets: list[str]) -> None:
    if not columns:
        raise TableUnreadable("Paste a table, or choose a file.")
    if "email" not in targets and "ext_ref" not in targets:
        known = ", ".join(MAIN_FIELDS)
        raise TableUnreadable(
            f"The first line must name the columns, among them Email or ExternalDataReference. Known: {known}."
        )
    named = [target or name for name, target in zip(columns, targets, strict=True) if name]
    if len(set(named)) != len(named):
        raise TableUnreadable("Two columns have the same name.")


def _row(columns: list[str], targets: list[str], cells: list[str]) -> Mapping[str, Any]:
    row: dict[str, Any] = {}
    embedded: dict[str, str] = {}
    for name, target, cell in zip(columns, targets, cells, strict=False):
        value = cell.strip()
        if target == "unsubscribed":
            row[target] = value.lower() in _YES
        elif target:
            row[target] = value
        elif name and value:
            embedded[name] = value
    return {**row, "embedded_data": embedded}


def _spoken(name: str) -> str:
    return name.lower().replace(" ", "").replace("_", "").replace("-", "")
