"""Blocks and flow of a document as the payloads of the ``BL`` and ``FL`` elements."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from opulse.experience.surveys.models import (
    Block,
    BlockStep,
    Branch,
    EndOfSurvey,
    Group,
    Question,
    QuestionCondition,
    Randomizer,
    SetFields,
    SkipRule,
    Step,
    SurveyDocument,
)
from opulse.experience.surveys.qsf.mapping.names import block_like, flow_id
from opulse.experience.surveys.qsf.writing.logic import Json, Known, write_condition, write_logic
from opulse.experience.surveys.qsf.writing.parts import randomization
from opulse.experience.surveys.rules.order import steps_of

TRASH = "Trash / Unused Questions"
"""The product's own name for the block that holds deleted questions."""

_FIRST, _OTHER = "Default Question Block", "Block"
_TAKEN = {
    "selected": "SelectedChoices",
    "not_selected": "UnselectedChoices",
    "displayed": "DisplayedChoices",
    "all": "AllChoices",
}
_FLAGS = {"screened": "Screened", "quota": "QuotaMet"}


def write_blocks(document: SurveyDocument, known: Known) -> list[Json]:
    """All blocks, the deleted questions last."""
    numbers = iter(range(1, 1_000_000))
    blocks = [_block(block, place == 0, known, numbers) for place, block in enumerate(document.blocks)]
    trash = {
        "Type": "Trash",
        "Description": TRASH,
        "ID": block_like(f"trash of {document.blocks[0].id}"),
        "BlockElements": [{"Type": "Question", "QuestionID": one.id} for one in document.trash],
    }
    return [*blocks, trash]


def write_flow(document: SurveyDocument, known: Known) -> Json:
    """The root of the flow. Steps keep their ids; blocks and the root get free ones."""
    taken = {step.id for step in steps_of(document.flow) if not isinstance(step, BlockStep)}
    steps = document.flow or tuple(BlockStep(block=block.id) for block in document.blocks)
    root = flow_id("", taken)
    first = document.blocks[0].id
    flow = list(_steps(steps, taken, first, known))
    highest = max((int(name[3:]) for name in taken if name[3:].isdigit()), default=1)
    return {"Type": "Root", "FlowID": root, "Flow": flow, "Properties": {"Count": highest}}


def _block(block: Block, first: bool, known: Known, numbers: Iterator[int]) -> Json:
    return {
        "Type": "Default" if first else "Standard",
        "SubType": "",
        "Description": block.name or (_FIRST if first else _OTHER),
        "ID": block.id,
        "BlockElements": list(_elements(block, known, numbers)),
        "Options": {"BlockLocking": "false", **_order(block), "BlockVisibility": "Expanded", **_loop(block)},
    }


def _elements(block: Block, known: Known, numbers: Iterator[int]) -> Iterator[Json]:
    for question in block.questions:
        element: Json = {"Type": "Question", "QuestionID": question.id}
        if skips := [one for skip in question.skips for one in _skip(question, skip, known, numbers)]:
            element["SkipLogic"] = skips
        yield element
        if question.page_break:
            yield {"Type": "Page Break"}


def _skip(question: Question, skip: SkipRule, known: Known, numbers: Iterator[int]) -> Iterator[Json]:
    """One rule per condition: the product's rules hold one each."""
    conditions = skip.when.conditions if skip.when.match == "any" else skip.when.conditions[:1]
    target = {"end_of_block": "ENDOFBLOCK", "end_of_survey": "ENDOFSURVEY"}.get(skip.to, skip.to)
    for condition in conditions:
        line = write_condition(condition, known)
        locator = line.get("ChoiceLocator", "")
        where = {"ChoiceLocator": locator, "Condition": line.get("Operator", ""), "SkipToDestination": target}
        shown = {"Locator": locator, "SkipToDescription": "", "Description": "", "QuestionID": question.id}
        value = {"RightOperand": line["RightOperand"]} if "RightOperand" in line else {}
        if isinstance(condition, QuestionCondition) or locator:
            yield {"SkipLogicID": next(numbers), **where, **value, **shown}


def _order(block: Block) -> Json:
    if any(question.fixed for question in block.questions):
        written = randomization(block.order, block.questions)["Randomization"]
        return {"RandomizeQuestions": "Advanced", "Randomization": written}
    if block.order.kind != "random":
        return {"RandomizeQuestions": "false"}
    if block.order.show is None:
        return {
            "RandomizeQuestions": "RandomWithXPerPage",
            "Randomization": {"Advanced": {"QuestionsPerPage": 0}},
        }
    return {
        "RandomizeQuestions": "RandomWithOnlyX",
        "Randomization": {"Advanced": {"TotalRandSubset": block.order.show}},
    }


def _loop(block: Block) -> Json:
    loop = block.loop
    if loop is None:
        return {}
    mixed = "All" if loop.order.kind == "random" else "None"
    if loop.question is not None:
        locator = f"q://{loop.question}/ChoiceGroup/{_TAKEN[loop.take]}"
        options: Json = {
            "Locator": locator,
            "QID": loop.question,
            "ChoiceGroupLocator": locator,
            "Static": [],
        }
        return {"Looping": "Question", "LoopingOptions": {**options, "Randomization": mixed}}
    static = {
        row.id: {str(place): text for place, text in enumerate(row.fields, start=1)} for row in loop.rows
    }
    return {"Looping": "Static", "LoopingOptions": {"Static": static, "Randomization": mixed}}


def _steps(steps: Iterable[Step], taken: set[str], first: str, known: Known) -> Iterator[Json]:
    for step in steps:
        match step:
            case BlockStep():
                kind = "Block" if step.block == first else "Standard"
                yield {"Type": kind, "ID": step.block, "FlowID": flow_id("", taken), "Autofill": []}
            case Branch():
                yield {
                    "Type": "Branch",
                    "FlowID": step.id,
                    "Description": step.name or "New Branch",
                    "BranchLogic": write_logic(step.when, known),
                    "Flow": list(_steps(step.flow, taken, first, known)),
                }
            case Randomizer():
                show = len(step.flow) if step.show is None else step.show
                inner = list(_steps(step.flow, taken, first, known))
                shown = {"SubSet": show, "EvenPresentation": step.even}
                yield {"Type": "BlockRandomizer", "FlowID": step.id, **shown, "Flow": inner}
            case Group():
                inner = list(_steps(step.flow, taken, first, known))
                name = step.name or "Untitled Group"
                yield {"Type": "Group", "FlowID": step.id, "Description": name, "Flow": inner}
            case SetFields():
                yield {"Type": "EmbeddedData", "FlowID": step.id, "EmbeddedData": list(_fields(step))}
            case EndOfSurvey():
                yield {
                    "Type": "EndSurvey",
                    "FlowID": step.id,
                    "EndingType": "Advanced",
                    "Options": _ending(step),
                }


def _fields(step: SetFields) -> Iterator[Json]:
    for field in step.fields:
        found: Json = {"Description": field.name, "Field": field.name, "VariableType": "String"}
        kind = {"Type": "Recipient"} if field.value is None else {"Type": "Custom", "Value": field.value}
        yield {**found, **kind, "DataVisibility": [], "AnalyzeText": False}


def _ending(step: EndOfSurvey) -> Json:
    found: Json = {"Advanced": "true", "SurveyTermination": "Redirect" if step.redirect else "DefaultMessage"}
    if step.redirect:
        found["EOSRedirectURL"] = step.redirect
    if step.flag in _FLAGS:
        found["ResponseFlag"] = _FLAGS[step.flag]
    return found if step.record else {**found, "IgnoreResponse": "Yes"}
