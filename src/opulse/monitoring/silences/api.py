"""``/api/v1/silences`` and ``/api/v1/inhibitions``: of what nobody is told, and what a silence or a window would hide."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import AwareDatetime, BaseModel, Field
from sqlalchemy import Connection

from opulse.monitoring.activations.models import Activation
from opulse.monitoring.activations.views import get_activation
from opulse.monitoring.sensors.api.states import EvaluatorDep
from opulse.monitoring.silences.flow import previewing, reading, setting
from opulse.monitoring.silences.flow.muting import find_mute
from opulse.monitoring.silences.models import (
    Inhibition,
    Mute,
    MuteOutcome,
    MuteReason,
    Silence,
    SilenceDraft,
    SilenceRefused,
)
from opulse.ports import Ports
from opulse.web.access import Caller, api_editor, api_viewer, ports_of
from opulse.web.errors import NotFound, Problem

router = APIRouter(tags=["silences"])

PortsDep = Annotated[Ports, Depends(ports_of)]
Editor = Annotated[Caller, Depends(api_editor)]
Viewer = Annotated[Caller, Depends(api_viewer)]


class SilenceBody(BaseModel):
    """What is empty matches anything: a silence without the three is one of everything."""

    comment: str = Field(description="Why: it is shown where somebody wonders why nobody was told.")
    notification_id: str = ""
    sensor: str = Field("", description="A sensor's name: notifications that watch it match.")
    group_id: str = Field("", description="Notifications that watch this very group match.")
    starts_at: AwareDatetime
    ends_at: AwareDatetime

    def draft(self) -> SilenceDraft:
        return SilenceDraft(
            self.comment, self.notification_id, self.sensor, self.group_id, self.starts_at, self.ends_at
        )


class SilenceView(SilenceBody):
    silence_id: str
    created_by: str
    created_at: AwareDatetime


class SilenceList(BaseModel):
    silences: list[SilenceView]


class HiddenView(BaseModel):
    """A notification that would be touched, with the systems that it counts now and then."""

    notification_id: str
    name: str
    is_open: bool
    count: int
    count_then: int


class HiddenList(BaseModel):
    hidden: list[HiddenView]


class MuteView(BaseModel):
    """``words`` are the silence's comment, or the name of the cause."""

    reason: MuteReason
    words: str
    since: AwareDatetime
    outcome: MuteOutcome
    ended_at: AwareDatetime | None


class MuteAnswer(BaseModel):
    """``mute`` null: nothing kept its recipients from being told."""

    mute: MuteView | None


class InhibitionBody(BaseModel):
    """Ids of notifications. While ``cause`` has an open activation, nobody is told of activations of ``symptoms``."""

    cause: str
    symptoms: list[str]


class InhibitionView(InhibitionBody):
    inhibition_id: str
    created_by: str
    created_at: AwareDatetime


class InhibitionList(BaseModel):
    inhibitions: list[InhibitionView]


@router.get("/api/v1/silences", operation_id="list_silences")
async def list_silences(ports: PortsDep, caller: Viewer) -> SilenceList:
    """Those that are not over, by their end."""
    found = await ports.db.read(reading.list_silences, caller.tenant, ports.clock.now())
    return SilenceList(silences=[_silence_view(silence) for silence in found])


@router.post("/api/v1/silences", operation_id="set_silence", status_code=201)
async def post_silence(given: SilenceBody, ports: PortsDep, caller: Editor) -> SilenceView:
    """Activations open as ever; nobody is told of them. What is open when the silence ends is told then."""
    try:
        return _silence_view(await setting.set_silence(ports, caller.tenant, caller.name, given.draft()))
    except SilenceRefused as refused:
        raise _invalid(refused) from refused


@router.post("/api/v1/silences/preview", operation_id="preview_silence")
async def post_preview(
    given: SilenceBody, ports: PortsDep, evaluator: EvaluatorDep, caller: Viewer
) -> HiddenList:
    """The notifications of which nobody would be told, were it to begin now."""
    try:
        found = await previewing.preview_silence(ports, evaluator, caller.tenant, given.draft())
    except SilenceRefused as refused:
        raise _invalid(refused) from refused
    return _hidden_view(found)


