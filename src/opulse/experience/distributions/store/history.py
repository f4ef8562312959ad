"""What contacts were asked before: the columns that frequency rules, pulses and activations are decided by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, case, false, func, select

from opulse.db import Instant, seek
from opulse.experience.directory.models import FrequencyRule, RuleKind
from opulse.experience.distributions.models import SLOT_STATES, Distribution, InvitationState
from opulse.experience.distributions.store.among import among
from opulse.experience.distributions.store.tables import distributions, invitations

_SLOTS = sorted(state.value for state in SLOT_STATES)


@dataclass(frozen=True, slots=True)
class History:
    """One contact's earlier invitations; ``recent`` counts those inside each rule's window."""

    by_this_pulse: bool = False
    in_activation: bool = False
    recent: tuple[int, ...] = ()
    last_asked_at: datetime | None = None
    busy_until: datetime | None = None


def list_histories(
    conn: Connection,
    distribution: Distribution,
    ids: Sequence[str],
    rules: Sequence[FrequencyRule],
    now: datetime,
    *,
    held_again: bool,
) -> Mapping[str, History]:
    """Contact → its history; contacts that were never asked are not in it."""
    table = invitations
    same_cause = table.c.cause == distribution.cause
    same_pulse = and_(same_cause, table.c.workflow == distribution.workflow)
    counts = [func.sum(case((_inside(rule, now), 1), else_=0)) for rule in rules]
    rows = conn.execute(
        select(
            table.c.contact,
            func.max(case((same_pulse, 1), else_=0)),
            func.max(case((same_cause, 1), else_=0)),
            func.max(table.c.asked_at, type_=Instant()),
            func.max(case((same_cause, None), else_=table.c.open_until), type_=Instant()),
            *counts,
        )
        .where(
            table.c.tenant == distribution.tenant,
            among(conn, table.c.contact, ids),
            table.c.state.in_(_SLOTS),
            table.c.of_invitation
            == "",  # reminders and thank-yous count for no rule (qualtrics-product.md 7.5)
            *(_of_others(distribution) if held_again else ()),
        )
        .group_by(table.c.contact)
    )
    return {
        contact: History(bool(pulse), bool(activation), tuple(recent), last, busy)
        for contact, pulse, activation, last, busy, *recent in rows
    }


def list_asked_addresses(
    conn: Connection, distribution: Distribution, keys: Iterable[str]
) -> set[tuple[str, str]]:
    """(address, contact) of those whom this pulse asked under one of these lower-case addresses.

    The pulse is compared here and not in the statement: given it, SQLite would go through everybody whom the pulse has asked
    instead of through the addresses, for every chunk of the incident.
    """
    table = invitations
    asked = select(table.c.email_key, table.c.contact, table.c.cause, table.c.workflow).where(
        table.c.tenant == distribution.tenant,
        table.c.activation == distribution.activation,
        table.c.state.in_(_SLOTS),
    )
    rows = seek(conn, asked, table.c.email_key, keys)
    own = (distribution.cause, distribution.workflow)
    return {(row.email_key, row.contact) for row in rows if (row.cause, row.workflow) == own}


def list_twins(
    conn: Connection, distribution: Distribution, ids: Sequence[str], since: datetime
) -> dict[str, list[Mapping[str, Any]]]:
    """Contact → the frozen pipes of each mail that another distribution of the same digest sent them since then.

    There hardly ever is such a distribution, and then one probe of the digests' index is all that this costs.
    """
    same = conn.execute(
        select(distributions.c.id).where(
            distributions.c.tenant == distribution.tenant,
            distributions.c.digest == distribution.digest,
            distributions.c.id != distribution.id,
        )
    ).scalars()
    others = list(same) if distribution.digest else []
    if not others:
        return {}
    rows = conn.execute(
        select(invitations.c.contact, invitations.c.fields).where(
            invitations.c.tenant == distribution.tenant,
            among(conn, invitations.c.contact, ids),
            invitations.c.distribution.in_(others),
            invitations.c.state.in_(_SLOTS),
            invitations.c.asked_at > since,
        )
    )
    found: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        found.setdefault(row.contact, []).append(row.fields)
    return found


def _inside(rule: FrequencyRule, now: datetime) -> ColumnElement[bool]:
    if rule.kind is not RuleKind.MAX_IN_PERIOD:
        return false()
    return invitations.c.asked_at > now - timedelta(seconds=rule.period_seconds)


def _of_others(distribution: Distribution) -> tuple[ColumnElement[bool], ...]:
    """When held people are decided again: not their own rows, nor those that others hold.

    Two distributions that hold the same person must not wait for each other for ever.
    """
    return (
        invitations.c.distribution != distribution.id,
        invitations.c.state != InvitationState.HELD.value,
    )
