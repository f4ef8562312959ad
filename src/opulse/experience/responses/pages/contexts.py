"""What each of the respondent's templates is given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from opulse.experience.responses.pages.question_views import QuestionView
from opulse.experience.responses.wording import Wording
from opulse.experience.surveys.models import LocalisedSurvey, Look

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
class Step:
    """Which page of a longer survey this is. ``of`` is how many there are if nothing changes that; ``back`` the words of
    the way back, empty when there is none; ``progress`` is ``none``, ``bar`` or ``text``."""

    key: str
    session: str
    number: int
    of: int
    back: str
    progress: str
    words: str


@dataclass(frozen=True, slots=True)
class QuestionPage:
    """The page with the questions. ``notes`` stand above them, ``until`` and the promise of confidence below.

    ``requested`` are the questions whose missing answer was asked for already; ``banner`` marks a page that is not in earnest.
    """

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
    requested: tuple[str, ...] = ()
    step: Step | None = None
    banner: str = ""

    @property
    def look(self) -> Look | None:
        """Colour and logo of the version."""
        return self.survey.look

    @property
    def first(self) -> bool:
        """Whether it is the first page, or the only one: it says what this is about, and offers *not me*."""
        return self.step is None or self.step.number == 1


@dataclass(frozen=True, slots=True)
class Link:
    """A link on a page."""

    href: str
    text: str


@dataclass(frozen=True, slots=True)
class MessagePage:
    """A page that says one thing. ``onward`` is an address that it leads to by itself."""

    words: Wording
    title: str
    paragraphs: tuple[str, ...] = ()
    languages: tuple[LanguageLink, ...] = ()
    link: Link | None = None
    sign: str = ""
    tone: Literal["", "ok", "warn"] = ""
    onward: str = ""
    look: Look | None = None


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
