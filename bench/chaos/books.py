"""What the database says while a pass runs and after it, by query beside the processes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from sqlalchemy import Connection, text

from opulse.pulses.ledger.flow import ledger_in
from opulse.web.errors import NotFound
from tests.faults.evidence import Evidence, gather, list_activations, nothing_waits

UNDER_WAY = {"being_resolved", "queued"}
_GOING_ON = """
    SELECT (SELECT count(*) FROM deliveries WHERE state = 'waiting')
    + (SELECT count(*) FROM runs WHERE state IN ('queued', 'running'))
    + (SELECT count(*) FROM jobs WHERE state = 'waiting' AND unique_key <> kind AND kind <> 'pulse.wave_due')
"""
"""Jobs of the schedule carry their kind as their key; the look for newcomers comes back as long as the activation is open."""


def is_settled(conn: Connection, notification: str, systems: int) -> bool:
    """All ``systems`` are in the ledger of the newest activation, and nothing is under way."""
    found = list_activations(conn, notification)
    if not found or conn.execute(text(_GOING_ON)).scalar_one():
        return False
    if not nothing_waits(conn, found[-1]):  # before the ledger, which costs more
        return False
    states = _ledger(conn, found[-1])
    return sum(states.values()) == systems and not UNDER_WAY & states.keys()


def books(conn: Connection, notification: str) -> tuple[Evidence, Mapping[str, int]]:
    """The rows about the newest activation, and its ledger: systems by state."""
    found = list_activations(conn, notification)
    activation = found[-1] if found else ""
    return gather(conn, notification, activation), _ledger(conn, activation)


def _ledger(conn: Connection, activation: str) -> dict[str, int]:
    tenant = conn.execute(text("SELECT min(id) FROM tenants")).scalar_one()
    try:
        states = ledger_in(conn, int(tenant), activation, datetime.now(UTC)).states
    except NotFound:
        return {}
    return {state.value: count for state, count in states.items()}
