"""Collectors for Linux, one module per area. They read ``/proc``, ``/sys`` and a few programs, and change nothing."""

from __future__ import annotations

from opulse.agent.linux.crashes import Crashes
from opulse.agent.linux.disk import Disks
from opulse.agent.linux.hardware import Hardware
from opulse.agent.linux.latency import Latency
from opulse.agent.linux.memory import Memory
from opulse.agent.linux.network import Network
from opulse.agent.linux.pressure import Pressure
from opulse.agent.linux.processes import Processes
from opulse.agent.linux.processor import Processor
from opulse.agent.linux.restart import Restart
from opulse.agent.linux.services import Services
from opulse.agent.sources import Collector


def linux_collectors() -> tuple[Collector, ...]:
    """A fresh set; it has to live as long as the agent, since counters are compared with earlier ones."""
    return (
        Processor(),
        Processes(),
        Memory(),
        Pressure(),
        Disks(),
        Network(),
        Latency(),
        Restart(),
        Services(),
        Crashes(),
        Hardware(),
    )


__all__ = ["linux_collectors"]
