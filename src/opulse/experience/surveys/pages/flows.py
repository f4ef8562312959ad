"""The flow of the draft: which blocks are met in which order and under what conditions, and where it ends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import ValidationError

from opulse.experience.surveys.models import (
    Branch,
    DocumentProblem,
    Step,
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
    with_condition,
    without_condition,
)
from opulse.experience.surveys.pages.shared import (
    Editor,
    PortsDep,
    find_survey,
    first_fault,
    posted_fields,
    save_document,
)
from opulse.experience.surveys.rules import validate_document
from opulse.experience.surveys.rules.stepping import (
    StepUnknown,
    add_step,
    change_step,
    delete_step,
    move_step,
    step_names,
    with_flow,
)
from opulse.web.components.flashes import see_other
from opulse.web.layout import page

router = APIRouter(prefix="/surveys", include_in_schema=False)


@dataclass(frozen=True, slots=True)
class StepCard:
    """One step with those inside it. ``place`` leads to it (``2.0``); ``title`` is the block's or its own."""

    place: str
    step: Step
    title: str
    conditions: tuple[LogicLine, ...]
    inner: tuple[StepCard, ...]
    problems: tuple[DocumentProblem, ...]
    first: bool
    last: bool

    @property
    def number(self) -> str:
        """The place as people count: ``3.1`` is the first step inside the third."""
        return ".".join(str(int(part) + 1) for part in self.place.split("."))


@dataclass(frozen=True, slots=True)
class FlowPage:
    """The flow to be edited."""

    record: SurveyRecord
    steps: tuple[StepCard, ...]
    blocks: tuple[tuple[str, str], ...]
    operands: tuple[Operands, ...]
    error: str
    problems: tuple[DocumentProblem, ...]
    written: bool
    operators: tuple[tuple[str, str], ...] = OPERATORS


@router.get("/{survey_id}/flow")
async def show_flow(survey_id: str, request: Request, caller: Editor, ports: PortsDep) -> Response:
    """The steps of the flow; without one, the blocks in their order."""
    record, version = await find_survey(ports, caller, survey_id)
    return await page(request, "surveys/flow.html", _flow_page(record, version.document))


@router.post("/{survey_id}/flow")
async def save_flow(survey_id: str, request: Request, caller: Editor, ports: PortsDep) -> Response:
    """Add, move, change or delete a step, and save the draft."""
    record, version = await find_survey(ports, caller, survey_id)
    fields = await posted_fields(request)
    document = with_flow(version.document)
    try:
        changed = SurveyDocument.model_validate(_changed(document, fields).model_dump())
    except StepUnknown:
        gone = "That step is not there any more; somebody else may have deleted it."
        return see_other(f"/surveys/{survey_id}/flow", gone, "amber")
    except ValueError as error:
        said = first_fault(error) if isinstance(error, ValidationError) else str(error)
        context = _flow_page(record, version.document, f"It was not saved: {said}.")
        return await page(request, "surveys/flow.html", context, 422)
    await save_document(ports, caller, record, changed)
    return see_other(f"/surveys/{survey_id}/flow", "Saved in the draft.")


def _changed(document: SurveyDocument, fields: Mapping[str, str]) -> SurveyDocument:
    place = fields.get("place", "")
    match fields.get("do", ""):
        case "add":
            return add_step(document, place, _new_step(fields))
        case "up" | "down":
            return move_step(document, place, -1 if fields["do"] == "up" else 1)
        case "delete":
            return delete_step(document, place)
        case "set":
            return change_step(document, place, _settings(fields))
        case "when":
            return _with_branch(document, place, fields, add=True)
        case "unwhen":
            return _with_branch(document, place, fields, add=False)
        case "match":
            match = "any" if fields.get("match") == "any" else "all"
            return change_step(
                document, place, {}, lambda branch: branch.when.model_copy(update={"match": match})
            )
        case _:
            return document


def _with_branch(
    document: SurveyDocument, place: str, fields: Mapping[str, str], *, add: bool
) -> SurveyDocument:
    if add:
        condition = condition_from(fields)
        return change_step(document, place, {}, lambda branch: with_condition(_real(branch), condition))
    number = int(fields["number"]) if fields.get("number", "").isdigit() else -1
    return change_step(
        document, place, {}, lambda branch: without_condition(branch.when, number) or branch.when
    )


def _real(branch: Branch) -> Any:
    """The conditions that somebody wrote: a new branch begins with *never*."""
    only = branch.when.conditions[0]
    return (
        None
        if len(branch.when.conditions) == 1 and only.kind == "constant" and not only.value
        else branch.when
    )


def _new_step(fields: Mapping[str, str]) -> dict[str, Any]:
    kind = fields.get("type", "")
    match kind:
        case "block":
            return {"type": "block", "block": fields.get("block", "")}
        case "branch":
            return {"type": "branch", "when": {"conditions": [{"kind": "constant", "value": False}]}}
        case _:
            return {"type": kind}


def _settings(fields: Mapping[str, str]) -> dict[str, Any]:
    """What a step's own form holds; what it does not have is not touched."""
    found: dict[str, Any] = {
        name: fields[name] for name in ("name", "message", "redirect", "flag") if name in fields
    }
    if "show" in fields:
        found["show"] = fields["show"].strip() or None
    if "ends" in fields:
        found["record"] = fields.get("record") == "on"
    if "fields" in fields:
        lines = [line for line in fields["fields"].splitlines() if line.strip()]
        parted = [line.partition("=") for line in lines]
        found["fields"] = [
            {"name": name.strip(), "value": value.strip() if sign else None} for name, sign, value in parted
        ]
    return found


def _flow_page(record: SurveyRecord, document: SurveyDocument, error: str = "") -> FlowPage:
    whole = with_flow(document)
    names = step_names(whole)
    problems = validate_document(whole)
    by_id = {one.id: one for one in whole.questions}

    def cards(steps: tuple[Step, ...], above: str) -> tuple[StepCard, ...]:
        return tuple(
            StepCard(
                place=f"{above}{number}",
                step=step,
                title=names.get(step.block, step.block)
                if step.type == "block"
                else getattr(step, "name", ""),
                conditions=lines_of(step.when, by_id) if isinstance(step, Branch) else (),
                inner=cards(getattr(step, "flow", ()), f"{above}{number}."),
                problems=tuple(one for one in problems if one.where == getattr(step, "id", "")),
                first=number == 0,
                last=number == len(steps) - 1,
            )
            for number, step in enumerate(steps)
        )

    return FlowPage(
        record=record,
        steps=cards(whole.flow, ""),
        blocks=tuple((block.id, names[block.id]) for block in whole.blocks),
        operands=operands_of(whole.questions),
        error=error,
        problems=tuple(one for one in problems if one.where == "flow"),
        written=bool(document.flow),
    )
