"""Who uses a system changes: spans are closed and opened, and the directory of people says addresses and names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection

from opulse.monitoring.systems import rules
from opulse.monitoring.systems.models import SystemUser, UserSpan
from opulse.monitoring.systems.rules.people import add_users, lay_person
from opulse.monitoring.systems.store import people, users


def set_users_in(
    conn: Connection, tenant: int, wanted: Mapping[int, Sequence[SystemUser]], now: datetime
) -> set[int]:
    """Let these systems have exactly these users from now on. Which of the systems have other users than before."""
    return _write_in(conn, tenant, wanted, _holding(conn, tenant, wanted), now)


def add_users_in(
    conn: Connection, tenant: int, named: Mapping[int, Sequence[SystemUser]], now: datetime
) -> set[int]:
    """Let these systems have these users, too. Which of the systems have other users than before."""
    holding = _holding(conn, tenant, named)
    wanted = {
        idx: add_users({key: span.user for key, span in holding[idx].items()}, users)
        for idx, users in named.items()
    }
    return _write_in(conn, tenant, wanted, holding, now)


def follow_people_in(conn: Connection, tenant: int, keys: Sequence[str], now: datetime) -> set[int]:
    """What the directory says of the people with these user keys changed: so do users of systems. Which systems."""
    systems = users.list_systems_of(conn, tenant, keys)
    holding = _holding(conn, tenant, dict.fromkeys(systems, ()))
    wanted = {idx: [span.user for span in spans.values()] for idx, spans in holding.items()}
    return _write_in(conn, tenant, wanted, holding, now)


def _holding(conn: Connection, tenant: int, systems: Mapping[int, object]) -> dict[int, dict[str, UserSpan]]:
    holding: dict[int, dict[str, UserSpan]] = {idx: {} for idx in systems}
    if systems:
        for span in users.list_open(conn, tenant, systems):
            holding[span.system][span.user.user_id.casefold()] = span
    return holding


def _write_in(
    conn: Connection,
    tenant: int,
    wanted: Mapping[int, Sequence[SystemUser]],
    holding: Mapping[int, Mapping[str, UserSpan]],
    now: datetime,
) -> set[int]:
    keys = {user.user_id.casefold() for own in wanted.values() for user in own}
    known = people.find_by_keys(conn, tenant, keys) if keys else {}
    spans = [
        span
        for idx, own in wanted.items()
        for span in rules.diff_users(
            idx, [lay_person(user, known.get(user.user_id.casefold())) for user in own], holding[idx], now
        )
    ]
    users.write_spans(conn, tenant, spans)
    return {span.system for span in spans}
