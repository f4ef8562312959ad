"""Collectors for Windows, out of the forms that Microsoft documents. **Not run on hardware**: tested with forms alone."""

from __future__ import annotations

from opulse.agent.anywhere.machine import Machine
from opulse.agent.anywhere.processes import Processes
from opulse.agent.sources import Collector
from opulse.agent.windows.counters import Counters
from opulse.agent.windows.events import Events
from opulse.agent.windows.management import Management
from opulse.agent.windows.protection import Protection
from opulse.agent.windows.services import Services


def windows_collectors() -> tuple[Collector, ...]:
    """A fresh set; it has to live as long as the agent, since events are read from where it stopped."""
    management = Management()
    return (
        Machine("C:\\"),
        Processes(),
        Counters(management),
        Services(management),
        Protection(management),
        Events(),
    )


__all__ = ["windows_collectors"]
