"""Requests that change something and carry the session cookie must come from our own pages.

Browsers say where a request comes from (``Sec-Fetch-Site``); older ones send ``Origin``, which must be our own host.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

SESSION_COOKIE = "opulse_session"
SAFE = {"GET", "HEAD", "OPTIONS"}


class SameSiteOnly:
    """ASGI middleware; see the module."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not is_same_site(Request(scope)):
            answer = PlainTextResponse(
                "This form was sent from another site; open the page and send it again.", 403
            )
            await answer(scope, receive, send)
            return
        await self._app(scope, receive, send)


def is_same_site(request: Request) -> bool:
    """True for a safe method, a request without our cookie, or one that the browser says is ours."""
    if request.method in SAFE or SESSION_COOKIE not in request.cookies:
        return True
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = request.headers.get("origin")
    return origin is not None and urlsplit(origin).netloc == request.headers.get("host")
