"""What the steps of one unit are given."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from opulse.ports import Ports


@dataclass(frozen=True, slots=True)
class Work:
    """One unit: whatever is made in it is made, or nothing is."""

    ports: Ports
    conn: Connection
    tenant: int
    actor: str
    now: datetime
