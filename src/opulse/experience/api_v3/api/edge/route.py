"""Routes whose refusals wear the envelope, and whose bodies have an end."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import APIRouter, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.types import Message

from opulse.experience.api_v3.api.edge.desk import request_id_of
from opulse.experience.api_v3.api.edge.paths import ROOT
from opulse.web.access import NotAllowed, NotSignedIn
from opulse.web.errors import Problem
from opulse.wire.envelope import error_envelope

BODY_MAX = 64_000_000
"""Bytes: 100,000 contacts with embedded data fit."""

Handle = Callable[[Request], Coroutine[Any, Any, Response]]


class V3Route(APIRoute):
    """See the module."""

    def get_route_handler(self) -> Handle:
        inner = super().get_route_handler()

        async def handle(request: Request) -> Response:
            try:
                return await inner(_limited(request))
            except (Problem, NotSignedIn, NotAllowed, HTTPException, RequestValidationError) as error:
                return answer(request, error)

        return handle


class V3Router(APIRouter):
    """A router of such routes below the root; its paths begin behind ``/API/v3``."""

    def __init__(self) -> None:
        super().__init__(prefix=ROOT, route_class=V3Route, tags=["qualtrics api v3"])


def answer(request: Request, error: Exception) -> JSONResponse:
    """What a refusal looks like."""
    status, message, code, headers = _told(error)
    body = error_envelope(status, message, request_id_of(request), code)
    return JSONResponse(body, status, headers=headers)


def _told(error: Exception) -> tuple[int, str, str | None, dict[str, str]]:
    if isinstance(error, NotSignedIn):
        message = "Unrecognized X-API-TOKEN or access token. Send a valid one."
        return 401, message, "AUTH_6.0", {"WWW-Authenticate": "Bearer"}
    if isinstance(error, NotAllowed):
        return 403, f"The operation is forbidden: {error}.", "QMST_2.1", {}
    if isinstance(error, RequestValidationError):
        return 400, f"Missing or invalid parameter: {_wrong(error)}", "QVAL_1", {}
    if isinstance(error, HTTPException):
        status = error.status_code if error.status_code in (400, 404, 413) else 400
        return status, str(error.detail), None, {}
    assert isinstance(error, Problem)
    headers = {"Retry-After": str(error.extra["retry_after"])} if "retry_after" in error.extra else {}
    status = 400 if error.status == 422 else error.status
    return status, error.detail or error.title, error.extra.get("code"), headers


def _wrong(error: RequestValidationError) -> str:
    """Where it does not fit, and why; at most three places."""
    places = [
        f"{'.'.join(str(part) for part in one['loc'][1:]) or 'body'} ({one['msg']})" for one in error.errors()
    ]
    return "; ".join(places[:3])


def _limited(request: Request) -> Request:
    if int(request.headers.get("content-length") or 0) > BODY_MAX:
        raise _too_large()
    read = 0

    async def receive() -> Message:
        nonlocal read
        message = await request.receive()
        read += len(message.get("body", b""))
        if read > BODY_MAX:
            raise _too_large()
        return message

    return Request(request.scope, receive)


def _too_large() -> HTTPException:
    return HTTPException(413, f"The body is above {BODY_MAX // 1_000_000} MB; send it in parts.")
