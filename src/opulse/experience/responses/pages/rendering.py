"""Answers of the respondent's routes: frame in the page's language, headers of a personal link."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import HTMLResponse

from opulse.experience.responses.models import LinkFacts
from opulse.experience.responses.wording import LANGUAGES
from opulse.experience.surveys.models import LocalisedSurvey
from opulse.experience.surveys.rules import localise, resolve_language
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


def localise_for(request: Request, facts: LinkFacts, posted_language: str) -> LocalisedSurvey:
    """The survey in the language the person switched to, answered in, is known to read, or whose browser asks for it."""
    wanted = (
        posted_language,
        request.query_params.get("lang", ""),
        facts.response.language if facts.response else "",
        facts.asked.language,
        _browsers_language(request),
    )
    return localise(facts.document, resolve_language(facts.document.languages, *wanted))


def speak(request: Request) -> str:
    """The language of a page that belongs to no survey."""
    return resolve_language(LANGUAGES, _browsers_language(request))


def _browsers_language(request: Request) -> str:
    header = request.headers.get("accept-language", "")
    return preferred_locale(header) if header else ""
