"""Read a table of contacts that somebody pasted or uploaded. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass

from opulse.experience.directory.models import MAIN_FIELDS, IncomingContact

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
    "timezone": "time_zone",
    "unsubscribed": "unsubscribed",
}
_MAIN_PLACES = IncomingContact._fields[
    : IncomingContact._fields.index("embedded")
]  # in a table, before the embedded data
_PLACES = {name: place for place, name in enumerate(_MAIN_PLACES)}
_UNSUBSCRIBED = _PLACES["unsubscribed"]
_YES = frozenset({"1", "true", "yes", "y"})


class TableUnreadable(ValueError):
    """The text is no table of contacts; the message says what to mend."""


@dataclass(frozen=True)
class Heading:
    """What the first line says: which column goes where. ``main``: (column, place in :class:`IncomingContact`)."""

    delimiter: str
    width: int
    main: tuple[tuple[int, int], ...]
    other: tuple[tuple[int, str], ...]  # (column, name of the embedded data)

    @property
    def embedded(self) -> tuple[str, ...]:
        """The columns that become embedded data."""
        return tuple(name for _, name in self.other)


@dataclass(frozen=True)
class Table:
    """The rows as an import takes them, and the line of the text on which each ends (the heading is line 1)."""

    rows: tuple[IncomingContact, ...]
    lines: tuple[int, ...]
    embedded: tuple[str, ...]  # the columns that became embedded data


def read_table(text: str) -> Table:
    """Comma, semicolon or tab separated, the first line names the columns; unknown names become embedded data.

    Raises:
        TableUnreadable: no heading, no column that identifies a person, two columns of one name, or too many rows.
    """
    text = text.removeprefix("\ufeff").strip("\r\n")
    first, _, rest = text.partition("\n")
    heading = read_heading(first)
    rows: list[IncomingContact] = []
    lines: list[int] = []
    for line, row in read_lines(heading, rest, 2):
        if len(rows) == ROWS_MAX:
            raise TableUnreadable(
                f"At most {ROWS_MAX:,} rows can be pasted: choose a file, which may be of any length."
            )
        if isinstance(row, str):
            raise TableUnreadable(f"Line {line}: {row}.")
        rows.append(row)
        lines.append(line)
    if not rows:
        raise TableUnreadable("Below the heading stands no row.")
    return Table(tuple(rows), tuple(lines), heading.embedded)


def read_heading(line: str) -> Heading:
    """The first line of a table.

    Raises:
        TableUnreadable: it names no column that identifies a person, or two of one name.
    """
    line = line.removeprefix("\ufeff").strip("\r\n")
    delimiter = max(_DELIMITERS, key=line.count)
    columns = [name.strip() for name in next(csv.reader([line], delimiter=delimiter), [])]
    targets = [_SPOKEN.get(_spoken(name), "") for name in columns]
    _check_columns(columns, targets)
    main = tuple((column, _PLACES[target]) for column, target in enumerate(targets) if target)
    other = tuple((column, name) for column, name in enumerate(columns) if name and not targets[column])
    return Heading(delimiter, len(columns), main, other)


def read_lines(heading: Heading, text: str, first_line: int) -> Iterator[tuple[int, IncomingContact | str]]:
    """(line on which the row ends, the row); in place of a row that cannot be read stands why. Empty rows are left out."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=heading.delimiter)
    before = first_line - 1
    blank: list[str | bool] = [""] * len(_PLACES)
    blank[_UNSUBSCRIBED] = False
    main, other, width = heading.main, heading.other, heading.width
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield before + reader.line_num, f"the row cannot be read ({error})"
            continue
        if len(cells) < width:
            if not any(cell.strip() for cell in cells):
                continue
            cells += [""] * (width - len(cells))
        row = blank.copy()
        found = False
        for column, place in main:
            value = cells[column].strip()
            if value:
                found = True
                row[place] = value.lower() in _YES if place == _UNSUBSCRIBED else value
        embedded = {name: value for column, name in other if (value := cells[column].strip())}
        if found or embedded or any(cell.strip() for cell in cells):
            yield before + reader.line_num, IncomingContact(*row, embedded)  # type: ignore[arg-type,call-arg]  # texts, and one bool at its place


def _check_columns(columns: list[str], targets: list[str]) -> None:
    if not any(columns):
        raise TableUnreadable("Paste a table, or choose a file.")
    if "email" not in targets and "ext_ref" not in targets:
        known = ", ".join(MAIN_FIELDS)
        raise TableUnreadable(
            f"The first line must name the columns, among them Email or ExternalDataReference. Known: {known}."
        )
    named = [target or name for name, target in zip(columns, targets, strict=True) if name]
    if len(set(named)) != len(named):
        raise TableUnreadable("Two columns have the same name.")


def _spoken(name: str) -> str:
    return name.lower().replace(" ", "").replace("_", "").replace("-", "")
