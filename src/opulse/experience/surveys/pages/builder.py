"""The builder: blocks and their questions as cards, in the order in which they are written. Every button saves the draft."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import Response

from opulse.experience.surveys.models import (
    Block,
    DocumentProblem,
    Question,
    SurveyDocument,
    SurveyRecord,
    SurveyVersion,
    VersionState,
)
from opulse.experience.surveys.pages.shared import (
    Editor,
    PortsDep,
    find_survey,
    posted_fields,
    save_document,
)
from opulse.experience.surveys.rules import editing, validate_document
from opulse.experience.surveys.rules.operands import conditions_of
from opulse.experience.surveys.rules.starting import STARTING
from opulse.web.components.flashes import see_other
from opulse.web.layout import page
from opulse.wire.identifiers import Prefix, new_id

router = APIRouter(prefix="/surveys", include_in_schema=False)


@dataclass(frozen=True, slots=True)
class QuestionCard:
    """One question: what it is, what it depends on, and what is wrong with it."""

    question: Question
    problems: tuple[DocumentProblem, ...]
    conditions: int
    first: bool
    last: bool


@dataclass(frozen=True, slots=True)
class BlockCard:
    """One block with its questions."""

    block: Block
    questions: tuple[QuestionCard, ...]
    problems: tuple[DocumentProblem, ...]


@dataclass(frozen=True, slots=True)
class BuilderPage:
    """The whole survey to be edited. ``others`` are the problems that belong to no question and no block."""

    record: SurveyRecord
    version: SurveyVersion
    blocks: tuple[BlockCard, ...]
    trash: tuple[Question, ...]
    others: tuple[DocumentProblem, ...]
    problems: int
    kinds: tuple[str, ...]

    @property
    def is_draft(self) -> bool:
        """Whether what is shown waits for being published."""
        return self.version.state is VersionState.DRAFT


@router.get("/{survey_id}/edit")
async def show_builder(survey_id: str, request: Request, caller: Editor, ports: PortsDep) -> Response:
    """Blocks and questions as cards."""
    record, version = await find_survey(ports, caller, survey_id)
    return await page(request, "surveys/builder.html", _builder(record, version))


@router.post("/{survey_id}/edit")
async def save_edit(survey_id: str, request: Request, caller: Editor, ports: PortsDep) -> Response:
    """Add, move, copy, delete or put back a part, and save the draft."""
    record, version = await find_survey(ports, caller, survey_id)
    fields = await posted_fields(request)
    address = f"/surveys/{survey_id}/edit"
    try:
        document, at, said = _edited(version.document, fields.get("do", ""), fields)
    except editing.PartUnknown:
        gone = "That part is not there any more; somebody else may have deleted it."
        return see_other(address, gone, "amber")
    if document is not version.document:
        await save_document(ports, caller, record, document)
    if fields.get("do") == "add_question":
        return see_other(f"/surveys/{survey_id}/questions/{at}", said)
    return see_other(f"{address}#{at}" if at else address, said)


def _edited(document: SurveyDocument, do: str, fields: dict[str, str]) -> tuple[SurveyDocument, str, str]:
    """The document after one press, the part to look at next, and what to say."""
    part = fields.get("part", "")
    match do:
        case "add_block":
            block = new_id(Prefix.BLOCK)
            return editing.add_block(document, block), block, "A block was added."
        case "delete_block":
            return editing.delete_block(document, part), "", "Deleted. Its questions can be put back below."
        case "block_up" | "block_down":
            return editing.move_block(document, part, -1 if do == "block_up" else 1), part, ""
        case "add_question":
            added, question = editing.add_question(document, part, fields.get("kind", ""))
            return added, question, "Added to the draft. Write over what it holds."
        case _:
            return _edited_question(document, do, part)


def _edited_question(document: SurveyDocument, do: str, part: str) -> tuple[SurveyDocument, str, str]:
    match do:
        case "up" | "down":
            return editing.move_question(document, part, -1 if do == "up" else 1), part, ""
        case "duplicate":
            copied, copy = editing.duplicate_question(document, part)
            return copied, copy, f"{copy} is a copy of {part}."
        case "delete":
            return (
                editing.delete_question(document, part),
                "deleted",
                f"{part} is deleted. Undo: put it back below.",
            )
        case "restore":
            return editing.restore_question(document, part), part, f"{part} is back."
        case _:
            return document, "", ""


def _builder(record: SurveyRecord, version: SurveyVersion) -> BuilderPage:
    document = version.document
    problems = validate_document(document)
    known = {one.id for one in document.questions} | {one.id for one in document.blocks}
    every = [question.id for question in document.questions]
    ends = (every[0], every[-1]) if every else ("", "")
    return BuilderPage(
        record=record,
        version=version,
        blocks=tuple(_block(block, problems, ends) for block in document.blocks),
        trash=document.trash,
        others=tuple(one for one in problems if one.where not in known),
        problems=len(problems),
        kinds=tuple(STARTING),
    )


def _block(block: Block, problems: list[DocumentProblem], ends: tuple[str, str]) -> BlockCard:
    return BlockCard(
        block=block,
        problems=tuple(one for one in problems if one.where == block.id),
        questions=tuple(
            QuestionCard(
                question=question,
                problems=tuple(one for one in problems if one.where == question.id),
                conditions=len(list(conditions_of(question.display.conditions))) if question.display else 0,
                first=question.id == ends[0],
                last=question.id == ends[1],
            )
            for question in block.questions
        ),
    )
