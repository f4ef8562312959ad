"""``/s/{token}`` of a survey that each person walks: the page that comes now, and the one before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import Any

from fastapi import Request
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import FormData

from opulse.experience.responses import flow
from opulse.experience.responses.models import (
    AccessReason,
    LinkFacts,
    Press,
    ResponseState,
    SubmitOutcome,
)
from opulse.experience.responses.pages import messages
from opulse.experience.responses.pages.contexts import TRAP, Link, MessagePage
from opulse.experience.responses.pages.questions import languages_of
from opulse.experience.responses.pages.rendering import PRIVATE_HEADERS, respond
from opulse.experience.responses.pages.walked import build_walked_page
from opulse.experience.responses.rules import (
    browser_of,
    decide_access,
    device_of,
    make_stamp,
    new_visit,
    read_visit,
)
from opulse.experience.responses.wording import wording_in
from opulse.experience.surveys.models import FieldProblem, LocalisedSurvey
from opulse.experience.surveys.rules import Form, form_of, is_safe_address, preselected_form
from opulse.experience.surveys.rules.piping import fill_address, fill_text
from opulse.experience.surveys.rules.walking import Visit, Walk, walk
from opulse.ports import Ports

VISIT_COOKIE = "opulse_visit"
"""What the browser of somebody with a shared link keeps, for this link alone, so that they can go on where they were."""


@dataclass(frozen=True, slots=True)
class Here:
    """One request of one session. ``visit`` is the key to be kept by a browser without a link of its own, else empty;
    ``kept`` says that the browser brought it."""

    request: Request
    ports: Ports
    facts: LinkFacts
    survey: LocalisedSurvey
    opened: flow.Opened
    visit: str
    kept: bool

    @property
    def path(self) -> str:
        """The link's own address."""
        path: str = self.request.scope["path"]
        return path

    @property
    def device(self) -> str:
        """What the person holds in their hands, by the browser's word."""
        return device_of(self.request.headers.get("user-agent", ""))

    @property
    def under_way(self) -> bool:
        """Whether pages were sent and the end is not reached."""
        return self.opened.row is not None and self.opened.row.finished_at is None

    def walk(self, *, anew: bool = False) -> Walk:
        """Where the session stands; ``anew``: on its first page."""
        return walk(self.survey, flow.visit_of(self.ports, self.opened, self.device, anew=anew))

    def access(self) -> AccessReason:
        """What the link opens now; what was begun in time may be finished."""
        row = self.opened.row
        began = row.started_at if row is not None and row.finished_at is None else None
        grace = self.ports.limits.finish_grace
        return decide_access(self.facts.asked, self.facts.survey, began, grace, self.ports.clock.now())


async def find_here(
    request: Request, ports: Ports, facts: LinkFacts, survey: LocalisedSurvey, carried: str = ""
) -> Here:
    """The session of a request: the invitation's, or that of the browser's key (``carried``: the form brought it)."""
    if facts.asked.individual:
        opened = await flow.open_walk(ports, facts, facts.asked.invitation)
        return Here(request, ports, facts, survey, opened, "", kept=True)
    link, key = facts.asked.invitation, ports.digest_key
    given = _cookie(request)
    kept = bool(read_visit(key, link, given))
    visit = next((one for one in (given, carried) if read_visit(key, link, one)), "") or new_visit(key, link)
    opened = await flow.open_walk(ports, facts, read_visit(key, link, visit))
    over = opened.row is not None and opened.row.finished_at is not None
    if over and request.method != "POST" and "sent" not in request.query_params:
        visit, kept = new_visit(key, link), False  # the next person at this browser begins anew
        opened = await flow.open_walk(ports, facts, read_visit(key, link, visit))
    return Here(request, ports, facts, survey, opened, visit, kept)


def show_page(here: Here, instead: MessagePage | None, *, wants_questions: bool) -> Response:
    """The page that comes now. ``instead`` is what a survey of one page would show: an end, or why there is nothing."""
    may_go_on = here.access() in (AccessReason.OPEN, AccessReason.FINISHING)
    if instead is not None and not (here.under_way and may_go_on and here.facts.correction is None):
        return respond(here.request, "message.html", _with_own_end(here, instead), here.survey.language)
    anew = here.opened.row is not None and not here.under_way
    if anew and not wants_questions:
        return _end(here)
    walked = here.walk(anew=anew)
    query = here.request.query_params
    mailed = preselected_form(here.survey, query.get("q", ""), query.get("c", ""))
    return draw_page(here, walked, {**_former(here, walked), **mailed}, ())


def draw_page(
    here: Here,
    walked: Walk,
    form: Form,
    problems: Sequence[FieldProblem],
    notes: tuple[str, ...] = (),
    status: int = 200,
) -> Response:
    """The page on which a walk stands."""
    if walked.page is None:
        return _end(here)
    words = wording_in(here.survey.language)
    asked, response = here.facts.asked, here.facts.response
    until = messages.say_when(here.survey.language, asked.expires_at, asked.time_zone)
    page = build_walked_page(
        here.survey,
        walked,
        walked.page,
        form,
        problems,
        action=here.path,
        stamp=make_stamp(here.ports.digest_key, asked.invitation, here.ports.clock.now()),
        session=here.visit,
        languages=_languages(here),
        notes=notes,
        until=words.answer_until.format(time=until),
        changing=response is not None and response.state is ResponseState.RECORDED,
    )
    answer = respond(here.request, "question.html", page, here.survey.language, status)
    if here.visit and not here.kept:
        _keep_visit(answer, here)
    return answer


