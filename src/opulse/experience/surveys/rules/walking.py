"""The way of one person through a survey: from what was answered and sent so far to the page that comes now, or the end.

The walk begins anew each time. It is a function of the version, the seed, the answers and the pages that were sent, so there
is no place to lose: going back takes the last page off the list, and what a person answers differently leads elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from opulse.experience.surveys.models import (
    Answers,
    AnswerValue,
    Block,
    BlockStep,
    Branch,
    EndOfSurvey,
    Group,
    LocalisedSurvey,
    Question,
    Randomizer,
    SetFields,
    SkipRule,
    Step,
    SurveyDocument,
)
from opulse.experience.surveys.rules.display import is_shown
from opulse.experience.surveys.rules.drawing import arrange, shuffle
from opulse.experience.surveys.rules.keys import answer_keys, is_answerable
from opulse.experience.surveys.rules.known import Known, holds
from opulse.experience.surveys.rules.looping import Round, rounds_of
from opulse.experience.surveys.rules.piping import fill_text
from opulse.experience.surveys.rules.placing import place_question

MOST_PAGES = 2_000
"""Pages of one walk: a survey that loops more than this ends there."""


@dataclass(frozen=True, slots=True)
class Visit:
    """What a walk starts from. ``sent`` are the keys of the pages that were sent, in order."""

    answers: Mapping[str, AnswerValue] = field(default_factory=dict)
    sent: tuple[str, ...] = ()
    seed: str = ""
    embedded: Mapping[str, str] = field(default_factory=dict)
    contact: Mapping[str, str] = field(default_factory=dict)
    device: str = ""


@dataclass(frozen=True, slots=True)
class PageOfSurvey:
    """What is asked together. ``questions`` may yet be hidden by the answers to others of the same page."""

    key: str
    title: str
    questions: tuple[Question, ...]
    known: Known


@dataclass(frozen=True, slots=True)
class Walk:
    """Where a person stands: on ``page``, or at the end (None), which is ``end`` when the survey says more about it.

    ``before`` are the pages sent on this way, ``to_come`` how many follow if nothing changes that, ``known`` what was met.
    """

    page: PageOfSurvey | None
    end: EndOfSurvey | None
    before: tuple[str, ...]
    to_come: int
    known: Known


def walk(survey: SurveyDocument | LocalisedSurvey, visit: Visit) -> Walk:
    """The way that these answers lead."""
    walker = _Walker(survey, visit)
    before: list[str] = []
    pages = walker.pages()
    for page in pages:
        if len(before) >= MOST_PAGES:
            break
        if len(before) < len(visit.sent) and visit.sent[len(before)] == page.key:
            before.append(page.key)
            walker.pass_by(page)
            continue
        known = walker.known
        to_come = sum(1 for _ in zip(pages, range(MOST_PAGES), strict=False))
        return Walk(page, None, tuple(before), to_come, known)
    return Walk(None, walker.end, tuple(before), 0, walker.known)


def answers_on_the_way(walked: Walk) -> Answers:
    """The answers that count: of the questions that were met, in their order."""
    known = walked.known
    return {
        key: known.answers[key]
        for question in known.shown.values()
        for key in answer_keys(question)
        if key in known.answers
    }


class _Walker:
    """One walk. ``seek`` is where a skip leads: nothing is asked until it is met."""

    def __init__(self, survey: SurveyDocument | LocalisedSurvey, visit: Visit) -> None:
        self._survey = survey
        self._seed = visit.seed
        self._blocks = {block.id: block for block in survey.blocks}
        self._entered: set[str] = set()
        self._seek = ""
        self.end: EndOfSurvey | None = None
        self._embedded = dict(visit.embedded)
        self._shown: dict[str, Question] = {}
        self._known = Known(visit.answers, self._shown, self._embedded, visit.contact, {}, visit.device)

    @property
    def known(self) -> Known:
        """What is known at this point; later steps do not change it."""
        return replace(self._known, shown=dict(self._shown), embedded=dict(self._embedded))

    def pages(self) -> Iterator[PageOfSurvey]:
        """The pages in turn. Whoever has been on one says so by :meth:`pass_by` before the next is taken."""
        flow: Sequence[Step] = self._survey.flow
        if not flow:
            flow = [BlockStep.model_construct(block=block.id) for block in self._survey.blocks]
        yield from self._steps(flow)

    def pass_by(self, page: PageOfSurvey) -> None:
        """The page was sent: its questions were met, and a skip of theirs may lead on."""
        known = replace(page.known, shown=self._shown, embedded=self._embedded)
        for question in page.questions:
            if is_shown(question, known):
                self._shown[question.id] = question
        met = [question for question in page.questions if question.id in self._shown]
        rules: Iterable[SkipRule] = (rule for question in met for rule in question.skips)
        self._seek = next((rule.to for rule in rules if holds(rule.when, known)), "")

    def _steps(self, steps: Iterable[Step]) -> Iterator[PageOfSurvey]:
        for step in steps:
            if self._over:
                return
            match step:
                case BlockStep():
                    if step.block in self._blocks and step.block not in self._entered:
                        self._entered.add(step.block)  # a flow that names it again asks nothing again
                        yield from self._block(self._blocks[step.block])
                case Branch():
                    if holds(step.when, self._known):
                        yield from self._steps(step.flow)
                case Randomizer():
                    names = [str(place) for place in range(len(step.flow))]
                    mixed = shuffle(step.flow, names, self._seed, step.id)
                    yield from self._steps(mixed[: step.show])
                case Group():
                    yield from self._steps(step.flow)
                case SetFields():
                    self._set(step)
                case EndOfSurvey():
                    if not self._seek:
                        self.end = step

    @property
    def _over(self) -> bool:
        return self.end is not None or self._seek == "end_of_survey"

    def _set(self, step: SetFields) -> None:
        for setting in step.fields:
            if setting.value is not None:
                name = f"{step.id} {setting.name}"
                self._embedded[setting.name] = fill_text(setting.value, self._known, self._seed, name)
            else:
                self._embedded.setdefault(setting.name, "")

    def _block(self, block: Block) -> Iterator[PageOfSurvey]:
        for turn in rounds_of(block, self._known, self._seed):
            yield from self._round(block, turn)
            if self._seek == "end_of_block":
                self._seek = ""
            if self._over:
                return

    def _round(self, block: Block, turn: Round) -> Iterator[PageOfSurvey]:
        ordered = arrange(block.questions, block.order, self._seed, f"{block.id} {turn.prefix}")
        for number, questions in enumerate(_split(ordered, one_each=self._survey.options.one_per_page), 1):
            asked = tuple(question for question in questions if self._is_sought(question))
            if not asked:
                continue
            known = replace(self._known, loop=turn.fields, round=turn.prefix)
            placed = tuple(place_question(question, known, self._seed) for question in asked)
            if not any(
                is_answerable(one) or one.type == "descriptive" for one in placed if is_shown(one, known)
            ):
                self._note_unseen(placed, known)
                continue
            title = fill_text(block.title, known, self._seed, f"{block.id}.title")
            yield PageOfSurvey(f"{turn.prefix}{block.id}/{number}", title, placed, known)
            if self._seek in ("end_of_block", "end_of_survey"):
                return

    def _note_unseen(self, questions: Iterable[Question], known: Known) -> None:
        """A page that asks nothing is passed over; what the server itself notes on it is noted with the next."""
        for question in questions:
            if not is_answerable(question) and question.type != "descriptive" and is_shown(question, known):
                self._shown[question.id] = question

    def _is_sought(self, question: Question) -> bool:
        if not self._seek:
            return True
        if self._seek == question.id:
            self._seek = ""
            return True
        return False


def _split(questions: Iterable[Question], *, one_each: bool) -> Iterator[list[Question]]:
    """Pages end at breaks, and behind a question that may skip: what it skips must not be on its page."""
    page: list[Question] = []
    for question in questions:
        page.append(question)
        if question.page_break or question.skips or (one_each and is_answerable(question)):
            yield page
            page = []
    if page:
        yield page
