"""Collectors for Linux, one module per area. They read ``/proc``, ``/sys`` and a few programs, and change nothing."""

from __future__ import annotations

from opulse.agent.linux.accounts import Accounts
from opulse.agent.linux.adapters import Adapters
from opulse.agent.linux.certificates import Certificates
from opulse.agent.linux.crashes import Crashes
from opulse.agent.linux.disk import Disks
from opulse.agent.linux.drives import Drives
from opulse.agent.linux.folders import Folders
from opulse.agent.linux.hardware import Hardware
from opulse.agent.linux.journal import Journal
from opulse.agent.linux.kernel_log import KernelLog
from opulse.agent.linux.kernel_state import KernelState
from opulse.agent.linux.latency import Latency
from opulse.agent.linux.memory import Memory
from opulse.agent.linux.mounts import Mounts
from opulse.agent.linux.network import Network
from opulse.agent.linux.packages import Packages
from opulse.agent.linux.pressure import Pressure
from opulse.agent.linux.process_table import ProcessTable
from opulse.agent.linux.processes import Processes
from opulse.agent.linux.processor import Processor
from opulse.agent.linux.reachability import Reachability
from opulse.agent.linux.restart import Restart
from opulse.agent.linux.scripts import Scripts
from opulse.agent.linux.services import Services
from opulse.agent.linux.smart import Smart
from opulse.agent.linux.sockets import Sockets
from opulse.agent.linux.timekeeping import Timekeeping
from opulse.agent.linux.usage import Usage
from opulse.agent.sources import Collector


def linux_collectors() -> tuple[Collector, ...]:
    """A fresh set; it has to live as long as the agent, since counters are compared with earlier ones."""
    return (
        Processor(),
        Processes(),
        ProcessTable(),
        Memory(),
        Pressure(),
        Disks(),
        Drives(),
        Mounts(),
        Folders(),
        Smart(),
        Network(),
        Adapters(),
        Sockets(),
        Latency(),
        Reachability(),
        Restart(),
        Timekeeping(),
        Services(),
        Journal(),
        KernelLog(),
        KernelState(),
        Crashes(),
        Certificates(),
        Accounts(),
        Usage(),
        Packages(),
        Scripts(),
        Hardware(),
    )


__all__ = ["linux_collectors"]
