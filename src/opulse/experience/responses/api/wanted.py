"""Which responses are wanted, as the addresses of the API and of the pages write it."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated

from fastapi import Depends, Query

from opulse.experience.responses.models import AnswerFilter, ResponseState
from opulse.web.errors import Problem

_KEY = re.compile(r"([1-9][0-9]{0,3}_)?QID[A-Za-z0-9]{1,37}([_#][A-Za-z0-9_#]{1,40})?")
"""An answer's key, also of a round of a loop: nothing else may stand in a path of JSON."""


def answer_filter(
    state: Annotated[str, Query(max_length=20)] = ResponseState.RECORDED.value,
    activation: Annotated[str, Query(max_length=36)] = "",
    since: Annotated[str, Query(max_length=10)] = "",
    until: Annotated[str, Query(max_length=10)] = "",
    answer: Annotated[str, Query(max_length=300)] = "",
    match: Annotated[str, Query(pattern="^(all|any)$")] = "all",
) -> AnswerFilter:
    """``state``: one, or *all*; ``since`` and ``until``: days, both within; ``answer``: ``QID1=3``.

    Raises:
        Problem: 400 that names the field and says what it should look like.
    """
    return AnswerFilter(
        states=_states(state),
        activation=activation,
        since=_day(since, "since"),
        until=until_day + timedelta(days=1) if (until_day := _day(until, "until")) else None,
        choice=_choice(answer),
        any_of=match == "any",
    )


Wanted = Annotated[AnswerFilter, Depends(answer_filter)]


def _states(given: str) -> frozenset[ResponseState]:
    if given == "all":
        return frozenset(ResponseState)
    try:
        return frozenset({ResponseState(given)})
    except ValueError as error:
        known = ", ".join(["all", *(one.value for one in ResponseState)])
        raise Problem(400, "The filter is wrong", f"state is {given!r}; use one of {known}.") from error


def _day(given: str, name: str) -> datetime | None:
    if not given:
        return None
    try:
        return datetime.combine(date.fromisoformat(given), time(), UTC)
    except ValueError as error:
        detail = f"{name} is {given!r}; write a day such as 2026-11-29."
        raise Problem(400, "The filter is wrong", detail) from error


def _choice(given: str) -> tuple[str, str] | None:
    if not given:
        return None
    key, equals, value = given.partition("=")
    if not equals or not _KEY.fullmatch(key):
        detail = f"answer is {given!r}; write a question and what was answered, such as QID1=3."
        raise Problem(400, "The filter is wrong", detail)
    return key, value
