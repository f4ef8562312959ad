"""One typed document per survey: blocks of questions, their choices, display logic and translations.

The same document draws the respondent's page, validates what was posted and names the columns of the result page. Ids and
answer keys follow the product (``QID1``, ``BL_…``, ``QID4_TEXT``), so exports of both fit side by side. Texts are in the base
language; other languages are maps from a text's key to its translation (:mod:`.rules.texts` lists the keys).
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

# Shapes of the product's ids (survey and block: 11 to 15 alphanumerics after the prefix).
SurveyId = Annotated[str, StringConstraints(pattern=r"^SV_[a-zA-Z0-9]{11,15}$")]
BlockId = Annotated[str, StringConstraints(pattern=r"^BL_[a-zA-Z0-9]{11,15}$")]
QuestionId = Annotated[str, StringConstraints(pattern=r"^QID[a-zA-Z0-9]+$", max_length=40)]
ChoiceId = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,3}$")]
LanguageCode = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[a-z0-9]{1,8})*$", max_length=20)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=4000)]
OptionalText = Annotated[str, StringConstraints(max_length=4000)]

AnswerValue = str | int | list[str]
"""A choice id, a number, a text, or the ids of several choices."""

Answers = dict[str, AnswerValue]
"""Answer key (``QID1``, ``QID3_2``, ``QID4_TEXT``) to value; a question that got no answer has no key."""


class Part(BaseModel):
    """Whatever a survey document is made of: frozen, and closed to unknown fields so that a typing error is not lost."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class Choice(Part):
    """One choice of a question, one row or one column of a matrix."""

    id: ChoiceId
    text: Text


class AnswerChoice(Choice):
    """A choice that may ask for a few words of its own (answer key ``QID5_3_TEXT``)."""

    text_entry: bool = False


class Operator(StrEnum):
    """What a display condition asks of a choice."""

    SELECTED = "selected"  # the choice is among the answers of a question that was shown
    NOT_SELECTED = "not_selected"  # it is not, also because the question was not shown


class ChoiceCondition(Part):
    """``choice`` of ``question`` is (not) selected. ``row`` names the row of a matrix."""

    question: QuestionId
    choice: ChoiceId
    operator: Operator = Operator.SELECTED
    row: ChoiceId | None = None


class DisplayLogic(Part):
    """A question is shown when all, or any, of the conditions hold; they look at earlier questions only."""

    match: Literal["all", "any"] = "all"
    conditions: Annotated[tuple[ChoiceCondition, ...], Field(min_length=1, max_length=20)]


class QuestionPart(Part):
    """What all kinds of question have. ``note`` is a short instruction shown under the text."""

    id: QuestionId
    text: Text
    note: OptionalText = ""
    required: bool = False
    display: DisplayLogic | None = None


class SingleChoice(QuestionPart):
    """One of several, as radio buttons (product: MC, SAVR). Answer: ``"QID1": "3"``."""

    type: Literal["single_choice"] = "single_choice"
    choices: Annotated[tuple[AnswerChoice, ...], Field(min_length=2, max_length=50)]


class MultipleChoice(QuestionPart):
    """Any number of several, as check boxes (product: MC, MAVR). Answer: ``"QID1": ["1", "4"]``."""

    type: Literal["multiple_choice"] = "multiple_choice"
    choices: Annotated[tuple[AnswerChoice, ...], Field(min_length=1, max_length=50)]
    max_choices: Annotated[int, Field(ge=1)] | None = None


class Dropdown(QuestionPart):
    """One of many, as a list that opens (product: MC, DL). Answer: ``"QID1": "3"``."""

    type: Literal["dropdown"] = "dropdown"
    choices: Annotated[tuple[Choice, ...], Field(min_length=2, max_length=500)]


class NetPromoter(QuestionPart):
    """0 to 10 (product: MC, NPS). Answer: ``"QID2": 9``; 0-6 detractor, 7-8 passive, 9-10 promoter."""

    type: Literal["nps"] = "nps"
    low_label: Text
    high_label: Text


