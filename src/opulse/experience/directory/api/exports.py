"""Contacts of a directory or a list as a file, streamed."""

from __future__ import annotations

from enum import StrEnum

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from opulse.experience.directory.api.lists import find_list
from opulse.experience.directory.api.shared import Editor, PortsDep, find_directory
from opulse.experience.directory.flow.exporting import export_csv, export_ndjson
from opulse.web.errors import NotFound

router = APIRouter(prefix="/api/v1/directories/{directory}/export", tags=["directory"])


class Format(StrEnum):
    """Of the file."""

    CSV = "csv"
    NDJSON = "ndjson"


@router.get("", operation_id="export_contacts", response_class=StreamingResponse)
async def get_export(
    directory: str,
    ports: PortsDep,
    caller: Editor,
    format: Format = Format.CSV,  # the name in the address
    mailing_list: str = "",
) -> StreamingResponse:
    """All contacts, or those of a mailing list with the data that they have on it alone."""
    await find_directory(ports, caller, directory)
    if mailing_list and (await find_list(ports, caller, mailing_list)).directory != directory:
        raise NotFound("mailing list")
    make = export_csv if format is Format.CSV else export_ndjson
    kind = "text/csv; charset=utf-8" if format is Format.CSV else "application/x-ndjson"
    named = {"Content-Disposition": f'attachment; filename="contacts.{format.value}"'}
    lines = make(ports, caller.tenant, directory, mailing_list)
    return StreamingResponse(lines, media_type=kind, headers=named)
