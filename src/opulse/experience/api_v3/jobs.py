"""Background work: ask a list when its time has come."""

from __future__ import annotations

from collections.abc import Mapping

from opulse.experience.api_v3.flow.distributions import DISTRIBUTION_REQUESTED, ask_list
from opulse.jobs import Handler, Job
from opulse.ports import Ports


async def on_distribution_requested(ports: Ports, job: Job) -> None:
    """Ask everybody who is on the list."""
    await ask_list(ports, job)


HANDLERS: Mapping[str, Handler] = {DISTRIBUTION_REQUESTED: on_distribution_requested}
"""Job kind → handler."""
