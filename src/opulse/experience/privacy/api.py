"""Erasures and terms as JSON; for administrators and machines' keys."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from opulse.experience.privacy import views
from opulse.experience.privacy.flow.erasing import erase, look_for, read_keys
from opulse.experience.privacy.flow.retention import set_terms
from opulse.experience.privacy.models import Erasure, ErasureState, PrivacyRefused, Terms
from opulse.ports import Ports
from opulse.web.access import Caller, api_admin, ports_of
from opulse.web.errors import NotFound, Problem

router = APIRouter(prefix="/api/v1/privacy", tags=["privacy"])

PortsDep = Annotated[Ports, Depends(ports_of)]
Admin = Annotated[Caller, Depends(api_admin)]


class KeysIn(BaseModel):
    """Addresses, external references or contact ids of at most 500 people."""

    keys: list[str] = Field(max_length=500)


class FoundView(BaseModel):
    contacts: int
    invitations: int
    answers: int
    reached: int
    unknown: list[str]


class ErasureView(BaseModel):
    """``report``: what was erased → how many rows. Whom it was about is not kept."""

    id: str
    state: ErasureState
    people: int
    report: dict[str, int]
    created_at: datetime
    done_at: datetime | None


class TermsView(BaseModel):
    """Days; 0: without end."""

    answer_link: int = 30
    comments: int = 180
    mail_log: int = 90
    changes: int = 90
    refused_rows: int = 30


@router.post("/erasures/preview", operation_id="preview_erasure")
async def post_preview(body: KeysIn, ports: PortsDep, caller: Admin) -> FoundView:
    """What an erasure would touch. Nothing is written."""
    try:
        found = await look_for(ports, caller.tenant, read_keys("\n".join(body.keys)))
    except PrivacyRefused as error:
        raise Problem(422, "nobody is named", str(error)) from error
    return FoundView(**asdict(found))


@router.post("/erasures", operation_id="erase_people", status_code=202)
async def post_erasure(body: KeysIn, ports: PortsDep, caller: Admin) -> ErasureView:
    """Forget these people, in the background. It cannot be undone."""
    try:
        return _view(await erase(ports, caller.tenant, body.keys, caller.name))
    except PrivacyRefused as error:
        raise Problem(422, "nobody is named", str(error)) from error


@router.get("/erasures/{erasure}", operation_id="get_erasure")
async def get_erasure(erasure: str, ports: PortsDep, caller: Admin) -> ErasureView:
    found = await ports.db.read(views.find_erasure, caller.tenant, erasure)
    if found is None:
        raise NotFound("erasure")
    return _view(found)


@router.get("/retention", operation_id="get_retention")
async def get_terms(ports: PortsDep, caller: Admin) -> TermsView:
    return TermsView(**asdict(await ports.db.read(views.find_terms, caller.tenant)))


@router.put("/retention", operation_id="set_retention")
async def put_terms(body: TermsView, ports: PortsDep, caller: Admin) -> TermsView:
    try:
        await set_terms(ports, caller.tenant, Terms(**body.model_dump()), caller.name)
    except PrivacyRefused as error:
        raise Problem(422, "not valid terms", str(error)) from error
    return body


def _view(one: Erasure) -> ErasureView:
    return ErasureView(
        **{name: getattr(one, name) for name in ErasureView.model_fields if name != "report"},
        report=dict(one.report),
    )
