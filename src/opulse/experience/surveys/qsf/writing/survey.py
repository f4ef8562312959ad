"""A whole document as the bytes of a QSF file, with the elements that every file of the product has."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from opulse.experience.surveys.models import Descriptive, Question, SurveyDocument
from opulse.experience.surveys.qsf.html import written
from opulse.experience.surveys.qsf.mapping import to_document
from opulse.experience.surveys.qsf.mapping.survey import INTRODUCTION
from opulse.experience.surveys.qsf.mapping.words import code_of
from opulse.experience.surveys.qsf.own import KEY, kept
from opulse.experience.surveys.qsf.reader import read_qsf
from opulse.experience.surveys.qsf.writing.flow import write_blocks, write_flow
from opulse.experience.surveys.qsf.writing.languages import texts_in
from opulse.experience.surveys.qsf.writing.logic import Json
from opulse.experience.surveys.qsf.writing.parts import described
from opulse.experience.surveys.qsf.writing.questions import write_question
from opulse.experience.surveys.rules.texts import replace_texts

_NEVER = "0000-00-00 00:00:00"
_OWNER = "UR_000000000000000"
_PROGRESS = {"none": "None", "bar": "NoText", "text": "Text"}


def write_qsf(document: SurveyDocument, name: str, survey_id: str) -> bytes:
    """The file, UTF-8 on one line. Reading it gives ``document`` again.

    ``name`` is the survey's in the console, ``survey_id`` the ``SV_…`` that every element names.
    """
    elements = list(_elements(document, survey_id))
    survey = {"SurveyEntry": _entry(document, name, survey_id), "SurveyElements": elements}
    plain = _bytes(survey)
    if own := kept(document, to_document(read_qsf(plain)).document):
        next(one for one in elements if one["Element"] == "SO")["Payload"][KEY] = own
        return _bytes(survey)
    return plain


def _bytes(survey: Json) -> bytes:
    return json.dumps(survey, ensure_ascii=False, separators=(",", ":")).encode()


def _elements(document: SurveyDocument, survey_id: str) -> Iterator[Json]:
    whole = _with_introduction(document)
    asked = {question.id: question for question in (*whole.questions, *whole.trash)}
    numbers = [int(name[3:]) for name in asked if name[3:].isdigit() and len(name) < 12]

    def element(
        kind: str, first: str | None, second: str | None, payload: Any, third: str | None = None
    ) -> Json:
        attributes = {"PrimaryAttribute": first, "SecondaryAttribute": second, "TertiaryAttribute": third}
        return {"SurveyID": survey_id, "Element": kind, **attributes, "Payload": payload}

    yield element("BL", "Survey Blocks", None, write_blocks(whole, asked))
    yield element("FL", "Survey Flow", None, write_flow(whole, asked))
    yield element("SO", "Survey Options", None, _options(document))
    yield element("SCO", "Scoring", None, _scoring())
    project = {"ProjectCategory": "CORE", "SchemaVersion": "1.1.0"}
    yield element("PROJ", "CORE", None, project, "1.1.0")
    yield element("STAT", "Survey Statistics", None, {"MobileCompatible": True, "ID": "Survey Statistics"})
    yield element("QC", "Survey Question Count", str(max(numbers, default=0)), None)
    yield element("RS", _response_set(survey_id), "Default Response Set", None)
    translated = _translated(whole)
    for question in asked.values():
        payload = write_question(question, asked)
        texts = {
            code: said
            for code, one in translated.get(question.id, {}).items()
            if (said := texts_in(write_question(one, asked), payload))
        }
        yield element("SQ", question.id, described(question.text), {**payload, "Language": texts or []})


def _entry(document: SurveyDocument, name: str, survey_id: str) -> Json:
    return {
        "SurveyID": survey_id,
        "SurveyName": name,
        "SurveyDescription": None,
        "SurveyOwnerID": _OWNER,
        "SurveyBrandID": "opulse",
        "DivisionID": None,
        "SurveyLanguage": code_of(document.language),
        "SurveyActiveResponseSet": _response_set(survey_id),
        "SurveyStatus": "Inactive",
        "SurveyStartDate": _NEVER,
        "SurveyExpirationDate": _NEVER,
        "SurveyCreationDate": _NEVER,
        "CreatorID": _OWNER,
        "LastModified": _NEVER,
        "LastAccessed": _NEVER,
        "LastActivated": _NEVER,
        "Deleted": None,
    }


def _options(document: SurveyDocument) -> Json:
    options = document.options
    languages: Json = {code_of(code): [] for code in document.languages}
    return {
        "BackButton": "true" if options.back else "false",
        "SaveAndContinue": "true",
        "SurveyProtection": "PublicSurvey",
        "BallotBoxStuffingPrevention": "false",
        "NoIndex": "Yes",
        "SecureResponseFiles": "true",
        "SurveyExpiration": "None",
        "SurveyTermination": "DefaultMessage",
        "Header": "",
        "Footer": "",
        "ProgressBarDisplay": _PROGRESS[options.progress],
        "PartialData": "+1 week",
        "ValidationMessage": "",
        "PreviousButton": written(options.back_text) or " ← ",
        "NextButton": written(options.next_text) or " → ",
        "SurveyTitle": written(document.title),
        "QuestionsPerPage": "1" if options.one_per_page else "",
        "SkinLibrary": "qualtrics",
        "SkinType": "templated",
        "Skin": {"brandingId": None, "templateId": "*base", "overrides": None},
        "NewScoring": 1,
        "AvailableLanguages": languages,
        "CustomStyles": [],
    }


def _scoring() -> Json:
    return {
        "ScoringCategories": [],
        "ScoringCategoryGroups": [],
        "ScoringSummaryCategory": None,
        "ScoringSummaryAfterQuestions": 0,
        "ScoringSummaryAfterSurvey": 0,
        "DefaultScoringCategory": None,
        "AutoScoringCategory": None,
    }


def _with_introduction(document: SurveyDocument) -> SurveyDocument:
    """The document with its introduction as a descriptive question at the very beginning."""
    if not document.intro or any(one.id == INTRODUCTION for one in document.questions):
        return document
    first, *rest = document.blocks
    words = Descriptive(id=INTRODUCTION, text=document.intro)
    block = first.model_copy(update={"questions": (words, *first.questions)})
    translations = {
        language: {f"{INTRODUCTION}.text" if key == "intro" else key: text for key, text in texts.items()}
        for language, texts in document.translations.items()
    }
    return document.model_copy(update={"blocks": (block, *rest), "translations": translations})


def _translated(document: SurveyDocument) -> Mapping[str, dict[str, Question]]:
    """Question id → language code of the product → the question in that language."""
    found: dict[str, dict[str, Question]] = {}
    for language, texts in document.translations.items():
        worded = replace_texts(document, lambda key, text, texts=texts: texts.get(key, text))  # type: ignore[misc]
        for question in worded.questions:
            found.setdefault(question.id, {})[code_of(language)] = question
    return found


def _response_set(survey_id: str) -> str:
    return f"RS_{survey_id.removeprefix('SV_')[:15]}"
