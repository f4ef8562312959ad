"""Files of contacts: sent as they are, taken in the background, each refused row told by its line."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from opulse.experience.directory import views
from opulse.experience.directory.api.shared import Editor, PortsDep, Viewer, find_fillable
from opulse.experience.directory.flow.columns import refused_table, start_mapped
from opulse.experience.directory.flow.importing import receive_file
from opulse.experience.directory.flow.taking import Destination
from opulse.experience.directory.models import ContactImport, ImportState
from opulse.experience.directory.rules import TableUnreadable
from opulse.ports import Ports
from opulse.web.errors import NotFound, Problem

router = APIRouter(prefix="/api/v1/directories/{directory}/imports", tags=["directory"])

_CSV = {
    "requestBody": {
        "required": True,
        "content": {"text/csv": {"schema": {"type": "string", "format": "binary"}}},
    }
}


class ImportView(BaseModel):
    """``rows`` are taken or refused so far. ``steps`` are parts of the file, ``steps_done`` those that are taken."""

    id: str
    directory: str
    state: ImportState
    steps: int
    steps_done: int
    rows: int
    created: int
    updated: int
    unchanged: int
    refused: int
    created_at: datetime
    updated_at: datetime


class LineRefusedView(BaseModel):
    """A row that was not taken: its line (the heading is line 1), whom it names, what would mend it."""

    line: int
    who: str
    reason: str


@router.post("", operation_id="import_contact_file", status_code=202, openapi_extra=_CSV)
async def post_import(
    directory: str,
    request: Request,
    ports: PortsDep,
    caller: Editor,
    mailing_list: str = "",
    raise_events: bool = False,
    mapping: str = "",
) -> ImportView:
    """A table in UTF-8 of any length, whose first line names the columns; answered when the whole file is here.

    `mapping` says where each column goes, with commas between: first_name, last_name, email, ext_ref, phone, language, time_zone,
    unsubscribed, data:NAME (embedded data), list:NAME (data on the mailing list alone), or nothing. Without it the names say it.
    """
    if await ports.db.read(views.find_directory, caller.tenant, directory) is None:
        raise NotFound("directory")
    if mailing_list:
        await find_fillable(ports, caller, directory, mailing_list)
    where = Destination(caller.tenant, directory, mailing_list, raise_events)
    targets = [one.strip() for one in mapping.split(",")] if mapping else None
    then = ImportState.MAPPING if targets else ImportState.RUNNING
    try:
        one = await receive_file(ports, where, request.stream(), caller.name, then)
        return _view(await start_mapped(ports, where, one.id, targets) if targets else one)
    except TableUnreadable as error:
        raise Problem(422, "not a table of contacts", str(error)) from error


@router.get("", operation_id="list_contact_imports")
async def list_imports(
    directory: str, ports: PortsDep, caller: Viewer, limit: Annotated[int, Query(ge=1, le=100)] = 20
) -> list[ImportView]:
    if await ports.db.read(views.find_directory, caller.tenant, directory) is None:
        raise NotFound("directory")
    return [_view(one) for one in await ports.db.read(views.list_imports, caller.tenant, directory, limit)]


@router.get("/{import_id}", operation_id="get_contact_import")
async def get_import(directory: str, import_id: str, ports: PortsDep, caller: Viewer) -> ImportView:
    return _view(await _find(ports, caller.tenant, directory, import_id))


@router.get("/{import_id}/refused", operation_id="list_refused_lines")
async def list_refused(
    directory: str,
    import_id: str,
    ports: PortsDep,
    caller: Viewer,
    after: int = 0,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 200,
) -> list[LineRefusedView]:
    """By line, from the one behind line ``after``."""
    one = await _find(ports, caller.tenant, directory, import_id)
    found = await ports.db.read(views.list_refused, caller.tenant, one.id, after, limit)
    return [LineRefusedView(line=row.line, who=row.who, reason=row.reason) for row in found]


@router.get(
    "/{import_id}/refused.csv", operation_id="download_refused_lines", response_class=StreamingResponse
)
async def get_refused_table(
    directory: str, import_id: str, ports: PortsDep, caller: Viewer
) -> StreamingResponse:
    """The refused rows as they stood in the file, with line and reason behind: mend them and send the table again."""
    one = await _find(ports, caller.tenant, directory, import_id)
    return refused_download(refused_table(ports, caller.tenant, one))


def refused_download(lines: AsyncIterator[str]) -> StreamingResponse:
    """A table that is saved as a file."""
    named = {"Content-Disposition": 'attachment; filename="refused.csv"'}
    return StreamingResponse(lines, media_type="text/csv; charset=utf-8", headers=named)


async def _find(ports: Ports, tenant: int, directory: str, import_id: str) -> ContactImport:
    found = await ports.db.read(views.find_import, tenant, import_id)
    if found is None or found.directory != directory:
        raise NotFound("import")
    return found


def _view(one: ContactImport) -> ImportView:
    return ImportView(**{name: getattr(one, name) for name in ImportView.model_fields})
