"""``/api/v1/sources``: other tools whose webhooks are taken."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import AwareDatetime, BaseModel, Field

from opulse.monitoring.sources.api.shared import EvaluatorDep, PortsDep, left_views, refusal
from opulse.monitoring.sources.flow import saving
from opulse.monitoring.sources.flow.previewing import preview
from opulse.monitoring.sources.models import (
    Delivery,
    Fault,
    Foreseen,
    Source,
    SourceDraft,
    SourceRefused,
)
from opulse.monitoring.sources.registry import adapter_of
from opulse.ports import Ports
from opulse.web.access import Caller, api_editor, api_viewer
from opulse.web.errors import NotFound, Problem
from opulse.wire.errors import UnreadableBody

router = APIRouter(prefix="/api/v1/sources", tags=["sources"])


class SourceBody(BaseModel):
    """``life_seconds``: a state that is not named again within it is cleared; 0: never; absent: as usual for the kind."""

    kind: str
    name: str = Field(max_length=200)
    settings: dict[str, Any] = {}
    life_seconds: int | None = None
    enabled: bool = True


class SourceView(BaseModel):
    """``held``: states that it holds triggered now; ``faults``: refused items that are remembered."""

    source_id: str
    kind: str
    name: str
    enabled: bool
    settings: dict[str, Any]
    life_seconds: int
    receiver: str
    received: int
    received_at: AwareDatetime | None
    held: int
    faults: int
    sensors_made: int


class SourceList(BaseModel):
    sources: list[SourceView]


class FaultView(BaseModel):
    """A refused item; ``count`` times it came."""

    what: str
    reason: str
    detail: str
    count: int
    first_at: AwareDatetime
    last_at: AwareDatetime


class FullSource(SourceView):
    last_faults: list[FaultView]
    snippet: str


class PreviewBody(BaseModel):
    """``sample``: a request's body as text, with its headers where those matter (CloudEvents)."""

    kind: str
    settings: dict[str, Any] = {}
    sample: str = Field(max_length=1_000_000)
    headers: dict[str, str] = {}


class ForeseenView(BaseModel):
    index: int
    sensor: str
    sensor_known: bool
    system: str
    system_name: str
    instance: str
    triggered: bool
    since: AwareDatetime | None


class PreviewView(BaseModel):
    """What would become of the sample."""

    signals: list[ForeseenView]
    left: list[dict[str, Any]]


@router.get("", operation_id="list_sources")
async def list_sources(ports: PortsDep, caller: Annotated[Caller, Depends(api_viewer)]) -> SourceList:
    """All sources, by name."""
    found = await saving.list_sources(ports, caller.tenant)
    return SourceList(sources=[SourceView(**_view(ports, one)) for one in found])


@router.post("", operation_id="create_source", status_code=201)
async def post_source(
    body: SourceBody, ports: PortsDep, caller: Annotated[Caller, Depends(api_editor)]
) -> SourceView:
    """Add a source."""
    try:
        made = await saving.create_source(ports, caller.tenant, _draft(body), caller.name)
    except SourceRefused as error:
        raise refusal(error) from error
    return SourceView(**_view(ports, made))


@router.post("/preview", operation_id="preview_source")
async def post_preview(
    body: PreviewBody, ports: PortsDep, caller: Annotated[Caller, Depends(api_viewer)]
) -> PreviewView:
    """What would become of a sample under these settings; nothing is taken."""
    headers = {name.lower(): value for name, value in body.headers.items()}
    try:
        settings = saving.check_settings(saving.find_adapter(body.kind), body.settings)
        delivery = Delivery(body.sample.encode("utf-8", "replace"), headers)
        foreseen, left = await preview(ports, caller.tenant, body.kind, settings, delivery)
    except SourceRefused as error:
        raise refusal(error) from error
    except UnreadableBody as error:
        raise Problem(422, "the sample cannot be read", str(error)) from error
    return PreviewView(signals=[_foreseen(one) for one in foreseen], left=left_views(left))


@router.get("/{source_id}", operation_id="get_source")
async def get_source(
    source_id: str, ports: PortsDep, caller: Annotated[Caller, Depends(api_viewer)]
) -> FullSource:
    """One source, with what it refused lately and what to paste into the other tool."""
    found = await saving.find_source(ports, caller.tenant, source_id)
    if found is None:
        raise NotFound("source")
    faults = await saving.list_faults(ports, caller.tenant, source_id)
    return FullSource(
        **_view(ports, found),
        last_faults=[_fault(one) for one in faults],
        snippet=adapter_of(found.kind).snippet(receiver_of(ports, found)),
    )


@router.put("/{source_id}", operation_id="change_source")
async def put_source(
    source_id: str,
    body: SourceBody,
    ports: PortsDep,
    evaluator: EvaluatorDep,
    caller: Annotated[Caller, Depends(api_editor)],
) -> SourceView:
    """Change a source; its kind stays. Switched off, it lets go of what it holds."""
    try:
        saved = await saving.change_source(
            ports, evaluator, caller.tenant, source_id, _draft(body), caller.name
        )
    except SourceRefused as error:
        raise refusal(error) from error
    if saved is None:
        raise NotFound("source")
    return SourceView(**_view(ports, saved))


@router.delete("/{source_id}", operation_id="delete_source", status_code=204)
async def delete_source(
    source_id: str,
    ports: PortsDep,
    evaluator: EvaluatorDep,
    caller: Annotated[Caller, Depends(api_editor)],
) -> None:
    """Clear what it holds and forget it; the sensors that it added stay."""
    if not await saving.delete_source(ports, evaluator, caller.tenant, source_id, caller.name):
        raise NotFound("source")


def receiver_of(ports: Ports, source: Source) -> str:
    """The address that the other tool sends to."""
    return f"{ports.monitoring_url}/api/v1/sources/{source.id}/receive"


def _draft(body: SourceBody) -> SourceDraft:
    return SourceDraft(body.kind, body.name, body.settings, body.life_seconds, body.enabled)


def _view(ports: Ports, source: Source) -> dict[str, Any]:
    return {
        "source_id": source.id,
        "kind": source.kind,
        "name": source.name,
        "enabled": source.enabled,
        "settings": dict(source.settings),
        "life_seconds": (source.life or timedelta()) // timedelta(seconds=1),
        "receiver": receiver_of(ports, source),
        "received": source.received,
        "received_at": source.received_at,
        "held": source.held,
        "faults": source.faults,
        "sensors_made": source.made,
    }


def _fault(fault: Fault) -> FaultView:
    return FaultView(
        what=fault.what,
        reason=fault.reason.value,
        detail=fault.detail,
        count=fault.count,
        first_at=fault.first_at,
        last_at=fault.last_at,
    )


def _foreseen(one: Foreseen) -> ForeseenView:
    return ForeseenView(
        index=one.signal.index,
        sensor=one.signal.sensor,
        sensor_known=one.sensor_known,
        system=one.signal.system,
        system_name=one.system_name,
        instance=one.signal.instance,
        triggered=one.signal.triggered,
        since=one.signal.at,
    )
