"""Answers of the respondent's routes: frame in the page's language, headers of a personal link."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import HTMLResponse

from opulse.ports import Ports
from opulse.web.components.frame import RequestContext
from opulse.web.layout import PAGE_HEADERS, Pages

PRIVATE_HEADERS = {
    **PAGE_HEADERS,
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
}
"""A personal link stays with the person: no cache, no index, no referrer to wherever they click next."""


def respond(
    request: Request, template: str, context: object, language: str, status: int = 200
) -> HTMLResponse:
    """One page. ``context`` is a dataclass of ``contexts``; ``language`` sets ``lang`` and ``dir``."""
    ports: Ports = request.app.state.ports
    pages: Pages = request.app.state.pages
    frame = RequestContext(path=request.url.path, now=ports.clock.now(), locale=language)
    return HTMLResponse(
        pages.render(frame, f"responses/{template}", context), status, headers=PRIVATE_HEADERS
    )
