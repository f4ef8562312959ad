"""Rows of an export as text: CSV with three header rows, JSON objects in the product's keys."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from opulse.experience.responses.models import AnswerRow, Identity
from opulse.experience.responses.rules.export.columns import Column, Kind
from opulse.experience.responses.rules.export.head import TAIL, HeadColumn, Value, head_of
from opulse.experience.responses.rules.export.values import label_of, value_of

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
Cell = str | int | None


@dataclass(frozen=True, slots=True)
class Sheet:
    """What every row of one export is written with.

    ``labels`` writes choices in words, ``texts`` False leaves people's own words out, ``zone`` is that of the times,
    ``embedded`` names the fields that stand behind the questions.
    """

    identity: Identity
    columns: Sequence[Column]
    labels: bool
    texts: bool
    zone: str = "UTC"
    embedded: tuple[str, ...] = ()

    @property
    def head(self) -> tuple[HeadColumn, ...]:
        """The columns before the questions."""
        return head_of(self.identity)


def header_rows(sheet: Sheet) -> tuple[list[str], list[str], list[str]]:
    """Names, texts, and import ids as JSON, with the zone where there are times."""
    around = (*sheet.head, *TAIL)
    head, tail = around[: len(sheet.head)], around[len(sheet.head) :]
    names = [
        *(one.name for one in head),
        *(one.name for one in sheet.columns),
        *sheet.embedded,
        *(one.name for one in tail),
    ]
    texts = [
        *(one.text for one in head),
        *(one.text for one in sheet.columns),
        *sheet.embedded,
        *(one.text for one in tail),
    ]
    ids = [
        *(_id(one.import_id, zone=sheet.zone if one.name.endswith("Date") else "") for one in head),
        *(_id(one.import_id, choice=one.choice if one.import_id == one.key else "") for one in sheet.columns),
        *(_id(name) for name in sheet.embedded),
        *(_id(one.import_id) for one in tail),
    ]
    return names, texts, ids


def cells(sheet: Sheet, row: AnswerRow) -> list[Cell]:
    """One response, in the order of the header rows."""
    answer_of = label_of if sheet.labels else value_of
    return [
        *(_head_cell(one, row, sheet) for one in sheet.head),
        *(None if _is_hidden(sheet, one) else answer_of(one, row.answers) for one in sheet.columns),
        *(row.embedded.get(name) for name in sheet.embedded),
        *(_head_cell(one, row, sheet) for one in TAIL),
    ]


def csv_lines(sheet: Sheet, rows: Iterable[AnswerRow]) -> Iterator[str]:
    """Lines of a CSV file; the header rows are :func:`csv_header`."""
    for row in rows:
        yield _line([_safe(cell) for cell in cells(sheet, row)])


def csv_header(sheet: Sheet) -> str:
    """The three header rows."""
    return "".join(_line(row) for row in header_rows(sheet))


def json_object(sheet: Sheet, row: AnswerRow) -> dict[str, object]:
    """``{responseId, values, labels}``: the keys of the product's single response (qualtrics-api.md 1.13)."""
    values: dict[str, object] = {}
    labels: dict[str, object] = {}
    for head in (*sheet.head, *TAIL):
        value = head.value(row)
        if value is not None and value != "":
            values[head.import_id] = _iso(value) if isinstance(value, datetime) else value
            if head.label is not None:
                labels[head.import_id] = head.label(row)
    for column in sheet.columns:
        if _is_hidden(sheet, column) or (value := value_of(column, row.answers)) is None:
            continue
        _put(values, column, str(value) if column.kind is Kind.AMONG else value)
        if column.kind in (Kind.ONE, Kind.AMONG, Kind.GROUP):
            _put(labels, column, label_of(column, row.answers))
    values |= {name: row.embedded[name] for name in sheet.embedded if name in row.embedded}
    return {"responseId": row.id, "values": values, "labels": labels}


def _put(into: dict[str, object], column: Column, value: object) -> None:
    """Several choices of one question are a list under its key."""
    if column.kind is not Kind.AMONG:
        into[column.import_id] = value
        return
    taken = into.setdefault(column.key, [])
    if isinstance(taken, list):
        taken.append(value)


def _is_hidden(sheet: Sheet, column: Column) -> bool:
    return column.kind is Kind.TEXT and not sheet.texts


def _head_cell(head: HeadColumn, row: AnswerRow, sheet: Sheet) -> Cell:
    value: Value = head.label(row) if sheet.labels and head.label is not None else head.value(row)
    if isinstance(value, datetime):
        return value.astimezone(ZoneInfo(sheet.zone)).strftime("%Y-%m-%d %H:%M:%S")
    return value


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def _id(import_id: str, *, choice: str = "", zone: str = "") -> str:
    given = {"ImportId": import_id}
    if choice:
        given["choiceId"] = choice
    if zone:
        given["timeZone"] = zone
    return json.dumps(given, ensure_ascii=False, separators=(",", ":"))


def _safe(cell: Cell) -> Cell:
    """A text that a spreadsheet would take for a formula is kept a text."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell


def _line(row: Sequence[Cell]) -> str:
    written = io.StringIO()
    csv.writer(written, lineterminator="\r\n").writerow(row)
    return written.getvalue()
