"""A file that was read, as a survey document and a report of what became of each question."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from opulse.experience.surveys.models import (
    Block,
    BlockStep,
    DocumentReason,
    Question,
    Step,
    SurveyDocument,
)
from opulse.experience.surveys.qsf.mapping.blocks import map_block
from opulse.experience.surveys.qsf.mapping.carried import write_out
from opulse.experience.surveys.qsf.mapping.choosing import LeftOut
from opulse.experience.surveys.qsf.mapping.flow import blocks_met, map_flow
from opulse.experience.surveys.qsf.mapping.names import Names, name_all
from opulse.experience.surveys.qsf.mapping.questions import map_question
from opulse.experience.surveys.qsf.mapping.repair import Repair
from opulse.experience.surveys.qsf.mapping.survey import (
    BesideQuestions,
    beside_questions,
    take_introduction,
    whole_survey_notes,
)
from opulse.experience.surveys.qsf.mapping.translations import translations_of
from opulse.experience.surveys.qsf.mapping.words import Account, Desk
from opulse.experience.surveys.qsf.models import ImportReport, Item, Outcome, QsfQuestion, QsfSurvey
from opulse.experience.surveys.qsf.own import is_as_written, restored
from opulse.experience.surveys.rules import validate_document

MOST_BLOCKS, MOST_DELETED = 200, 500
_DELETED = "It was deleted in the product: it is kept among the deleted questions, and nobody is asked."


@dataclass(frozen=True, slots=True)
class Imported:
    """``name`` of the survey in the console, its document, and the report."""

    name: str
    document: SurveyDocument
    report: ImportReport


def to_document(survey: QsfSurvey) -> Imported:
    """Everything of the file that a document can hold; the document can be published where it has a question."""
    survey = replace(survey, questions=write_out(_in_order(survey)))
    work = _Work(survey, name_all(survey))
    blocks, flow = work.blocks_and_flow()
    beside = beside_questions(survey)
    document = _document(beside, blocks, flow, work.trash)
    repair = Repair(document)
    document = repair.publishable()
    translations = translations_of(survey, work.names, document)
    document = take_introduction(document.model_copy(update={"translations": translations}))
    document = _with_own_parts(document, survey)
    for where, differences in repair.changed.items():
        for difference in differences:
            work.differs(where, difference)
    notes = (*survey.notes, *work.notes, *repair.notes, *whole_survey_notes(survey))
    report = ImportReport(tuple(work.items()), tuple(dict.fromkeys(notes)))
    return Imported(beside.name, document, report)


def _with_own_parts(document: SurveyDocument, survey: QsfSurvey) -> SurveyDocument:
    """The document with what our own export kept beside it, as long as the two still go together."""
    found = restored(document, survey.options)
    if found is document or is_as_written(found, survey.options):
        return found
    found = Repair(found).publishable()
    problems = {one.reason for one in validate_document(found)}
    return found if problems <= {DocumentReason.NO_QUESTION} else document


class _Work:
    """Questions, blocks and flow of one file on their way."""

    def __init__(self, survey: QsfSurvey, names: Names) -> None:
        self.survey = survey
        self.names = names
        self.notes: list[str] = []
        self.trash: list[Question] = []
        self._theirs = {ours: theirs for theirs, ours in names.questions.items()}
        self._accounts: dict[str, Account] = {}
        self._left: dict[str, str] = {}
        self._mapped: dict[str, Question] = {}
        for question in survey.questions.values():
            self._map(question)

    def blocks_and_flow(self) -> tuple[list[Block], tuple[Step, ...]]:
        """Our blocks in the order in which the flow meets them, and the flow (empty: the blocks in their order)."""
        made: dict[str, Block] = {}
        pieces: dict[str, list[str]] = {}
        for source in self.survey.blocks:
            if source.id in pieces:
                self.notes.append(f"Block {source.id} stands in the file twice; the first is used.")
                continue
            found = map_block(source, self._mapped, self._skips_desk(source.id), self.notes)
            if source.kind == "Trash":
                self.trash.extend(question for block in found for question in block.questions)
                continue
            pieces[source.id] = [block.id for block in found]
            made.update({block.id: block for block in found})
        self._leave(
            self.trash[MOST_DELETED:], f"{MOST_DELETED} deleted questions are kept, and this is one more"
        )
        flow = map_flow(self.survey.flow, pieces, self.desk(Account()), self.notes)
        return self._ordered(made, flow)

    def desk(self, account: Account) -> Desk:
        """A desk on which things of this file are mapped."""
        return Desk(self.survey, self.names, account)

    def differs(self, name: str, difference: str) -> None:
        """Note a difference of a question by our id; what is no question is noted for the survey as a whole."""
        theirs = self._theirs.get(name)
        if theirs is None:
            self.notes.append(f"{name}: {difference}.")
        else:
            self._accounts[theirs].differs(difference)

    def items(self) -> Iterator[Item]:
        """Every question of the file with its outcome."""
        deleted = {
            one.question for block in self.survey.blocks if block.kind == "Trash" for one in block.elements
        }
        for name, question in self.survey.questions.items():
            differences = self._accounts[name].differences
            if name in self._left:
                yield Item(name, question.kind, Outcome.LEFT, _sentence([self._left[name]]))
            elif differences:
                yield Item(name, question.kind, Outcome.APPROXIMATED, _sentence(differences))
            else:
                yield Item(name, question.kind, Outcome.TAKEN, _DELETED if name in deleted else "")

    def _map(self, question: QsfQuestion) -> None:
        account = self._accounts[question.id] = Account()
        try:
            self._mapped[question.id] = map_question(question, self.desk(account))
        except LeftOut as error:
            self._left[question.id] = str(error)

    def _ordered(
        self, made: Mapping[str, Block], flow: tuple[Step, ...]
    ) -> tuple[list[Block], tuple[Step, ...]]:
        order = list(dict.fromkeys([*blocks_met(flow), *made]))
        if len(order) > MOST_BLOCKS:
            self.notes.append(f"Left out: {len(order) - MOST_BLOCKS} blocks; a survey holds {MOST_BLOCKS}.")
            lost = [question for name in order[MOST_BLOCKS:] for question in made[name].questions]
            self._leave(lost, f"its block is one too many: a survey holds {MOST_BLOCKS}")
            order = order[:MOST_BLOCKS]
        plain = tuple(BlockStep(block=name) for name in order)
        return [made[name] for name in order], () if flow == plain else flow

    def _leave(self, questions: Iterable[Question], reason: str) -> None:
        for question in questions:
            self._left[self._theirs[question.id]] = reason

    def _skips_desk(self, block: str) -> Desk:
        """Skips are mapped with their block; what is different about one is noted for the block as a whole."""
        return self.desk(_Noted(self.notes, block))


class _Noted(Account):
    """An account whose entries are notes about a block."""

    __slots__ = ("_block", "_notes")

    def __init__(self, notes: list[str], block: str) -> None:
        super().__init__()
        self._notes, self._block = notes, block

    def differs(self, sentence: str) -> None:
        """Note the difference among those of the whole survey."""
        self._notes.append(f"Block {self._block}: {sentence}.")


def _in_order(survey: QsfSurvey) -> dict[str, QsfQuestion]:
    """Questions in the order of the blocks; those in no block were given one by the reader."""
    placed = [one.question for block in survey.blocks for one in block.elements]
    return {name: survey.questions[name] for name in dict.fromkeys(placed) if name in survey.questions}


def _document(
    beside: BesideQuestions, blocks: list[Block], flow: tuple[Step, ...], trash: list[Question]
) -> SurveyDocument:
    empty = Block(id="BL_nothingtoask", questions=())
    return SurveyDocument(
        title=beside.title,
        language=beside.language,
        blocks=tuple(blocks) or (empty,),
        flow=flow,
        trash=tuple(trash[:MOST_DELETED]),
        options=beside.options,
    )


def _sentence(parts: list[str]) -> str:
    text = "; ".join(part for part in parts if part)
    return f"{text[:1].upper()}{text[1:]}."
