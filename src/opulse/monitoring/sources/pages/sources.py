"""Sources in the console: the list, one source with what it holds and refused, and a sample to try before it is saved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy import Connection

from opulse.monitoring.sensors import views as sensors
from opulse.monitoring.sources.flow import saving
from opulse.monitoring.sources.flow.finding import names_in
from opulse.monitoring.sources.flow.previewing import preview
from opulse.monitoring.sources.models import (
    Adapter,
    Delivery,
    Fault,
    Foreseen,
    Hold,
    Left,
    Source,
    SourceRefused,
)
from opulse.monitoring.sources.pages.form import (
    FormField,
    SourceForm,
    errors_of,
    fields_of,
    form_of,
    headers_of,
    new_form,
    read_form,
)
from opulse.monitoring.sources.pages.shared import Editor, EvaluatorDep, PortsDep, Viewer, may_edit
from opulse.monitoring.sources.registry import ADAPTERS, adapter_of
from opulse.ports import Ports
from opulse.web.access import Caller, Role
from opulse.web.components.flashes import see_other
from opulse.web.errors import NotFound, Problem
from opulse.web.layout import page
from opulse.wire.errors import UnreadableBody

router = APIRouter(prefix="/sources", include_in_schema=False)
HELD_SHOWN = 100


@dataclass(frozen=True, slots=True)
class SourceLine:
    source: Source
    label: str


@dataclass(frozen=True, slots=True)
class SourceListPage:
    lines: list[SourceLine]
    may_edit: bool


@dataclass(frozen=True, slots=True)
class KindsPage:
    """Which tool it is."""

    adapters: list[Adapter]


@dataclass(frozen=True, slots=True)
class Trial:
    """What would become of the sample; ``error``: nothing, because it cannot be read."""

    foreseen: list[Foreseen] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)
    error: str = ""


@dataclass(frozen=True, slots=True)
class HeldLine:
    """What the source holds, in words. ``sensor_id``: for its page."""

    hold: Hold
    system: str
    sensor: str
    sensor_id: str


@dataclass(frozen=True, slots=True)
class SourcePage:
    """One source, or a new one (``source`` None). ``receiver`` and ``snippet`` are there once it is saved."""

    source: Source | None
    adapter: Adapter
    form: SourceForm
    fields: list[FormField]
    errors: Mapping[str, str]
    trial: Trial | None
    may_edit: bool
    makes_keys: bool
    receiver: str = ""
    snippet: str = ""
    held: list[HeldLine] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


@router.get("")
async def show_sources(request: Request, caller: Viewer, ports: PortsDep) -> Response:
    """The list, by name."""
    found = await saving.list_sources(ports, caller.tenant)
    lines = [SourceLine(one, adapter_of(one.kind).label) for one in found]
    return await page(request, "sources/list.html", SourceListPage(lines, may_edit(caller)))


@router.get("/new")
async def show_new(request: Request, caller: Editor, ports: PortsDep, kind: str = "") -> Response:
    """Which tool it is, then its form."""
    if not kind:
        return await page(request, "sources/kinds.html", KindsPage(list(ADAPTERS.values())))
    adapter = _adapter(kind)
    return await _show(request, ports, caller, None, adapter, new_form(adapter))


@router.post("/new")
async def save_new(request: Request, caller: Editor, ports: PortsDep, kind: str = "") -> Response:
    """A button of the form: add it, or try the sample."""
    adapter = _adapter(kind)
    sent = await request.form()
    form = read_form(adapter, sent)
    if sent.get("do") == "try":
        return await _try(request, ports, caller, None, adapter, form)
    try:
        made = await saving.create_source(ports, caller.tenant, form.draft(adapter), caller.name)
    except SourceRefused as refused:
        errors = errors_of(adapter, refused)
        return await _show(request, ports, caller, None, adapter, form, errors=errors)
    return see_other(f"/sources/{made.id}", "The source is there. Give the other tool its address and a key.")


@router.get("/{source_id}")
async def show_source(source_id: str, request: Request, caller: Viewer, ports: PortsDep) -> Response:
    """One source."""
    found = await _find(ports, caller, source_id)
    return await _show(request, ports, caller, found, adapter_of(found.kind), form_of(found))


@router.post("/{source_id}")
async def save_source(
    source_id: str, request: Request, caller: Editor, ports: PortsDep, evaluator: EvaluatorDep
) -> Response:
    """A button of the form: save it, or try the sample."""
    found = await _find(ports, caller, source_id)
    adapter = adapter_of(found.kind)
    sent = await request.form()
    form = read_form(adapter, sent)
    if sent.get("do") == "try":
        return await _try(request, ports, caller, found, adapter, form)
    try:
        await saving.change_source(
            ports, evaluator, caller.tenant, source_id, form.draft(adapter), caller.name
        )
    except SourceRefused as refused:
        errors = errors_of(adapter, refused)
        return await _show(request, ports, caller, found, adapter, form, errors=errors)
    return see_other(f"/sources/{source_id}", "Saved.")


@router.post("/{source_id}/delete")
async def save_deleted(source_id: str, caller: Editor, ports: PortsDep, evaluator: EvaluatorDep) -> Response:
    """Clear what it holds and forget it."""
    if not await saving.delete_source(ports, evaluator, caller.tenant, source_id, caller.name):
        raise NotFound("source")
    return see_other("/sources", "The source was deleted; what it held is cleared.")


async def _try(
    request: Request,
    ports: Ports,
    caller: Caller,
    found: Source | None,
    adapter: Adapter,
    form: SourceForm,
) -> Response:
    try:
        settings = saving.check_settings(adapter, form.draft(adapter).settings)
        delivery = Delivery(form.sample.encode("utf-8", "replace"), headers_of(form.headers))
        trial = Trial(*await preview(ports, caller.tenant, adapter.kind, settings, delivery))
    except SourceRefused as refused:
        errors = errors_of(adapter, refused)
        return await _show(request, ports, caller, found, adapter, form, errors=errors)
    except UnreadableBody as error:
        trial = Trial(error=f"{str(error)[:1].upper()}{str(error)[1:]}.")
    return await _show(request, ports, caller, found, adapter, form, trial=trial)


async def _show(
    request: Request,
    ports: Ports,
    caller: Caller,
    found: Source | None,
    adapter: Adapter,
    form: SourceForm,
    *,
    errors: Mapping[str, str] | None = None,
    trial: Trial | None = None,
) -> Response:
    context = SourcePage(
        found,
        adapter,
        form,
        fields_of(adapter, form),
        errors or {},
        trial,
        may_edit(caller),
        caller.may(Role.ADMIN),
    )
    if found is not None:
        context = await _with_state(ports, caller.tenant, context, found)
    return await page(request, "sources/source.html", context, 422 if errors else 200)


async def _with_state(ports: Ports, tenant: int, context: SourcePage, found: Source) -> SourcePage:
    receiver = f"{ports.monitoring_url}/api/v1/sources/{found.id}/receive"
    held = await saving.list_holds(ports, tenant, found.id, HELD_SHOWN)
    return replace(
        context,
        receiver=receiver,
        snippet=context.adapter.snippet(receiver),
        held=await ports.db.read(_held_lines, tenant, held),
        faults=await saving.list_faults(ports, tenant, found.id),
    )


def _held_lines(conn: Connection, tenant: int, held: list[Hold]) -> list[HeldLine]:
    names = names_in(conn, tenant, {hold.system for hold in held})
    known = sensors.find_sensors_by_idx(conn, tenant, {hold.sensor for hold in held})
    return [
        HeldLine(hold, names[hold.system], known[hold.sensor].name, known[hold.sensor].guid) for hold in held
    ]


async def _find(ports: Ports, caller: Caller, source_id: str) -> Source:
    found = await saving.find_source(ports, caller.tenant, source_id)
    if found is None:
        raise NotFound("source")
    return found


def _adapter(kind: str) -> Adapter:
    try:
        return ADAPTERS[kind]
    except KeyError as error:
        raise Problem(422, "no such kind of source", "Choose one under Sources, Add a source.") from error
