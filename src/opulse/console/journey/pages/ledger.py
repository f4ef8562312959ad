"""The conservation ledger of one activation: the sum, the states, the systems in them, and files of it."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response, StreamingResponse

from opulse.console.journey.models import LedgerFilter, LedgerPage
from opulse.console.journey.told import find_activation
from opulse.ports import Ports
from opulse.pulses.ledger import (
    MEDIA_TYPES,
    FileKind,
    SystemsPage,
    ledger,
    ledger_table,
    list_systems,
    read_wanted,
)
from opulse.web.access import Caller, needs_viewer, ports_of
from opulse.web.errors import NotFound, Problem
from opulse.web.layout import page
from opulse.web.roles import Role

router = APIRouter(include_in_schema=False)

PortsDep = Annotated[Ports, Depends(ports_of)]
Viewer = Annotated[Caller, Depends(needs_viewer)]
SHOWN = 50


def _read_filter(
    state: Annotated[str, Query(max_length=40)] = "",
    group: Annotated[str, Query(max_length=40)] = "",
    wave: Annotated[str, Query(max_length=6)] = "",
    q: Annotated[str, Query(max_length=200)] = "",
) -> LedgerFilter:
    return LedgerFilter(state, group, wave.strip(), q.strip())


Filter = Annotated[LedgerFilter, Depends(_read_filter)]


@router.get("/activations/{activation}/ledger")
async def show_ledger(
    request: Request,
    activation: str,
    ports: PortsDep,
    caller: Viewer,
    chosen: Filter,
    after: Annotated[str, Query(max_length=300)] = "",
) -> Response:
    """Every affected system in one state, and the sum. Viewers see devices and no people."""
    found = await ports.db.read(find_activation, caller.tenant, activation)
    if found is None:
        raise NotFound("activation")
    people, problem, systems = caller.may(Role.EDITOR), "", SystemsPage((), "")
    try:
        wanted = read_wanted(chosen.state, chosen.group, chosen.wave, chosen.q, people=people)
        systems = await list_systems(ports, caller.tenant, activation, wanted, after, SHOWN)
    except ValueError as error:
        problem = str(error)
    context = LedgerPage(
        found,
        await ledger(ports, caller.tenant, activation),
        chosen,
        tuple(one if people else one.without_people() for one in systems.found),
        _onward(activation, chosen, systems.next),
        people,
        problem,
        first=not after,
    )
    return await page(request, "journey/ledger.html", context, 422 if problem else 200)


@router.get("/activations/{activation}/ledger.csv")
async def show_ledger_csv(activation: str, ports: PortsDep, caller: Viewer, chosen: Filter) -> Response:
    """What the page shows, all of it, for a spreadsheet."""
    return await _file(ports, caller, activation, chosen, FileKind.CSV)


@router.get("/activations/{activation}/ledger.ndjson")
async def show_ledger_ndjson(activation: str, ports: PortsDep, caller: Viewer, chosen: Filter) -> Response:
    """What the page shows, all of it, one JSON object per line."""
    return await _file(ports, caller, activation, chosen, FileKind.NDJSON)


async def _file(
    ports: Ports, caller: Caller, activation: str, chosen: LedgerFilter, kind: FileKind
) -> Response:
    people = caller.may(Role.EDITOR)
    try:
        wanted = read_wanted(chosen.state, chosen.group, chosen.wave, chosen.q, people=people)
    except ValueError as error:
        raise Problem(422, "no such filter", f"{error}.") from error
    lines = await ledger_table(ports, caller.tenant, activation, wanted, kind, names=people)
    named = {"Content-Disposition": f'attachment; filename="ledger.{kind.value}"'}
    return StreamingResponse(lines, media_type=MEDIA_TYPES[kind], headers=named)


def _onward(activation: str, chosen: LedgerFilter, after: str) -> str:
    """The address of the systems behind ``after``, under the same filter; empty: there are none."""
    if not after:
        return ""
    filters = f"{chosen.query}&" if chosen.query else ""
    return f"/activations/{quote(activation, safe='')}/ledger?{filters}after={quote(after, safe='')}#systems"
