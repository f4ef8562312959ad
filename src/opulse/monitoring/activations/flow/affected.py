"""Who is affected: the pages behind the two addresses that a webhook carries (systrack.md 5.4).

The first address answers with the set as it was when the activation opened, and never changes. The second answers with the
set of now, and from the end of the activation on with the set of that moment. Users are those of the moment that is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from pyroaring import BitMap
from sqlalchemy import Connection

from opulse.monitoring.activations import store
from opulse.monitoring.activations.models import Activation, WhichSystems
from opulse.monitoring.systems.views import list_occupied
from opulse.ports import Ports
from opulse.wire.affected import AffectedPage, AffectedSensor, AffectedSystem, AffectedUser, systems_tag
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
        systems = _systems(list_occupied(conn, tenant, idxs, moment), found)
        return AffectedPage(
            notification_activation_id=found.id,
            as_of=activation_time(moment),
            state=found.state.value,
            total_count=len(affected),
            systems=systems,
            next_link=_next_link(ports.monitoring_url, found, which, asked, affected, idxs),
        )

    return await ports.db.read(query)


async def find_tag(ports: Ports, tenant: int, activation: str, which: WhichSystems) -> str:
    """The ETag of the first page; empty when there is no such activation in this tenant."""

    def query(conn: Connection) -> str:
        found = store.find_activation(conn, tenant, activation)
        if found is None:
            return ""
        return systems_tag(
            found.state.value, store.find_affected(conn, tenant, activation, which).serialize()
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


def _systems(rows: Iterable[Sequence[Any]], activation: Activation) -> list[AffectedSystem]:
    """One system per index; its rows stand together and differ in the user."""
    sensors = [AffectedSensor(choice.name, choice.instance) for choice in activation.snapshot.sensors]
    found: list[AffectedSystem] = []
    users: list[AffectedUser] = []
    last = -1
    for row in rows:
        idx, guid, name, fqdn, domain, operating_system, agent_version, *user = row
        if idx != last:
            last, users = idx, []
            found.append(
                AffectedSystem(
                    system_id=guid,
                    system_name=name,
                    fqdn=fqdn or None,
                    domain=domain or None,
                    operating_system=operating_system or None,
                    agent_version=agent_version or None,
                    users=users,
                    sensors=sensors,
                )
            )
        if user[0] is not None:
            users.append(_user(*user))
    return found


def _user(
    user_id: str,
    email: str,
    first_name: str,
    last_name: str,
    is_primary: bool,
    is_logged_on: bool,
    last_logon: datetime | None,
) -> AffectedUser:
    logon = activation_time(last_logon) if last_logon else None
    return AffectedUser(
        user_id,
        email or None,
        first_name or None,
        last_name or None,
        bool(is_primary),
        bool(is_logged_on),
        logon,
    )
