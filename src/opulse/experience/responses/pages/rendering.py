"""Answers of the respondent's routes: frame in the page's language, headers of a personal link."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from functools import lru_cache

from markupsafe import escape
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from opulse.experience.responses.models import LinkFacts
from opulse.experience.responses.pages.prepared import PreparedPages
from opulse.experience.responses.wording import LANGUAGES
from opulse.experience.surveys.models import LocalisedSurvey
from opulse.experience.surveys.rules import resolve_language
from opulse.ports import Ports
from opulse.web.components.formats import preferred_locale
from opulse.web.components.frame import RequestContext
from opulse.web.layout import PAGE_HEADERS, Pages

PRIVATE_HEADERS = {
    **PAGE_HEADERS,
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
}
"""A personal link stays with the person: no cache, no index, no referrer to wherever they click next."""

_HEADER_READ = 200  # characters of Accept-Language: more is no wish of a person's

_PLAIN = [
    (name.lower().encode("latin-1"), value.encode("latin-1"))
    for name, value in {
        **PRIVATE_HEADERS,
        "Content-Type": "text/html; charset=utf-8",
        "Vary": "Accept-Encoding",
    }.items()
]
_PACKED = [*_PLAIN, (b"content-encoding", b"gzip")]


def respond(
    request: Request, template: str, context: object, language: str, status: int = 200
) -> HTMLResponse:
    """One page. ``context`` is a dataclass of ``contexts``; ``language`` sets ``lang`` and ``dir``."""
    ports: Ports = request.app.state.ports
    pages: Pages = request.app.state.pages
    frame = RequestContext(path=request.scope["path"], now=ports.clock.now(), locale=language)
    return HTMLResponse(
        pages.render(frame, f"responses/{template}", context), status, headers=PRIVATE_HEADERS
    )


def respond_prepared(
    request: Request,
    key: Hashable,
    template: str,
    draw: Callable[[], tuple[object, str]],
    values: Mapping[str, str],
) -> Response:
    """One page of those that are alike for everybody.

    Args:
        key: everything that the page depends on beside ``values``; nothing in it may change its meaning later.
        draw: the context with slots in it (``prepared.slot``) and the language; called when the page is not there yet.
        values: slot → text, filled in escaped.
    """
    prepared = _prepared_of(request).get((template, key), lambda: _draw(request, template, *draw()))
    filled = {name: str(escape(text)).encode() for name, text in values.items()}
    if "gzip" in request.headers.get("accept-encoding", ""):
        body, headers = prepared.fill_packed(filled), _PACKED
    else:
        body, headers = prepared.fill(filled), _PLAIN
    response = Response(body)
    response.raw_headers = [*headers, (b"content-length", str(len(body)).encode())]
    return response


def _draw(request: Request, template: str, context: object, language: str) -> str:
    ports: Ports = request.app.state.ports
    pages: Pages = request.app.state.pages
    frame = RequestContext(path="", now=ports.clock.now(), locale=language)
    return pages.render(frame, f"responses/{template}", context)


def _prepared_of(request: Request) -> PreparedPages:
    """The application's own: its pages carry the addresses of its assets."""
    state = request.app.state
    if not hasattr(state, "prepared_pages"):
        state.prepared_pages = PreparedPages()
    found: PreparedPages = state.prepared_pages
    return found


def localise_for(request: Request, facts: LinkFacts, posted_language: str) -> LocalisedSurvey:
    """The survey in the language the person switched to, answered in, is known to read, or whose browser asks for it."""
    wanted = (
        posted_language,
        request.query_params.get("lang", ""),
        facts.response.language if facts.response else "",
        facts.asked.language,
        _browsers_language(request),
    )
    return facts.word(resolve_language(facts.document.languages, *wanted))


def speak(request: Request) -> str:
    """The language of a page that belongs to no survey."""
    return resolve_language(LANGUAGES, _browsers_language(request))


def _browsers_language(request: Request) -> str:
    header = request.headers.get("accept-language", "")
    return _preferred(header[:_HEADER_READ]) if header else ""


@lru_cache(maxsize=1_000)
def _preferred(header: str) -> str:
    return preferred_locale(header)
