"""``/s/{token}``: GET and HEAD show and write nothing; POST takes the answer and leads back to a GET."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.datastructures import FormData

from opulse.experience.responses import flow
from opulse.experience.responses.models import (
    AccessReason,
    Intent,
    LinkFacts,
    Press,
    ResponseState,
    Submission,
    SubmitOutcome,
)
from opulse.experience.responses.pages import messages, walking
from opulse.experience.responses.pages.contexts import TRAP, MessagePage
from opulse.experience.responses.pages.openings import client_of, note_opening
from opulse.experience.responses.pages.questions import build_question_page, languages_of
from opulse.experience.responses.pages.rendering import PRIVATE_HEADERS, localise_for, respond, speak
from opulse.experience.responses.pages.routes import OpenRoute
from opulse.experience.responses.rules import decide_access, make_stamp, read_stamp
from opulse.experience.responses.wording import wording_in
from opulse.experience.surveys.models import FieldProblem, LocalisedSurvey
from opulse.experience.surveys.rules import Form, form_of, preselected_form
from opulse.ports import Ports
from opulse.web.access import Open, ports_of
from opulse.wire.tokens import LinkPurpose

router = APIRouter(include_in_schema=False, route_class=OpenRoute)

BY_LINK = Open(
    "the token of the personal link is the credential; it is refused before any query when it is forged"
)
MOST_FIELDS = 2_000
"""Fields of a posted form: every question of the longest document with all its boxes, and no more."""


@router.api_route("/s/{token}", methods=["GET", "HEAD"], dependencies=[Depends(BY_LINK)])
async def show_survey(request: Request) -> Response:
    """The questions, or the page that says why not."""
    ports, token = await ports_of(request), request.path_params["token"]
    facts = await flow.find_link(ports, LinkPurpose.ANSWER, token)
    if facts is None:
        return await _show_preview(token, request, ports)
    note_opening(ports, facts.asked.invitation, request.scope, request.query_params)
    survey = localise_for(request, facts, "")
    access = decide_access(facts.asked, facts.survey, None, ports.limits.finish_grace, ports.clock.now())
    instead = _instead_of_questions(request, survey, facts, access)
    if facts.walked:
        here = await walking.find_here(request, ports, facts, survey)
        return walking.show_page(here, instead, wants_questions=_wants_questions(request))
    if instead is not None:
        return respond(request, "message.html", instead, survey.language)
    return _questions(request, ports, survey, facts, _form_to_start_with(request, survey, facts))


@router.post("/s/{token}", dependencies=[Depends(BY_LINK)])
async def save_survey(request: Request) -> Response:
    """Take an answer, or *not my computer, not me*."""
    ports, token = await ports_of(request), request.path_params["token"]
    facts = await flow.find_link(ports, LinkPurpose.ANSWER, token)
    if facts is None:
        return await _show_preview(token, request, ports)
    posted = await request.form(max_files=0, max_fields=MOST_FIELDS)
    survey = localise_for(request, facts, str(posted.get("lang", "")))
    if facts.walked:
        here = await walking.find_here(request, ports, facts, survey, str(posted.get("session", "")))
        press = _press(request, ports, facts, posted, survey.language)
        return await walking.save_page(here, press, posted)
    submission = await flow.submit(ports, facts, _press(request, ports, facts, posted, survey.language))
    return _after(request, ports, survey, submission, posted)


def _after(
    request: Request, ports: Ports, survey: LocalisedSurvey, submission: Submission, posted: FormData
) -> Response:
    facts = submission.facts
    match submission.outcome:
        case SubmitOutcome.INCOMPLETE:
            return _incomplete(request, ports, survey, submission, posted)
        case SubmitOutcome.QUARANTINED:
            fields = [
                (name, value)
                for name, value in posted.multi_items()
                if isinstance(value, str) and name != TRAP
            ]
            stamp = make_stamp(ports.digest_key, facts.asked.invitation, ports.clock.now())
            again = messages.ask_once_more(survey, fields, stamp, request.scope["path"])
            return respond(request, "confirm.html", again, survey.language)
        case SubmitOutcome.REFUSED_CLOSED | SubmitOutcome.REFUSED_EXPIRED:
            return _back(request, f"lang={survey.language}")
        case _:
            return _back(request, f"sent=1&lang={survey.language}")


def _incomplete(
    request: Request, ports: Ports, survey: LocalisedSurvey, submission: Submission, posted: FormData
) -> Response:
    notes = (wording_in(survey.language).more_questions,) if submission.more_questions else ()
    shown = _form(posted)
    # only questions the person has seen can have been left out; what the answers bring up now is asked, not blamed
    seen = set(shown.get("seen", ()))
    problems = tuple(one for one in submission.problems if one.question_id in seen or not seen)
    return _questions(
        request, ports, survey, submission.facts, shown, problems, notes, 422 if problems else 200
    )


def _back(request: Request, query: str) -> Response:
    """See other: reloading the next page sends nothing again."""
    return RedirectResponse(f"{request.scope['path']}?{query}", 303, headers=PRIVATE_HEADERS)


def _instead_of_questions(
    request: Request, survey: LocalisedSurvey, facts: LinkFacts, access: AccessReason
) -> MessagePage | None:
    """The page that is shown in place of the questions; None: show the questions."""
    path, query = request.scope["path"], request.query_params
    languages = languages_of(survey, path, {name: query[name] for name in ("sent",) if name in query})
    wants_questions = _wants_questions(request)
    recorded = facts.response is not None and facts.response.state is ResponseState.RECORDED
    if access is AccessReason.OPEN and wants_questions:
        return None
    if facts.correction is not None and access is AccessReason.OPEN:
        return messages.show_noted(survey, facts.correction, path, languages)
    if recorded or ("sent" in query and not facts.asked.individual and access is AccessReason.OPEN):
        return messages.show_done(survey, facts, access, path, languages)
    if access is AccessReason.CLOSED:
        return messages.show_closed(survey, languages)
    if access is AccessReason.EXPIRED and (facts.late or "sent" in query):
        return messages.show_late(survey, facts, languages)
    if access is AccessReason.EXPIRED:
        return messages.show_expired(survey, facts, languages)
    return None


def _wants_questions(request: Request) -> bool:
    """Whether the address asks for the questions also when they were answered."""
    return any(name in request.query_params for name in ("change", "q"))


def _questions(
    request: Request,
    ports: Ports,
    survey: LocalisedSurvey,
    facts: LinkFacts,
    form: Form,
    problems: tuple[FieldProblem, ...] = (),
    notes: tuple[str, ...] = (),
    status: int = 200,
) -> HTMLResponse:
    words = wording_in(survey.language)
    now, zone = ports.clock.now(), facts.asked.time_zone
    answered = facts.response if facts.response and facts.response.state is ResponseState.RECORDED else None
    if answered is not None and not notes:
        notes = (
            words.you_answered.format(time=messages.say_when(survey.language, answered.updated_at, zone)),
        )
    elif not notes and not problems and "q" in request.query_params and form:
        notes = (words.preselected.format(button=words.send),)
    query = request.query_params
    page = build_question_page(
        survey,
        form,
        problems,
        action=request.scope["path"],
        stamp=make_stamp(ports.digest_key, facts.asked.invitation, now),
        languages=languages_of(
            survey, "", {name: query[name] for name in ("q", "c", "change") if name in query}
        ),
        notes=notes,
        until=words.answer_until.format(
            time=messages.say_when(survey.language, facts.asked.expires_at, zone)
        ),
        changing=answered is not None,
    )
    return respond(request, "question.html", page, survey.language, status)


def _form_to_start_with(request: Request, survey: LocalisedSurvey, facts: LinkFacts) -> dict[str, list[str]]:
    """What was answered before, with the choice of the mail's link marked over it."""
    query = request.query_params
    former = form_of(facts.response.answers) if facts.response else {}
    return {**former, **preselected_form(survey, query.get("q", ""), query.get("c", ""))}


