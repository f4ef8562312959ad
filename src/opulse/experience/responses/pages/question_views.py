"""One question as its template draws it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from markupsafe import Markup

from opulse.experience.surveys.models import (
    AnswerChoice,
    Choice,
    DrillDown,
    FormEntry,
    Matrix,
    Question,
    RankOrder,
    SideBySide,
    Slider,
    Stars,
    TextMatrix,
    TextRule,
)
from opulse.experience.surveys.rules import (
    CELL_LENGTH,
    CHOICE_TEXT_LENGTH,
    Form,
    answer_keys,
    drill_options,
    skip_key,
)

_SHORT_SCALE_POINTS = 5
_SHORT_SCALE_LETTERS = 16  # a longer word would leave its button on a phone 320 px wide
_FACES = "😞🙁😕😐🙂😀😄🤩"
_OF_PARTS = (Matrix, RankOrder, SideBySide, FormEntry, TextMatrix)
_BOX_TYPES = {"email": "email", "phone": "tel", "address": "url", "date": "date"}
_BOX_MODES = {"number": Markup(' inputmode="decimal"')}


def dom_id(key: str) -> str:
    """The id of the input of an answer key: a number sign would end the address of the link that leads there."""
    return key.replace("#", "-")


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

    cell_length = CELL_LENGTH

    @property
    def key(self) -> str:
        """The answer key whose error stands under the question; of a question of parts its id, which no answer has."""
        question = self.question
        if isinstance(question, _OF_PARTS) or (isinstance(question, Stars | Slider) and question.items):
            return question.id
        return answer_keys(question)[0]

    @property
    def field(self) -> str:
        """The name of the field, where a question has one alone."""
        return self.question.id if isinstance(self.question, DrillDown) else self.key

    @property
    def short_scale(self) -> bool:
        """Whether a matrix fits as one row of buttons on a phone."""
        return isinstance(self.question, Matrix) and self.is_short(self.question.scale)

    @property
    def places(self) -> int:
        """How many places a rank order gives."""
        if not isinstance(self.question, RankOrder):
            return 0
        return min(self.question.places or len(self.question.choices), len(self.question.choices))

    @property
    def drill_groups(self) -> list[tuple[str, list[tuple[str, str]]]]:
        """The entries of a drill down that have none below them, under the entry above them; without one, under nothing."""
        if not isinstance(self.question, DrillDown):
            return []
        leaves = [way for way in drill_options(self.question).values() if not way[-1].options]
        return [
            (" › ".join(above), [(way[-1].id, way[-1].text) for way in ways])
            for above, ways in groupby(leaves, lambda way: tuple(option.text for option in way[:-1]))
        ]

    @staticmethod
    def is_short(scale: Sequence[Choice]) -> bool:
        """Whether a scale fits as one row of buttons on a phone."""
        longest = max((len(point.text) for point in scale), default=0)
        return len(scale) <= _SHORT_SCALE_POINTS and longest <= _SHORT_SCALE_LETTERS

    @staticmethod
    def dom(key: str) -> str:
        """The id of the input of an answer key."""
        return dom_id(key)

    @staticmethod
    def box_type(rule: TextRule) -> str:
        """The type of a text box that helps to type what the rule asks for."""
        return _BOX_TYPES.get(rule.content, "text")

    @staticmethod
    def box_mode(rule: TextRule) -> str:
        """The keyboard of a phone that helps with it."""
        return _BOX_MODES.get(rule.content, "")

    @staticmethod
    def skip_key(key: str) -> str:
        """The field of a slider's box *no answer*."""
        return skip_key(key)

    def skipped(self, key: str) -> bool:
        """Whether that box is ticked: at first, and when it was posted ticked."""
        return not self.value(key) or bool(self.value(skip_key(key)))

    def sign(self, point: int) -> str:
        """A star, or the smiley of a point of the scale: the worst at 1."""
        if not isinstance(self.question, Stars) or self.question.signs == "stars":
            return "★"
        return _FACES[round((point - 1) * (len(_FACES) - 1) / (self.question.stars - 1))]

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
        error = [f"{dom_id(key)}-error"] if self.problem(key) else []
        return " ".join(note + error)
