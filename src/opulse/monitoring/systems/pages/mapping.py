"""Where the fields of a file go, chosen by drop-downs beside what is in them."""

from __future__ import annotations

from dataclasses import dataclass, field

from fastapi import APIRouter, Request
from fastapi.responses import Response

from opulse.monitoring.systems import views
from opulse.monitoring.systems.flow.importing import Column, HeldFile, begin_held, read_held
from opulse.monitoring.systems.models import FileUnreadable, ImportKind
from opulse.monitoring.systems.pages.shared import Editor, PortsDep
from opulse.monitoring.systems.rules.imports import TARGETS
from opulse.ports import Ports
from opulse.web.access import Caller
from opulse.web.components.flashes import see_other
from opulse.web.errors import NotFound
from opulse.web.layout import page

router = APIRouter(prefix="/systems/import")

ATTRIBUTE = "attribute"
"""Chosen for a column that becomes an attribute under its own name."""


@dataclass(frozen=True, slots=True)
class MappingPage:
    """A held file. ``chosen`` has a target per column, in their order; ``errors``: field → sentence."""

    held: HeldFile
    chosen: tuple[str, ...]
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def targets(self) -> tuple[str, ...]:
        """Where a column can go."""
        own = TARGETS[self.held.one.kind]
        return (*own, ATTRIBUTE) if self.held.one.kind is ImportKind.DEVICES else own


@router.get("/{import_id}/mapping")
async def show_mapping(import_id: str, request: Request, ports: PortsDep, caller: Editor) -> Response:
    """The columns, with what their names suggest."""
    held = await read_held(ports, caller.tenant, import_id)
    if held is None:
        return await _elsewhere(ports, caller, import_id)
    chosen = tuple(_first_choice(column) for column in held.columns)
    return await page(request, "systems/mapping.html", MappingPage(held, chosen))


@router.post("/{import_id}/mapping")
async def save_mapping(import_id: str, request: Request, ports: PortsDep, caller: Editor) -> Response:
    """Take the file as chosen."""
    held = await read_held(ports, caller.tenant, import_id)
    if held is None:
        return await _elsewhere(ports, caller, import_id)
    sent = await request.form(max_files=0, max_fields=1000)
    chosen = tuple(str(sent.get(f"to-{place}") or "") for place in range(len(held.columns)))
    errors: dict[str, str] = {}
    fields = _read(held, chosen, errors)
    if not errors:
        try:
            await begin_held(ports, caller.tenant, import_id, fields, caller.name)
            return see_other(f"/systems/import/{import_id}", "Its records are being taken.")
        except FileUnreadable as error:
            errors["to-0"] = str(error)
    return await page(request, "systems/mapping.html", MappingPage(held, chosen, errors), 422)


async def _elsewhere(ports: Ports, caller: Caller, import_id: str) -> Response:
    """A file that does not wait any more has a page of its own."""
    if await ports.db.read(views.find_import, caller.tenant, import_id) is None:
        raise NotFound("import")
    return see_other(f"/systems/import/{import_id}")


def _first_choice(column: Column) -> str:
    return ATTRIBUTE if column.suggested.startswith("attributes.") else column.suggested


def _read(held: HeldFile, chosen: tuple[str, ...], errors: dict[str, str]) -> dict[str, str]:
    """Target → column. Two columns for one target are an error at the second."""
    fields: dict[str, str] = {}
    for place, (column, target) in enumerate(zip(held.columns, chosen, strict=True)):
        if not target:
            continue
        key = f"attributes.{column.name.removeprefix('attributes.')}" if target == ATTRIBUTE else target
        if key in fields:
            errors[f"to-{place}"] = f"{fields[key]} goes there already; choose one of the two."
        else:
            fields[key] = column.name
    return fields
