"""Import of a table: pasted or uploaded, every row taken or refused with what would mend it. Large files are taken in the
background, and a page follows them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from fastapi import APIRouter, Request
from fastapi.responses import Response, StreamingResponse
from starlette.datastructures import FormData, UploadFile

from opulse.experience.directory import Directory, MailingList, views
from opulse.experience.directory.flow.checking import ContactProblem, read_embedded, why_refused
from opulse.experience.directory.flow.columns import refused_table
from opulse.experience.directory.flow.importing import receive_file
from opulse.experience.directory.flow.people import import_rows
from opulse.experience.directory.flow.taking import Destination
from opulse.experience.directory.models import (
    ContactImport,
    Declared,
    FieldScope,
    ImportResult,
    ImportState,
    IncomingContact,
    LineRefused,
)
from opulse.experience.directory.pages.columns import check_list, find_import
from opulse.experience.directory.pages.shared import Editor, PortsDep, Viewer, fillable_lists, find_directory
from opulse.experience.directory.rules import (
    Table,
    TableUnreadable,
    read_table,
)
from opulse.ports import Ports
from opulse.web.components.flashes import see_other
from opulse.web.layout import page
from opulse.web.roles import Caller

router = APIRouter(prefix="/directory/{directory}/import")
BYTES_MAX = 5_000_000
AT_ONCE = 500_000  # bytes of a file whose rows are taken before the answer; those of a larger one are taken by a job
PIECE = 256_000
REFUSED_SHOWN = 200


@dataclass(frozen=True, slots=True)
class ImportPage:
    """The form; ``errors``: field → sentence."""

    directory: Directory
    lists: tuple[MailingList, ...]
    table: str = ""
    chosen: str = ""
    events: bool = False
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def list_options(self) -> list[tuple[str, str]]:
        return [(one.id, one.name) for one in self.lists]


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that was not taken: its line, what it was about, what would mend it."""

    line: int
    who: str
    reason: str


@dataclass(frozen=True, slots=True)
class ImportedPage:
    """What became of every row."""

    directory: Directory
    result: ImportResult
    refused: tuple[RefusedRow, ...]  # the first ones
    refused_count: int
    embedded: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ProgressPage:
    """A large file on its way. ``here``: the address of this page."""

    directory: Directory
    one: ContactImport
    refused: tuple[LineRefused, ...]
    here: str

    @property
    def percent(self) -> int:
        """Of the file that is taken."""
        return 100 * self.one.steps_done // max(1, self.one.steps)

    @property
    def moves(self) -> bool:
        """Whether there will be news."""
        return self.one.state in (ImportState.RECEIVING, ImportState.RUNNING)


@router.get("")
async def show_import(directory: str, request: Request, ports: PortsDep, caller: Editor) -> Response:
    """The form."""
    return await _form(request, ports, caller, directory)


@router.post("")
async def save_import(directory: str, request: Request, ports: PortsDep, caller: Editor) -> Response:
    """Take the rows that can be taken, and say of each other one why not."""
    folder = await find_directory(ports, caller, directory)
    async with request.form(max_files=1, max_part_size=BYTES_MAX) as sent:
        list_id, events = str(sent.get("list") or ""), bool(sent.get("events"))
        where = Destination(caller.tenant, directory, list_id, events, caller.name)
        file, text = sent.get("file"), ""
        try:
            await check_list(ports, caller, directory, list_id)
            if sent.get("do") == "columns":
                pieces = _pieces(file) if isinstance(file, UploadFile) and file.filename else _pasted(sent)
                one = await receive_file(ports, where, pieces, caller.name, ImportState.MAPPING)
                return see_other(f"/directory/{directory}/import/{one.id}/columns", "")
            if isinstance(file, UploadFile) and (file.size or 0) > AT_ONCE:
                one = await receive_file(ports, where, _pieces(file), caller.name)
                return see_other(
                    f"/directory/{directory}/import/{one.id}", "The file is here; its rows are being taken."
                )
            text = await _text_of(sent)
            table = read_table(text)
        except TableUnreadable as error:
            errors = {"table": str(error)}
            return await _form(request, ports, caller, directory, text[:200_000], list_id, events, errors)
    declared = await ports.db.read(views.find_declared, caller.tenant, directory, FieldScope.CONTACT)
    good, refused = _check(table, declared)
    result = await import_rows(
        ports,
        caller.tenant,
        directory,
        good,
        list_id=list_id,
        raise_events=events,
        actor=caller.name,
        refused=len(refused),
    )
    context = ImportedPage(folder, result, tuple(refused[:REFUSED_SHOWN]), len(refused), table.embedded)
    return await page(request, "directory/imported.html", context)


@router.get("/{import_id}/refused.csv")
async def show_refused_table(directory: str, import_id: str, ports: PortsDep, caller: Viewer) -> Response:
    """The refused rows as they stood in the file, with line and reason behind."""
    one = await find_import(ports, caller, directory, import_id)
    named = {"Content-Disposition": 'attachment; filename="refused.csv"'}
    lines = refused_table(ports, caller.tenant, one)
    return StreamingResponse(lines, media_type="text/csv; charset=utf-8", headers=named)


@router.get("/{import_id}")
async def show_import_progress(
    directory: str, import_id: str, request: Request, ports: PortsDep, caller: Viewer
) -> Response:
    """How far a large file is, and what was refused."""
    folder = await find_directory(ports, caller, directory)
    one = await find_import(ports, caller, directory, import_id)
    refused = await ports.db.read(views.list_refused, caller.tenant, import_id, 0, REFUSED_SHOWN)
    context = ProgressPage(folder, one, tuple(refused), f"/directory/{directory}/import/{import_id}")
    return await page(request, "directory/import_progress.html", context)


async def _pasted(sent: FormData) -> AsyncIterator[bytes]:
    yield str(sent.get("table") or "").strip("\r\n").replace("\r\n", "\n").encode()


async def _pieces(file: UploadFile) -> AsyncIterator[bytes]:
    while piece := await file.read(PIECE):
        yield piece


async def _text_of(sent: FormData) -> str:
    """The uploaded file, else what was pasted."""
    file = sent.get("file")
    if isinstance(file, UploadFile) and file.filename:
        return (await file.read(BYTES_MAX)).decode("utf-8-sig", errors="replace")
    return str(sent.get("table") or "")


def _check(table: Table, declared: Declared) -> tuple[list[IncomingContact], list[RefusedRow]]:
    """The rows that can be taken, and the others with what would mend them."""
    good: list[IncomingContact] = []
    refused: list[RefusedRow] = []
    for line, row in zip(table.lines, table.rows, strict=True):
        why = why_refused(row)
        if not why:
            try:
                row = row._replace(embedded=read_embedded(declared, row.embedded))
            except ContactProblem as problem:
                why = str(problem)
        if why:
            who = row.email or row.ext_ref or f"{row.first_name} {row.last_name}"
            refused.append(RefusedRow(line, who.strip(), why))
        else:
            good.append(row)
    return good, refused


async def _form(
    request: Request,
    ports: Ports,
    caller: Caller,
    directory: str,
    table: str = "",
    list_id: str = "",
    events: bool = False,
    errors: dict[str, str] | None = None,
) -> Response:
    folder = await find_directory(ports, caller, directory)
    lists = await fillable_lists(ports, caller, directory)
    context = ImportPage(folder, tuple(lists), table, list_id, events, errors or {})
    return await page(request, "directory/import.html", context, 422 if errors else 200)
