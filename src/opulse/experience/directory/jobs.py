"""Background work of the directory: ended alarms are cleared once a minute, files of contacts are taken."""

from __future__ import annotations

from collections.abc import Mapping

from opulse.experience.directory.flow.alarms import clear_alarms
from opulse.experience.directory.flow.fields import work_on_field
from opulse.experience.directory.flow.importing import take_file
from opulse.experience.directory.models import FIELD_WORK, IMPORT_RECEIVED
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


async def on_field_work(ports: Ports, job: Job) -> None:
    """Rename, merge, remove or convert a field on all contacts, from wherever an earlier try was interrupted."""
    await work_on_field(ports, job.tenant, job.payload["change"])


HANDLERS: Mapping[str, Handler] = {
    ALARMS_DUE: on_alarms_clear_due,
    FIELD_WORK: on_field_work,
    IMPORT_RECEIVED: on_import_received,
}
