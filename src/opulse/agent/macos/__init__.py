"""Collectors for macOS, out of the forms that Apple documents. **Not run on hardware**: tested with recorded forms alone."""

from __future__ import annotations

from opulse.agent.anywhere.machine import Machine
from opulse.agent.anywhere.processes import Processes
from opulse.agent.macos.extensions import Extensions
from opulse.agent.macos.memory import Memory
from opulse.agent.macos.network import Network
from opulse.agent.macos.power import Power
from opulse.agent.macos.protection import Protection
from opulse.agent.macos.reports import Reports
from opulse.agent.macos.storage import Storage
from opulse.agent.macos.updates import Updates
from opulse.agent.sources import Collector


def macos_collectors() -> tuple[Collector, ...]:
    """A fresh set; it has to live as long as the agent, since counters are compared with earlier ones."""
    return (
        Machine("/"),
        Processes(),
        Reports(),
        Memory(),
        Power(),
        Storage(),
        Protection(),
        Updates(),
        Extensions(),
        Network(),
    )


__all__ = ["macos_collectors"]
