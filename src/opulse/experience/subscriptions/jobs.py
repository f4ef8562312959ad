"""Background work: tell one subscription of one event."""

from __future__ import annotations

from collections.abc import Mapping

from opulse.experience.subscriptions.flow.delivering import deliver
from opulse.experience.subscriptions.flow.publishing import EVENT_PUBLISHED
from opulse.jobs import Handler, Job
from opulse.ports import Ports


async def on_event_published(ports: Ports, job: Job) -> None:
    """Post it."""
    await deliver(ports, job)


HANDLERS: Mapping[str, Handler] = {EVENT_PUBLISHED: on_event_published}
"""Job kind → handler."""