def show_preview(request: Request, ports: Ports, survey: LocalisedSurvey) -> Response:
    """The first page as somebody sees it of whom nothing is known; nothing is kept and nothing follows."""
    walked = walk(survey, Visit(device=device_of(request.headers.get("user-agent", ""))))
    if walked.page is None:
        words = wording_in(survey.language)
        nothing = MessagePage(words, words.done.title, (survey.end_text,), (), None, "✓", "ok")
        return respond(request, "message.html", nothing, survey.language)
    page = build_walked_page(
        survey,
        walked,
        walked.page,
        {},
        (),
        action=request.scope["path"],
        stamp="",
        session="",
        languages=languages_of(survey, request.scope["path"], {}),
        banner=wording_in(survey.language).preview,
    )
    return respond(request, "question.html", page, survey.language)


async def save_page(here: Here, press: Press, posted: FormData) -> Response:
    """Take what was sent, and lead on."""
    user_agent = here.request.headers.get("user-agent", "")
    browser = flow.Browser(device_of(user_agent), browser_of(user_agent))
    page = str(posted.get("page", ""))
    turn = await flow.turn_page(here.ports, here.facts, here.opened, here.survey, press, page, browser)
    match turn.submission.outcome:
        case SubmitOutcome.INCOMPLETE:
            problems = turn.submission.problems
            more = turn.submission.more_questions and not problems
            notes = (wording_in(here.survey.language).more_questions,) if more else ()
            return draw_page(here, turn.walked, press.form, problems, notes, 422 if problems else 200)
        case SubmitOutcome.QUARANTINED:
            return _once_more(here, posted)
        case SubmitOutcome.TURNED if here.visit and not here.kept:
            return await _without_cookie(here)
        case SubmitOutcome.TURNED | SubmitOutcome.REFUSED_CLOSED | SubmitOutcome.REFUSED_EXPIRED:
            return _lead_on(here, "")
        case _:
            return _lead_on(here, "sent=1&")


def _end(here: Here) -> Response:
    """The survey has nothing to ask this person, or nothing more."""
    end = messages.show_done(here.survey, here.facts, here.access(), here.path, _languages(here))
    return respond(here.request, "message.html", _with_own_end(here, end), here.survey.language)


def _with_own_end(here: Here, instead: MessagePage) -> MessagePage:
    """The done page as the end that was reached says it: its own words, and where it leads."""
    row = here.opened.row
    if instead.tone != "ok" or row is None or row.finished_at is None:
        return instead
    walked = here.walk()
    known, end = walked.known, walked.end
    texts = list(instead.paragraphs)
    if here.survey.end_text and texts[:1] == [here.survey.end_text]:
        texts.pop(0)
    own = (end.message if end else "") or here.survey.end_text
    texts = [text for text in (fill_text(own, known), *texts) if text]
    changed: dict[str, Any] = {"paragraphs": tuple(texts)}
    if end is not None and end.redirect:
        address = fill_address(end.redirect, known)
        if is_safe_address(address):
            changed |= {"onward": address, "link": Link(address, wording_in(here.survey.language).next)}
    return _replaced(instead, changed)


def _replaced(message: MessagePage, changed: dict[str, Any]) -> MessagePage:
    fields = {name: getattr(message, name) for name in message.__slots__}
    return MessagePage(**(fields | changed))


def _former(here: Here, walked: Walk) -> dict[str, list[str]]:
    """What was answered on this page before."""
    if walked.page is None or here.opened.row is None:
        return {}
    return form_of(here.opened.row.answers, walked.page.questions)


def _once_more(here: Here, posted: FormData) -> Response:
    fields = [(name, text) for name, text in posted.multi_items() if isinstance(text, str) and name != TRAP]
    stamp = make_stamp(here.ports.digest_key, here.facts.asked.invitation, here.ports.clock.now())
    again = messages.ask_once_more(here.survey, fields, stamp, here.path)
    return respond(here.request, "confirm.html", again, here.survey.language)


async def _without_cookie(here: Here) -> Response:
    """A browser that keeps nothing gets the next page at once: the form brings its key."""
    again = await find_here(here.request, here.ports, here.facts, here.survey, here.visit)
    walked = again.walk()
    return draw_page(again, walked, _former(again, walked), ())


def _lead_on(here: Here, query: str) -> Response:
    """See other: reloading the next page sends nothing again."""
    return RedirectResponse(f"{here.path}?{query}lang={here.survey.language}", 303, headers=PRIVATE_HEADERS)


def _keep_visit(answer: Response, here: Here) -> None:
    secure = here.ports.public_url.startswith("https:")
    answer.set_cookie(VISIT_COOKIE, here.visit, path=here.path, secure=secure, httponly=True, samesite="lax")


def _cookie(request: Request) -> str:
    try:
        found = SimpleCookie(request.headers.get("cookie", "")).get(VISIT_COOKIE)
    except CookieError:
        return ""
    return found.value if found else ""


def _languages(here: Here) -> Any:
    query = here.request.query_params
    kept = {name: query[name] for name in ("q", "c", "change", "sent") if name in query}
    return languages_of(here.survey, here.path, kept)
