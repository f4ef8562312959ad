"""Import of a table: pasted or uploaded, every row taken or refused with what would mend it."""

from __future__ import annotations

from dataclasses import dataclass, field

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.datastructures import FormData, UploadFile

from opulse.experience.directory import Directory, MailingList, views
from opulse.experience.directory.flow.people import import_contacts
from opulse.experience.directory.models import ImportResult
from opulse.experience.directory.pages.shared import Editor, PortsDep, find_directory
from opulse.experience.directory.rules import Table, TableUnreadable, read_table
from opulse.ports import Ports
from opulse.web.layout import page
from opulse.web.roles import Caller

router = APIRouter(prefix="/directory/{directory}/import")
BYTES_MAX = 5_000_000
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
    refused: tuple[RefusedRow, ...]
    embedded: tuple[str, ...]


@router.get("")
async def show_import(directory: str, request: Request, ports: PortsDep, caller: Editor) -> Response:
    """The form."""
    return await _form(request, ports, caller, directory)


@router.post("")
async def save_import(directory: str, request: Request, ports: PortsDep, caller: Editor) -> Response:
    """Take the rows that can be taken, and say of each other one why not."""
    folder = await find_directory(ports, caller, directory)
    async with request.form(max_files=1, max_part_size=BYTES_MAX) as sent:
        text, list_id = await _text_of(sent), str(sent.get("list") or "")
        events = bool(sent.get("events"))
    try:
        table = read_table(text)
        if list_id and await ports.db.read(views.find_list, caller.tenant, list_id) is None:
            raise TableUnreadable("There is no such mailing list here.")
    except TableUnreadable as error:
        errors = {"table": str(error)}
        return await _form(request, ports, caller, directory, text[:200_000], list_id, events, errors)
    result = await import_contacts(
        ports,
        caller.tenant,
        directory,
        table.rows,
        list_id=list_id,
        raise_events=events,
        actor=caller.name,
    )
    context = ImportedPage(folder, result, tuple(_refused(table, result)), table.embedded)
    return await page(request, "directory/imported.html", context)


async def _text_of(sent: FormData) -> str:
    """The uploaded file, else what was pasted."""
    file = sent.get("file")
    if isinstance(file, UploadFile) and file.filename:
        return (await file.read(BYTES_MAX)).decode("utf-8-sig", errors="replace")
    return str(sent.get("table") or "")


def _refused(table: Table, result: ImportResult) -> list[RefusedRow]:
    rows = []
    for one in result.refused[:REFUSED_SHOWN]:
        row = table.rows[one.index]
        who = (
            row.get("email")
            or row.get("ext_ref")
            or f"{row.get('first_name', '')} {row.get('last_name', '')}"
        )
        rows.append(RefusedRow(table.lines[one.index], str(who).strip(), one.reason))
    return rows


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
    lists = await ports.db.read(views.list_lists, caller.tenant, directory)
    context = ImportPage(folder, tuple(lists), table, list_id, events, errors or {})
    return await page(request, "directory/import.html", context, 422 if errors else 200)
