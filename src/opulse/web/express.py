"""A route that is served before the application's middleware and router: for machines that call thousands of times a second.

The route stays in the application, with its guard, for the documentation and for the walk over all guards; here the same guard
and the same handler are called, without what pages need around them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Generic, TypeVar

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from opulse.web.access import NotAllowed, NotSignedIn
from opulse.web.errors import Problem

C = TypeVar("C")
Handler = Callable[[Request, C], Awaitable[bytes | Response]]
"""Given whom the guard let in; returns the JSON of the answer, or all of it; raises what any route may raise."""

_JSON = (b"content-type", b"application/json")


class Express(Generic[C]):
    """One ``POST`` of ``app``; everything else goes to ``rest``.

    A session cookie opens no such route: its guard lets in machines only, or asks for none, so another site cannot ride on it.
    """

    def __init__(
        self,
        app: Starlette,
        rest: ASGIApp,
        path: str,
        guard: Callable[[Request], Awaitable[C]],
        handler: Handler[C],
        status: int = 202,
    ) -> None:
        self._app = app
        self._rest = rest
        self._path = path
        self.guard = guard
        self._handler = handler
        self._status = status

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != self._path or scope["method"] != "POST":
            await self._rest(scope, receive, send)
            return
        scope["app"] = self._app
        request = Request(scope, receive)
        try:
            body = await self._handler(request, await self.guard(request))
        except ClientDisconnect:
            return  # nobody is there to be answered
        except (NotSignedIn, NotAllowed, Problem) as error:
            response = await _explain(request, error)
            await response(scope, receive, send)
            return
        if isinstance(body, Response):
            await body(scope, receive, send)
            return
        headers = [_JSON, (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": self._status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


async def _explain(request: Request, error: Exception) -> Response:
    """What the application answers to this error."""
    handlers = request.app.exception_handlers
    handler: Any = next(handlers[kind] for kind in type(error).__mro__ if kind in handlers)
    response: Response = await handler(request, error)
    return response
