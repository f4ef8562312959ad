"""Dense numbers for whoever counts densely."""

from __future__ import annotations

from sqlalchemy import Connection

from opulse.monitoring.systems.models import Numbered
from opulse.monitoring.systems.store.numbers import take_numbers


def take_numbers_in(conn: Connection, tenant: int, kind: Numbered, count: int) -> int:
    """Reserve ``count`` numbers that were never given and never will be again; the first of them."""
    return take_numbers(conn, tenant, kind, count)
