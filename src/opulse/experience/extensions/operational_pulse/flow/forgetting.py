"""What the Operational Pulse task forgets: whom it reached by name, who is on the way to Qualtrics, and who said what there."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from opulse.experience.extensions.operational_pulse import store
from opulse.experience.extensions.operational_pulse.store import (
    cut_old_people,
    find_reach_of,
    forget_old_words,
)

__all__ = ["cut_old_people", "find_reach_of", "forget_old_words", "forget_reach"]


def forget_reach(conn: Connection, tenant: int, rows: Sequence[tuple[str, str, str]], word: str) -> int:
    """Write ``word`` in place of the person and bring nobody of them further. Returns how many places in the ledger."""
    store.forget_people(conn, tenant, rows)
    store.forget_answers_of(conn, tenant, rows)
    return store.forget_reach(conn, tenant, rows, word)
