"""Distributions and invitations as routes and pages show them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from opulse.experience.distributions.models import (
    Counted,
    Distribution,
    DistributionGroup,
    DistributionState,
    Invitation,
    InvitationState,
    WaitReason,
)
from opulse.experience.distributions.rules import Outlook, foresee_end
from opulse.experience.distributions.store import grouping
from opulse.experience.distributions.store import records as store
from opulse.experience.surveys.flow import get_version_in
from opulse.ports import Ports
from opulse.tenancy import Tenant, get_tenant


@dataclass(frozen=True)
class Shown(Counted):
    """A distribution with its counts, and why it sends nothing though something waits (None: it sends, or is done)."""

    waits: WaitReason | None


async def list_groups(
    ports: Ports, tenant: int, *, before: datetime | None = None, limit: int = 50
) -> list[DistributionGroup]:
    """Distributions by workflow, day and activation, the newest first: every run of a workflow makes one of its own."""

    def query(conn: Connection) -> list[DistributionGroup]:
        return grouping.list_groups(conn, tenant, before=before, limit=limit)

    return await ports.db.read(query)


async def list_group(
    ports: Ports, tenant: int, workflow: str, activation: str, day: datetime, limit: int = 100
) -> list[Shown]:
    """The distributions of one group, the newest first."""
    relay = ports.relay() is not None

    def query(conn: Connection) -> list[Shown]:
        ids = grouping.list_grouped(conn, tenant, workflow, activation, day, limit)
        found = [store.find_distribution(conn, tenant, one) for one in ids]
        return _shown(conn, tenant, [one for one in found if one is not None], relay)

    return await ports.db.read(query)


async def list_children(ports: Ports, tenant: int, distribution: str) -> list[Shown]:
    """The distributions that remind and thank the people of this one, the oldest first."""
    relay = ports.relay() is not None

    def query(conn: Connection) -> list[Shown]:
        return _shown(conn, tenant, store.list_children(conn, tenant, distribution), relay)

    return await ports.db.read(query)


async def list_languages(ports: Ports, distribution: Distribution) -> tuple[str, ...]:
    """The languages of the survey version that it asks, the survey's own first."""
    found = distribution
    version = await ports.db.read(get_version_in, found.tenant, found.survey, found.version)
    return version.document.languages


def outlook_of(ports: Ports, shown: Counted) -> Outlook:
    """When the last mail of this distribution will have left; people who wait for a yes are counted as if they had it."""
    relay, counts = ports.relay(), shown.counts
    waiting = (
        InvitationState.QUEUED,
        InvitationState.DEFERRED,
        InvitationState.UNKNOWN,
        InvitationState.SENDING,
    )
    mails = sum(counts.by_state.get(state, 0) for state in waiting) + counts.to_confirm
    return foresee_end(mails, relay.per_minute if relay else None, ports.limits.send_by, ports.clock.now())


async def list_distributions(
    ports: Ports,
    tenant: int,
    *,
    activation: str = "",
    states: Collection[DistributionState] = (),
    survey: str = "",
    offset: int = 0,
    limit: int = 100,
) -> list[Shown]:
    """The newest first; of one activation, in these states, of one survey, or all."""
    relay = ports.relay() is not None

    def query(conn: Connection) -> list[Shown]:
        found = store.list_distributions(
            conn, tenant, activation=activation, states=states, survey=survey, offset=offset, limit=limit
        )
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
