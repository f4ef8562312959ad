"""Import of a file of systems or people: chosen with where its fields go, followed while it is taken."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from fastapi import APIRouter, Request
from fastapi.responses import Response, StreamingResponse
from starlette.datastructures import FormData, UploadFile

from opulse.monitoring.systems import views
from opulse.monitoring.systems.flow.importing import Wanted, hold_file, receive_file
from opulse.monitoring.systems.flow.importing.refused import refused_table
from opulse.monitoring.systems.models import (
    FileFormat,
    FileUnreadable,
    ImportKind,
    RecordRefused,
    SystemImport,
    SystemImportState,
)
from opulse.monitoring.systems.pages.shared import Editor, PortsDep, Viewer
from opulse.monitoring.systems.rules.imports import TARGETS
from opulse.ports import Ports
from opulse.web.access import Caller
from opulse.web.components.flashes import see_other
from opulse.web.errors import NotFound
from opulse.web.layout import page

router = APIRouter(prefix="/systems/import")

PIECE = 256_000
REFUSED_SHOWN = 200
LATEST = 10


@dataclass(frozen=True, slots=True)
class ImportPage:
    """The form and the latest imports; ``errors``: field → sentence."""

    latest: list[SystemImport]
    kind: str = ImportKind.DEVICES.value
    format: str = FileFormat.CSV.value
    mapping: str = ""
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def targets(self) -> dict[str, tuple[str, ...]]:
        """Where fields can go."""
        return {kind.value: targets for kind, targets in TARGETS.items()}


@dataclass(frozen=True, slots=True)
class ProgressPage:
    """A file on its way. ``here``: the address of this page."""

    one: SystemImport
    refused: list[RecordRefused]
    here: str

    @property
    def percent(self) -> int:
        """Of the file that is taken."""
        return 100 * self.one.steps_done // max(1, self.one.steps)

    @property
    def moves(self) -> bool:
        """Whether there will be news."""
        return self.one.state in (SystemImportState.RECEIVING, SystemImportState.RUNNING)


@router.get("")
async def show_import(request: Request, ports: PortsDep, caller: Editor) -> Response:
    """The form."""
    return await page(request, "systems/import.html", ImportPage(await _latest(ports, caller)))


@router.post("")
async def save_import(request: Request, ports: PortsDep, caller: Editor) -> Response:
    """Receive the file; its records are taken in the background."""
    async with request.form(max_files=1) as sent:
        typed = {name: str(sent.get(name) or "") for name in ("kind", "format", "mapping")}
        errors: dict[str, str] = {}
        wanted = _read(caller, typed, errors)
        pieces = _pieces_of(sent)
        if pieces is None:
            errors["file"] = "Choose a file."
        if wanted is not None and pieces is not None and not errors:
            try:
                if sent.get("do") == "map":
                    return see_other(f"/systems/import/{(await hold_file(ports, wanted, pieces)).id}/mapping")
                one = await receive_file(ports, wanted, pieces)
                return see_other(
                    f"/systems/import/{one.id}", "The file is here; its records are being taken."
                )
            except FileUnreadable as error:
                errors["file"] = str(error)
    context = ImportPage(await _latest(ports, caller), **typed, errors=errors)
    return await page(request, "systems/import.html", context, 422)


@router.get("/{import_id}")
async def show_progress(import_id: str, request: Request, ports: PortsDep, caller: Viewer) -> Response:
    """How far a file is, and what was refused."""
    one = await _find(ports, caller, import_id)
    if one.state is SystemImportState.MAPPING:
        return see_other(f"/systems/import/{import_id}/mapping")
    refused = await ports.db.read(views.list_refused, caller.tenant, import_id, 0, REFUSED_SHOWN)
    context = ProgressPage(one, refused, f"/systems/import/{import_id}")
    return await page(request, "systems/import_progress.html", context)


@router.get("/{import_id}/refused.csv")
async def show_refused_table(import_id: str, ports: PortsDep, caller: Viewer) -> Response:
    """All refused records, to mend and to send again."""
    one = await _find(ports, caller, import_id)
    named = {"Content-Disposition": 'attachment; filename="refused.csv"'}
    lines = refused_table(ports, caller.tenant, one.id)
    return StreamingResponse(lines, media_type="text/csv; charset=utf-8", headers=named)


def _read(caller: Caller, typed: dict[str, str], errors: dict[str, str]) -> Wanted | None:
    try:
        kind, form = ImportKind(typed["kind"]), FileFormat(typed["format"])
    except ValueError:
        errors["kind"] = "Choose what the file holds and how it is written."
        return None
    fields: dict[str, str] = {}
    for number, line in enumerate(typed["mapping"].splitlines(), 1):
        target, equals, source = line.partition("=")
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if not equals:
            errors["mapping"] = f"Line {number}: write target = field of the file."
            return None
        fields[target.strip()] = source.strip()
    return Wanted(caller.tenant, kind, form, caller.name, fields or None)


def _pieces_of(sent: FormData) -> AsyncIterator[bytes] | None:
    file = sent.get("file")
    return _pieces(file) if isinstance(file, UploadFile) and file.filename else None


async def _pieces(file: UploadFile) -> AsyncIterator[bytes]:
    while piece := await file.read(PIECE):
        yield piece


async def _latest(ports: Ports, caller: Caller) -> list[SystemImport]:
    return await ports.db.read(views.list_imports, caller.tenant, LATEST)


async def _find(ports: Ports, caller: Caller, import_id: str) -> SystemImport:
    found = await ports.db.read(views.find_import, caller.tenant, import_id)
    if found is None:
        raise NotFound("import")
    return found
