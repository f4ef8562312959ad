"""What others may ask of activations inside their own units and queries."""

from __future__ import annotations

from pyroaring import BitMap
from sqlalchemy import Connection

from opulse.db import chunked
from opulse.monitoring.activations import store
from opulse.monitoring.activations.models import Activation, Counts
from opulse.monitoring.systems.models import System
from opulse.monitoring.systems.views import list_systems_at
from opulse.wire.affected import ActivationState

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


def affected_count(conn: Connection, tenant: int, activation: str) -> Counts:
    """How many systems: at activation, now (or at the end), and ever. All 0 when there is no such activation."""
    found = store.find_activation(conn, tenant, activation)
    return found.counts if found else Counts(0, 0, 0)


def affected_systems(conn: Connection, tenant: int, activation: str) -> list[tuple[str, str]]:
    """``(GUID, name)`` of every system that was ever affected, deleted ones included."""
    named = _systems(conn, tenant, store.find_ever(conn, tenant, activation))
    return [(system.guid, system.name) for system in named]


def _systems(conn: Connection, tenant: int, idxs: BitMap) -> list[System]:
    return [system for page in chunked(idxs, PAGE) for system in list_systems_at(conn, tenant, page)]
