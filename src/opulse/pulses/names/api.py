"""``POST /api/v1/systrack-names``: take over the names of a real SysTrack's sensors and groups."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from opulse.jobs import JobRetry
from opulse.monitoring.sensors.api.states import EvaluatorDep
from opulse.ports import Ports
from opulse.pulses.names.flow import list_choices, take_names
from opulse.pulses.names.models import NamesRefused, Taken, TakenNames, Wish
from opulse.web.access import Caller, api_editor, ports_of
from opulse.web.errors import Problem

router = APIRouter(prefix="/api/v1/systrack-names", tags=["sensors"])

PortsDep = Annotated[Ports, Depends(ports_of)]
Editor = Annotated[Caller, Depends(api_editor)]


class NamesBody(BaseModel):
    """``workflow_id``: its Operational Pulse task says where SysTrack is and as whom. Empty: the only one that asks elsewhere."""

    workflow_id: str = Field("", max_length=100)
    sensors: bool = True
    groups: bool = True
    check: bool = Field(False, description="Say what would be taken, and change nothing.")


class LeftView(BaseModel):
    name: str
    why: str


class NamesView(BaseModel):
    """``known``: they are here already and stay as they are."""

    added: list[str]
    known: list[str]
    left: list[LeftView]


class UnheardView(BaseModel):
    """A sensor that conditions of a workflow want and SysTrack does not have."""

    workflow_id: str
    workflow: str
    sensor: str


class TakenView(BaseModel):
    checked_only: bool
    host: str
    sensors: NamesView
    groups: NamesView
    unheard: list[UnheardView]


@router.post("", operation_id="take_systrack_names")
async def post_names(body: NamesBody, ports: PortsDep, evaluator: EvaluatorDep, caller: Editor) -> TakenView:
    """Add a custom sensor or an empty group for each name that is not here. Nothing is renamed or removed."""
    wish = Wish(await _workflow(ports, caller, body.workflow_id), body.sensors, body.groups, body.check)
    try:
        taken = await take_names(ports, caller.tenant, wish, caller.name)
    except NamesRefused as error:
        raise Problem(409, "SysTrack's names cannot be had", str(error)) from error
    except JobRetry as error:
        raise Problem(503, "SysTrack does not answer now", f"{error}. Try again in a minute.") from error
    await evaluator.follow(caller.tenant)
    return _view(taken, body.check)


async def _workflow(ports: Ports, caller: Caller, wanted: str) -> str:
    """The only one that asks elsewhere, unless one is named."""
    if wanted:
        return wanted
    choices = await list_choices(ports, caller.tenant)
    if len(choices) != 1:
        what = f"{len(choices)} workflows have an Operational Pulse task that asks another installation"
        raise Problem(409, "say which workflow", f"{what}: give the workflow_id of the one to ask by.")
    return choices[0].workflow


def _view(taken: Taken, check: bool) -> TakenView:
    return TakenView(
        checked_only=check,
        host=taken.host,
        sensors=_names(taken.sensors),
        groups=_names(taken.groups),
        unheard=[
            UnheardView(workflow_id=one.workflow, workflow=one.workflow_name, sensor=one.sensor)
            for one in taken.unheard
        ],
    )


def _names(names: TakenNames) -> NamesView:
    left = [LeftView(name=name, why=why) for name, why in names.left]
    return NamesView(added=list(names.added), known=list(names.known), left=left)
