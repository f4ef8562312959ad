"""Files of systems and people: sent as they are, taken in the background, each refused record told by its line."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from opulse.monitoring.systems import views
from opulse.monitoring.systems.flow.importing import Wanted, receive_file
from opulse.monitoring.systems.flow.importing.refused import refused_table
from opulse.monitoring.systems.models import (
    FileFormat,
    FileUnreadable,
    ImportKind,
    SystemImport,
    SystemImportState,
)
from opulse.ports import Ports
from opulse.web.access import Caller, api_editor, api_viewer, ports_of
from opulse.web.errors import NotFound, Problem

router = APIRouter(prefix="/api/v1/systems/imports", tags=["systems"])

PortsDep = Annotated[Ports, Depends(ports_of)]
Editor = Annotated[Caller, Depends(api_editor)]
Viewer = Annotated[Caller, Depends(api_viewer)]

_FILE = {
    "requestBody": {
        "required": True,
        "content": {
            kind: {"schema": {"type": "string", "format": "binary"}}
            for kind in ("text/csv", "application/json", "application/x-ndjson", "text/ldif")
        },
    }
}


class ImportView(BaseModel):
    """``rows`` are taken or refused so far. ``steps`` are parts of the file, ``steps_done`` those that are taken.

    ``fields`` is the mapping: target → field of the file; empty where each record says itself what it has.
    """

    id: str
    kind: ImportKind
    format: FileFormat
    fields: dict[str, str]
    state: SystemImportState
    steps: int
    steps_done: int
    rows: int
    created: int
    updated: int
    unchanged: int
    refused: int
    created_at: datetime
    updated_at: datetime


class RecordRefusedView(BaseModel):
    """A record that was not taken: its line (of a JSON file: its number), whom it names, what would mend it."""

    line: int
    who: str
    reason: str


@router.post("", operation_id="import_system_file", status_code=202, openapi_extra=_FILE)
async def post_import(
    request: Request,
    ports: PortsDep,
    caller: Editor,
    kind: ImportKind = ImportKind.DEVICES,
    form: Annotated[FileFormat, Query(alias="format")] = FileFormat.CSV,
    mapped: Annotated[Sequence[str], Query(alias="map", max_length=200)] = (),
) -> ImportView:
    """A file in UTF-8 of any length; answered when the whole file is here. ``map=target=field``, as often as needed, says where
    fields go; without it their names do."""
    fields = _read_map(mapped) if mapped else None
    wanted = Wanted(caller.tenant, kind, form, caller.name, fields)
    try:
        return _view(await receive_file(ports, wanted, request.stream()))
    except FileUnreadable as error:
        raise Problem(422, f"not a file of {kind.value}", str(error)) from error


@router.get("", operation_id="list_system_imports")
async def list_imports(
    ports: PortsDep, caller: Viewer, limit: Annotated[int, Query(ge=1, le=100)] = 20
) -> list[ImportView]:
    """Newest first."""
    return [_view(one) for one in await ports.db.read(views.list_imports, caller.tenant, limit)]


@router.get("/{import_id}", operation_id="get_system_import")
async def get_import(import_id: str, ports: PortsDep, caller: Viewer) -> ImportView:
    """How far a file is."""
    return _view(await _find(ports, caller.tenant, import_id))


@router.get("/{import_id}/refused", operation_id="list_refused_records")
async def list_refused(
    import_id: str,
    ports: PortsDep,
    caller: Viewer,
    after: int = 0,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 200,
) -> list[RecordRefusedView]:
    """By line, from the one behind line ``after``."""
    one = await _find(ports, caller.tenant, import_id)
    found = await ports.db.read(views.list_refused, caller.tenant, one.id, after, limit)
    return [RecordRefusedView(line=row.line, who=row.who, reason=row.reason) for row in found]


@router.get(
    "/{import_id}/refused.csv", operation_id="download_refused_records", response_class=StreamingResponse
)
async def get_refused_table(import_id: str, ports: PortsDep, caller: Viewer) -> StreamingResponse:
    """All refused records as a table."""
    one = await _find(ports, caller.tenant, import_id)
    return download(refused_table(ports, caller.tenant, one.id))


def download(lines: AsyncIterator[str]) -> StreamingResponse:
    """A table to save."""
    named = {"Content-Disposition": 'attachment; filename="refused.csv"'}
    return StreamingResponse(lines, media_type="text/csv; charset=utf-8", headers=named)


def _read_map(mapped: Sequence[str]) -> dict[str, str]:
    fields: dict[str, str] = {}
    for one in mapped:
        target, equals, source = one.partition("=")
        if not equals or target in fields:
            raise Problem(
                422, "the mapping cannot be read", f"Write map=target=field, each target once: {one!r}."
            )
        fields[target] = source
    return fields


async def _find(ports: Ports, tenant: int, import_id: str) -> SystemImport:
    found = await ports.db.read(views.find_import, tenant, import_id)
    if found is None:
        raise NotFound("import")
    return found


def _view(one: SystemImport) -> ImportView:
    return ImportView(**{name: getattr(one, name) for name in ImportView.model_fields})
