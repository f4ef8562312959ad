"""Background work of the estate: dynamic groups are filled and looked at again as time goes by, silent systems are retired,
files are taken."""

from __future__ import annotations

from collections.abc import Mapping

from opulse.jobs import Handler, Job
from opulse.monitoring.systems.flow.dynamic import fill_group, refresh_aging
from opulse.monitoring.systems.flow.facts import fill_facts
from opulse.monitoring.systems.flow.importing import take_file
from opulse.monitoring.systems.flow.retiring import retire_silent
from opulse.monitoring.systems.models import GROUP_RULED, IMPORT_RECEIVED
from opulse.ports import Ports

SILENT_DUE = "systems.retire_due"
GROUPS_DUE = "groups.refresh_due"


async def on_group_ruled(ports: Ports, job: Job) -> None:
    """Fill a dynamic group."""
    await fill_facts(ports, job.tenant)
    await fill_group(ports, job.tenant, job.payload["group"])


async def on_groups_refresh_due(ports: Ports, job: Job) -> None:
    """Ask filters again whose answer changes with time."""
    await refresh_aging(ports)


async def on_systems_retire_due(ports: Ports, job: Job) -> None:
    """Retire what has been silent for long."""
    await retire_silent(ports)


async def on_import_received(ports: Ports, job: Job) -> None:
    """Take a file's records, from wherever an earlier try was interrupted."""
    await take_file(ports, job.tenant, job.payload["import"])


HANDLERS: Mapping[str, Handler] = {
    GROUP_RULED: on_group_ruled,
    GROUPS_DUE: on_groups_refresh_due,
    IMPORT_RECEIVED: on_import_received,
    SILENT_DUE: on_systems_retire_due,
}
