"""Background work of audiences: rules are asked again, samples end."""

from __future__ import annotations

from collections.abc import Mapping

from opulse.experience.audiences.flow.segments import STALE_AFTER, ask_again_in, refresh_segment
from opulse.experience.audiences.models import SEGMENT_REFRESH, STALE_DUE
from opulse.experience.directory import views as directory
from opulse.experience.directory.flow.lists import delete_list
from opulse.experience.directory.models import EVERYTHING
from opulse.jobs import Handler, Job
from opulse.ports import Ports


async def on_segment_refresh(ports: Ports, job: Job) -> None:
    """Set the members of one segment."""
    await refresh_segment(ports, job.tenant, job.payload["segment"])


async def on_stale_due(ports: Ports, job: Job) -> None:
    """Ask the rules that were not asked for some hours; forget samples whose time is over."""
    now = ports.clock.now()
    for tenant, segment in await ports.db.read(directory.list_stale_segments, now - STALE_AFTER):
        await ports.db.write(ask_again_in, tenant, segment)
    for tenant, sample in await ports.db.read(directory.list_expired, now):
        await delete_list(ports, tenant, sample, EVERYTHING, "its time was over")


HANDLERS: Mapping[str, Handler] = {SEGMENT_REFRESH: on_segment_refresh, STALE_DUE: on_stale_due}
