"""``/api/v1/sensor-states`` and ``/api/v1/agent-config``: what machines say and what they are told (bodies: ``opulse.wire``)."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Request, Response

from opulse.monitoring.sensors.flow.agents import make_config
from opulse.monitoring.sensors.flow.evaluator import Evaluator
from opulse.monitoring.sensors.flow.ingest import take_batch
from opulse.ports import Ports
from opulse.web.access import Caller, agent_only, ingest, ports_of
from opulse.web.errors import NotFound, Problem
from opulse.wire.errors import UnreadableBody

router = APIRouter(prefix="/api/v1", tags=["agents"])

MOST_BYTES = 8_000_000
"""Of one batch: 10,000 changes with long names are below 5 MB."""

PortsDep = Annotated[Ports, Depends(ports_of)]


def evaluator_of(request: Request) -> Evaluator:
    """The process's evaluator, put there by ``bootstrap``."""
    evaluator: Evaluator = request.app.state.evaluator
    return evaluator


EvaluatorDep = Annotated[Evaluator, Depends(evaluator_of)]


@router.post("/sensor-states", operation_id="post_sensor_states", status_code=202)
async def post_sensor_states(
    request: Request,
    ports: PortsDep,
    evaluator: EvaluatorDep,
    caller: Annotated[Caller, Depends(ingest)],
) -> Response:
    """Take a batch. 202 means that it is durable; refused lines are named by index, old systems by GUID."""
    body = await _read_body(request)
    try:
        answer = await take_batch(ports, evaluator, caller, body)
    except UnreadableBody as error:
        raise Problem(400, "the batch cannot be read", str(error)) from error
    return Response(answer, 202, media_type="application/json")


@router.get("/agent-config", operation_id="get_agent_config")
async def get_agent_config(
    evaluator: EvaluatorDep,
    caller: Annotated[Caller, Depends(agent_only)],
    if_none_match: Annotated[str, Header()] = "",
) -> Response:
    """What this key's agent is to evaluate; 304 when it has that already."""
    if not caller.scope:
        raise NotFound("system")
    await evaluator.ready(caller.tenant)
    body, etag = make_config(caller.scope[0].lower(), evaluator.sensors(caller.tenant))
    headers = {"ETag": etag, "Cache-Control": "no-cache"}
    if etag in (tag.strip().removeprefix("W/") for tag in if_none_match.split(",")):
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type="application/json")


async def _read_body(request: Request) -> bytes:
    """The body, given up as soon as it is too long."""
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > MOST_BYTES:
            raise Problem(
                413, "the batch is too large", f"A batch is at most {MOST_BYTES:,} bytes; send several."
            )
        parts.append(part)
    return b"".join(parts)
