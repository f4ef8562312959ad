"""Background work of schedules: a look at the clock, and one job for each time that has come."""

from __future__ import annotations

from collections.abc import Mapping

from opulse.experience.extensions.schedule.flow import move_on_in, start_scheduled
from opulse.experience.extensions.schedule.models import SCHEDULE_COME, SCHEDULES_DUE
from opulse.jobs import Handler, Job
from opulse.ports import Ports


async def on_schedules_due(ports: Ports, job: Job) -> None:
    """Whose time has come? Again and again until all were looked at."""
    while await ports.db.write(move_on_in, ports.clock.now()):
        pass


async def on_schedule_come(ports: Ports, job: Job) -> None:
    """Start the run."""
    await start_scheduled(ports, job)


HANDLERS: Mapping[str, Handler] = {SCHEDULES_DUE: on_schedules_due, SCHEDULE_COME: on_schedule_come}
