"""Answers of the respondent's routes: frame in the page's language, headers of a personal link."""

from __future__ import annotations

from functools import lru_cache

from starlette.requests import Request
from starlette.responses import HTMLResponse

from opulse.experience.responses.models import LinkFacts
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


def localise_for(request: Request, facts: LinkFacts, posted_language: str) -> LocalisedSurvey:
    """The survey in the language the person switched to, answered in, is known to read, or whose browser asks for it."""
    wanted = (
        posted_language,
        request.query_params.get("lang", ""),
        facts.response.language if facts.response else "",
        facts.asked.language,
        browsers_language(request.headers.get("accept-language", "")),
    )
    return facts.word(resolve_language(facts.document.languages, *wanted))


def speak(request: Request) -> str:
    """The language of a page that belongs to no survey."""
    return resolve_language(LANGUAGES, browsers_language(request.headers.get("accept-language", "")))


def browsers_language(header: str) -> str:
    """The language that an ``Accept-Language`` header asks for first; empty when there is none."""
    return _preferred(header[:_HEADER_READ]) if header else ""


@lru_cache(maxsize=1_000)
def _preferred(header: str) -> str:
    return preferred_locale(header)
