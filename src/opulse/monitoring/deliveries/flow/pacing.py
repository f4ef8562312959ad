"""How fast one host is told, by all workers together: its share of a minute, and the pauses that it asks for."""

from __future__ import annotations

from datetime import datetime, timedelta
from urllib.parse import urlsplit

from sqlalchemy import Connection

from opulse.mail.shared_rate import take_one_in
from opulse.monitoring.deliveries import store
from opulse.monitoring.deliveries.models import DeliveryReason, Ended

_PORTS = {"http": 80, "https": 443}


def wait_in(
    conn: Connection, tenant: int, url: str, per_minute: int, now: datetime
) -> tuple[DeliveryReason, timedelta] | None:
    """Why and for how long a request to this address has to wait; None: it may leave, and is counted.

    A pause is the tenant's own, for another tenant's credentials may well be taken; the rate is the installation's.
    """
    host = host_of(url)
    until = store.find_hold(conn, tenant, host, now)
    if until is not None:
        return DeliveryReason.HOST_PAUSED, until - now
    wait = take_one_in(conn, f"webhook {host}", per_minute, now)
    return (DeliveryReason.RATE_LIMITED, wait) if wait else None


def note_pause_in(conn: Connection, tenant: int, url: str, ended: Ended, now: datetime) -> None:
    """Remember for every worker that the host wants to be left alone."""
    if ended.host_rests:
        store.hold_host(conn, tenant, host_of(url), now + timedelta(seconds=ended.host_rests), now)


def host_of(url: str) -> str:
    """``host:port`` in lower case: what shares one rate."""
    parts = urlsplit(url)
    return f"{parts.hostname or ''}:{parts.port or _PORTS.get(parts.scheme, 0)}"
