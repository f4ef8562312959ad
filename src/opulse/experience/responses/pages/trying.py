"""Trying a survey in the console: seen on a phone and on a desk, walked to its end, and kept as a test response if wished.

A preview carries what was answered in its own form, so it works for drafts and leaves nothing behind.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response
from starlette.datastructures import FormData

from opulse.experience.responses import flow
from opulse.experience.responses.models import Intent
from opulse.experience.responses.models import Response as TestResponse
from opulse.experience.responses.pages.contexts import LanguageLink, Link, MessagePage
from opulse.experience.responses.pages.questions import build_question_page, languages_of
from opulse.experience.responses.pages.rendering import respond
from opulse.experience.responses.pages.walked import build_walked_page
from opulse.experience.responses.rules import Carried, device_of, pack, unpack
from opulse.experience.responses.wording import wording_in
from opulse.experience.surveys import flow as surveys
from opulse.experience.surveys.models import Answers, LocalisedSurvey, SurveyDocument, SurveyRecord
from opulse.experience.surveys.rules import Form, form_of, is_walked, localise, newly_shown, validate_answers
from opulse.experience.surveys.rules.piping import fill_text
from opulse.experience.surveys.rules.turning import PageRead, read_page
from opulse.experience.surveys.rules.walking import Visit, Walk, answers_on_the_way, walk
from opulse.ports import Ports
from opulse.web.access import Caller, needs_editor, needs_viewer, ports_of
from opulse.web.components.flashes import see_other
from opulse.web.errors import NotFound
from opulse.web.layout import page

router = APIRouter(prefix="/surveys", include_in_schema=False)
PortsDep = Annotated[Ports, Depends(ports_of)]
Viewer = Annotated[Caller, Depends(needs_viewer)]
Editor = Annotated[Caller, Depends(needs_editor)]
MOST_FIELDS = 2_000


@dataclass(frozen=True, slots=True)
class PreviewPage:
    """The survey in two frames, and the test responses there are."""

    record: SurveyRecord
    language: str
    languages: tuple[str, ...]
    tests: tuple[TestResponse, ...]
    may_edit: bool


@dataclass(frozen=True, slots=True)
class Trial:
    """One request of a preview. ``keeps``: the end is kept as a test response."""

    request: Request
    ports: Ports
    record: SurveyRecord
    version: int
    document: SurveyDocument
    survey: LocalisedSurvey
    carried: Carried
    keeps: bool
    actor: str

    @property
    def path(self) -> str:
        """The preview's own address."""
        path: str = self.request.scope["path"]
        return path

    @property
    def languages(self) -> tuple[LanguageLink, ...]:
        """The switch; changing the language begins anew."""
        return languages_of(self.survey, self.path, {})

    @property
    def banner(self) -> str:
        """What marks the page."""
        words = wording_in(self.survey.language)
        return words.test_run if self.keeps else words.preview

    def walk(self, carried: Carried) -> Walk:
        """Where this walk stands."""
        device = device_of(self.request.headers.get("user-agent", ""))
        return walk(self.survey, Visit(carried.answers, carried.sent, "preview", device=device))


@router.get("/{survey_id}/preview")
async def show_preview(
    survey_id: str, request: Request, caller: Viewer, ports: PortsDep, lang: str = ""
) -> Response:
    """The newest version on a phone and on a desk, side by side."""
    record, document, _ = await _find(ports, caller, survey_id)
    context = PreviewPage(
        record=record,
        language=localise(document, lang or document.language).language,
        languages=document.languages,
        tests=tuple(await flow.list_tests(ports, caller.tenant, survey_id)),
        may_edit=caller.may(*needs_editor.roles),
    )
    return await page(request, "responses/preview.html", context)


@router.get("/{survey_id}/preview/page")
async def show_preview_page(
    survey_id: str, request: Request, caller: Viewer, ports: PortsDep, lang: str = ""
) -> Response:
    """The survey's first page; nothing of it is stored."""
    return _first(await _begin(request, ports, caller, survey_id, lang, keeps=False))


@router.post("/{survey_id}/preview/page")
async def step_preview_page(survey_id: str, request: Request, caller: Viewer, ports: PortsDep) -> Response:
    """The next page of a preview; nothing of it is stored."""
    posted = await request.form(max_files=0, max_fields=MOST_FIELDS)
    trial = await _begin(
        request, ports, caller, survey_id, str(posted.get("lang", "")), keeps=False, posted=posted
    )
    return await _step(trial, posted)


@router.get("/{survey_id}/test")
async def show_test(
    survey_id: str, request: Request, caller: Editor, ports: PortsDep, lang: str = ""
) -> Response:
    """The survey's first page, to be walked to a test response."""
    return _first(await _begin(request, ports, caller, survey_id, lang, keeps=True))


@router.post("/{survey_id}/test")
async def save_test(survey_id: str, request: Request, caller: Editor, ports: PortsDep) -> Response:
    """The next page of a test; its end is kept, marked as a test."""
    posted = await request.form(max_files=0, max_fields=MOST_FIELDS)
    trial = await _begin(
        request, ports, caller, survey_id, str(posted.get("lang", "")), keeps=True, posted=posted
    )
    return await _step(trial, posted)


