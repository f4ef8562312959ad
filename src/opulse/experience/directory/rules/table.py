"""Read a table of contacts that somebody pasted or uploaded. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from opulse.experience.directory.models import MAIN_FIELDS, IncomingContact

ROWS_MAX = 10_000
_DELIMITERS = (",", ";", "\t")
_SPOKEN = {
    "firstname": "first_name",
    "lastname": "last_name",
    "email": "email",
    "mail": "email",
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
DATA, PRIVATE = "data", "list"
"""What stands before the name of embedded data, and of data that a person has on one list alone."""
_YES = frozenset({"1", "true", "yes", "y"})


class TableUnreadable(ValueError):
    """The text is no table of contacts; the message says what to mend."""


@dataclass(frozen=True)
class Heading:
    """Which column goes where. ``main``: (column, place in :class:`IncomingContact`)."""

    delimiter: str
    width: int
    main: tuple[tuple[int, int], ...]
    other: tuple[tuple[int, str], ...]  # (column, name of the embedded data)
    private: tuple[tuple[int, str], ...] = ()  # (column, name of the data on the list that is filled)

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
    for line, row, _ in read_lines(heading, rest, 2):
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


def read_heading(line: str, targets: Sequence[str] | None = None) -> Heading:
    """The first line of a table. ``targets``: where each column goes (see :func:`guess_targets`); None: as its name says.

    Raises:
        TableUnreadable: no column identifies a person, two go to the same place, or the targets are of another table.
    """
    delimiter, columns = split_heading(line)
    if targets is None:
        targets = guess_targets(columns)
    if len(targets) != len(columns):
        raise TableUnreadable(
            f"The table has {len(columns)} columns, and {len(targets)} places for them were named."
        )
    _check_columns(columns, targets)
    main = tuple((column, _PLACES[target]) for column, target in enumerate(targets) if target in _PLACES)
    named = [(column, *target.partition(":")[::2]) for column, target in enumerate(targets)]
    return Heading(
        delimiter,
        len(columns),
        main,
        tuple((column, name) for column, kind, name in named if kind == DATA),
        tuple((column, name) for column, kind, name in named if kind == PRIVATE),
    )


def split_heading(line: str) -> tuple[str, list[str]]:
    """What separates the columns, and their names.

    Raises:
        TableUnreadable: there is no name at all.
    """
    line = line.removeprefix("\ufeff").strip("\r\n")
    delimiter = max(_DELIMITERS, key=line.count)
    columns = [name.strip() for name in next(csv.reader([line], delimiter=delimiter), [])]
    if not any(columns):
        raise TableUnreadable("Paste a table, or choose a file.")
    return delimiter, columns


def guess_targets(columns: Sequence[str]) -> tuple[str, ...]:
    """Where each column goes by its name: a field of every contact, ``data:NAME`` for embedded data; empty: nowhere."""
    spoken = [_SPOKEN.get(_spoken(name), "") for name in columns]
    return tuple(
        target or (f"{DATA}:{name}" if name else "") for name, target in zip(columns, spoken, strict=True)
    )


def read_lines(
    heading: Heading, text: str, first_line: int
) -> Iterator[tuple[int, IncomingContact | str, Sequence[str]]]:
    """(line on which the row ends, the row, its cells); in place of a row that cannot be read stands why. Empty rows are left
    out."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=heading.delimiter)
    before = first_line - 1
    blank: list[str | bool] = [""] * len(_PLACES)
    blank[_UNSUBSCRIBED] = False
    main, other, private, width = heading.main, heading.other, heading.private, heading.width
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield before + reader.line_num, f"the row cannot be read ({error})", ()
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
        own = {name: value for column, name in private if (value := cells[column].strip())} if private else {}
        if found or embedded or any(cell.strip() for cell in cells):
            contact = IncomingContact(*row, embedded, own)  # type: ignore[arg-type,call-arg]  # texts, one bool at its place
            yield before + reader.line_num, contact, cells


def _check_columns(columns: Sequence[str], targets: Sequence[str]) -> None:
    unknown = [
        one for one in targets if one and one not in _PLACES and one.partition(":")[0] not in (DATA, PRIVATE)
    ]
    if unknown:
        raise TableUnreadable(f"There is no such place for a column: {unknown[0]}.")
    if "email" not in targets and "ext_ref" not in targets:
        known = ", ".join([*MAIN_FIELDS, "TimeZone", "Unsubscribed"])
        raise TableUnreadable(
            f"The first line must name the columns, among them Email or ExternalDataReference. Known: {known}."
        )
    named = [target for target in targets if target]
    if len(set(named)) != len(named):
        twice = next(one for one in named if named.count(one) > 1).partition(":")
        raise TableUnreadable(
            f"Two columns have the same name or go to the same place: {twice[2] or twice[0]}."
        )


def _spoken(name: str) -> str:
    return name.lower().replace(" ", "").replace("_", "").replace("-", "")
