"""Ask SysTrack for its names by a workflow's own task, and take over what is not here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Connection

from opulse.bridges.systrack import FetchRefused, Named, Source, TokenKeeper, read_groups, read_sensors
from opulse.experience.extensions.operational_pulse.flow.sources import read_source, tells_of_us
from opulse.experience.workflows.models import Workflow
from opulse.experience.workflows.views import list_workflows
from opulse.monitoring.sensors.flow.catalogue import add_sensors_in
from opulse.monitoring.sensors.models import Sensor, SensorOrigin
from opulse.monitoring.sensors.views import list_sensors
from opulse.monitoring.systems.flow.groups import create_group_in
from opulse.monitoring.systems.views import list_groups
from opulse.ports import Ports
from opulse.pulses.names.models import Choice, NamesRefused, Taken, Wish
from opulse.pulses.names.rules import category_of, find_unheard, sort_names

_KEEPER = TokenKeeper()
TASK = "operational_pulse"


async def list_choices(ports: Ports, tenant: int) -> list[Choice]:
    """The workflows with an Operational Pulse task that asks another installation than this one."""
    return await ports.db.read(_choices_in, ports, tenant)


async def take_names(ports: Ports, tenant: int, wish: Wish, actor: str) -> Taken:
    """Take over the names, or say which would be.

    Raises:
        NamesRefused: no such workflow, or SysTrack cannot be asked by its task.
        JobRetry: SysTrack is slow, busy or down; ``delay`` says when to come again.
    """
    try:
        source = await read_source(ports, tenant, wish.workflow)
        sensors = await read_sensors(ports, _KEEPER, source) if wish.sensors else []
        groups = await read_groups(ports, _KEEPER, source) if wish.groups else []
    except (FetchRefused, LookupError) as error:
        raise NamesRefused(str(error)) from error
    return await ports.db.write(_take_in, ports, tenant, wish, source, sensors, groups, actor)


def _take_in(
    conn: Connection,
    ports: Ports,
    tenant: int,
    wish: Wish,
    source: Source,
    sensors: Sequence[Named],
    groups: Sequence[Named],
    actor: str,
) -> Taken:
    host, now = host_of(source), ports.clock.now()
    new_sensors = sort_names(sensors, [one.name for one in list_sensors(conn, tenant)])
    new_groups = sort_names(groups, [one.name for one in list_groups(conn, tenant)])
    if not wish.check:
        by_name = {one.name: one for one in sensors}
        wanted = [_sensor(by_name[name], host) for name in new_sensors.added]
        add_sensors_in(conn, tenant, wanted, actor, now)
        for name in new_groups.added:  # each is a group of its own; there are tens of them
            create_group_in(conn, tenant, name, [], actor, now)
    unheard = find_unheard(list_workflows(conn, tenant), sensors) if wish.sensors else ()
    return Taken(host, new_sensors, new_groups, unheard)


def host_of(source: Source) -> str:
    """The host of its cloud, with its port."""
    url = source.cloud_url
    return urlsplit(url if "://" in url else f"//{url}").netloc


def _sensor(one: Named, host: str) -> Sensor:
    help_text = f"From SysTrack at {host}, which tells when it is triggered."
    nothing: Mapping[str, Any] = {}
    return Sensor(
        0, "", one.name, category_of(one), help_text, 5, False, SensorOrigin.CUSTOM, True, nothing, nothing
    )


def _choices_in(conn: Connection, ports: Ports, tenant: int) -> list[Choice]:
    return [
        Choice(one.id, one.document.name, str(_form(one).get("cloud_url", "")))
        for one in list_workflows(conn, tenant)
        if _form(one) and not tells_of_us(ports, str(_form(one).get("cloud_url", "")))
    ]


def _form(workflow: Workflow) -> Mapping[str, Any]:
    return next((task.form for task in workflow.document.tasks if task.type == TASK), {})
