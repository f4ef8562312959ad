"""What the stage that speaks with desktops does to distributions, inside its own units."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection

from opulse.db import wake
from opulse.experience.distributions.models import MAIL_DUE, Distribution
from opulse.experience.distributions.store import desktop as store
from opulse.experience.distributions.store.records import find_distribution
from opulse.experience.distributions.store.sending import mail_may_leave
from opulse.tenancy import get_tenant


def offers_anything_in(conn: Connection, tenant: int, now: datetime) -> bool:
    """Whether desktops are offered anything now. A tenant whose mail is switched off, or held after a restore, asks nobody."""
    return store.offers_anything(conn, tenant, now) and mail_may_leave(get_tenant(conn, tenant))


def get_distribution_in(conn: Connection, tenant: int, distribution: str) -> Distribution:
    """The distribution. Raises LookupError: there is none of this id."""
    found = find_distribution(conn, tenant, distribution)
    if found is None:
        raise LookupError(distribution)
    return found


def mark_shown_in(conn: Connection, tenant: int, ids: Collection[str], now: datetime) -> None:
    """Desktops showed these invitations. Doing it again changes nothing."""
    store.mark_shown(conn, tenant, ids, now)
    wake(conn, MAIL_DUE)  # a distribution in which nothing waits any more is done
