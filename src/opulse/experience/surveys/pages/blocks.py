"""The settings of one block: what it is called, in which order it asks, and whether it is asked several times."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import ValidationError

from opulse.experience.surveys.models import Block, Loop, LoopRow, Question, SurveyDocument, SurveyRecord
from opulse.experience.surveys.pages.question_fields import ORDERS
from opulse.experience.surveys.pages.shared import (
    Editor,
    PortsDep,
    find_survey,
    first_fault,
    posted_fields,
    save_document,
)
from opulse.experience.surveys.rules import choice_lists, editing
from opulse.experience.surveys.rules.order import blocks_in_order
from opulse.web.components.flashes import see_other
from opulse.web.errors import NotFound
from opulse.web.layout import page

router = APIRouter(prefix="/surveys", include_in_schema=False)
TAKES = (
    ("selected", "Those that were chosen"),
    ("not_selected", "Those that were not chosen"),
    ("displayed", "Those that were offered"),
    ("all", "All of them"),
)


@dataclass(frozen=True, slots=True)
class BlockPage:
    """The form of one block; ``looped`` are earlier questions with choices."""

    record: SurveyRecord
    block: Block
    values: Mapping[str, str]
    looped: tuple[tuple[str, str], ...]
    errors: Mapping[str, str]
    orders: tuple[tuple[str, str], ...] = ORDERS
    takes: tuple[tuple[str, str], ...] = TAKES


@router.get("/{survey_id}/blocks/{block_id}")
async def show_block(
    survey_id: str, block_id: str, request: Request, caller: Editor, ports: PortsDep
) -> Response:
    """The form of one block."""
    record, version = await find_survey(ports, caller, survey_id)
    block = _find(version.document, block_id)
    context = _form(record, version.document, block, _values(block), {})
    return await page(request, "surveys/block.html", context)


@router.post("/{survey_id}/blocks/{block_id}")
async def save_block(
    survey_id: str, block_id: str, request: Request, caller: Editor, ports: PortsDep
) -> Response:
    """Save the block's settings in the draft."""
    record, version = await find_survey(ports, caller, survey_id)
    block = _find(version.document, block_id)
    fields = await posted_fields(request)
    try:
        document = editing.change_block(version.document, block_id, **_settings(fields, block))
    except ValidationError as error:
        said = {"title": first_fault(error)}
        context = _form(record, version.document, block, {**_values(block), **fields}, said)
        return await page(request, "surveys/block.html", context, 422)
    await save_document(ports, caller, record, document)
    return see_other(f"/surveys/{survey_id}/edit#{block_id}", "The block is saved in the draft.")


def _settings(fields: Mapping[str, str], block: Block) -> dict[str, Any]:
    looped = fields.get("loop", "")
    rows = [line.strip() for line in fields.get("rows", "").splitlines() if line.strip()]
    former = block.loop.rows if block.loop else ()
    order = {
        "kind": fields.get("loop_order", "as_written"),
        "show": fields.get("loop_show", "").strip() or None,
    }
    loop: dict[str, Any] | None = None
    if looped:
        question = None if looped == "rows" else looped
        loop = {
            "rows": _rows(rows, former),
            "question": question,
            "take": fields.get("take", "selected"),
            "order": order,
        }
    return {
        "title": fields.get("title", ""),
        "name": fields.get("name", ""),
        "order": {"kind": fields.get("order", "as_written"), "show": fields.get("show", "").strip() or None},
        "loop": loop,
    }


def _rows(lines: list[str], former: tuple[LoopRow, ...]) -> list[dict[str, Any]]:
    """``3: mail | Outlook`` is round 3 with two fields; a line without a number gets the next one."""
    taken = {int(row.id) for row in former}
    rows = []
    for line in lines:
        number, colon, rest = line.partition(":")
        named = bool(colon) and number.strip().isdigit()
        row_id = number.strip() if named else str(max(taken, default=0) + 1)
        taken.add(int(row_id))
        texts = [text.strip() for text in (rest if named else line).split("|")]
        rows.append({"id": row_id, "fields": texts})
    return rows


def _values(block: Block) -> dict[str, str]:
    loop = block.loop or Loop()
    return {
        "title": block.title,
        "name": block.name,
        "order": block.order.kind,
        "show": str(block.order.show or ""),
        "loop": "" if block.loop is None else loop.question or "rows",
        "rows": "\n".join(f"{row.id}: {' | '.join(row.fields)}" for row in loop.rows),
        "take": loop.take,
        "loop_order": loop.order.kind,
        "loop_show": str(loop.order.show or ""),
    }


def _find(document: SurveyDocument, block: str) -> Block:
    try:
        return editing.find_block(document, block)
    except editing.PartUnknown as error:
        raise NotFound("block") from error


def _form(
    record: SurveyRecord,
    document: SurveyDocument,
    block: Block,
    values: Mapping[str, str],
    errors: Mapping[str, str],
) -> BlockPage:
    earlier: list[Question] = []
    for one in blocks_in_order(document):
        if one.id == block.id:
            break
        earlier.extend(question for question in one.questions if choice_lists(question))
    looped = tuple((one.id, f"Once per choice of {one.id}: {one.text[:60]}") for one in earlier)
    return BlockPage(record, block, values, looped, errors)
