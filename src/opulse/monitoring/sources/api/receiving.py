"""``POST /api/v1/sources/{source_id}/receive``: where other tools send.

2xx: everything that could be taken is durable; what was left is named in the answer and on the source's page, and would be left
again, so nobody should retry. 4xx: the sender or the request is wrong, and a retry would not help. 503: try again.
"""

from __future__ import annotations

import base64
import binascii
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel
from sqlalchemy.exc import SQLAlchemyError

from opulse.monitoring.sources.api.shared import EvaluatorDep, PortsDep, left_views, read_body
from opulse.monitoring.sources.flow.receiving import receive
from opulse.monitoring.sources.models import Delivery, SourceOff
from opulse.web.access import Caller, Gate, Needs, NotAllowed, NotSignedIn, Role
from opulse.web.errors import NotFound, Problem
from opulse.wire.errors import UnreadableBody

router = APIRouter(prefix="/api/v1/sources", tags=["sources"])


class SenderDoor(Needs):
    """The key as any program sends it, or as the password of Basic: some tools can be given nothing but an address."""

    async def __call__(self, request: Request) -> Caller:
        secret = _basic_password(request)
        if not secret:
            return await super().__call__(request)
        gate: Gate = request.app.state.gate
        caller = await gate.find_by_secret(secret)
        if caller is None:
            raise NotSignedIn
        if not caller.may(*self.roles):
            raise NotAllowed(f"this needs the role {' or '.join(self.roles)}")
        request.state.caller = caller
        return caller


sender = SenderDoor(Role.GATEWAY, Role.INTEGRATION)


class LeftView(BaseModel):
    """An item that was left. ``index`` is its place in the request."""

    index: int
    what: str
    reason: str
    detail: str


class TakenView(BaseModel):
    """``taken`` counts items, ``changed`` sensor states; of those ``left`` the first 100 are named."""

    taken: int
    changed: int
    sensors_made: list[str]
    left: list[LeftView]
    left_count: int


@router.post(
    "/{source_id}/receive",
    operation_id="receive_from_source",
    status_code=202,
    openapi_extra={"requestBody": {"content": {"application/json": {}}, "required": True}},
)
async def post_received(
    source_id: str,
    request: Request,
    ports: PortsDep,
    evaluator: EvaluatorDep,
    caller: Annotated[Caller, Depends(sender)],
) -> TakenView:
    """Take what another tool says. 202: what could be taken is durable; what was left is named with its reason."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    delivery = Delivery(await read_body(request), headers)
    try:
        taken = await receive(ports, evaluator, caller, source_id, delivery)
    except UnreadableBody as error:
        raise Problem(400, "the request cannot be read", str(error)) from error
    except SourceOff as error:
        raise Problem(409, "the source is off", "Switch it on, or stop sending to it.") from error
    except (SQLAlchemyError, OSError) as error:
        raise Problem(503, "nothing can be kept now", "The database is away; send it again.") from error
    if taken is None:
        raise NotFound("source")
    return TakenView.model_validate(
        {
            "taken": taken.taken,
            "changed": taken.changed,
            "sensors_made": taken.made,
            "left": left_views(taken.left),
            "left_count": len(taken.left),
        }
    )


def _basic_password(request: Request) -> str:
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        decoded = base64.b64decode(value.strip(), validate=True).decode("latin-1")
    except (binascii.Error, ValueError):
        return ""
    return decoded.partition(":")[2].strip()
