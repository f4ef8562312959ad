"""One typed document per survey: blocks of questions, their choices, logic, flow, look and translations.

The same document draws the respondent's page, validates what was posted and names the columns of the result page. Ids and
answer keys follow the product (``QID1``, ``BL_…``, ``QID4_TEXT``), so exports of both fit side by side. Texts are in the base
language; other languages are maps from a text's key to its translation (:mod:`..rules.texts` lists the keys).
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from opulse.experience.surveys.models.choosing import (
    DrillDown,
    Dropdown,
    Matrix,
    MultipleChoice,
    NetPromoter,
    RankOrder,
    SideBySide,
    SingleChoice,
)
from opulse.experience.surveys.models.entering import (
    BrowserInfo,
    ConstantSum,
    Descriptive,
    FormEntry,
    Slider,
    Stars,
    TextEntry,
    TextMatrix,
    Timing,
)
from opulse.experience.surveys.models.parts import BlockId, LanguageCode, OptionalText, Part, Text
from opulse.experience.surveys.models.questions import AS_WRITTEN, Ordering
from opulse.experience.surveys.models.steps import Loop, Step

Question = Annotated[
    SingleChoice
    | MultipleChoice
    | Dropdown
    | NetPromoter
    | Stars
    | Matrix
    | Slider
    | RankOrder
    | ConstantSum
    | TextEntry
    | FormEntry
    | TextMatrix
    | SideBySide
    | DrillDown
    | Descriptive
    | Timing
    | BrowserInfo,
    Field(discriminator="type"),
]


class Block(Part):
    """Questions that belong together; ``title`` is shown above them when it is not empty, ``name`` only in the console.

    ``order`` mixes the questions, ``loop`` asks them several times.
    """

    id: BlockId
    title: OptionalText = ""
    name: OptionalText = ""
    questions: Annotated[tuple[Question, ...], Field(max_length=500)]
    order: Ordering = AS_WRITTEN
    loop: Loop | None = None


Colour = Annotated[str, StringConstraints(pattern=r"^#[0-9a-fA-F]{6}$")]


class Look(Part):
    """Colours and logo of the respondent's pages, as they were when the version was published.

    ``accent`` colours buttons and marks, ``logo`` is the tenant and the id of an uploaded picture, ``name`` what stands beside
    it (and is read in its place).
    """

    accent: Colour | None = None
    logo: Annotated[str, StringConstraints(pattern=r"^[0-9]{1,9}-[0-9a-f]{32}$")] | None = None
    name: OptionalText = ""


class SurveyOptions(Part):
    """How the pages behave. ``back`` offers the way back, ``progress`` shows how far one is.

    ``one_per_page`` puts every question on a page of its own; the texts replace the words on the buttons.
    """

    back: bool = True
    progress: Literal["none", "bar", "text"] = "bar"
    one_per_page: bool = False
    next_text: OptionalText = ""
    back_text: OptionalText = ""


class SurveyDocument(Part):
    """The whole survey in its base language, and what other languages say instead.

    ``flow`` empty: the blocks in their order. ``translations`` maps a language to {text key: text}; a key that is absent
    falls back to the base language. ``trash`` holds deleted questions that can be put back; nobody is asked them.
    """

    schema_version: Literal[1] = 1
    title: Text
    intro: OptionalText = ""
    language: LanguageCode
    blocks: Annotated[tuple[Block, ...], Field(min_length=1, max_length=200)]
    flow: Annotated[tuple[Step, ...], Field(max_length=500)] = ()
    trash: Annotated[tuple[Question, ...], Field(max_length=500)] = ()
    end_text: OptionalText = ""
    options: SurveyOptions = SurveyOptions()
    look: Look | None = None
    translations: dict[LanguageCode, dict[str, Text]] = Field(default_factory=dict)

    @property
    def questions(self) -> tuple[Question, ...]:
        """All questions in the order in which they are written."""
        return tuple(question for block in self.blocks for question in block.questions)

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages a respondent may choose, the base language first."""
        return (self.language, *(code for code in self.translations if code != self.language))


class LocalisedSurvey(Part):
    """A document in one language: what a page or a mail draws. ``named``: answers are read with names, and the page says so."""

    language: LanguageCode
    direction: Literal["ltr", "rtl"]
    languages: tuple[LanguageCode, ...]
    title: str
    intro: str
    blocks: tuple[Block, ...]
    flow: tuple[Step, ...] = ()
    end_text: str
    named: bool = False
    options: SurveyOptions = SurveyOptions()
    look: Look | None = None

    @property
    def questions(self) -> tuple[Question, ...]:
        """All questions in the order in which they are written."""
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
