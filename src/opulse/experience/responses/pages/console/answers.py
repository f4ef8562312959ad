"""The table of a survey's responses. The files of them are the API's: editors' browsers may ask it too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from opulse.experience.responses.flow.listing import AnswerPage, FilterForbidden, list_page
from opulse.experience.responses.models import AnswerFilter, AnswerRow, Identity, ResponseState
from opulse.experience.responses.rules.export import Column, label_of
from opulse.experience.responses.rules.export.columns import Kind
from opulse.experience.responses.rules.wanted import FilterWrong, read_filter
from opulse.experience.surveys.flow import SurveyUnknown
from opulse.ports import Ports
from opulse.web.access import Caller, needs_editor, ports_of
from opulse.web.errors import NotFound, Problem
from opulse.web.layout import page

router = APIRouter(prefix="/surveys/{survey_id}/responses")

PortsDep = Annotated[Ports, Depends(ports_of)]
Editor = Annotated[Caller, Depends(needs_editor)]

ROWS = 50
COLUMNS = 6
"""Questions beside each other; more are read in a file."""

_CUT = 120
"""Letters of a cell; the whole text is in the file."""


def answer_filter(
    state: Annotated[str, Query(max_length=20)] = ResponseState.RECORDED.value,
    activation: Annotated[str, Query(max_length=36)] = "",
    since: Annotated[str, Query(max_length=10)] = "",
    until: Annotated[str, Query(max_length=10)] = "",
    answer: Annotated[str, Query(max_length=300)] = "",
    match: Annotated[str, Query(pattern="^(all|any)$")] = "all",
) -> AnswerFilter:
    """See :func:`read_filter`; a wrong one is a 400 that says what to write."""
    try:
        return read_filter(state, activation, since, until, answer, match)
    except FilterWrong as error:
        raise Problem(400, "The filter is wrong", str(error)) from error


Wanted = Annotated[AnswerFilter, Depends(answer_filter)]


@dataclass(frozen=True, slots=True)
class Line:
    """One response as it is drawn: what it says to each question that has a column."""

    row: AnswerRow
    answers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AnswersPage:
    """The table. ``query`` is the filter as an address writes it; ``choices`` are offered to filter by.

    ``heads`` are the texts of the columns that are drawn, ``of`` how many there are.
    """

    listed: AnswerPage
    lines: tuple[Line, ...]
    heads: tuple[str, ...]
    of: int
    states: tuple[ResponseState, ...]
    state: str
    query: str
    next: str
    named: bool
    choices: tuple[tuple[str, str], ...]
    typed: dict[str, str]


@router.get("")
async def show_answers(
    request: Request,
    survey_id: str,
    caller: Editor,
    ports: PortsDep,
    wanted: Wanted,
    below: Annotated[str, Query(max_length=20)] = "",
) -> Response:
    """A page of the table."""
    try:
        listed = await list_page(
            ports, caller.tenant, survey_id, wanted, below=below, limit=ROWS, language=caller.locale
        )
    except SurveyUnknown as error:
        raise NotFound("survey") from error
    except FilterForbidden as error:
        raise Problem(409, "Not for this survey", str(error)) from error
    typed = {
        name: request.query_params.get(name, "")
        for name in ("activation", "since", "until", "answer", "match")
    }
    state = request.query_params.get("state", ResponseState.RECORDED.value)
    query = urlencode({"state": state, **{name: value for name, value in typed.items() if value}})
    context = AnswersPage(
        listed=listed,
        lines=tuple(_line(listed, row) for row in listed.rows),
        heads=tuple(_short(column.text) for column in _drawn(listed)[:COLUMNS]),
        of=len(_drawn(listed)),
        states=tuple(ResponseState),
        state=state,
        query=query,
        next=f"?{query}&below={listed.next}" if listed.next else "",
        named=listed.policy.identity is Identity.NAMED,
        choices=tuple(_choices(listed)),
        typed=typed,
    )
    return await page(request, "responses/answers.html", context)


def _drawn(listed: AnswerPage) -> list[Column]:
    """The columns that fit beside each other; the group of a 0-to-10 number is for files."""
    return [column for column in listed.columns if column.kind is not Kind.GROUP]


def _line(listed: AnswerPage, row: AnswerRow) -> Line:
    return Line(row, tuple(_cell(listed, column, row) for column in _drawn(listed)[:COLUMNS]))


def _cell(listed: AnswerPage, column: Column, row: AnswerRow) -> str:
    if column.kind is Kind.TEXT and not listed.shown.texts:
        return "" if column.key not in row.answers else "…"
    value = label_of(column, row.answers)
    return "" if value is None else _short(str(value))


def _short(text: str) -> str:
    return text if len(text) <= _CUT else f"{text[:_CUT]}…"


def _choices(listed: AnswerPage) -> list[tuple[str, str]]:
    """(``QID1=3``, *question: choice*) of each choice that a column knows."""
    offered: dict[str, str] = {}
    for column in listed.columns:
        for choice, label in column.labels.items():
            text = column.text.removesuffix(f" - {label}") if column.choice else column.text
            if column.choice in ("", choice):
                offered[f"{column.key}={choice}"] = f"{text}: {label}"
    return list(offered.items())