class Stars(QuestionPart):
    """1 to ``stars`` (product: Slider, STAR). Answer: ``"QID5_1": 4``."""

    type: Literal["stars"] = "stars"
    stars: Annotated[int, Field(ge=3, le=10)] = 5


class Matrix(QuestionPart):
    """One point of the same scale per row (product: Matrix, Likert, SingleAnswer). Answer: ``"QID3_1": "5"``.

    The page draws it as one group of buttons per row, never as a table: grids fail on phones and in screen readers.
    """

    type: Literal["matrix"] = "matrix"
    rows: Annotated[tuple[Choice, ...], Field(min_length=1, max_length=30)]
    scale: Annotated[tuple[Choice, ...], Field(min_length=2, max_length=11)]


class Slider(QuestionPart):
    """A whole number in a range (product: Slider, HSLIDER). Answer: ``"QID5_1": 70``.

    A slider that nobody moved would look like an answer, so the page has a box *no answer* beside it, ticked at first
    (field ``QID5_1_SKIP``).
    """

    type: Literal["slider"] = "slider"
    minimum: int = 0
    maximum: int = 100
    step: Annotated[int, Field(ge=1)] = 1
    low_label: OptionalText = ""
    high_label: OptionalText = ""


class TextEntry(QuestionPart):
    """Free text on one line or several (product: TE, SL or ML). Answer: ``"QID4_TEXT": "…"``."""

    type: Literal["text"] = "text"
    lines: Literal["one", "several"] = "one"
    max_length: Annotated[int, Field(ge=1, le=20_000)] = 1000


class Descriptive(QuestionPart):
    """Words between questions (product: DB, TB); there is nothing to answer."""

    type: Literal["descriptive"] = "descriptive"
    required: Literal[False] = False


Question = Annotated[
    SingleChoice
    | MultipleChoice
    | Dropdown
    | NetPromoter
    | Stars
    | Matrix
    | Slider
    | TextEntry
    | Descriptive,
    Field(discriminator="type"),
]


class Block(Part):
    """Questions that belong together; ``title`` is shown above them when it is not empty."""

    id: BlockId
    title: OptionalText = ""
    questions: Annotated[tuple[Question, ...], Field(max_length=100)]


class SurveyDocument(Part):
    """The whole survey in its base language, and what other languages say instead.

    ``translations`` maps a language to {text key: text}; a key that is absent falls back to the base language.
    """

    schema_version: Literal[1] = 1
    title: Text
    intro: OptionalText = ""
    language: LanguageCode
    blocks: Annotated[tuple[Block, ...], Field(min_length=1, max_length=50)]
    end_text: OptionalText = ""
    translations: dict[LanguageCode, dict[str, Text]] = Field(default_factory=dict)

    @property
    def questions(self) -> tuple[Question, ...]:
        """All questions in the order in which they are asked."""
        return tuple(question for block in self.blocks for question in block.questions)

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages a respondent may choose, the base language first."""
        return (self.language, *(code for code in self.translations if code != self.language))


class LocalisedSurvey(Part):
    """A document in one language: what a page or a mail draws."""

    language: LanguageCode
    direction: Literal["ltr", "rtl"]
    languages: tuple[LanguageCode, ...]
    title: str
    intro: str
    blocks: tuple[Block, ...]
    end_text: str

    @property
    def questions(self) -> tuple[Question, ...]:
        """All questions in the order in which they are asked."""
        return tuple(question for block in self.blocks for question in block.questions)


class SurveyState(StrEnum):
    """Where a survey stands as a whole."""

    NEW = "new"  # never published: nobody can be asked with it
    ACTIVE = "active"  # published: distributions ask with the newest published version
    CLOSED = "closed"  # its links open a page that says so, until it is opened again


class VersionState(StrEnum):
    """Where one version of a survey stands."""

    DRAFT = "draft"  # may be edited; nobody is asked with it
    PUBLISHED = "published"  # never changes again; invitations and responses name it
