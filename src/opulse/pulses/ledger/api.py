"""The ledger as JSON."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel

from opulse.ports import Ports
from opulse.pulses.ledger.flow import explain, ledger
from opulse.pulses.ledger.models import SENTENCES
from opulse.web.access import Caller, api_editor, api_viewer, ports_of

router = APIRouter(prefix="/api/v1", tags=["ledger"])
PortsDep = Annotated[Ports, Depends(ports_of)]


class LedgerView(BaseModel):
    """``states`` sum to ``total``; ``sentences`` say what each state means."""

    activation: str
    total: int
    states: dict[str, int]
    sentences: dict[str, str]


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
        total=found.total,
        states={state.value: count for state, count in found.states.items()},
        sentences={state.value: SENTENCES[state] for state in found.states},
    )


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
