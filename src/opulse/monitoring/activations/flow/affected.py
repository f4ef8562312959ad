"""Who is affected: the pages behind the two addresses that a webhook carries (systrack.md 5.4).

The first address answers with the set as it was when the activation opened, and never changes. The second answers with the
set of now, and from the end of the activation on with the set of that moment. Users are those of the moment that is told.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from pyroaring import BitMap
from sqlalchemy import Connection

from opulse.monitoring.activations import store
from opulse.monitoring.activations.models import Activation, WhichSystems
from opulse.monitoring.systems.models import System, SystemUser
from opulse.monitoring.systems.views import list_systems_at
from opulse.ports import Ports
from opulse.wire.affected import AffectedPage, AffectedSensor, AffectedSystem, AffectedUser
from opulse.wire.timestamps import activation_time

PATH = "/api/sensornotifications/activations"


@dataclass(frozen=True)
class PageAsked:
    """``after`` continues behind a system (``$skiptoken`` of a next link), ``skip`` counts systems; 0 and 0: the first page.

    A next link continues *behind a system* and not *after so many*: while the second list moves, a count would pass over
    systems that were affected all the time.
    """

    top: int
    skip: int = 0
    after: int = -1


def systems_url(monitoring_url: str, activation: str, which: WhichSystems) -> str:
    """The address that the webhook carries; clients take it as opaque."""
    return f"{monitoring_url}{PATH}/{activation}/systems/{which.value}"


async def list_affected(
    ports: Ports, tenant: int, activation: str, which: WhichSystems, asked: PageAsked
) -> AffectedPage | None:
    """One page; None when there is no such activation in this tenant."""
    now = ports.clock.now()

    def query(conn: Connection) -> AffectedPage | None:
        found = store.find_activation(conn, tenant, activation)
        if found is None:
            return None
        affected = store.find_affected(conn, tenant, activation, which)
        idxs = _slice(affected, asked)
        moment = _moment(found, which, now)
        systems = list_systems_at(conn, tenant, idxs, users_at=moment)
        return AffectedPage(
            notification_activation_id=found.id,
            as_of=activation_time(moment),
            state=found.state.value,
            total_count=len(affected),
            systems=[_system(system, found) for system in systems],
            next_link=_next_link(ports.monitoring_url, found, which, asked, affected, idxs),
        )

    return await ports.db.read(query)


def _slice(affected: BitMap, asked: PageAsked) -> list[int]:
    """``asked.top`` indices in order."""
    first = (affected.rank(asked.after) if asked.after >= 0 else 0) + asked.skip
    return list(islice(affected[first:], asked.top)) if first < len(affected) else []


def _moment(activation: Activation, which: WhichSystems, now: datetime) -> datetime:
    if which is WhichSystems.AT_ACTIVATION:
        return activation.opened_at
    return activation.closed_at or now


def _next_link(
    base: str,
    activation: Activation,
    which: WhichSystems,
    asked: PageAsked,
    affected: BitMap,
    shown: list[int],
) -> str | None:
    if not shown or affected.rank(shown[-1]) >= len(affected):
        return None
    address = systems_url(base, activation.id, which)
    return f"{address}?$top={asked.top}&$skiptoken={shown[-1]}"


def _system(system: System, activation: Activation) -> AffectedSystem:
    return AffectedSystem(
        system_id=system.guid,
        system_name=system.name,
        fqdn=system.fqdn or None,
        domain=system.domain or None,
        operating_system=system.operating_system or None,
        agent_version=system.agent_version or None,
        users=[_user(user) for user in system.users],
        sensors=[AffectedSensor(choice.name, choice.instance) for choice in activation.snapshot.sensors],
    )


def _user(user: SystemUser) -> AffectedUser:
    return AffectedUser(
        user_id=user.user_id,
        email=user.email or None,
        first_name=user.first_name or None,
        last_name=user.last_name or None,
        is_primary=user.is_primary,
        is_logged_on=user.is_logged_on,
        last_logon=activation_time(user.last_logon) if user.last_logon else None,
    )
