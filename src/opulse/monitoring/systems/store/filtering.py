"""A filter as a condition on ``system_facts``. Every value is bound; ``rules.filters.is_true`` says the same in Python."""

from __future__ import annotations

from typing import Any, cast

from sqlalchemy import ColumnElement, Connection, Text, and_, column, func, literal, not_, or_, select
from sqlalchemy import true as everybody
from sqlalchemy.dialects.postgresql import JSONB

from opulse.db import json_list
from opulse.monitoring.systems.models import (
    ORDERED,
    AllOf,
    AnyOf,
    Compare,
    Comparison,
    Field,
    Filter,
    InNetworks,
    LastReports,
    NeverReported,
    Not,
    OneOf,
    ReportAge,
    Whose,
)
from opulse.monitoring.systems.store.tables import system_facts

_ESCAPE = "!"


class Condition:
    """Makes the conditions of one dialect. ``ordered`` brings a text into the form of the facts that begin with ~."""

    def __init__(self, conn: Connection, reports: LastReports, ordered: Any) -> None:
        self._conn = conn
        self._postgres = conn.dialect.name == "postgresql"
        self._reports = reports
        self._ordered = ordered

    def of(self, term: Filter) -> ColumnElement[bool]:
        """True in the rows of the systems that the filter is true of."""
        match term:
            case Not(inner):
                return not_(self.of(inner))
            case AllOf(terms):
                return and_(*(self.of(one) for one in terms))
            case AnyOf(terms):
                return or_(*(self.of(one) for one in terms))
            case Compare(field):
                return self._on(field, lambda document: self._compares(document, term))
            case OneOf(field, values):
                return self._on(field, lambda document: self._text(document, field.path).in_(values))
            case InNetworks(ranges):
                place = self._in_order(self._text(system_facts.c.facts, "@ipAddress"))
                return or_(*(and_(place >= first, place <= last) for first, last in ranges))
            case ReportAge(how, age):
                return self._is_one_of(self._reports.having(how, age))
            case NeverReported():
                return not_(self._is_one_of(self._reports.ever()))

    def _on(self, field: Field, condition: Any) -> ColumnElement[bool]:
        """The condition on the system's own document, or on that of one of its users."""
        facts = system_facts.c.facts
        if field.whose is Whose.SYSTEM:
            return cast(ColumnElement[bool], condition(facts))
        if self._postgres:
            users = func.jsonb_array_elements(facts.op("->", return_type=JSONB())(literal("users", Text())))
            listed = users.table_valued(column("value", JSONB())).render_derived("users")
        else:
            listed = func.json_each(facts, "$.users").table_valued(column("value", Text())).alias("users")
        document = listed.c.value
        wanted = [condition(document)]
        if field.whose is Whose.PRIMARY:
            wanted.append(self._text(document, "primary") == "yes")
        return select(literal(1)).select_from(listed).where(*wanted).correlate(system_facts).exists()

    def _text(self, document: ColumnElement[Any], path: str) -> ColumnElement[str]:
        return func.coalesce(self._cell(document, path), "", type_=Text())

    def _cell(self, document: ColumnElement[Any], path: str) -> ColumnElement[Any]:
        if self._postgres:
            return document.op("->>", return_type=Text())(literal(path, Text()))
        return func.json_extract(document, f'$."{path}"', type_=Text())

    def _compares(self, document: ColumnElement[Any], term: Compare) -> ColumnElement[bool]:
        text, value = self._text(document, term.field.path), term.value
        if term.how in ORDERED:
            left = self._in_order(
                func.coalesce(self._cell(document, "~" + term.field.path), text, type_=Text())
            )
            return and_(text != "", _is_ordered(term.how, left, self._ordered(value)))
        match term.how:
            case Comparison.CONTAINS:
                return text.contains(value, autoescape=True)
            case Comparison.STARTS:
                return text.startswith(value, autoescape=True)
            case Comparison.ENDS:
                return text.endswith(value, autoescape=True)
            case Comparison.MATCHES:
                return text.like(_pattern(value), escape=_ESCAPE)
            case _:
                return text == value

    def _in_order(self, text: ColumnElement[str]) -> ColumnElement[str]:
        """Compared sign by sign, as Python and SQLite do, not as the database's language has it."""
        return text.collate("C") if self._postgres else text

    def _is_one_of(self, systems: Any) -> ColumnElement[bool]:
        if not systems:
            return not_(everybody())
        listed = json_list(self._conn, systems, numbers=True, name="reported")
        return system_facts.c.system.in_(select(listed.c.value))


def _pattern(value: str) -> str:
    for sign in (_ESCAPE, "%", "_"):
        value = value.replace(sign, _ESCAPE + sign)
    return value.replace("*", "%")


def _is_ordered(how: Comparison, left: ColumnElement[str], right: str) -> ColumnElement[bool]:
    match how:
        case Comparison.LESS:
            return left < right
        case Comparison.AT_MOST:
            return left <= right
        case Comparison.MORE:
            return left > right
        case _:
            return left >= right
