"""Distributions and invitations as routes and pages show them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from opulse.experience.distributions.models import (
    Counted,
    Distribution,
    DistributionState,
    Invitation,
    InvitationState,
    WaitReason,
)
from opulse.experience.distributions.store import records as store
from opulse.ports import Ports
from opulse.tenancy import Tenant, get_tenant


@dataclass(frozen=True)
class Shown(Counted):
    """A distribution with its counts, and why it sends nothing though something waits (None: it sends, or is done)."""

    waits: WaitReason | None


async def list_distributions(
    ports: Ports,
    tenant: int,
    *,
    activation: str = "",
    states: Collection[DistributionState] = (),
    limit: int = 100,
) -> list[Shown]:
    """The newest first; of one activation, in these states, or all."""
    relay = ports.relay() is not None

    def query(conn: Connection) -> list[Shown]:
        found = store.list_distributions(conn, tenant, activation=activation, states=states, limit=limit)
        return _shown(conn, tenant, found, relay)

    return await ports.db.read(query)


def list_distributions_in(conn: Connection, tenant: int, activation: str, *, relay: bool) -> list[Shown]:
    """Every distribution of an activation, on the caller's connection. ``relay``: whether mails have a way out."""
    found = store.list_distributions(conn, tenant, activation=activation, limit=None)
    return _shown(conn, tenant, found, relay)


async def get_distribution(ports: Ports, tenant: int, distribution: str) -> Shown:
    """One distribution. Raises LookupError."""
    relay = ports.relay() is not None

    def query(conn: Connection) -> Shown:
        found = store.find_distribution(conn, tenant, distribution)
        if found is None:
            raise LookupError(distribution)
        return _shown(conn, tenant, [found], relay)[0]

    return await ports.db.read(query)


async def get_switches(ports: Ports, tenant: int) -> Tenant:
    """The tenant with its mail switches."""
    return await ports.db.read(get_tenant, tenant)


async def list_invitations(
    ports: Ports,
    tenant: int,
    distribution: str,
    *,
    states: Sequence[InvitationState] = (),
    after: str = "",
    limit: int = 100,
) -> list[Invitation]:
    """Invitations by id, from the one behind ``after``. Raises LookupError: no such distribution."""

    def query(conn: Connection) -> list[Invitation]:
        if store.find_distribution(conn, tenant, distribution) is None:
            raise LookupError(distribution)
        return store.list_invitations(conn, tenant, distribution, states=states, after=after, limit=limit)

    return await ports.db.read(query)


def _shown(conn: Connection, tenant: int, found: Sequence[Distribution], relay: bool) -> list[Shown]:
    counts = store.count_invitations(conn, tenant, [one.id for one in found])
    switches = get_tenant(conn, tenant)

    def waits(one: Distribution) -> WaitReason | None:
        if one.state is DistributionState.PAUSED:
            return WaitReason.PAUSED
        if one.state is not DistributionState.RUNNING:
            return None
        if switches.mail_paused:
            return WaitReason.MAIL_SWITCHED_OFF
        if switches.hold_after_restore:
            return WaitReason.HELD_AFTER_RESTORE
        return None if relay else WaitReason.NO_RELAY

    return [Shown(one, counts[one.id], waits(one)) for one in found]
