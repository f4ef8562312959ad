"""Touchpoints of one contact from all stages in one query, newest first, page by page."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Text,
    and_,
    bindparam,
    case,
    cast,
    literal,
    or_,
    select,
    union_all,
)

from opulse.db import Instant
from opulse.experience.directory.views import (
    change_groups,
    change_members,
    change_sets,
    contacts,
    subscription_changes,
    transactions,
)
from opulse.experience.distributions.models import SLOT_STATES, InvitationState
from opulse.experience.distributions.views import distributions, invitations
from opulse.experience.footprint.models import Past, TouchKind, Touchpoint
from opulse.experience.responses.views import responses

_HISTORY_MAX = 1_000


def list_touchpoints(
    conn: Connection,
    tenant: int,
    contact: str,
    *,
    before: tuple[datetime, str] | None = None,
    limit: int = 50,
    without: Collection[TouchKind] = (),
) -> list[Touchpoint]:
    """Touchpoints behind ``before`` (moment, key), newest first; ``without`` some kinds."""
    branches = [
        *_of_invitations(tenant, contact),
        *_of_responses(tenant, contact),
        _of_changes(tenant, contact),
        _of_subscriptions(tenant, contact),
        _of_contact(tenant, contact),
        _of_transactions(tenant, contact),
    ]
    events = union_all(*branches).subquery("events")
    query = select(events)
    if before is not None:
        at, key = before
        moment = bindparam(None, at, type_=Instant())
        query = query.where(or_(events.c.at < moment, and_(events.c.at == moment, events.c.key < key)))
    if without:
        query = query.where(events.c.kind.not_in([kind.value for kind in without]))
    rows = conn.execute(query.order_by(events.c.at.desc(), events.c.key.desc()).limit(limit))
    return [
        Touchpoint(
            row.at, row.key, TouchKind(row.kind), row.what or "", row.of, row.state, row.reason, row.rule
        )
        for row in rows
    ]


def find_past(conn: Connection, tenant: int, contact: str, since: datetime) -> Past:
    """Invitations since then that take a slot of the frequency rules, newest first."""
    table = invitations.c
    rows = conn.execute(
        select(table.asked_at, table.open_until)
        .where(
            table.tenant == tenant,
            table.contact == contact,
            table.state.in_(sorted(state.value for state in SLOT_STATES)),
            table.asked_at > since,
        )
        .order_by(table.asked_at.desc())
        .limit(_HISTORY_MAX)
    ).all()
    return Past(tuple(row.asked_at for row in rows), max((row.open_until for row in rows), default=None))


def _event(kind: ColumnElement[str] | TouchKind, at: Any, key: Any, **cells: Any) -> Select[Any]:
    """One branch; cells that are not named are empty."""
    named = literal(kind.value, Text()) if isinstance(kind, TouchKind) else kind
    empty = literal("", Text())
    return select(
        at.label("at"),
        cast(key, Text).label("key"),
        named.label("kind"),
        *(cells.get(name, empty).label(name) for name in ("what", "of", "state", "reason", "rule")),
    )


def _of_invitations(tenant: int, contact: str) -> list[Select[Any]]:
    table = invitations.c
    kind = case(
        (table.state == InvitationState.SPARED.value, TouchKind.SPARED.value),
        (table.state == InvitationState.HELD.value, TouchKind.HELD.value),
        else_=TouchKind.ASKED.value,
    )
    sent = case(
        (table.state == InvitationState.BOUNCED.value, TouchKind.BOUNCED.value), else_=TouchKind.SENT.value
    )
    where = and_(distributions.c.tenant == table.tenant, distributions.c.id == table.distribution)
    mine = table.tenant == tenant, table.contact == contact
    decided = _event(
        kind,
        table.asked_at,
        literal("b") + table.id,
        what=distributions.c.name,
        of=table.distribution,
        state=table.state,
        reason=table.reason,
        rule=table.rule,
    )
    taken = _event(
        sent,
        table.sent_at,
        literal("c") + table.id,
        what=distributions.c.name,
        of=table.distribution,
        state=table.state,
    )
    return [
        decided.select_from(invitations.join(distributions, where)).where(*mine),
        taken.select_from(invitations.join(distributions, where)).where(*mine, table.sent_at.is_not(None)),
    ]


def _of_responses(tenant: int, contact: str) -> list[Select[Any]]:
    table = responses.c
    where = and_(invitations.c.tenant == table.tenant, invitations.c.id == table.invitation)
    named = and_(distributions.c.tenant == table.tenant, distributions.c.id == table.distribution)
    joined = invitations.join(responses, where).join(distributions, named)
    mine = invitations.c.tenant == tenant, invitations.c.contact == contact
    cells = {"what": distributions.c.name, "of": table.distribution, "state": table.state}
    return [
        _event(TouchKind.STARTED, table.started_at, literal("d") + table.id, **cells)
        .select_from(joined)
        .where(*mine),
        _event(TouchKind.ANSWERED, table.recorded_at, literal("e") + table.id, **cells)
        .select_from(joined)
        .where(*mine, table.recorded_at.is_not(None)),
    ]


def _of_changes(tenant: int, contact: str) -> Select[Any]:
    sets = and_(
        change_sets.c.tenant == change_members.c.tenant, change_sets.c.id == change_members.c.change_set
    )
    groups = and_(
        change_groups.c.tenant == change_members.c.tenant,
        change_groups.c.change_set == change_members.c.change_set,
        change_groups.c.number == change_members.c.number,
    )
    cells = {
        "what": cast(change_groups.c.after, Text),
        "of": change_sets.c.activation,
        "state": change_groups.c.kind,
    }
    return (
        _event(TouchKind.CHANGED, change_sets.c.at, literal("a") + change_sets.c.id, **cells)
        .select_from(change_members.join(change_sets, sets).join(change_groups, groups))
        .where(change_members.c.tenant == tenant, change_members.c.contact == contact)
    )


def _of_subscriptions(tenant: int, contact: str) -> Select[Any]:
    table = subscription_changes.c
    kind = case((table.out.is_(True), TouchKind.OPTED_OUT.value), else_=TouchKind.OPTED_IN.value)
    return _event(
        kind, table.at, literal("f") + table.id, of=table.list, state=table.origin, reason=table.actor
    ).where(table.tenant == tenant, table.contact == contact)


def _of_contact(tenant: int, contact: str) -> Select[Any]:
    return _event(TouchKind.ADDED, contacts.c.created_at, literal("0") + contacts.c.id).where(
        contacts.c.tenant == tenant, contacts.c.id == contact
    )


def _of_transactions(tenant: int, contact: str) -> Select[Any]:
    table = transactions.c
    return _event(
        TouchKind.TRANSACTION, table.at, literal("g") + table.id, what=cast(table.data, Text), of=table.id
    ).where(table.tenant == tenant, table.contact == contact)
