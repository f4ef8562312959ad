"""A survey's responses as a file: CSV and JSON are written while they are read, a workbook in a file of its own first."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory

import xlsxwriter

from opulse.experience.responses.flow.listing import all_columns, check_file, embedded_names, walk
from opulse.experience.responses.models import AnswerFilter, AnswerRow
from opulse.experience.responses.rules.export.lines import (
    Sheet,
    cells,
    csv_header,
    csv_lines,
    header_rows,
    json_object,
)
from opulse.experience.surveys.flow import find_survey
from opulse.ports import Ports
from opulse.tenancy import audit_in

_PIECE = 64 * 1024
_MOST_ROWS = 1_048_576 - 3
"""Rows of a sheet, less the three header rows."""


class Format(StrEnum):
    """What a file is written as."""

    CSV = "csv"
    JSON = "json"
    NDJSON = "ndjson"
    XLSX = "xlsx"


MEDIA_TYPES = {
    Format.CSV: "text/csv; charset=utf-8",
    Format.JSON: "application/json",
    Format.NDJSON: "application/x-ndjson",
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@dataclass(frozen=True, slots=True)
class Export:
    """A file that may be written. ``name`` is the survey's."""

    tenant: int
    survey: str
    name: str
    wanted: AnswerFilter
    sheet: Sheet
    form: Format

    @property
    def file_name(self) -> str:
        """What a browser calls it: the survey's name in letters that every system takes."""
        kept = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in self.name)
        return f"{kept.strip('-') or 'responses'}.{self.form.value}"


async def open_export(
    ports: Ports,
    tenant: int,
    survey: str,
    wanted: AnswerFilter,
    form: Format,
    actor: str,
    *,
    labels: bool = False,
    zone: str = "UTC",
    language: str = "",
) -> Export:
    """Check that the file may be written, note who asked for it, and what it will look like.

    Raises:
        SurveyUnknown, FilterForbidden, TooFew: there will be no file; the message says why.
    """
    policy, shown = await check_file(ports, tenant, survey, wanted)
    record, _ = await find_survey(ports, tenant, survey)
    columns = await all_columns(ports, tenant, survey, language)
    fields = await embedded_names(ports, tenant, survey, policy.identity)
    sheet = Sheet(policy.identity, columns, labels=labels, texts=shown.texts, zone=zone, embedded=fields)
    what = {"format": form.value, "states": sorted(wanted.states), "activation": wanted.activation}
    now = ports.clock.now()
    await ports.db.write(
        lambda conn: audit_in(conn, tenant, actor, "responses.exported", survey, None, what, now)
    )
    return Export(tenant, survey, record.name, wanted, sheet, form)


async def write_export(ports: Ports, export: Export) -> AsyncIterator[bytes]:
    """The file, piece by piece."""
    writers: dict[Format, Callable[[Ports, Export], AsyncIterator[bytes]]] = {
        Format.CSV: _csv,
        Format.JSON: _json,
        Format.NDJSON: _ndjson,
        Format.XLSX: _xlsx,
    }
    async for piece in writers[export.form](ports, export):
        yield piece


async def _csv(ports: Ports, export: Export) -> AsyncIterator[bytes]:
    yield b"\xef\xbb\xbf" + csv_header(export.sheet).encode()  # the mark by which a spreadsheet reads UTF-8
    async for rows in _steps(ports, export):
        yield "".join(csv_lines(export.sheet, rows)).encode()


async def _ndjson(ports: Ports, export: Export) -> AsyncIterator[bytes]:
    async for rows in _steps(ports, export):
        yield b"".join(_object(export, row) + b"\n" for row in rows)


async def _json(ports: Ports, export: Export) -> AsyncIterator[bytes]:
    yield b'{"responses":['
    first = True
    async for rows in _steps(ports, export):
        yield (b"" if first else b",") + b",".join(_object(export, row) for row in rows)
        first = False
    yield b"]}\n"


async def _xlsx(ports: Ports, export: Export) -> AsyncIterator[bytes]:
    """Written to a folder that is thrown away: the format keeps its table of contents at the end."""
    with TemporaryDirectory(prefix="opulse-") as folder:
        path = Path(folder) / "answers.xlsx"
        book = xlsxwriter.Workbook(
            str(path), {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        )
        sheet, line = book.add_worksheet("Responses"), 0
        for header in header_rows(export.sheet):
            sheet.write_row(line, 0, header)
            line += 1
        async for rows in _steps(ports, export):
            kept = rows[: _MOST_ROWS + 3 - line]
            line = await asyncio.to_thread(_write_rows, sheet, line, export.sheet, kept)
        await asyncio.to_thread(book.close)
        with path.open("rb") as file:
            while piece := await asyncio.to_thread(file.read, _PIECE):
                yield piece


def _write_rows(sheet: xlsxwriter.worksheet.Worksheet, line: int, of: Sheet, rows: list[AnswerRow]) -> int:
    """A sheet is written cell by cell. The next free line."""
    for row in rows:
        sheet.write_row(line, 0, cells(of, row))
        line += 1
    return line


def _steps(ports: Ports, export: Export) -> AsyncIterator[list[AnswerRow]]:
    return walk(ports, export.tenant, export.survey, export.wanted, export.sheet.identity)


def _object(export: Export, row: AnswerRow) -> bytes:
    return json.dumps(json_object(export.sheet, row), ensure_ascii=False, default=_told).encode()


def _told(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
