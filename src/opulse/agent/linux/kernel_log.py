"""The kernel's log: single records, and how many of them tell of a certain fault."""

from __future__ import annotations

import os
import re
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple

from opulse.agent.sources import Measure, Question, Readings
from opulse.catalogue import Measured, Unavailable

_LONGEST_RECORD = 8192
_KERNELS_OWN = 0
"""The facility of what the kernel itself wrote; whatever programs write into the log has another."""


class Record(NamedTuple):
    """``at``: seconds since the machine's start. ``message``: the first line."""

    at: float
    facility: int
    message: str


@dataclass(frozen=True, slots=True)
class Fault:
    """Words by which the kernel tells of a fault; a group named ``of`` says of which thing."""

    words: re.Pattern[str]
    instanced: bool = False


def _fault(words: str) -> Fault:
    return Fault(re.compile(words), "(?P<of" in words)


FAULTS: Mapping[str, Fault] = {
    "kernel.oops_count": _fault(
        r"(?:BUG: (?!soft lockup)|Oops: |kernel BUG at |general protection fault|Unable to handle kernel |Internal error: )"
    ),
    "kernel.warning_count": _fault(r"WARNING: (?:CPU: \d+ PID: |.+ at )"),
    "kernel.hung_task_count": _fault(r"INFO: task .+ blocked for more than \d+ seconds"),
    "kernel.soft_lockup_count": _fault(r"(?:watchdog: )?BUG: soft lockup"),
    "kernel.rcu_stall_count": _fault(r"(?:rcu: )?INFO: rcu_\w+ (?:self-)?detected (?:expedited )?stall"),
    "hardware.machine_check_count": _fault(r"(?:mce: )?(?:\{\d+\})?\[Hardware Error\]|EDAC .*(?: CE | UE )"),
    "hardware.overheat_count": _fault(
        r"CPU\d+: (?:Package|Core) temperature.* above threshold|.*critical temperature reached"
    ),
    "hardware.usb_error_count": _fault(
        r"usb \S+: (?:device descriptor read/|device not accepting address|can't set config)"
    ),
    "disk.transfer_error_count": _fault(
        r"(?:blk_update_request: |Buffer )?(?:critical \w+ error|I/O error),? (?:on )?dev (?P<of>[\w-]+)"
    ),
    "disk.reset_count": _fault(
        r"(?P<of>ata\d+|nvme\d+|nvme nvme\d+)(?:\.\d+)?: (?:hard resetting link|exception Emask|controller is down|I/O .*timeout)"
    ),
    "disk.file_system_error_count": _fault(
        r"(?:EXT[234]-fs error \(device |XFS \((?=[^)]+\): (?:Corruption|Metadata corruption|Internal error))"
        r"|BTRFS (?:error|critical) \(device )(?P<of>[\w-]+)"
    ),
    "memory.killed_program_count": _fault(
        r"(?:Memory cgroup o|O)ut of memory: Killed process \d+ \((?P<of>.+?)\)"
    ),
    "net.transmit_hang_count": _fault(r"(?:\S+ )*?NETDEV WATCHDOG: (?:CPU: \d+: )?(?P<of>\S+)"),
    "net.syn_flood_count": _fault(r".*[Pp]ossible SYN flooding on port"),
    "net.conntrack_full_count": _fault(r"nf_conntrack: .*table full, dropping packet"),
    "net.file_server_silent_count": _fault(r"nfs: server (?P<of>\S+) not responding"),
    "time.clock_source_unstable_count": _fault(r"clocksource: .*(?:[Mm]arking clocksource|unstable)"),
}


class KernelLog:
    """Faults that the kernel wrote down within a sensor's window. The log is read once per evaluation."""

    def __init__(self, log: Path = Path("/dev/kmsg")) -> None:
        self._log = log
        self._kept: tuple[object, list[Record]] = (None, [])

    def sample(self) -> None:
        """Nothing to note: the log keeps the past."""

    def measures(self) -> Mapping[str, Measure]:
        return {source: partial(self._count, fault) for source, fault in FAULTS.items()}

    def _count(self, fault: Fault, question: Question) -> Readings:
        try:
            records = self._read(question)
        except OSError as failure:
            return Unavailable(f"the kernel's log cannot be read: {failure.strerror}")
        since = time.clock_gettime(time.CLOCK_MONOTONIC) - question.number("window")
        return count_faults(fault, (record for record in records if record.at >= since))

    def _read(self, question: Question) -> list[Record]:
        if self._kept[0] != question.now:
            self._kept = (question.now, read_records(self._log))
        return self._kept[1]


def count_faults(fault: Fault, records: Iterable[Record]) -> Readings:
    """How many records tell of it; by thing, where the kernel names one."""
    own = (record.message for record in records if record.facility == _KERNELS_OWN)
    found = [match for match in map(fault.words.match, own) if match]
    if not fault.instanced:
        return Measured(len(found))
    return {thing: Measured(count) for thing, count in Counter(match["of"] for match in found).items()}


def read_records(log: Path) -> list[Record]:
    """All records kept. One read gives one record (Linux ABI, dev-kmsg). Raises ``OSError``."""
    records: list[Record] = []
    opened = os.open(log, os.O_RDONLY | os.O_NONBLOCK)
    try:
        while raw := _next_record(opened):
            prefix, _, message = raw.partition(b";")
            fields = prefix.split(b",")
            first_line = message.split(b"\n")[0].decode("utf-8", "replace")
            records.append(Record(int(fields[2]) / 1e6, int(fields[0]) >> 3, first_line))
    finally:
        os.close(opened)
    return records


def _next_record(opened: int) -> bytes:
    """Empty at the end. A record that was overwritten while we read is passed over."""
    while True:
        try:
            return os.read(opened, _LONGEST_RECORD)
        except BlockingIOError:
            return b""
        except BrokenPipeError:
            continue
