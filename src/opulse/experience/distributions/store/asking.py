"""Writing what was decided: distributions, and their invitations in bulk."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    Text,
    bindparam,
    case,
    cast,
    func,
    literal,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.types import TypeEngine

from opulse.db import Instant, as_json
from opulse.db.json_rows import JSON_CELL, json_rows, micros
from opulse.experience.distributions.models import (
    SLOT_STATES,
    AskRequest,
    Decision,
    Distribution,
    DistributionState,
    InvitationState,
)
from opulse.experience.distributions.store.records import distribution_of, message_document
from opulse.experience.distributions.store.tables import distributions, invitations
from opulse.wire.identifiers import new_keys_in_order, random_keys

_SLOTS = sorted(state.value for state in SLOT_STATES)


def find_by_key(conn: Connection, request: AskRequest) -> Distribution | None:
    """The distribution that this request belongs to, if an earlier one of its cause made it."""
    row = conn.execute(
        select(distributions).where(
            distributions.c.tenant == request.tenant,
            distributions.c.workflow == request.workflow,
            distributions.c.task == request.task,
            distributions.c.cause == request.cause,
        )
    ).one_or_none()
    return None if row is None else distribution_of(row)


def insert_distribution(conn: Connection, made: Distribution) -> None:
    """Insert it; known by its key already: left as it is."""
    values = {
        "tenant": made.tenant,
        "id": made.id,
        "survey": made.survey,
        "version": made.version,
        "workflow": made.workflow,
        "task": made.task,
        "cause": made.cause,
        "activation": made.activation,
        "name": made.name,
        "state": made.state.value,
        "link_type": made.link_type.value,
        "list": made.list_id,
        "language": made.language,
        "message": message_document(made.message),
        "priority": made.priority,
        "expected": made.expected,
        "taken": made.taken,
        "shared_link": made.shared_link,
        "confirmed_by": made.confirmed_by,
        "created_at": made.created_at,
        "channel": made.channel.value,
        "kind": made.kind.value,
        "parent": made.parent,
        "digest": made.digest,
        "embedded": dict(made.embedded),
    }
    dialect = postgresql if conn.dialect.name == "postgresql" else sqlite
    conn.execute(dialect.insert(distributions).values(values).on_conflict_do_nothing())


def list_siblings(conn: Connection, tenant: int, cause: str) -> list[Distribution]:
    """All distributions of a cause, in id order."""
    query = (
        select(distributions)
        .where(distributions.c.tenant == tenant, distributions.c.cause == cause)
        .order_by(distributions.c.id)
    )
    return [distribution_of(row) for row in conn.execute(query)]


def lock_distributions(conn: Connection, tenant: int, cause: str) -> list[Distribution]:
    """All distributions of a cause, held until the unit ends, in id order (PostgreSQL; SQLite has one writer).

    Who decides for one of them has the cap of the activation to himself.
    """
    query = (
        select(distributions)
        .where(distributions.c.tenant == tenant, distributions.c.cause == cause)
        .order_by(distributions.c.id)
        .with_for_update(key_share=True)
    )
    return [distribution_of(row) for row in conn.execute(query)]


def count_slots(conn: Connection, tenant: int, ids: Sequence[str]) -> int:
    """How many people these distributions have asked or hold."""
    query = select(func.count()).where(
        invitations.c.tenant == tenant,
        invitations.c.distribution.in_(ids),
        invitations.c.state.in_(_SLOTS),
    )
    return int(conn.execute(query).scalar_one())


def add_taken(conn: Connection, tenant: int, distribution: str, more: int) -> None:
    """So many more people were asked or are held; where a wave joins a distribution that was done, it runs again."""
    done = distributions.c.state == DistributionState.DONE.value
    conn.execute(
        update(distributions)
        .where(distributions.c.tenant == tenant, distributions.c.id == distribution)
        .values(
            taken=distributions.c.taken + more,
            state=case((done, DistributionState.RUNNING.value), else_=distributions.c.state),
        )
    )


def raise_expected(conn: Connection, tenant: int, distribution: str, expected: int) -> None:
    """Remember the larger number of people that the incident is known to reach."""
    conn.execute(
        update(distributions)
        .where(
            distributions.c.tenant == tenant,
            distributions.c.id == distribution,
            distributions.c.expected < expected,
        )
        .values(expected=expected)
    )


def insert_invitations(
    conn: Connection,
    distribution: Distribution,
    decisions: Sequence[Decision],
    *,
    wave: int,
    domain: str,
    language_of: Callable[[str], str],
    asked_at: datetime,
    due: datetime,
    send_by: datetime,
    expires_at: datetime,
    open_for: timedelta,
    of_invitations: Sequence[str] = (),
) -> None:
    """One row per decision, all in one statement. Known ones are left as they are.

    Args:
        due: when the mails may leave.
        of_invitations: whose links the mails carry, one per decision; none: each has its own.
    """
    ids = new_keys_in_order(len(decisions), asked_at)
    tickets = random_keys(len(decisions))
    next_try_at = micros(due)
    rows = [
        (
            ids[place],
            one.candidate.contact,
            one.state.value,
            one.reason.value if one.reason else "",
            one.rule,
            one.candidate.email,
            one.candidate.email_key,
            one.candidate.first_name,
            one.candidate.last_name,
            language_of(one.candidate.language),
            one.candidate.fields,
            f"{tickets[place]}@{domain}",
            next_try_at if one.state is InvitationState.QUEUED else None,
            micros(one.hold_until),
            *of_invitations[place : place + 1],
        )
        for place, one in enumerate(decisions)
    ]
    given = {
        "rows": as_json(rows),
        "of_tenant": distribution.tenant,
        "of_distribution": distribution.id,
        "of_workflow": distribution.workflow,
        "of_cause": distribution.cause,
        "of_activation": distribution.activation,
        "of_wave": wave,
        "asked": asked_at,
        "by": send_by,
        "until": expires_at,
        "open": min(due + open_for, expires_at),
    }
    conn.execute(_insert_invitations(conn.dialect.name, of_others=bool(of_invitations)), given)


@cache
def _insert_invitations(dialect: str, *, of_others: bool) -> Any:
    """Built once: a chunk differs from the next only in what is bound. ``of_others``: rows name another invitation's link."""
    last: dict[str, TypeEngine[Any]] = {"of_invitation": Text()} if of_others else {}
    given = json_rows(
        dialect,
        "rows",
        {
            "id": Text(),
            "contact": Text(),
            "state": Text(),
            "reason": Text(),
            "rule": Text(),
            "email": Text(),
            "email_key": Text(),
            "first_name": Text(),
            "last_name": Text(),
            "language": Text(),
            "fields": JSON_CELL,
            "message_id": Text(),
            "next_try_at": Instant(),
            "hold_until": Instant(),
            **last,
        },
    )
    columns: dict[str, Any] = {
        "tenant": _bound("of_tenant", Integer()),
        "distribution": _bound("of_distribution", Text()),
        "workflow": _bound("of_workflow", Text()),
        "cause": _bound("of_cause", Text()),
        "activation": _bound("of_activation", Text()),
        "wave": _bound("of_wave", Integer()),
        "claim": literal("", Text()),
        "open_until": _bound("open", Instant()),
        "attempts": literal(0, Integer()),
        "ambiguous": literal(False),
        "relay_code": literal(0, Integer()),
        "relay_text": literal("", Text()),
        "asked_at": _bound("asked", Instant()),
        "send_by": _bound("by", Instant()),
        "expires_at": _bound("until", Instant()),
    } | {cell.name: cell for cell in given.c}
    # The WHERE keeps SQLite from taking ON CONFLICT for a join's ON.
    chosen = select(*(cell.label(name) for name, cell in columns.items())).where(given.c.id != "")
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    return insert(invitations).from_select(list(columns), chosen).on_conflict_do_nothing()


def _bound(name: str, kind: TypeEngine[Any]) -> ColumnElement[Any]:
    return cast(
        bindparam(name, type_=kind), kind
    )  # PostgreSQL must be told the type of a value that it selects
