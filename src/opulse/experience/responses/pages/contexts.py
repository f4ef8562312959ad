"""What each of the respondent's templates is given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from opulse.experience.responses.pages.question_views import QuestionView
from opulse.experience.responses.wording import Wording
from opulse.experience.surveys.models import LocalisedSurvey

TRAP = "website"
"""The field that people cannot see; machines that fill in everything fill it in."""


@dataclass(frozen=True, slots=True)
class LanguageLink:
    """One entry of the language switch, named in its own language."""

    code: str
    name: str
    href: str
    current: bool


@dataclass(frozen=True, slots=True)
class BlockView:
    """The questions of one block that are on the page."""

    title: str
    questions: tuple[QuestionView, ...]


@dataclass(frozen=True, slots=True)
class ProblemLink:
    """One line of the error summary; ``field`` is the id of the input to go to."""

    field: str
    question: str
    text: str


@dataclass(frozen=True, slots=True)
class QuestionPage:
    """The page with the questions. ``notes`` stand above them, ``until`` and the promise of confidence below."""

    survey: LocalisedSurvey
    words: Wording
    languages: tuple[LanguageLink, ...]
    blocks: tuple[BlockView, ...]
    problems: tuple[ProblemLink, ...]
    notes: tuple[str, ...]
    length: str
    until: str
    button: str
    action: str
    stamp: str
    preview: bool
    trap: str = TRAP


@dataclass(frozen=True, slots=True)
class Link:
    """A link on a page."""

    href: str
    text: str


@dataclass(frozen=True, slots=True)
class MessagePage:
    """A page that says one thing."""

    words: Wording
    title: str
    paragraphs: tuple[str, ...] = ()
    languages: tuple[LanguageLink, ...] = ()
    link: Link | None = None
    sign: str = ""
    tone: Literal["", "ok", "warn"] = ""


@dataclass(frozen=True, slots=True)
class HiddenField:
    """A field that the person does not see."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class ConfirmPage:
    """A page with one button."""

    words: Wording
    title: str
    text: str
    button: str
    action: str
    fields: tuple[HiddenField, ...]
    languages: tuple[LanguageLink, ...] = ()
