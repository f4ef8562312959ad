"""Whom a request selects, and in one query per chunk all that the decision about them reads."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Subquery,
    and_,
    case,
    exists,
    false,
    func,
    or_,
    select,
)

from opulse.db import Instant, json_list
from opulse.experience.directory.models import MAIN_FIELDS, FrequencyRule, RuleKind
from opulse.experience.directory.views import change_members, contacts, list_members
from opulse.experience.distributions.models import (
    SLOT_STATES,
    AskRequest,
    Candidate,
    Distribution,
)
from opulse.experience.distributions.store.tables import invitations
from opulse.mail.addresses import wire_address
from opulse.mail.models import MessageRefused
from opulse.templating.piped import CONTACT, EMBEDDED
from opulse.templating.values import pipe_text

_SLOTS = sorted(state.value for state in SLOT_STATES)


def list_selected(conn: Connection, request: AskRequest, after: str, limit: int) -> list[str]:
    """The next contact ids of the request, in order, behind ``after``."""
    if request.selection is None:
        return sorted(one for one in set(request.contact_ids) if one > after)[:limit]
    query = (
        select(change_members.c.contact)
        .where(
            change_members.c.tenant == request.tenant,
            change_members.c.change_set == request.selection.change_set,
            change_members.c.number.in_(request.selection.groups),
            change_members.c.contact > after,
        )
        .order_by(change_members.c.contact)
        .limit(limit)
    )
    return list(conn.execute(query).scalars())


def list_decided(
    conn: Connection, tenant: int, workflow: str, cause: str, wave: int, ids: Sequence[str]
) -> set[str]:
    """Those of ``ids`` that were decided already: an earlier try of the same request."""
    listed = json_list(conn, ids)
    query = select(invitations.c.contact).where(
        invitations.c.tenant == tenant,
        invitations.c.workflow == workflow,
        invitations.c.cause == cause,
        invitations.c.wave == wave,
        invitations.c.contact.in_(select(listed.c.value)),
    )
    return set(conn.execute(query).scalars())


def list_directories_of(conn: Connection, tenant: int, ids: Sequence[str]) -> list[str]:
    """The directories of these contacts; nearly always one."""
    listed = json_list(conn, ids)
    query = (
        select(contacts.c.directory)
        .where(contacts.c.tenant == tenant, contacts.c.id.in_(select(listed.c.value)))
        .distinct()
    )
    return list(conn.execute(query).scalars())


def list_candidates(
    conn: Connection,
    distribution: Distribution,
    ids: Sequence[str],
    rules: Sequence[tuple[str, FrequencyRule]],
    keys: Sequence[str],
    now: datetime,
    *,
    held_again: bool = False,
) -> list[Candidate]:
    """The contacts with what the decision reads, in id order.

    Args:
        keys: further pipes of the message (``e://Field/x``, ``m://ExternalDataReference``) whose values are frozen.
        held_again: the contacts were held by this distribution; their own rows do not count against them.
    """
    rows = conn.execute(_query(conn, distribution, ids, [rule for _, rule in rules], now, held_again))
    return [_candidate(row, len(rules), keys) for row in rows]


def _query(
    conn: Connection,
    distribution: Distribution,
    ids: Sequence[str],
    rules: Sequence[FrequencyRule],
    now: datetime,
    held_again: bool,
) -> Select[Any]:
    listed = json_list(conn, ids)
    history = _history(conn, distribution, ids, rules, now, held_again)
    same_address = _same_address(distribution) if distribution.activation and not held_again else false()
    on_list = and_(
        list_members.c.tenant == contacts.c.tenant,
        list_members.c.contact == contacts.c.id,
        list_members.c.list == distribution.list_id,
    )
    return (
        select(
            contacts,
            list_members.c.unsubscribed.label("out_of_list"),
            same_address.label("same_address"),
            *(column for column in history.c if column.name != "contact"),
        )
        .select_from(contacts)
        .outerjoin(list_members, on_list)
        .outerjoin(history, history.c.contact == contacts.c.id)
        .where(contacts.c.tenant == distribution.tenant, contacts.c.id.in_(select(listed.c.value)))
        .order_by(contacts.c.id)
    )


def _history(
    conn: Connection,
    distribution: Distribution,
    ids: Sequence[str],
    rules: Sequence[FrequencyRule],
    now: datetime,
    held_again: bool,
) -> Subquery:
    """One row per contact that was asked before: counts per rule window, last time, this pulse, this activation, others."""
    table = invitations
    listed = json_list(conn, ids)
    same_cause = table.c.cause == distribution.cause
    counts = [
        func.sum(case((_inside(rule, now), 1), else_=0)).label(f"recent_{number}")
        for number, rule in enumerate(rules)
    ]
    query = select(
        table.c.contact,
        func.max(case((and_(same_cause, table.c.workflow == distribution.workflow), 1), else_=0)).label(
            "same_pulse"
        ),
        func.max(case((same_cause, 1), else_=0)).label("same_activation"),
        func.max(table.c.asked_at, type_=Instant()).label("last_asked_at"),
        func.max(case((same_cause, None), else_=table.c.open_until), type_=Instant()).label("busy_until"),
        *counts,
    ).where(
        table.c.tenant == distribution.tenant,
        table.c.contact.in_(select(listed.c.value)),
        table.c.state.in_(_SLOTS),
        _counts_against(distribution, held_again),
    )
    return query.group_by(table.c.contact).subquery("history")


def _inside(rule: FrequencyRule, now: datetime) -> ColumnElement[bool]:
    if rule.kind is not RuleKind.MAX_IN_PERIOD:
        return false()
    return invitations.c.asked_at > now - timedelta(seconds=rule.period_seconds)


def _counts_against(distribution: Distribution, held_again: bool) -> ColumnElement[bool]:
    """All earlier invitations; when the distribution's own held rows are decided again, those of others that were asked.

    Two distributions that hold the same person must not wait for each other for ever.
    """
    if not held_again:
        return invitations.c.tenant == distribution.tenant
    return and_(invitations.c.distribution != distribution.id, invitations.c.state != "held")


def _same_address(distribution: Distribution) -> ColumnElement[bool]:
    other = invitations.alias("other")
    return exists().where(
        other.c.tenant == contacts.c.tenant,
        other.c.activation == distribution.activation,
        other.c.email_key == contacts.c.email_key,
        other.c.workflow == distribution.workflow,
        other.c.contact != contacts.c.id,
        or_(*(other.c.state == state for state in _SLOTS)),
    )


def _candidate(row: Any, rules: int, keys: Sequence[str]) -> Candidate:
    values = row._mapping
    return Candidate(
        contact=row.id,
        directory=row.directory,
        email=row.email.strip(),
        email_key=row.email_key,
        first_name=row.first_name,
        last_name=row.last_name,
        language=row.language,
        deleted=row.deleted,
        opted_out=row.unsubscribed,
        opted_out_of_list=bool(row.out_of_list),
        muted_until=row.muted_until,
        deliverable=_is_deliverable(row.email.strip()),
        asked_by_this_pulse=bool(row.same_pulse) or bool(row.same_address),
        asked_in_activation=bool(row.same_activation),
        recent=tuple(values[f"recent_{number}"] or 0 for number in range(rules)),
        last_asked_at=row.last_asked_at,
        busy_until=row.busy_until,
        fields={key: _value(row, key) for key in keys},
    )


def _is_deliverable(email: str) -> bool:
    try:
        return bool(wire_address(email))
    except MessageRefused:
        return False


def _value(row: Any, key: str) -> str:
    """The text that a pipe of the message stands for on this contact; empty where there is none."""
    source, _, path = key.partition("://")
    if source == CONTACT:
        return str(getattr(row, MAIN_FIELDS[path])) if path in MAIN_FIELDS else ""
    return pipe_text(row.embedded.get(path.removeprefix("Field/"))) if source == EMBEDDED else ""
