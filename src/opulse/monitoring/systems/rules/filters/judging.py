"""Whether a filter is true of one system. ``store.filtering`` says the same in SQL."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from opulse.monitoring.systems.models import (
    ORDERED,
    AllOf,
    AnyOf,
    Compare,
    Comparison,
    Facts,
    Field,
    Filter,
    InNetworks,
    NeverReported,
    Not,
    OneOf,
    ReportAge,
    Whose,
)
from opulse.monitoring.systems.rules.filters.facts import ordered


def is_true(term: Filter, facts: Facts, last_report: datetime | None, now: datetime) -> bool:
    """Whether the filter is true of a system with these facts; ``last_report`` as :meth:`LastReports.last` gives it."""
    match term:
        case Not(inner):
            return not is_true(inner, facts, last_report, now)
        case AllOf(terms):
            return all(is_true(one, facts, last_report, now) for one in terms)
        case AnyOf(terms):
            return any(is_true(one, facts, last_report, now) for one in terms)
        case Compare():
            return any(_compares(term, texts) for texts in _texts_of(term.field, facts))
        case OneOf(field, values):
            return any(texts.get(field.path, "") in values for texts in _texts_of(field, facts))
        case InNetworks(ranges):
            place = facts.texts.get("@ipAddress", "")
            return any(first <= place <= last for first, last in ranges)
        case ReportAge():
            return last_report is not None and _is_so_old(term, last_report, now)
        case NeverReported():
            return last_report is None


def matches(text: str, pattern: str) -> bool:
    """Whether the whole text has the pattern's parts in their order, with anything where its stars are."""
    first, *others = pattern.split("*")
    if not others:
        return text == pattern
    *middle, last = others
    if len(text) < len(first) + len(last) or not (text.startswith(first) and text.endswith(last)):
        return False
    at, end = len(first), len(text) - len(last)
    for part in middle:
        found = text.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return True


def _texts_of(field: Field, facts: Facts) -> Iterator[Mapping[str, str]]:
    if field.whose is Whose.SYSTEM:
        yield facts.texts
        return
    for user in facts.users:
        if user.is_primary or field.whose is Whose.USER:
            yield user.texts


def _compares(term: Compare, texts: Mapping[str, str]) -> bool:
    path = term.field.path
    text = texts.get(path, "")
    if term.how in ORDERED:
        return bool(text) and _is_ordered(term.how, texts.get("~" + path, text), ordered(term.value))
    match term.how:
        case Comparison.CONTAINS:
            return term.value in text
        case Comparison.STARTS:
            return text.startswith(term.value)
        case Comparison.ENDS:
            return text.endswith(term.value)
        case Comparison.MATCHES:
            return matches(text, term.value)
        case _:
            return text == term.value


def _is_ordered(how: Comparison, left: str, right: str) -> bool:
    match how:
        case Comparison.LESS:
            return left < right
        case Comparison.AT_MOST:
            return left <= right
        case Comparison.MORE:
            return left > right
        case _:
            return left >= right


def _is_so_old(term: ReportAge, last_report: datetime, now: datetime) -> bool:
    edge = now - term.age
    match term.how:
        case Comparison.MORE:
            return last_report < edge
        case Comparison.AT_LEAST:
            return last_report <= edge
        case Comparison.LESS:
            return last_report > edge
        case _:
            return last_report >= edge
