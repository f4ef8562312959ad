"""``/api/v1/sensor-states`` and ``/api/v1/agent-config``: what machines say and what they are told (bodies: ``opulse.wire``)."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Request, Response
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp

from opulse.monitoring.sensors.flow.agents import groups_of, make_config
from opulse.monitoring.sensors.flow.evaluator import Evaluator
from opulse.monitoring.sensors.flow.ingest import take_batch
from opulse.monitoring.sensors.flow.logons import take_users
from opulse.monitoring.sensors.flow.prompts import PromptSource, exchange_prompts
from opulse.monitoring.sensors.rules.columns import columns_of_packed, columns_of_rows
from opulse.ports import Ports
from opulse.web.access import Caller, agent_only, ingest, ports_of
from opulse.web.errors import NotFound, Problem
from opulse.web.express import Express
from opulse.web.roles import Role
from opulse.wire.desktop_prompts import PromptReport
from opulse.wire.errors import UnreadableBody
from opulse.wire.sensor_states import LoggedOnUser, decode_batch
from opulse.wire.sensor_states_packed import MEDIA_TYPE, decode_packed

router = APIRouter(prefix="/api/v1", tags=["agents"])

PATH = "/api/v1/sensor-states"
_PACKED = MEDIA_TYPE.encode()
MOST_BYTES = 8_000_000
"""Of one batch: 10,000 changes with long names are below 5 MB; 100,000 packed lines of as many systems are 3 MB."""


async def evaluator_of(request: Request) -> Evaluator:
    """The process's evaluator, put there by ``bootstrap``."""
    evaluator: Evaluator = request.app.state.evaluator
    return evaluator


EvaluatorDep = Annotated[Evaluator, Depends(evaluator_of)]


async def take_states(request: Request, caller: Caller) -> bytes:
    """The answer to the batch of a caller that the guard let in."""
    body = await _read_body(request)
    users: list[LoggedOnUser] | None = None
    reports: list[PromptReport] | None = None
    try:
        if _is_packed(request):
            columns = columns_of_packed(decode_packed(body))
        else:
            read = decode_batch(body)
            columns, users, reports = columns_of_rows(read), read.batch.users, read.batch.prompts
        if (users is not None or reports) and caller.role is not Role.AGENT:
            raise UnreadableBody("users and prompts are told by the agent of a system, with a key of its own")
    except UnreadableBody as error:
        raise Problem(400, "the batch cannot be read", str(error)) from error
    state = request.app.state
    answer = await take_batch(state.ports, state.evaluator, caller, columns)
    if users is not None:
        await take_users(state.ports, caller, users, answer)
    prompts: PromptSource | None = getattr(state, "prompts", None)
    if prompts is not None and caller.role is Role.AGENT:
        return await exchange_prompts(state.ports, prompts, caller, reports or (), answer)
    return answer


@router.post(
    "/sensor-states",
    operation_id="post_sensor_states",
    status_code=202,
    openapi_extra={"requestBody": {"content": {"application/json": {}, MEDIA_TYPE: {}}, "required": True}},
)
async def post_sensor_states(request: Request, caller: Annotated[Caller, Depends(ingest)]) -> Response:
    """Take a batch, in rows or packed. 202 means that it is durable; refused lines are named by index, old systems by GUID."""
    return Response(await take_states(request, caller), 202, media_type="application/json")


def make_express(app: Starlette, rest: ASGIApp) -> Express[Caller]:
    """The same route, before everything else that ``app`` does."""
    return Express(app, rest, PATH, ingest, take_states)


@router.get("/agent-config", operation_id="get_agent_config")
async def get_agent_config(
    evaluator: EvaluatorDep,
    ports: Annotated[Ports, Depends(ports_of)],
    caller: Annotated[Caller, Depends(agent_only)],
    if_none_match: Annotated[str, Header()] = "",
) -> Response:
    """What this key's agent is to evaluate; 304 when it has that already."""
    if not caller.scope:
        raise NotFound("system")
    await evaluator.ready(caller.tenant)
    system, sensors = caller.scope[0].lower(), evaluator.sensors(caller.tenant)
    groups = await groups_of(evaluator, ports.db, caller.tenant, system)
    body, etag = make_config(system, sensors, groups)
    headers = {"ETag": etag, "Cache-Control": "no-cache"}
    if etag in (tag.strip().removeprefix("W/") for tag in if_none_match.split(",")):
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type="application/json")


def _is_packed(request: Request) -> bool:
    for name, kind in request.scope["headers"]:
        if name == b"content-type":
            return bool(kind.startswith(_PACKED))
    return False


async def _read_body(request: Request) -> bytes:
    """The body, given up as soon as it is too long."""
    parts: list[bytes] = []
    size, more = 0, True
    while more:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
        size += len(parts[-1])
        if size > MOST_BYTES:
            raise Problem(
                413, "the batch is too large", f"A batch is at most {MOST_BYTES:,} bytes; send several."
            )
    return parts[0] if len(parts) == 1 else b"".join(parts)
