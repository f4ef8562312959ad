"""The sender's looks go through an index, whatever waits: one that reads all invitations costs more than the mails themselves."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, event

from opulse.db import Database
from opulse.experience.distributions.flow.asking import ask
from opulse.experience.distributions.models import Turn
from opulse.experience.distributions.store import chores, claims, sending
from opulse.experience.distributions.store.history import list_asked_addresses
from opulse.experience.distributions.store.records import find_distribution
from opulse.ports import Ports
from tests.unit.experience.distributions.town import build_town

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
LOOKS: dict[str, Callable[[Connection], Any]] = {
    "chores": lambda conn: chores.find_chores(conn, NOW),
    "leases that ended": lambda conn: chores.end_leases(conn, NOW),
    "what is late": lambda conn: chores.end_late(conn, NOW),
    "what was cancelled": chores.cancel_leftovers,
    "what is finished": chores.finish_distributions,
    "what is due": lambda conn: sending.list_due(conn, NOW),
    "a claim": lambda conn: claims.claim_mails(
        conn, Turn(1, "EMD_1", 0), "c", timedelta(seconds=30), NOW, 20
    ),
}


@pytest.mark.parametrize("look", LOOKS)
async def test_no_look_reads_all_invitations(db: Database, ports: Ports, look: str) -> None:
    await build_town(ports, 3)
    plans = await db.write(_plans_of, LOOKS[look])
    assert plans, "the look asked nothing"
    assert [plan for plan in plans if plan.startswith("SCAN invitations")] == []


async def test_whom_a_pulse_asked_is_looked_up_by_address(db: Database, ports: Ports) -> None:
    """And not among everybody whom it asked: that grows with the square of the incident."""
    town = await build_town(ports, 3)
    made = await ask(ports, town.request())
    found = await db.read(find_distribution, town.tenant, made.distribution)
    assert found is not None
    keys = ["user1@example.org", "user2@example.org"]
    plans = await db.write(_plans_of, lambda conn: list_asked_addresses(conn, found, keys))
    assert any("ix_invitations_activation" in plan for plan in plans), plans
    assert len(await db.read(list_asked_addresses, found, keys)) == 2


def _plans_of(conn: Connection, look: Callable[[Connection], Any]) -> list[str]:
    """What SQLite means to do for each statement of the look, in its words."""
    asked: list[tuple[str, Any]] = []

    def note(
        conn: Connection, cursor: Any, statement: str, parameters: Any, context: Any, many: bool
    ) -> None:
        asked.append((statement, parameters))

    event.listen(conn, "before_cursor_execute", note)
    try:
        look(conn)
    finally:
        event.remove(conn, "before_cursor_execute", note)
    return [
        str(row[3])
        for statement, parameters in asked
        for row in conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
    ]
