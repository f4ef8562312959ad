"""JSON routes of Ask Now."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from opulse.experience.extensions.ask_now.flow import ask_now, foresee
from opulse.experience.extensions.ask_now.models import AskProblem, Wanted
from opulse.ports import Ports
from opulse.web.access import Caller, api_editor, ports_of
from opulse.web.errors import Problem

router = APIRouter(prefix="/api/v1", tags=["workflows"])
PortsDep = Annotated[Ports, Depends(ports_of)]
Editor = Annotated[Caller, Depends(api_editor)]


class AskIn(BaseModel):
    """One of ``group``, ``list`` and ``people`` (addresses, names or external references). ``key``: sent twice, it asks once."""

    model_config = ConfigDict(extra="forbid")
    directory: str
    survey: str
    group: str = ""
    list_id: str = Field(default="", alias="list")
    people: str | list[str] = Field(default="")
    subject: str = Field(default="", max_length=500)
    message: str = Field(default="", max_length=20_000)
    key: str = Field(default="", max_length=100)

    def wanted(self) -> Wanted:
        people = self.people if isinstance(self.people, str) else "\n".join(self.people)
        return Wanted(
            self.directory,
            self.survey,
            self.group,
            self.list_id,
            people,
            self.subject,
            self.message,
            self.key,
        )


class UnknownLine(BaseModel):
    written: str
    reason: str


class Foresight(BaseModel):
    """What asking would do now. ``reasons``: of those held and spared."""

    people: int
    asked: int
    held: int
    spared: int
    reasons: dict[str, int]
    names: list[str]
    unknown: list[UnknownLine]


class Started(BaseModel):
    run: str
    workflow: str
    people: int


@router.post("/ask-now/preview", operation_id="preview_ask_now")
async def post_preview(body: AskIn, ports: PortsDep, caller: Editor) -> Foresight:
    """Who would be asked, held and spared, and who was not found. Nothing is sent."""
    try:
        seen = await foresee(ports, caller.tenant, body.wanted())
    except AskProblem as error:
        raise Problem(422, "nobody can be asked so", str(error), problems=error.problems) from error
    return Foresight(
        people=len(seen.found.contacts),
        asked=seen.asked,
        held=seen.held,
        spared=seen.spared,
        reasons=dict(seen.reasons),
        names=list(seen.names),
        unknown=[UnknownLine(written=written, reason=why) for written, why in seen.found.unknown],
    )


@router.post("/ask-now", operation_id="ask_now", status_code=202)
async def post_ask(body: AskIn, ports: PortsDep, caller: Editor) -> Started:
    """Ask them. Lines that name nobody are left out."""
    try:
        run = await ask_now(ports, caller.tenant, body.wanted(), caller.name)
    except AskProblem as error:
        raise Problem(422, "nobody can be asked so", str(error), problems=error.problems) from error
    return Started(run=run.id, workflow=run.workflow, people=run.selection.count if run.selection else 0)