@router.delete("/api/v1/silences/{silence_id}", operation_id="end_silence", status_code=204)
async def delete_silence(silence_id: str, ports: PortsDep, caller: Editor) -> None:
    """End it now."""
    if await setting.end_silence(ports, caller.tenant, caller.name, silence_id) is None:
        raise NotFound("silence")


@router.get("/api/v1/activations/{activation_id}/mute", operation_id="get_activation_mute")
async def get_mute(activation_id: str, ports: PortsDep, caller: Viewer) -> MuteAnswer:
    """What kept its recipients from being told, if anything did."""

    def query(conn: Connection) -> tuple[Activation | None, Mute | None]:
        activation = get_activation(conn, caller.tenant, activation_id)
        return activation, find_mute(conn, caller.tenant, activation_id)

    activation, found = await ports.db.read(query)
    if activation is None:
        raise NotFound("activation")
    return MuteAnswer(mute=None if found is None else _mute_view(found))


@router.get("/api/v1/maintenance-windows/preview", operation_id="preview_maintenance_window")
async def get_window_preview(
    group_id: str, ports: PortsDep, evaluator: EvaluatorDep, caller: Viewer
) -> HiddenList:
    """The notifications that would count other systems, were the group worked on now."""
    return _hidden_view(await previewing.preview_window(ports, evaluator, caller.tenant, group_id))


@router.get("/api/v1/inhibitions", operation_id="list_inhibitions")
async def list_inhibitions(ports: PortsDep, caller: Viewer) -> InhibitionList:
    found = await ports.db.read(reading.list_inhibitions, caller.tenant)
    return InhibitionList(inhibitions=[_inhibition_view(inhibition) for inhibition in found])


@router.post("/api/v1/inhibitions", operation_id="set_inhibition", status_code=201)
async def post_inhibition(given: InhibitionBody, ports: PortsDep, caller: Editor) -> InhibitionView:
    try:
        return _inhibition_view(
            await setting.set_inhibition(ports, caller.tenant, caller.name, given.cause, given.symptoms)
        )
    except SilenceRefused as refused:
        raise _invalid(refused) from refused


@router.delete("/api/v1/inhibitions/{inhibition_id}", operation_id="delete_inhibition", status_code=204)
async def delete_inhibition(inhibition_id: str, ports: PortsDep, caller: Editor) -> None:
    if not await setting.delete_inhibition(ports, caller.tenant, caller.name, inhibition_id):
        raise NotFound("inhibition")


def _invalid(refused: SilenceRefused) -> Problem:
    problems = [
        {"where": problem.field, "reason": problem.fault.value, "what": problem.text}
        for problem in refused.problems
    ]
    return Problem(422, "it cannot be saved", str(refused), errors=problems)


def _mute_view(found: Mute) -> MuteView:
    return MuteView(
        reason=found.reason,
        words=found.words,
        since=found.since,
        outcome=found.outcome,
        ended_at=found.ended_at,
    )


def _silence_view(silence: Silence) -> SilenceView:
    return SilenceView(
        silence_id=silence.id,
        comment=silence.comment,
        notification_id=silence.notification,
        sensor=silence.sensor,
        group_id=silence.group,
        starts_at=silence.starts_at,
        ends_at=silence.ends_at,
        created_by=silence.created_by,
        created_at=silence.created_at,
    )


def _inhibition_view(inhibition: Inhibition) -> InhibitionView:
    return InhibitionView(
        inhibition_id=inhibition.id,
        cause=inhibition.cause,
        symptoms=list(inhibition.symptoms),
        created_by=inhibition.created_by,
        created_at=inhibition.created_at,
    )


def _hidden_view(found: list[previewing.Hidden]) -> HiddenList:
    return HiddenList(
        hidden=[
            HiddenView(
                notification_id=one.notification,
                name=one.name,
                is_open=one.is_open,
                count=one.count,
                count_then=one.count_then,
            )
            for one in found
        ]
    )
