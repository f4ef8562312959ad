"""Background work of the directory: ended alarms are cleared once a minute, files of contacts are taken."""

from __future__ import annotations

from collections.abc import Mapping

from opulse.experience.directory.flow.alarms import clear_alarms
from opulse.experience.directory.flow.importing import take_file
from opulse.experience.directory.models import IMPORT_RECEIVED
from opulse.jobs import Handler, Job
from opulse.ports import Ports

ALARMS_DUE = "alarms.clear_due"


async def on_alarms_clear_due(ports: Ports, job: Job) -> None:
    """Clear ended alarms, in units of 2,000, until none is left."""
    while await ports.db.write(clear_alarms, ports.clock.now()):
        pass


async def on_import_received(ports: Ports, job: Job) -> None:
    """Take the file's rows, from wherever an earlier try was interrupted."""
    await take_file(ports, job.tenant, job.payload["import"])


HANDLERS: Mapping[str, Handler] = {
    ALARMS_DUE: on_alarms_clear_due,
    IMPORT_RECEIVED: on_import_received,
}
