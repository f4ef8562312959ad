"""Which responses are wanted, as the addresses of the API and of the pages write it."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta

from opulse.experience.responses.models import AnswerFilter, ResponseState

_KEY = re.compile(r"([1-9][0-9]{0,3}_)?QID[A-Za-z0-9]{1,37}([_#][A-Za-z0-9_#]{1,40})?")
"""An answer's key, also of a round of a loop: nothing else may stand in a path of JSON."""


class FilterWrong(ValueError):
    """A filter that says nothing; the text says what to write."""


def read_filter(state: str, activation: str, since: str, until: str, answer: str, match: str) -> AnswerFilter:
    """``state``: one, or *all*; ``since`` and ``until``: days, both within; ``answer``: ``QID1=3``; ``match``: *all* or *any*.

    Raises:
        FilterWrong: names the field and says what it should look like.
    """
    return AnswerFilter(
        states=_states(state),
        activation=activation,
        since=_day(since, "since"),
        until=until_day + timedelta(days=1) if (until_day := _day(until, "until")) else None,
        choice=_choice(answer),
        any_of=match == "any",
    )


def _states(given: str) -> frozenset[ResponseState]:
    if given == "all":
        return frozenset(ResponseState)
    try:
        return frozenset({ResponseState(given)})
    except ValueError as error:
        known = ", ".join(["all", *(one.value for one in ResponseState)])
        raise FilterWrong(f"state is {given!r}; use one of {known}.") from error


def _day(given: str, name: str) -> datetime | None:
    if not given:
        return None
    try:
        return datetime.combine(date.fromisoformat(given), time(), UTC)
    except ValueError as error:
        raise FilterWrong(f"{name} is {given!r}; write a day such as 2026-11-29.") from error


def _choice(given: str) -> tuple[str, str] | None:
    if not given:
        return None
    key, equals, value = given.partition("=")
    if not equals or not _KEY.fullmatch(key):
        raise FilterWrong(f"answer is {given!r}; write a question and what was answered, such as QID1=3.")
    return key, value
