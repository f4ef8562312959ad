"""What filters ask of systems, in a narrow table of its own: a filter reads it alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from pyroaring import BitMap
from sqlalchemy import Connection, case, delete, literal, select

from opulse.db import json_list, upsert
from opulse.monitoring.systems.models import Facts, Filter, LastReports
from opulse.monitoring.systems.store.filtering import Condition
from opulse.monitoring.systems.store.tables import system_facts, systems

_FILTERS_AT_ONCE = 50

Ordered = Callable[[str], str]


def write_facts(conn: Connection, tenant: int, facts: Mapping[int, Facts], now: datetime) -> None:
    """Set the facts of these systems."""
    rows = [
        {"tenant": tenant, "system": system, "facts": _document(one), "changed_at": now}
        for system, one in facts.items()
    ]
    upsert(conn, system_facts, rows, key=("tenant", "system"), change=("facts", "changed_at"))


def delete_facts(conn: Connection, tenant: int, idxs: Iterable[int]) -> None:
    """No filter is true of these systems any more."""
    listed = json_list(conn, idxs, numbers=True)
    conn.execute(
        delete(system_facts).where(
            system_facts.c.tenant == tenant, system_facts.c.system.in_(select(listed.c.value))
        )
    )


def list_without_facts(conn: Connection, tenant: int, limit: int) -> list[int]:
    """Living systems that were written before there were facts."""
    known = select(system_facts.c.system).where(
        system_facts.c.tenant == systems.c.tenant, system_facts.c.system == systems.c.idx
    )
    return list(
        conn.execute(
            select(systems.c.idx)
            .where(systems.c.tenant == tenant, systems.c.deleted.is_(False), ~known.exists())
            .limit(limit)
        ).scalars()
    )


def list_changed(conn: Connection, tenant: int, since: datetime) -> BitMap:
    """Systems whose facts were written at or after ``since``."""
    return BitMap(
        conn.execute(
            select(system_facts.c.system).where(
                system_facts.c.tenant == tenant, system_facts.c.changed_at >= since
            )
        ).scalars()
    )


def list_matching(
    conn: Connection, tenant: int, term: Filter, reports: LastReports, ordered: Ordered
) -> BitMap:
    """Systems that the filter is true of."""
    condition = Condition(conn, reports, ordered).of(term)
    return BitMap(
        conn.execute(
            select(system_facts.c.system).where(system_facts.c.tenant == tenant, condition)
        ).scalars()
    )


def list_matching_among(
    conn: Connection,
    tenant: int,
    idxs: Iterable[int],
    terms: Mapping[int, Filter],
    reports: LastReports,
    ordered: Ordered,
) -> dict[int, BitMap]:
    """By the key of each filter, those of these systems that it is true of. One look at the systems for fifty filters."""
    wanted = list(idxs)
    condition = Condition(conn, reports, ordered)
    found = {key: BitMap() for key in terms}
    keys = list(terms)
    for start in range(0, len(keys), _FILTERS_AT_ONCE):
        some = keys[start : start + _FILTERS_AT_ONCE]
        listed = json_list(conn, wanted, numbers=True)
        verdicts = [case((condition.of(terms[key]), literal(1)), else_=literal(0)) for key in some]
        rows = conn.execute(
            select(system_facts.c.system, *verdicts).where(
                system_facts.c.tenant == tenant, system_facts.c.system.in_(select(listed.c.value))
            )
        )
        for system, *answers in rows:
            for key, answer in zip(some, answers, strict=True):
                if answer:
                    found[key].add(system)
    return found


def _document(facts: Facts) -> dict[str, Any]:
    users = [{**user.texts, **({"primary": "yes"} if user.is_primary else {})} for user in facts.users]
    return {**facts.texts, **({"users": users} if users else {})}
