"""Pause, resume, cancel, confirm, and the tenant's switch: what an operator does to mails that leave."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection

from opulse.db import Priority, wake
from opulse.experience.distributions.flow.chores import do_chores
from opulse.experience.distributions.models import (
    MAIL_DUE,
    MAIL_STOP,
    Distribution,
    DistributionState,
)
from opulse.experience.distributions.store import steering as store
from opulse.experience.distributions.store.records import find_distribution
from opulse.ports import Ports
from opulse.tenancy import Tenant, audit_in
from opulse.tenancy.flow.tenants import change_tenant


class NotSteerable(ValueError):
    """The distribution is in no state for this; the message says in which."""


async def pause(ports: Ports, tenant: int, distribution: str, actor: str) -> Distribution:
    """Send nothing more until it is resumed; a burst that is on its way stops within 2 s.

    Raises:
        LookupError: no such distribution.
        NotSteerable: it was cancelled.
    """
    allowed = (DistributionState.RUNNING, DistributionState.DONE, DistributionState.PAUSED)
    return await _change(ports, tenant, distribution, DistributionState.PAUSED, allowed, actor)


async def resume(ports: Ports, tenant: int, distribution: str, actor: str) -> Distribution:
    """Go on sending what waits; what is past its ``send_by`` is too late. Raises as :func:`pause`."""
    allowed = (DistributionState.PAUSED, DistributionState.RUNNING, DistributionState.DONE)
    return await _change(ports, tenant, distribution, DistributionState.RUNNING, allowed, actor)


async def cancel(ports: Ports, tenant: int, distribution: str, actor: str) -> Distribution:
    """Send nothing more, for good; what still waits is cancelled. Raises LookupError: no such distribution."""
    allowed = tuple(DistributionState)
    done = await _change(ports, tenant, distribution, DistributionState.CANCELLED, allowed, actor)
    while await do_chores(ports):
        pass
    return done


async def confirm(ports: Ports, tenant: int, distribution: str, actor: str) -> Distribution:
    """Yes, ask that many. Who waited for it is decided again, for rules may have changed their answer meanwhile.

    Raises:
        LookupError: no such distribution.
        NotSteerable: it was cancelled.
    """
    now = ports.clock.now()

    def unit(conn: Connection) -> Distribution:
        found = _get(conn, tenant, distribution)
        if found.state is DistributionState.CANCELLED:
            raise NotSteerable("it was cancelled")
        store.set_confirmed(conn, tenant, distribution, actor, now)
        before, after = {"confirmed_by": found.confirmed_by}, {"confirmed_by": actor}
        audit_in(conn, tenant, actor, "distribution.confirmed", distribution, before, after, now)
        return _get(conn, tenant, distribution)

    done = await ports.db.write(unit)
    while await do_chores(ports):
        pass
    return done


async def switch_mail(ports: Ports, tenant: int, actor: str, *, paused: bool) -> Tenant:
    """The tenant's mail switch: off stops every distribution within 2 s, on lets what still may leave go on."""
    changed = await change_tenant(ports, tenant, actor, mail_paused=paused)
    ports.db.wakes.set({MAIL_STOP, MAIL_DUE})
    return changed


async def _change(
    ports: Ports,
    tenant: int,
    distribution: str,
    state: DistributionState,
    allowed: Collection[DistributionState],
    actor: str,
) -> Distribution:
    now = ports.clock.now()

    def unit(conn: Connection) -> Distribution:
        found = _get(conn, tenant, distribution)
        if found.state not in allowed:
            raise NotSteerable(f"it is {found.state.value}")
        if found.state is not state:
            store.set_state(conn, tenant, distribution, state)
            before, after = {"state": found.state.value}, {"state": state.value}
            audit_in(conn, tenant, actor, f"distribution.{state.value}", distribution, before, after, now)
        wake(conn, MAIL_STOP)
        wake(conn, MAIL_DUE)
        return _get(conn, tenant, distribution)

    return await ports.db.write_first(Priority.MAIL, unit)


def _get(conn: Connection, tenant: int, distribution: str) -> Distribution:
    found = find_distribution(conn, tenant, distribution)
    if found is None:
        raise LookupError(distribution)
    return found
