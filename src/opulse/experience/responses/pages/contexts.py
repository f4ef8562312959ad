"""What each of the respondent's templates is given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from opulse.experience.responses.wording import Wording
from opulse.experience.surveys.models import AnswerChoice, LocalisedSurvey, Matrix, Question
from opulse.experience.surveys.rules import CHOICE_TEXT_LENGTH, Form, answer_keys, skip_key

TRAP = "website"
"""The field that people cannot see; machines that fill in everything fill it in."""

_SHORT_SCALE_POINTS = 5
_SHORT_SCALE_LETTERS = 16  # a longer word would leave its button on a phone 320 px wide


@dataclass(frozen=True, slots=True)
class LanguageLink:
    """One entry of the language switch, named in its own language."""

    code: str
    name: str
    href: str
    current: bool


@dataclass(frozen=True, slots=True)
class QuestionView:
    """One question with what was posted or answered before and what was wrong with it.

    ``problems`` maps an answer key to its sentence; ``show_if`` is the script's condition (``QID1=2|3``), or empty.
    """

    question: Question
    form: Form
    problems: Mapping[str, str] = field(default_factory=dict)
    show_if: str = ""

    box_length = CHOICE_TEXT_LENGTH

    @property
    def key(self) -> str:
        """The field of the question; of a matrix its id, which no field has."""
        return self.question.id if isinstance(self.question, Matrix) else answer_keys(self.question)[0]

    @property
    def skip_key(self) -> str:
        """The field of a slider's box *no answer*."""
        return skip_key(self.key)

    @property
    def skipped(self) -> bool:
        """Whether that box is ticked: at first, and when it was posted ticked."""
        return not self.value(self.key) or bool(self.value(self.skip_key))

    @property
    def short_scale(self) -> bool:
        """Whether a matrix fits as one row of buttons on a phone."""
        if not isinstance(self.question, Matrix):
            return False
        scale = self.question.scale
        longest = max(len(point.text) for point in scale)
        return len(scale) <= _SHORT_SCALE_POINTS and longest <= _SHORT_SCALE_LETTERS

    def value(self, key: str) -> str:
        """What stands in the field; empty when nothing does."""
        return next(iter(self.form.get(key, ())), "")

    def has(self, key: str, choice: str) -> bool:
        """Whether the choice is marked."""
        return choice in self.form.get(key, ())

    def problem(self, key: str) -> str:
        """The sentence of what was wrong with the field; empty when nothing was."""
        return self.problems.get(key, "")

    def box(self, choice: AnswerChoice) -> str:
        """The field for the words beside a choice."""
        return f"{self.question.id}_{choice.id}_TEXT"

    def described_by(self, key: str) -> str:
        """The ids of the note and the error that a screen reader reads with the field."""
        note = [f"{self.question.id}-note"] if self.question.note and key == self.key else []
        error = [f"{key}-error"] if self.problem(key) else []
        return " ".join(note + error)


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
