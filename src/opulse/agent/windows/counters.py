"""Performance counters of Windows, by the classes of WMI that hold them formatted. Not run on hardware.

learn.microsoft.com/windows/win32/wmisdk/monitoring-performance-data: a formatted class gives rates over the time between two
looks of its provider. Percentages are whole numbers there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import psutil

from opulse.agent.sources import Measure, Question, Readings
from opulse.agent.windows.management import NOTHING, Management, Row, number
from opulse.catalogue import Measured, Reading, Unavailable

_PLAIN = {
    "cpu.interrupt_percent": ("processor", "PercentInterruptTime"),
    "cpu.interrupts_per_second": ("processor", "InterruptsPersec"),
    "cpu.dpc_per_second": ("processor", "DPCsQueuedPersec"),
    "memory.commit_percent": ("memory", "PercentCommittedBytesInUse"),
    "memory.committed_of_limit_percent": ("memory", "PercentCommittedBytesInUse"),
    "memory.page_faults_per_second": ("memory", "PageFaultsPersec"),
    "memory.pages_in_per_second": ("memory", "PagesInputPersec"),
    "memory.cache_faults_per_second": ("memory", "CacheFaultsPersec"),
}


class Counters:
    """What one look at the counters says."""

    def __init__(self, management: Management) -> None:
        self._management = management

    def sample(self) -> None:
        """Nothing to note: Windows keeps the rates."""

    def measures(self) -> Mapping[str, Measure]:
        drives = {
            "disk.busy_percent": lambda row: max(0.0, 100.0 - number(row, "PercentIdleTime")),
            "disk.queue_length": lambda row: number(row, "CurrentDiskQueueLength"),
            "disk.read_kb_per_second": lambda row: number(row, "DiskReadBytesPersec") / 1024,
            "disk.reads_per_second": lambda row: number(row, "DiskReadsPersec"),
            "disk.split_io_percent": lambda row: _percent(row, "SplitIOPerSec", "DiskTransfersPersec"),
        }
        return {
            **{source: partial(self._plain, *place) for source, place in _PLAIN.items()},
            **{source: partial(self._per_drive, measure) for source, measure in drives.items()},
            "cpu.run_queue_per_processor": self._queue,
            "memory.transition_fault_percent": self._transition,
            "net.tcp.retransmit_percent": self._retransmitted,
            "net.utilisation_percent": self._utilisation,
        }

    def _plain(self, name: str, column: str, question: Question) -> Reading:
        return Measured(number(self._management.row(name, question.now), column))

    def _per_drive(self, measure: Callable[[Row], float], question: Question) -> Readings:
        rows = self._management.rows("drives", question.now)
        return {str(row["Name"]): Measured(round(measure(row), 2)) for row in rows}

    def _queue(self, question: Question) -> Reading:
        """Threads that are ready and wait, per processor (System\\Processor Queue Length counts them for all together)."""
        waiting = number(self._management.row("system", question.now), "ProcessorQueueLength")
        return Measured(round(waiting / (psutil.cpu_count() or 1), 2))

    def _transition(self, question: Question) -> Reading:
        row = self._management.row("memory", question.now)
        return Measured(round(_percent(row, "TransitionFaultsPersec", "PageFaultsPersec"), 2))

    def _retransmitted(self, question: Question) -> Reading:
        """Segments sent per second are few when nothing happens; two lost out of ten say nothing."""
        row = self._management.row("tcp", question.now)
        if number(row, "SegmentsSentPersec") * 60 < question.number("min_segments"):
            return Unavailable("too few TCP segments were sent")
        return Measured(round(_percent(row, "SegmentsRetransmittedPersec", "SegmentsSentPersec"), 2))

    def _utilisation(self, question: Question) -> Reading:
        """The busiest adapter that knows its speed (``CurrentBandwidth`` is in bits)."""
        rows = self._management.rows("adapters", question.now)
        shares = [
            800.0 * number(row, "BytesTotalPersec") / number(row, "CurrentBandwidth")
            for row in rows
            if number(row, "CurrentBandwidth") > 0
        ]
        return Measured(round(max(shares), 2)) if shares else NOTHING


def _percent(row: Row, part: str, whole: str) -> float:
    return 100.0 * number(row, part) / number(row, whole) if number(row, whole) else 0.0