@router.post("/{survey_id}/tests/delete")
async def delete_tests(survey_id: str, caller: Editor, ports: PortsDep) -> Response:
    """Delete the survey's test responses."""
    try:
        gone = await flow.delete_tests(ports, caller.tenant, survey_id, caller.name)
    except surveys.SurveyUnknown as error:
        raise NotFound("survey") from error
    return see_other(f"/surveys/{survey_id}/preview", f"Deleted: {gone} test responses.")


async def _find(ports: Ports, caller: Caller, survey: str) -> tuple[SurveyRecord, SurveyDocument, int]:
    try:
        record, version = await surveys.find_survey(ports, caller.tenant, survey)
    except surveys.SurveyUnknown as error:
        raise NotFound("survey") from error
    return record, version.document, version.number


async def _begin(
    request: Request,
    ports: Ports,
    caller: Caller,
    survey: str,
    language: str,
    *,
    keeps: bool,
    posted: FormData | None = None,
) -> Trial:
    record, document, version = await _find(ports, caller, survey)
    text = str(posted.get("session", "")) if posted is not None else ""
    carried = unpack(ports.digest_key, survey, text)
    worded = localise(document, language or document.language)
    return Trial(request, ports, record, version, document, worded, carried, keeps, caller.name)


def _first(trial: Trial) -> HTMLResponse:
    if is_walked(trial.document):
        return _draw(trial, Carried({}, ()), {}, None)
    return _draw_whole(trial, {}, posted=False)


async def _step(trial: Trial, posted: FormData) -> Response:
    form: dict[str, list[str]] = {}
    for name, value in posted.multi_items():
        if isinstance(value, str):
            form.setdefault(name, []).append(value)
    if not is_walked(trial.document):
        return await _step_whole(trial, form)
    walked = trial.walk(trial.carried)
    read = read_page(walked, form)
    seen = set(form.get("seen", ()))
    if form.get("intent") == [Intent.BACK.value]:
        return _draw(trial, Carried(read.answers, walked.before[:-1]), None, None)
    if read.problems or any(question.id not in seen for question in read.shown):
        return _draw(trial, Carried(read.answers, walked.before), form, read)
    here = (walked.page.key,) if walked.page else ()
    following = Carried(read.answers, (*walked.before, *here))
    onward = trial.walk(following)
    if onward.page is not None:
        return _draw(trial, following, None, None)
    own = fill_text((onward.end.message if onward.end else "") or trial.survey.end_text, onward.known)
    return await _end(trial, answers_on_the_way(onward), own)


async def _step_whole(trial: Trial, form: Form) -> Response:
    answers, problems = validate_answers(trial.survey, form)
    if problems or newly_shown(trial.survey, answers, form.get("seen", ())):
        return _draw_whole(trial, form, posted=True)
    return await _end(trial, answers, trial.survey.end_text)


async def _end(trial: Trial, answers: Answers, said: str) -> HTMLResponse:
    words = wording_in(trial.survey.language)
    if trial.keeps:
        await flow.keep_test(
            trial.ports,
            trial.record.tenant,
            trial.record.id,
            trial.version,
            answers,
            trial.survey.language,
            trial.actor,
        )
    message = MessagePage(
        words=words,
        title=words.test_done if trial.keeps else words.preview,
        paragraphs=(said,) if said else (),
        languages=trial.languages,
        link=Link(f"{trial.path}?lang={trial.survey.language}", trial.survey.title),
        sign="✓",
        tone="ok",
    )
    return respond(trial.request, "message.html", message, trial.survey.language)


def _draw(trial: Trial, carried: Carried, form: Form | None, read: PageRead | None) -> HTMLResponse:
    walked = trial.walk(carried)
    if walked.page is None:
        words = wording_in(trial.survey.language)
        message = MessagePage(
            words, words.preview, (trial.survey.end_text,), trial.languages, None, "✓", "ok"
        )
        return respond(trial.request, "message.html", message, trial.survey.language)
    drawn = build_walked_page(
        trial.survey,
        walked,
        walked.page,
        form_of(carried.answers, walked.page.questions) if form is None else form,
        read.problems if read else (),
        action=trial.path,
        stamp="",
        session=pack(trial.ports.digest_key, trial.record.id, carried),
        languages=trial.languages,
        banner=trial.banner,
    )
    return respond(
        trial.request, "question.html", drawn, trial.survey.language, 422 if read and read.problems else 200
    )


def _draw_whole(trial: Trial, form: Form, *, posted: bool) -> HTMLResponse:
    problems = validate_answers(trial.survey, form)[1] if posted else []
    drawn = build_question_page(
        trial.survey,
        form,
        problems,
        action=trial.path,
        stamp="",
        languages=trial.languages,
        preview=True,
    )
    return respond(trial.request, "question.html", drawn, trial.survey.language, 422 if problems else 200)
