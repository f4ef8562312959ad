"""What others may ask of activations inside their own units and queries, and the table that they join."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection

from opulse.monitoring.activations import store
from opulse.monitoring.activations.models import Activation, CountedIn, Counts
from opulse.monitoring.activations.store.tables import activations
from opulse.monitoring.systems.views import list_systems_at, walk_by_start
from opulse.wire.affected import ActivationState

__all__ = [
    "activations",
    "affected_count",
    "get_activation",
    "list_activations",
    "walk_affected",
    "walk_ever",
]

PAGE = 1000


def get_activation(conn: Connection, tenant: int, activation: str) -> Activation | None:
    """None: unknown, or another tenant's."""
    return store.find_activation(conn, tenant, activation)


def list_activations(
    conn: Connection,
    tenant: int,
    *,
    state: ActivationState | None = None,
    notification: str | None = None,
    limit: int = 100,
) -> list[Activation]:
    """Newest first."""
    return store.list_activations(conn, tenant, state=state, notification=notification, limit=limit)


def list_counting(conn: Connection, tenant: int, system: int, look_through: int) -> list[CountedIn]:
    """Which of the newest ``look_through`` activations ever counted the system, newest first."""
    return store.list_counting(conn, tenant, system, look_through)


def list_open_notifications(conn: Connection, tenant: int) -> set[str]:
    """Ids of the notifications that have an open activation."""
    return store.list_open_notifications(conn, tenant)


def affected_count(conn: Connection, tenant: int, activation: str) -> Counts:
    """How many systems: at activation, now (or at the end), and ever. All 0 when there is no such activation."""
    found = store.find_activation(conn, tenant, activation)
    return found.counts if found else Counts(0, 0, 0)


def walk_affected(
    conn: Connection, tenant: int, activation: str, start: str
) -> Iterator[list[tuple[str, str]]]:
    """Pages of ``(GUID, name)``: the systems ever affected whose name begins with ``start``, by name, then by GUID."""
    ever = store.find_ever(conn, tenant, activation)
    for page in walk_by_start(conn, tenant, start, PAGE):
        yield [(guid, name) for idx, guid, name in page if idx in ever]


def walk_ever(
    conn: Connection, tenant: int, activation: str, after: int
) -> Iterator[list[tuple[int, str, str]]]:
    """Pages of ``(index, GUID, name)``: the systems ever affected with an index above ``after``, in order of it."""
    ever = store.find_ever(conn, tenant, activation)
    place = ever.rank(after) if after >= 0 else 0
    while page := ever[place : place + PAGE]:
        yield [(one.idx, one.guid, one.name) for one in list_systems_at(conn, tenant, page)]
        place += PAGE
