"""What the Operational Pulse task forgets: whom it reached by name, and who is on the way to Qualtrics."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from opulse.experience.extensions.operational_pulse import store
from opulse.experience.extensions.operational_pulse.store import find_reach_of

__all__ = ["find_reach_of", "forget_reach"]


def forget_reach(conn: Connection, tenant: int, rows: Sequence[tuple[str, str, str]], word: str) -> int:
    """Write ``word`` in place of the person and bring nobody of them further. Returns how many places in the ledger."""
    store.forget_people(conn, tenant, rows)
    return store.forget_reach(conn, tenant, rows, word)
