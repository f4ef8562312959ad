"""The rule of a segment as a condition on ``contacts``. Every value is bound."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Float,
    Numeric,
    Text,
    and_,
    case,
    cast,
    column,
    exists,
    func,
    literal,
    not_,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB

from opulse.db import Instant
from opulse.experience.audiences.models import (
    AllOf,
    AnyOf,
    Attribute,
    Counted,
    How,
    Moment,
    Never,
    Not,
    OfData,
    OfText,
    OnList,
    Since,
    Subscribed,
    Tally,
    Term,
    Within,
)
from opulse.experience.directory.views import contacts, list_members, mailing_lists
from opulse.experience.distributions.models import SLOT_STATES
from opulse.experience.distributions.views import invitations
from opulse.experience.responses.views import responses

_TEXTS: dict[Attribute, ColumnElement[str]] = {
    Attribute.FIRST_NAME: contacts.c.first_name,
    Attribute.LAST_NAME: contacts.c.last_name,
    Attribute.EMAIL: contacts.c.email_key,
    Attribute.EXT_REF: contacts.c.ext_ref_key,
    Attribute.PHONE: contacts.c.phone,
    Attribute.LANGUAGE: contacts.c.language,
    Attribute.TIME_ZONE: contacts.c.time_zone,
}
_SLOTS = sorted(state.value for state in SLOT_STATES)


class Condition:
    """Makes the conditions of one dialect, as of ``now``."""

    def __init__(self, conn: Connection, now: datetime) -> None:
        self._postgres = conn.dialect.name == "postgresql"
        self._now = now

    def of(self, term: Term) -> ColumnElement[bool]:
        """True in the rows of the contacts that the rule is true of."""
        match term:
            case Not(inner):
                return not_(func.coalesce(self.of(inner), literal(False)))
            case AllOf(terms):
                return and_(*(self.of(one) for one in terms))
            case AnyOf(terms):
                return or_(*(self.of(one) for one in terms))
            case OfText(attribute, how, values):
                return _compared(self._text(attribute), how, values)
            case OfData():
                return self._of_data(term)
            case Subscribed(wanted):
                return contacts.c.unsubscribed.is_(not wanted)
            case OnList(lists):
                return _on_list(lists)
            case Within(moment, age):
                return self._moment(moment) > literal(self._now - age, Instant())
            case Since(moment, behind, at):
                edge = literal(at, Instant())
                return self._moment(moment) > edge if behind else self._moment(moment) < edge
            case Never(moment):
                return self._moment(moment).is_(None)
            case Counted(tally, how, number):
                return _ordered(how, _tally(tally), literal(number))

    def _text(self, attribute: Attribute) -> ColumnElement[str]:
        if attribute is not Attribute.EMAIL_DOMAIN:
            return _TEXTS[attribute]
        if self._postgres:
            return func.split_part(contacts.c.email_key, "@", 2, type_=Text())
        at = func.instr(contacts.c.email_key, "@")
        return case((at > 0, func.substr(contacts.c.email_key, at + 1)), else_="")

    def _of_data(self, term: OfData) -> ColumnElement[bool]:
        if term.how is How.EQUALS and "" in term.values:
            some = tuple(value for value in term.values if value)
            empty = func.coalesce(self._whole(term.name), "").in_(["", "[]"])
            return or_(empty, self._of_data(OfData(term.name, term.how, some))) if some else empty
        if term.is_number:
            number = self._number(term.name)
            return or_(*(_ordered(term.how, number, literal(float(value), Float())) for value in term.values))
        one = self._elements(term.name)
        compared = _compared(one.c.value, term.how, term.values)
        return select(literal(1)).select_from(one).where(compared).correlate(contacts).exists()

    def _cell(self, name: str) -> ColumnElement[Any]:
        return contacts.c.embedded.op("->", return_type=JSONB())(cast(literal(name), Text))

    def _whole(self, name: str) -> ColumnElement[Any]:
        if self._postgres:
            return contacts.c.embedded.op("->>", return_type=Text())(cast(literal(name), Text))
        return func.json_extract(contacts.c.embedded, f'$."{name}"', type_=Text())

    def _number(self, name: str) -> ColumnElement[Any]:
        """The value where it is a number; else NULL."""
        if self._postgres:
            is_one = func.jsonb_typeof(self._cell(name)) == "number"
            return case((is_one, cast(self._whole(name), Numeric)), else_=None)
        kind = func.json_type(contacts.c.embedded, f'$."{name}"')
        value = func.json_extract(contacts.c.embedded, f'$."{name}"', type_=Float())
        return case((kind.in_(["integer", "real"]), value), else_=None)

    def _elements(self, name: str) -> Any:
        """The members of a list, or the value itself, one per row, as texts."""
        if self._postgres:
            cell = self._cell(name)
            is_list = func.jsonb_typeof(cell) == "array"
            members = case((is_list, cell), else_=func.jsonb_build_array(cell))
            listed = func.jsonb_array_elements_text(members).table_valued(column("value", Text()))
            return listed.render_derived("elements")
        raw = (
            func.json_each(contacts.c.embedded, f'$."{name}"')
            .table_valued(column("value", Text()), column("type", Text()))
            .alias("raw_elements")
        )
        spoken = case(
            (raw.c.type == "true", "true"), (raw.c.type == "false", "false"), else_=cast(raw.c.value, Text)
        )
        return select(spoken.label("value")).select_from(raw).correlate(contacts).subquery("elements")

    def _moment(self, moment: Moment) -> ColumnElement[Any]:
        match moment:
            case Moment.ADDED:
                return contacts.c.created_at
            case Moment.CHANGED:
                return contacts.c.updated_at
            case Moment.LAST_ASKED:
                newest = select(func.max(invitations.c.asked_at)).where(*_asked())
            case Moment.LAST_ANSWERED:
                newest = select(func.max(responses.c.recorded_at)).select_from(_joined()).where(*_answered())
        return newest.correlate(contacts).scalar_subquery()


def _compared(text: ColumnElement[str], how: How, values: tuple[str, ...]) -> ColumnElement[bool]:
    folded = func.lower(text, type_=Text())
    wanted = [value.lower() for value in values]
    match how:
        case How.EQUALS:
            return folded.in_(wanted)
        case How.CONTAINS:
            return or_(*(folded.contains(value, autoescape=True) for value in wanted))
        case How.STARTS:
            return or_(*(folded.startswith(value, autoescape=True) for value in wanted))
        case How.ENDS:
            return or_(*(folded.endswith(value, autoescape=True) for value in wanted))
        case _:
            return or_(*(_ordered(how, folded, literal(value, Text())) for value in wanted))


def _ordered(how: How, left: ColumnElement[Any], right: ColumnElement[Any]) -> ColumnElement[bool]:
    match how:
        case How.LESS:
            return left < right
        case How.AT_MOST:
            return left <= right
        case How.MORE:
            return left > right
        case How.AT_LEAST:
            return left >= right
        case _:
            return left == right


def _asked() -> tuple[ColumnElement[bool], ...]:
    table = invitations.c
    return table.tenant == contacts.c.tenant, table.contact == contacts.c.id, table.state.in_(_SLOTS)


def _joined() -> Any:
    where = and_(responses.c.tenant == invitations.c.tenant, responses.c.invitation == invitations.c.id)
    return invitations.join(responses, where)


def _answered() -> tuple[ColumnElement[bool], ...]:
    table = invitations.c
    mine = table.tenant == contacts.c.tenant, table.contact == contacts.c.id
    return *mine, responses.c.recorded_at.is_not(None), responses.c.state == "recorded"


def _tally(tally: Tally) -> ColumnElement[int]:
    if tally is Tally.ASKED:
        counted = select(func.count()).select_from(invitations).where(*_asked())
    else:
        counted = select(func.count()).select_from(_joined()).where(*_answered())
    return counted.correlate(contacts).scalar_subquery()


def _on_list(lists: tuple[str, ...]) -> ColumnElement[bool]:
    named = and_(mailing_lists.c.tenant == list_members.c.tenant, mailing_lists.c.id == list_members.c.list)
    wanted = [value.lower() for value in lists]
    return (
        exists()
        .where(
            named,
            list_members.c.tenant == contacts.c.tenant,
            list_members.c.contact == contacts.c.id,
            list_members.c.unsubscribed.is_(False),
            mailing_lists.c.directory == contacts.c.directory,
            or_(mailing_lists.c.id.in_(lists), func.lower(mailing_lists.c.name).in_(wanted)),
        )
        .correlate(contacts)
    )
