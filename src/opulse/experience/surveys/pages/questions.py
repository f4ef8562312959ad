"""One question of the draft: its words, its answers, its rules, and what it depends on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import TypeAdapter, ValidationError

from opulse.experience.surveys.models import (
    DocumentProblem,
    OwnCheck,
    Question,
    SkipRule,
    SurveyDocument,
    SurveyRecord,
)
from opulse.experience.surveys.pages.logic_forms import (
    OPERATORS,
    LogicLine,
    Operands,
    condition_from,
    lines_of,
    operands_of,
    say,
    with_condition,
    without_condition,
)
from opulse.experience.surveys.pages.question_fields import LISTS, FieldSpec, ListSpec, fields_of
from opulse.experience.surveys.pages.question_forms import (
    fault_of,
    question_from,
    typed_values,
    values_of,
)
from opulse.experience.surveys.pages.shared import (
    Editor,
    PortsDep,
    find_survey,
    first_fault,
    posted_fields,
    save_document,
)
from opulse.experience.surveys.rules import editing, validate_document
from opulse.experience.surveys.rules.order import blocks_in_order
from opulse.web.components.flashes import see_other
from opulse.web.errors import NotFound
from opulse.web.layout import page

router = APIRouter(prefix="/surveys", include_in_schema=False)
_QUESTION: TypeAdapter[Question] = TypeAdapter(Question)


@dataclass(frozen=True, slots=True)
class SkipLine:
    """One skip in words."""

    place: int
    words: str
    to: str


@dataclass(frozen=True, slots=True)
class QuestionFormPage:
    """The form of one question. ``values`` is what stands in its fields, ``typed`` what was typed for new entries."""

    record: SurveyRecord
    question: Question
    fields: tuple[FieldSpec, ...]
    lists: tuple[ListSpec, ...]
    values: Mapping[str, str]
    errors: Mapping[str, str]
    problems: tuple[DocumentProblem, ...]
    display: tuple[LogicLine, ...]
    match: str
    skips: tuple[SkipLine, ...]
    check: tuple[LogicLine, ...]
    operands: tuple[Operands, ...]
    own_operands: tuple[Operands, ...]
    later: tuple[tuple[str, str], ...]
    logic_error: str
    operators: tuple[tuple[str, str], ...] = OPERATORS

    def items(self, name: str) -> Any:
        """The entries of one list."""
        return getattr(self.question, name)


@router.get("/{survey_id}/questions/{question_id}")
async def show_question(
    survey_id: str, question_id: str, request: Request, caller: Editor, ports: PortsDep
) -> Response:
    """The form of one question."""
    record, version = await find_survey(ports, caller, survey_id)
    question = _find(version.document, question_id)
    context = _form(record, version.document, question, values_of(question), {})
    return await page(request, "surveys/question.html", context)


@router.post("/{survey_id}/questions/{question_id}")
async def save_question(
    survey_id: str, question_id: str, request: Request, caller: Editor, ports: PortsDep
) -> Response:
    """Save the question in the draft; a press on an entry's arrows saves, too."""
    record, version = await find_survey(ports, caller, survey_id)
    former = _find(version.document, question_id)
    fields = await posted_fields(request)
    try:
        question = question_from(former, fields)
    except ValidationError as error:
        context = _form(
            record, version.document, former, typed_values(former, fields), fault_of(error, former)
        )
        return await page(request, "surveys/question.html", context, 422)
    await save_document(ports, caller, record, editing.replace_question(version.document, question))
    address = f"/surveys/{survey_id}/questions/{question_id}"
    if fields.get("do", "save") != "save":
        return see_other(f"{address}#{fields['do'].split(':')[1]}" if ":" in fields["do"] else address)
    return see_other(f"/surveys/{survey_id}/edit#{question_id}", f"{question_id} is saved in the draft.")


@router.post("/{survey_id}/questions/{question_id}/logic")
async def save_logic(
    survey_id: str, question_id: str, request: Request, caller: Editor, ports: PortsDep
) -> Response:
    """Add or remove a condition, a skip or an own check, and save the draft."""
    record, version = await find_survey(ports, caller, survey_id)
    former = _find(version.document, question_id)
    fields = await posted_fields(request)
    try:
        question = _QUESTION.validate_python(_changed(former, fields).model_dump())
    except ValueError as error:
        said = first_fault(error) if isinstance(error, ValidationError) else str(error)
        context = _form(record, version.document, former, values_of(former), {}, f"It was not added: {said}.")
        return await page(request, "surveys/question.html", context, 422)
    await save_document(ports, caller, record, editing.replace_question(version.document, question))
    return see_other(f"/surveys/{survey_id}/questions/{question_id}#logic", "Saved in the draft.")


def _changed(question: Question, fields: Mapping[str, str]) -> Question:
    do, place = (
        fields.get("do", ""),
        int(fields.get("place", "0")) if fields.get("place", "0").isdigit() else 0,
    )
    changed: dict[str, Any] = {}
    match do:
        case "show":
            changed["display"] = with_condition(question.display, condition_from(fields))
        case "unshow":
            changed["display"] = without_condition(question.display, place)
        case "match" if question.display is not None:
            match = "any" if fields.get("match") == "any" else "all"
            changed["display"] = question.display.model_copy(update={"match": match})
        case "skip":
            rule = SkipRule.model_validate(
                {"when": with_condition(None, condition_from(fields)), "to": fields.get("to", "")}
            )
            changed["skips"] = (*question.skips, rule)
        case "unskip":
            changed["skips"] = tuple(one for number, one in enumerate(question.skips) if number != place)
        case "check":
            former = question.check.must_hold if question.check else None
            message = fields.get("message", "") or (question.check.message if question.check else "")
            changed["check"] = OwnCheck(
                must_hold=with_condition(former, condition_from(fields)), message=message
            )
        case "uncheck" if question.check is not None:
            left = without_condition(question.check.must_hold, place)
            changed["check"] = question.check.model_copy(update={"must_hold": left}) if left else None
        case _:
            pass
    return question.model_copy(update=changed)


def _find(document: SurveyDocument, question: str) -> Question:
    try:
        block, place = editing.find_question(document, question)
    except editing.PartUnknown as error:
        raise NotFound("question") from error
    return block.questions[place]


def _form(
    record: SurveyRecord,
    document: SurveyDocument,
    question: Question,
    values: Mapping[str, str],
    errors: Mapping[str, str],
    logic_error: str = "",
) -> QuestionFormPage:
    every = [one for block in blocks_in_order(document) for one in block.questions]
    place = next(number for number, one in enumerate(every) if one.id == question.id)
    by_id = {one.id: one for one in every}
    ends = (("end_of_block", "The end of the block"), ("end_of_survey", "The end of the survey"))
    return QuestionFormPage(
        record=record,
        question=question,
        fields=fields_of(question),
        lists=LISTS.get(question.type, ()),
        values=values,
        errors=errors,
        problems=tuple(one for one in validate_document(document) if one.where == question.id),
        display=lines_of(question.display, by_id),
        match=question.display.match if question.display else "all",
        skips=tuple(
            SkipLine(number, " and ".join(say(one, by_id) for one in skip.when.conditions), skip.to)
            for number, skip in enumerate(question.skips)
        ),
        check=lines_of(question.check.must_hold if question.check else None, by_id),
        operands=operands_of(every[:place]),
        own_operands=operands_of(every[: place + 1]),
        later=(*((one.id, f"{one.id}: {one.text[:60]}") for one in every[place + 1 :]), *ends),
        logic_error=logic_error,
    )
