"""Background work of the directory: ended alarms are cleared once a minute."""

from __future__ import annotations

from collections.abc import Mapping

from opulse.experience.directory.flow.alarms import clear_alarms
from opulse.jobs import Handler, Job
from opulse.ports import Ports

ALARMS_DUE = "alarms.clear_due"


async def on_alarms_clear_due(ports: Ports, job: Job) -> None:
    """Clear ended alarms, in units of 2,000, until none is left."""
    while await ports.db.write(clear_alarms, ports.clock.now()):
        pass


HANDLERS: Mapping[str, Handler] = {ALARMS_DUE: on_alarms_clear_due}
