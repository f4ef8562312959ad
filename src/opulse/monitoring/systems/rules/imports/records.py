"""Records of a step of a file: a flat text per field, whatever the file's form."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from opulse.monitoring.systems.models import FileFormat, FileUnreadable
from opulse.monitoring.systems.rules.imports.ldif import read_entries

_DELIMITERS = (",", ";", "\t")


@dataclass(frozen=True, slots=True)
class Record:
    """``fields``: casefolded name → text; ``line`` is the one on which the record ends, or its number in a JSON file."""

    line: int
    fields: Mapping[str, str]

    @property
    def who(self) -> str:
        """Some words by which a person knows it again."""
        return next((text for text in self.fields.values() if text.strip()), "").strip()


@dataclass(frozen=True, slots=True)
class Unread:
    """A record that cannot be read, and why."""

    line: int
    reason: str


def read_heading(line: str) -> list[str]:
    """Names of the columns of a table.

    Raises:
        FileUnreadable: there is none, or two have the same name.
    """
    names = [name.strip() for name in next(csv.reader([line.strip("\r\n")], delimiter=_delimiter(line)), [])]
    given = [name.casefold() for name in names if name]
    if not given:
        raise FileUnreadable("The first line must name the columns.")
    if len(set(given)) != len(given):
        raise FileUnreadable("Two columns have the same name.")
    return names


def read_records(form: FileFormat, heading: str, text: str, first_line: int) -> Iterator[Record | Unread]:
    """The records of a step. Empty ones are left out."""
    match form:
        case FileFormat.CSV:
            yield from _read_rows(heading, text, first_line)
        case FileFormat.LDIF:
            for line, entry in read_entries(text, first_line):
                yield Unread(line, entry) if isinstance(entry, str) else Record(line, entry)
        case _:
            yield from _read_objects(text, first_line)


def _read_rows(heading: str, text: str, first_line: int) -> Iterator[Record | Unread]:
    names = [name.casefold() for name in read_heading(heading)]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(heading))
    before = first_line - 1
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Unread(before + reader.line_num, f"the row cannot be read ({error})")
            continue
        fields = {name: cell for name, cell in zip(names, cells, strict=False) if name}
        if any(cell.strip() for cell in cells):
            yield Record(before + reader.line_num, fields)


def _read_objects(text: str, first_line: int) -> Iterator[Record | Unread]:
    for number, line in enumerate(text.split("\n"), first_line):
        if not line.strip():
            continue
        try:
            read = json.loads(line)
        except (ValueError, RecursionError):
            yield Unread(number, "the line is no JSON")
            continue
        if isinstance(read, dict):
            yield Record(number, dict(_flat(read, "")))
        else:
            yield Unread(number, "the line is no JSON object")


def _flat(value: dict[str, Any], before: str) -> Iterator[tuple[str, str]]:
    """Nested names are joined by dots. Of a list of texts the first counts; other lists are left out."""
    for name, one in value.items():
        path = f"{before}{name}".casefold()
        if isinstance(one, dict):
            yield from _flat(one, f"{path}.")
        elif isinstance(one, list):
            texts = [item for item in one if isinstance(item, str)]
            if texts:
                yield path, texts[0]
        elif isinstance(one, bool):
            yield path, "true" if one else "false"
        elif one is not None:
            yield path, str(one)


def _delimiter(line: str) -> str:
    return max(_DELIMITERS, key=line.count)
