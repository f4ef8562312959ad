"""What stands beside the questions: names, language, options of the pages, and what a document has no place for."""

from __future__ import annotations

from dataclasses import dataclass

from opulse.experience.surveys.models import Descriptive, SurveyDocument, SurveyOptions
from opulse.experience.surveys.qsf import loose
from opulse.experience.surveys.qsf.html import plain
from opulse.experience.surveys.qsf.mapping.words import language_of
from opulse.experience.surveys.qsf.models import QsfSurvey

INTRODUCTION = "QIDOpulseIntro"
"""Id of the descriptive question as which our own export writes a document's introduction."""

DEFAULT_NEXT = frozenset({"", "→", ">>", "»", "next", ">"})
DEFAULT_BACK = frozenset({"", "←", "<<", "«", "back", "<"})
_PROGRESS = {"Text": "text", "VerboseText": "text", "NoText": "bar"}
_UNNAMED = "Survey without a name"


@dataclass(frozen=True, slots=True)
class BesideQuestions:
    """Name in the console, title for respondents, language, and how the pages behave."""

    name: str
    title: str
    language: str
    options: SurveyOptions


def beside_questions(survey: QsfSurvey) -> BesideQuestions:
    """Read from the entry and the survey options. The product's own advertising is no title."""
    options = survey.options
    titled = plain(loose.text(options.get("SurveyTitle"))).text
    name = survey.name or titled or _UNNAMED
    title = name if not titled or "qualtrics" in titled.lower() else titled
    return BesideQuestions(
        name=name[:100],
        title=title[:20_000],
        language=language_of(survey.language) or "en",
        options=SurveyOptions.model_validate(
            {
                "back": loose.truth(options.get("BackButton")),
                "progress": _PROGRESS.get(loose.word(options.get("ProgressBarDisplay")), "none"),
                "one_per_page": loose.whole(options.get("QuestionsPerPage")) == 1,
                "next_text": _button(options.get("NextButton"), DEFAULT_NEXT),
                "back_text": _button(options.get("PreviousButton"), DEFAULT_BACK),
            }
        ),
    )


def take_introduction(document: SurveyDocument) -> SurveyDocument:
    """An introduction that our export wrote as the first question becomes the introduction again."""
    first = document.blocks[0].questions[:1]
    if not first or first[0].id != INTRODUCTION or not isinstance(first[0], Descriptive):
        return document
    block = document.blocks[0].model_copy(update={"questions": document.blocks[0].questions[1:]})
    key = f"{INTRODUCTION}.text"
    translations = {
        language: {"intro" if one == key else one: text for one, text in texts.items()}
        for language, texts in document.translations.items()
    }
    changed = {"intro": first[0].text, "blocks": (block, *document.blocks[1:]), "translations": translations}
    return document.model_copy(update=changed)


def whole_survey_notes(survey: QsfSurvey) -> list[str]:
    """What of the file is not in the document, beside questions and flow."""
    found = []
    options, elements = survey.options, survey.elements
    if survey.quotas:
        found.append(
            f"Quotas are not brought along: {', '.join(one or 'unnamed' for one in survey.quotas[:10])}."
        )
    if survey.scored:
        found.append("Scoring is not brought along.")
    if elements.get("TR"):
        found.append("Workflows of the survey are not brought along: make them under Workflows.")
    if plain(loose.text(options.get("Header"))).text or plain(loose.text(options.get("Footer"))).text:
        found.append("Header and footer of the pages are not brought along.")
    if any(loose.mapping(options.get("CustomStyles")).values()) or loose.word(options.get("ExternalCSS")):
        found.append("Styles are not brought along: pages have the look of this installation.")
    if loose.word(options.get("SurveyTermination")) == "DisplayMessage":
        found.append("The closing message lies in the product's library: write it under Texts.")
    if loose.word(options.get("SurveyTermination")) == "Redirect":
        found.append("The survey ended on another site in the product; here it ends on its own page.")
    if survey.elements.get("SG"):
        found.append("Screen-out segments are not brought along.")
    return found


def _button(value: object, usual: frozenset[str]) -> str:
    text = plain(loose.text(value)).text
    return "" if text.lower() in usual else text[:200]