async def _show_preview(token: str, request: Request, ports: Ports) -> Response:
    """A preview shows the questions and keeps nothing; any other token leads nowhere."""
    facts = await flow.find_link(ports, LinkPurpose.PREVIEW, token)
    if facts is None:
        language = speak(request)
        return respond(request, "message.html", messages.show_not_for_you(language), language, 404)
    survey = localise_for(request, facts, "")
    if facts.walked:
        return walking.show_preview(request, ports, survey)
    form = preselected_form(survey, request.query_params.get("q", ""), request.query_params.get("c", ""))
    page = build_question_page(
        survey,
        form,
        (),
        action=request.scope["path"],
        stamp="",
        languages=languages_of(survey, request.scope["path"], {}),
        preview=True,
    )
    return respond(request, "question.html", page, survey.language)


def _press(request: Request, ports: Ports, facts: LinkFacts, posted: FormData, language: str) -> Press:
    form = _form(posted)
    now = ports.clock.now()
    stamp = next(iter(form.get("stamp", ())), "")
    intent = next(iter(form.get("intent", ())), "")
    return Press(
        intent=Intent(intent) if intent in set(Intent) else Intent.ANSWER,
        form=form,
        language=language,
        seen=_seen(form, facts),
        trap="".join(form.get(TRAP, ())),
        opened_at=read_stamp(ports.digest_key, facts.asked.invitation, stamp, now),
        client=client_of(request.scope),
    )


def _seen(form: Form, facts: LinkFacts) -> frozenset[str]:
    """The questions that were on the page; who does not say so has seen a survey of one page whole."""
    named = frozenset(form.get("seen", ()))
    return named if named or facts.walked else frozenset(one.id for one in facts.document.questions)


def _form(posted: FormData) -> dict[str, list[str]]:
    """The posted fields as texts; files are refused by the parser."""
    form: dict[str, list[str]] = {}
    for name, value in posted.multi_items():
        if isinstance(value, str):
            form.setdefault(name, []).append(value)
    return form
