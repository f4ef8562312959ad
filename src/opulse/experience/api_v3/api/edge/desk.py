"""What a route has in its hands: the ports, and the three forms of an answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import uuid4

from fastapi import Depends, Request
from fastapi.responses import JSONResponse

from opulse.experience.api_v3.models import Buckets
from opulse.ports import Ports
from opulse.web.access import ports_of
from opulse.web.errors import Problem
from opulse.wire.envelope import empty_envelope, page_envelope, result_envelope


def refuse(status: int, message: str, code: str | None = None) -> Problem:
    """A refusal to raise: ``code`` such as ``ESSG_2`` where the vendor has one."""
    return Problem(status, message, code=code)


def request_id_of(request: Request) -> str:
    """One per request, as the client may quote it."""
    if not hasattr(request.state, "v3_request_id"):
        request.state.v3_request_id = str(uuid4())
    found: str = request.state.v3_request_id
    return found


def buckets_of(request: Request) -> Buckets:
    """Those of this process."""
    state = request.app.state
    if not hasattr(state, "v3_buckets"):
        state.v3_buckets = Buckets()
    found: Buckets = state.v3_buckets
    return found


class Desk:
    """See the module."""

    def __init__(self, request: Request, ports: Ports) -> None:
        self.request = request
        self.ports = ports

    def ok(self, result: Any, status: int = 200) -> JSONResponse:
        """Something to return."""
        return JSONResponse(result_envelope(result, request_id_of(self.request), status), status)

    def done(self) -> JSONResponse:
        """Nothing to return: PUT and DELETE."""
        return JSONResponse(empty_envelope(request_id_of(self.request)))

    def page(self, elements: Sequence[Any], next_page: str | None) -> JSONResponse:
        """One page of a list."""
        return JSONResponse(page_envelope(elements, next_page, request_id_of(self.request)))


async def _desk(request: Request, ports: Annotated[Ports, Depends(ports_of)]) -> Desk:
    return Desk(request, ports)


DeskDep = Annotated[Desk, Depends(_desk)]
