"""Surveys in the console: list, make, read in each language, translate, publish, close."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response
from pydantic import ValidationError

from opulse.experience.surveys import flow
from opulse.experience.surveys.models import (
    DocumentProblem,
    LocalisedSurvey,
    SurveyDocument,
    SurveyRecord,
    SurveyState,
    SurveyVersion,
    VersionState,
)
from opulse.experience.surveys.pages.shared import (
    MOST_FIELDS,
    Editor,
    PortsDep,
    Viewer,
    find_survey,
    first_fault,
    may_edit,
)
from opulse.experience.surveys.recommended import recommended_pulse
from opulse.experience.surveys.rules import (
    localise,
    missing_translations,
    normal_language,
    text_keys,
    validate_document,
    with_texts,
)
from opulse.web.components.flashes import see_other
from opulse.web.errors import NotFound
from opulse.web.layout import page

router = APIRouter(prefix="/surveys", include_in_schema=False)


@dataclass(frozen=True, slots=True)
class SurveyListPage:
    """All surveys of the tenant."""

    surveys: tuple[SurveyRecord, ...]
    may_edit: bool


@dataclass(frozen=True, slots=True)
class NewSurveyPage:
    """The form for a new survey; ``errors`` maps a field to its sentence."""

    name: str
    start: str
    document: str
    errors: dict[str, str]


@dataclass(frozen=True, slots=True)
class LanguageTab:
    """One language of a survey and how many of its texts are still in the base language."""

    code: str
    missing: int


@dataclass(frozen=True, slots=True)
class SurveyPage:
    """One survey, its newest version read in one language, and what stands in the way of publishing."""

    record: SurveyRecord
    version: SurveyVersion
    survey: LocalisedSurvey
    tabs: tuple[LanguageTab, ...]
    problems: tuple[DocumentProblem, ...]
    may_edit: bool

    @property
    def is_draft(self) -> bool:
        """Whether the newest version waits for being published."""
        return self.version.state is VersionState.DRAFT


@dataclass(frozen=True, slots=True)
class TextLine:
    """One text of the document in the edited language; ``base`` is what it says in the base language."""

    key: str
    base: str
    text: str
    long: bool


@dataclass(frozen=True, slots=True)
class TextsPage:
    """The texts of a survey in one language, to be written."""

    record: SurveyRecord
    language: str
    base_language: str
    lines: tuple[TextLine, ...]
    errors: dict[str, str]


@router.get("")
async def show_surveys(request: Request, caller: Viewer, ports: PortsDep) -> Response:
    """All surveys, newest first."""
    surveys = tuple(await flow.list_surveys(ports, caller.tenant))
    return await page(request, "surveys/list.html", SurveyListPage(surveys, may_edit(caller)))


@router.get("/new")
async def show_new(request: Request, caller: Editor) -> Response:
    """The form for a new survey."""
    return await page(request, "surveys/new.html", NewSurveyPage("", "recommended", "", {}))


@router.post("/new")
async def save_new(
    request: Request,
    caller: Editor,
    ports: PortsDep,
    name: Annotated[str, Form()] = "",
    start: Annotated[str, Form()] = "recommended",
    document: Annotated[str, Form()] = "",
) -> Response:
    """Make a survey from the recommended questions or from a document written elsewhere."""
    errors = {} if name.strip() else {"name": "Give the survey a name, so that a workflow can pick it."}
    chosen = recommended_pulse()
    if start == "document":
        try:
            chosen = SurveyDocument.model_validate_json(document)
        except ValidationError as error:
            errors["document"] = first_fault(error)
    if errors:
        form = NewSurveyPage(name, start, document, errors)
        return await page(request, "surveys/new.html", form, 422)
    record = await flow.create_survey(ports, caller.tenant, name.strip()[:100], chosen, caller.name)
    return see_other(
        f"/surveys/{record.id}", "The survey is a draft. Publish it, and workflows can ask with it."
    )


@router.get("/{survey_id}")
async def show_survey(
    survey_id: str, request: Request, caller: Viewer, ports: PortsDep, lang: str = ""
) -> Response:
    """One survey, as people will read it in one language."""
    record, version = await find_survey(ports, caller, survey_id)
    document = version.document
    context = SurveyPage(
        record=record,
        version=version,
        survey=localise(document, lang or document.language),
        tabs=tuple(
            LanguageTab(code, len(missing_translations(document, code))) for code in document.languages
        ),
        problems=tuple(validate_document(document)),
        may_edit=may_edit(caller),
    )
    return await page(request, "surveys/show.html", context)


@router.get("/{survey_id}/texts")
async def show_texts(
    survey_id: str, request: Request, caller: Editor, ports: PortsDep, lang: str = ""
) -> Response:
    """The texts in one language; a language that the survey does not have yet starts empty."""
    record, version = await find_survey(ports, caller, survey_id)
    language = normal_language(lang) or version.document.language
    return await page(request, "surveys/texts.html", _texts_page(record, version.document, language, {}))


@router.post("/{survey_id}/texts")
async def save_texts(survey_id: str, request: Request, caller: Editor, ports: PortsDep) -> Response:
    """Keep the texts as a draft. A translation left empty falls back to the base language."""
    record, version = await find_survey(ports, caller, survey_id)
    posted = await request.form(max_files=0, max_fields=MOST_FIELDS)
    fields = {name: value.strip() for name, value in posted.multi_items() if isinstance(value, str)}
    language = normal_language(fields.pop("lang", "")) or version.document.language
    name = fields.pop("name", "") or record.name
    try:
        document = with_texts(version.document, language, fields)
    except ValidationError as error:
        errors = {"lang": first_fault(error)}
        context = _texts_page(record, version.document, language, errors, fields)
        return await page(request, "surveys/texts.html", context, 422)
    await flow.save_draft(ports, caller.tenant, survey_id, name[:100], document, caller.name)
    return see_other(f"/surveys/{survey_id}?lang={language}", "Saved as a draft.")


@router.post("/{survey_id}/publish")
async def save_publish(survey_id: str, caller: Editor, ports: PortsDep) -> Response:
    """Ask with the newest version from now on."""
    try:
        await flow.publish_survey(ports, caller.tenant, survey_id, caller.name)
    except flow.SurveyUnknown as error:
        raise NotFound("survey") from error
    except flow.DocumentRefused:
        return see_other(f"/surveys/{survey_id}", "The survey has problems; they are listed below.", "red")
    return see_other(f"/surveys/{survey_id}", "Published. Links that were sent before keep their version.")


@router.post("/{survey_id}/state")
async def save_state(
    survey_id: str, caller: Editor, ports: PortsDep, state: Annotated[SurveyState, Form()]
) -> Response:
    """Close the survey, or open it again."""
    change = flow.close_survey if state is SurveyState.CLOSED else flow.open_survey
    try:
        await change(ports, caller.tenant, survey_id, caller.name)
    except flow.SurveyUnknown as error:
        raise NotFound("survey") from error
    except flow.NotPublished:
        return see_other(f"/surveys/{survey_id}", "It was never published.", "red")
    words = (
        "Closed: its links say so." if state is SurveyState.CLOSED else "Open: its links take answers again."
    )
    return see_other(f"/surveys/{survey_id}", words)


def _texts_page(
    record: SurveyRecord,
    document: SurveyDocument,
    language: str,
    errors: dict[str, str],
    typed: Mapping[str, str] | None = None,
) -> TextsPage:
    base = text_keys(document)
    stored = base if language == document.language else document.translations.get(language, {})
    own = stored if typed is None else typed
    lines = tuple(
        TextLine(key, text, own.get(key, ""), len(text) > 80 or key in ("intro", "end_text"))
        for key, text in base.items()
    )
    return TextsPage(record, language, document.language, lines, errors)
