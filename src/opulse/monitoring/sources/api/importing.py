"""``POST /api/v1/sources/prometheus-rules``: the alerting rules of a file become sensors."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel

from opulse.monitoring.sources.api.shared import EvaluatorDep, PortsDep, read_body
from opulse.monitoring.sources.flow.importing import Imported, check_rules, import_rules
from opulse.monitoring.sources.prometheus_rules.models import MOST_BYTES
from opulse.monitoring.sources.prometheus_rules.rules import SEVERITIES, read_rules
from opulse.web.access import Caller, api_editor
from opulse.web.errors import Problem
from opulse.wire.errors import UnreadableBody

router = APIRouter(prefix="/api/v1/sources", tags=["sources"])


class RuleLeftView(BaseModel):
    where: str
    reason: str
    detail: str


class ImportedView(BaseModel):
    """Names of sensors. ``known`` ones stay as they are; ``recording`` rules are no alerts."""

    checked_only: bool
    added: list[str]
    known: list[str]
    left: list[RuleLeftView]
    recording: int


@router.post(
    "/prometheus-rules",
    operation_id="import_prometheus_rules",
    openapi_extra={"requestBody": {"content": {"application/yaml": {}}, "required": True}},
)
async def post_rules(
    request: Request,
    ports: PortsDep,
    evaluator: EvaluatorDep,
    caller: Annotated[Caller, Depends(api_editor)],
    check: bool = False,
    instanced: bool = False,
    severities: Annotated[str, Query(max_length=500)] = SEVERITIES,
) -> ImportedView:
    """Make a sensor of every alerting rule whose name is new; the body is the rule file. With `check` nothing is changed."""
    body = await read_body(request, MOST_BYTES)
    try:
        read = await asyncio.to_thread(read_rules, body, severities)
    except UnreadableBody as error:
        raise Problem(422, "the rule file cannot be read", str(error)) from error
    except ValueError as error:
        raise Problem(422, "the severities cannot be read", str(error)) from error
    if check:
        return _view(await check_rules(ports, caller.tenant, read), checked_only=True)
    done = await import_rules(ports, evaluator, caller.tenant, read, caller.name, instanced=instanced)
    return _view(done, checked_only=False)


def _view(done: Imported, *, checked_only: bool) -> ImportedView:
    return ImportedView(
        checked_only=checked_only,
        added=done.added,
        known=done.known,
        left=[
            RuleLeftView(where=one.where, reason=one.problem.value, detail=one.detail) for one in done.left
        ],
        recording=done.recording,
    )
