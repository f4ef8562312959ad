"""The page as nearly everybody opens it first, answered at once: nothing sent yet, the mail's choice marked or none.

It is the page that :mod:`.answering` shows, drawn once per version, language and choice and filled for each person. Whatever
is not such a first look is left to the application.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache

from markupsafe import escape
from starlette.datastructures import QueryParams, State
from starlette.types import Message, Scope

from opulse.experience.responses import flow
from opulse.experience.responses.flow.documents import KnownDocument
from opulse.experience.responses.models import FirstLook
from opulse.experience.responses.pages.contexts import QuestionPage
from opulse.experience.responses.pages.messages import say_when
from opulse.experience.responses.pages.openings import note_opening
from opulse.experience.responses.pages.prepared import Prepared, PreparedPages, slot
from opulse.experience.responses.pages.questions import build_question_page, languages_of
from opulse.experience.responses.pages.rendering import PRIVATE_HEADERS, browsers_language
from opulse.experience.responses.rules import make_stamp
from opulse.experience.responses.wording import wording_in
from opulse.experience.surveys.models import LocalisedSurvey
from opulse.experience.surveys.rules import HIDDEN, preselected_form, resolve_language
from opulse.ports import Ports
from opulse.web.components.frame import RequestContext
from opulse.web.layout import Pages

PREFIX = "/s/"
_WORDS = frozenset({"lang", "q", "c", HIDDEN})  # of an address that asks for a first look
_PLAIN = [
    (name.lower().encode("latin-1"), value.encode("latin-1"))
    for name, value in {
        **PRIVATE_HEADERS,
        "Content-Type": "text/html; charset=utf-8",
        "Vary": "Accept-Encoding",
    }.items()
]
_PACKED = [*_PLAIN, (b"content-encoding", b"gzip")]


class AtOnce:
    """Answers first looks for one application. ``state`` is the application's: ports and pages."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._prepared = PreparedPages()

    async def answer(self, scope: Scope) -> tuple[Message, Message] | None:
        """The two messages of the answer to a GET below ``/s/``; None: it is not a first look. Writes nothing."""
        pages: Pages | None = self._state.pages
        query = QueryParams(scope["query_string"]) if scope["query_string"] else _NO_QUERY
        if pages is None or not _WORDS.issuperset(query):
            return None
        ports: Ports = self._state.ports
        path: str = scope["path"]
        found = await flow.find_first_look(ports, path[len(PREFIX) :])
        if found is None:
            return None
        look, known = found
        if known.walked:
            return None
        note_opening(ports, look.invitation, scope, query)
        headers = dict(scope["headers"])
        language = _language(
            known.document.languages,
            query.get("lang", ""),
            look.language,
            headers.get(b"accept-language", b"").decode("latin-1"),
        )
        page = self._page(ports, pages, look, known, language, query)
        if page is None:
            return None
        values = {
            "path": path.encode(),
            "stamp": make_stamp(ports.digest_key, look.invitation, ports.clock.now()).encode(),
            "until": _until(language, _minute(look.expires_at), look.time_zone),
        }
        return _messages(page, values, packed=b"gzip" in headers.get(b"accept-encoding", b""))

    def _page(
        self,
        ports: Ports,
        pages: Pages,
        look: FirstLook,
        known: KnownDocument,
        language: str,
        query: Mapping[str, str],
    ) -> Prepared | None:
        """The page of this version, language and choice; None when the mail never offered the choice."""
        question, choice = query.get("q", ""), query.get("c", "")
        key = (look.tenant, look.survey, look.version, language, question, choice)
        drawn = self._prepared.find(key)
        if drawn is not None:  # what was drawn once had been offered
            return drawn

        def draw() -> str:
            frame = RequestContext(path="", now=ports.clock.now(), locale=language)
            context = _context(known.word(language), question, choice)
            return pages.render(frame, "responses/question.html", context)

        if (question or choice) and not preselected_form(known.word(language), question, choice):
            return None
        return self._prepared.get(key, draw)


_NO_QUERY: Mapping[str, str] = {}


def _context(survey: LocalisedSurvey, question: str, choice: str) -> QuestionPage:
    """The page with slots where a person's own things stand."""
    words = wording_in(survey.language)
    return build_question_page(
        survey,
        preselected_form(survey, question, choice),
        (),
        action=slot("path"),
        stamp=slot("stamp"),
        languages=languages_of(survey, "", {"q": question, "c": choice} if question else {}),
        notes=(words.preselected.format(button=words.send),) if question else (),
        until=slot("until"),
    )


def _messages(page: Prepared, values: Mapping[str, bytes], *, packed: bool) -> tuple[Message, Message]:
    body = page.fill_packed(values) if packed else page.fill(values)
    headers = [*(_PACKED if packed else _PLAIN), (b"content-length", str(len(body)).encode())]
    start = {"type": "http.response.start", "status": 200, "headers": headers}
    return start, {"type": "http.response.body", "body": body}


@lru_cache(maxsize=4_096)
def _language(available: tuple[str, ...], switched: str, contact: str, header: str) -> str:
    """As ``rendering.localise_for`` chooses it for somebody who has not answered."""
    return resolve_language(available, switched, contact, browsers_language(header))


@lru_cache(maxsize=4_096)
def _until(language: str, minute: datetime, zone: str) -> bytes:
    sentence = wording_in(language).answer_until.format(time=say_when(language, minute, zone))
    return str(escape(sentence)).encode()


def _minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)
