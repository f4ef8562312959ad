"""The ledger as JSON."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from opulse.ports import Ports
from opulse.pulses.ledger.flow import explain, ledger, ledger_table, list_systems
from opulse.pulses.ledger.models import MEDIA_TYPES, SENTENCES, FileKind, SystemEnd, Wanted
from opulse.pulses.ledger.rules import read_wanted
from opulse.web.access import Caller, api_editor, api_viewer, ports_of
from opulse.web.errors import Problem
from opulse.web.roles import Role

router = APIRouter(prefix="/api/v1", tags=["ledger"])
PortsDep = Annotated[Ports, Depends(ports_of)]


class LedgerView(BaseModel):
    """``states`` sum to ``total`` and are as of ``at``, of a large incident some seconds ago; ``sentences`` explain them."""

    activation: str
    at: datetime
    total: int
    states: dict[str, int]
    sentences: dict[str, str]


class SystemEndView(BaseModel):
    """One system with its one state. ``wave`` 0: the experience side has not heard of it."""

    system: str
    name: str
    state: str
    sentence: str
    wave: int
    contact: str
    person: str
    person_name: str
    detail: str
    asked_by: str


class SystemsPageView(BaseModel):
    """``next``: give it as ``after`` for those behind; empty: there are none."""

    systems: list[SystemEndView]
    next: str


class ExplanationView(BaseModel):
    system: str
    person: str
    name: str
    state: str
    sentence: str
    detail: str
    wave: int
    asked_by: str


@router.get("/activations/{activation}/ledger", operation_id="get_ledger")
async def get_ledger(
    activation: str, ports: PortsDep, caller: Annotated[Caller, Depends(api_viewer)]
) -> LedgerView:
    found = await ledger(ports, caller.tenant, activation)
    return LedgerView(
        activation=activation,
        at=found.at,
        total=found.total,
        states={state.value: count for state, count in found.states.items()},
        sentences={state.value: SENTENCES[state] for state in found.states},
    )


def _read_filter(
    state: Annotated[str, Query(max_length=40)] = "",
    group: Annotated[str, Query(max_length=40)] = "",
    wave: Annotated[str, Query(max_length=6)] = "",
    q: Annotated[str, Query(max_length=200)] = "",
) -> Wanted:
    """Which systems. ``q``: the beginning of a device's name or GUID; for editors also of a person's name or address."""
    try:
        return read_wanted(state, group, wave, q, people=False)
    except ValueError as error:
        raise Problem(422, "no such filter", f"{error}.") from error


Filter = Annotated[Wanted, Depends(_read_filter)]


@router.get("/activations/{activation}/ledger/systems", operation_id="list_ledger_systems")
async def list_ledger_systems(
    activation: str,
    ports: PortsDep,
    caller: Annotated[Caller, Depends(api_viewer)],
    wanted: Filter,
    after: Annotated[str, Query(max_length=300)] = "",
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> SystemsPageView:
    """Every affected system with its state, in order of GUID; those nobody asked for yet come last. Viewers see no people."""
    try:
        found = await list_systems(ports, caller.tenant, activation, _for(caller, wanted), after, limit)
    except ValueError as error:
        raise Problem(422, "no such place", f"after: {error}.") from error
    names = caller.may(Role.EDITOR)
    return SystemsPageView(systems=[_system_view(one, names=names) for one in found.found], next=found.next)


def _for(caller: Caller, wanted: Wanted) -> Wanted:
    """Who may not see people may not find out who sits where by searching for them either."""
    return replace(wanted, people=caller.may(Role.EDITOR))


def _system_view(end: SystemEnd, *, names: bool) -> SystemEndView:
    shown = end if names else end.without_people()
    return SystemEndView(
        system=shown.system,
        name=shown.name,
        state=shown.state.value,
        sentence=SENTENCES[shown.state],
        wave=shown.wave,
        contact=shown.contact,
        person=shown.person,
        person_name=shown.person_name,
        detail=shown.detail,
        asked_by=shown.asked_by,
    )


@router.get(
    "/activations/{activation}/ledger.csv",
    operation_id="download_ledger_csv",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/csv": {"schema": {"type": "string", "format": "binary"}}}}},
)
async def get_ledger_csv(
    activation: str, ports: PortsDep, caller: Annotated[Caller, Depends(api_viewer)], wanted: Filter
) -> StreamingResponse:
    """The same as a file, of any number of systems; viewers get it without people."""
    return await _file(ports, caller, activation, wanted, FileKind.CSV)


@router.get(
    "/activations/{activation}/ledger.ndjson",
    operation_id="download_ledger_ndjson",
    response_class=StreamingResponse,
    responses={
        200: {"content": {"application/x-ndjson": {"schema": {"type": "string", "format": "binary"}}}}
    },
)
async def get_ledger_ndjson(
    activation: str, ports: PortsDep, caller: Annotated[Caller, Depends(api_viewer)], wanted: Filter
) -> StreamingResponse:
    """The same, one JSON object per line."""
    return await _file(ports, caller, activation, wanted, FileKind.NDJSON)


async def _file(
    ports: Ports, caller: Caller, activation: str, wanted: Wanted, kind: FileKind
) -> StreamingResponse:
    names = caller.may(Role.EDITOR)
    lines = await ledger_table(ports, caller.tenant, activation, _for(caller, wanted), kind, names=names)
    named = {"Content-Disposition": f'attachment; filename="ledger.{kind.value}"'}
    return StreamingResponse(lines, media_type=MEDIA_TYPES[kind], headers=named)


@router.get("/activations/{activation}/why", operation_id="explain_person")
async def get_why(
    activation: str,
    q: Annotated[str, Query(min_length=2, max_length=200)],
    ports: PortsDep,
    caller: Annotated[Caller, Depends(api_editor)],
) -> list[ExplanationView]:
    """Why a person or device was asked or not. Names people, so viewers may not ask it."""
    found = await explain(ports, caller.tenant, activation, q)
    return [
        ExplanationView(
            system=one.system,
            person=one.person,
            name=one.name,
            state=one.state.value,
            sentence=one.sentence,
            detail=one.detail,
            wave=one.wave,
            asked_by=one.asked_by,
        )
        for one in found
    ]
