"""Who is logged on, as psutil says it on any system (``psutil.users``)."""

from __future__ import annotations

from datetime import UTC, datetime

import psutil

from opulse.wire.sensor_states import LoggedOnUser


def list_users() -> list[LoggedOnUser]:
    """One entry per account, by name, since its oldest session."""
    oldest: dict[str, datetime] = {}
    for session in psutil.users():
        since = datetime.fromtimestamp(session.started, UTC)
        oldest[session.name] = min(since, oldest.get(session.name, since))
    return [LoggedOnUser(name, oldest[name]) for name in sorted(oldest)]
