"""Memory and paging, out of ``/proc/meminfo`` and ``/proc/vmstat``."""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from opulse.agent.counters import CounterWindow, EventCounts
from opulse.agent.sources import Measure, Question
from opulse.catalogue import Measured, Reading, Unavailable

_NO_SWAP = "this system has no swap"
_STRICT_PROMISES = "2"
"""``/proc/sys/vm/overcommit_memory``: only then does the kernel refuse promises beyond ``CommitLimit``."""

_RATES = {
    "memory.page_faults_per_second": "pgfault",
    "memory.pages_in_per_second": "pgmajfault",
    "memory.swap_in_per_second": "pswpin",
    "memory.swap_out_per_second": "pswpout",
    "memory.direct_scans_per_second": "pgscan_direct",
}
_SHARES = {
    "memory.dirty_percent": ("Dirty", "Writeback"),
    "memory.unreclaimable_slab_percent": ("SUnreclaim",),
    "memory.shared_percent": ("Shmem",),
    "memory.page_tables_percent": ("PageTables",),
    "memory.locked_percent": ("Unevictable",),
}
"""By measure, the fields of ``/proc/meminfo`` that are taken together against ``MemTotal``."""


class Memory:
    """How much is left, promised and swapped out now; page faults over the last minute; kills for want of memory."""

    def __init__(self, proc: Path = Path("/proc")) -> None:
        self._meminfo = proc / "meminfo"
        self._vmstat = proc / "vmstat"
        self._overcommit = proc / "sys/vm/overcommit_memory"
        self._window = CounterWindow()
        self._kills = EventCounts()

    def sample(self) -> None:
        at = time.monotonic()
        fields = dict(line.split() for line in self._vmstat.read_text().splitlines())
        self._window.note(at, {name: float(fields[name]) for name in _RATES.values() if name in fields})
        self._kills.note(at, {name: float(fields[name]) for name in ("oom_kill",) if name in fields})

    def measures(self) -> Mapping[str, Measure]:
        return {
            **{source: partial(self._rate, counter) for source, counter in _RATES.items()},
            **{source: partial(self._share, names) for source, names in _SHARES.items()},
            "memory.available_percent": self._available,
            "memory.available_mb": lambda _: Measured(round(self._fields()["MemAvailable"] / 1024, 1)),
            "memory.commit_percent": self._commit,
            "memory.committed_of_limit_percent": self._commit_of_limit,
            "memory.pagefile_used_percent": self._swap_used,
            "memory.pagefile_free_bytes": self._swap_free,
            "memory.failed_bytes": self._failed,
            "memory.oom_kill_count": self._oom_kills,
        }

    def _available(self, _: Question) -> Reading:
        fields = self._fields()
        return Measured(round(100.0 * fields["MemAvailable"] / fields["MemTotal"], 2))

    def _commit(self, _: Question) -> Reading:
        """Promised memory against memory and swap together. The kernel's own ``CommitLimit`` leaves out half of the memory
        unless it is told to keep promises strictly, so it would call a healthy desktop overcommitted."""
        fields = self._fields()
        return Measured(round(100.0 * fields["Committed_AS"] / (fields["MemTotal"] + fields["SwapTotal"]), 2))

    def _commit_of_limit(self, _: Question) -> Reading:
        if self._overcommit.read_text().strip() != _STRICT_PROMISES:
            return Unavailable("this kernel promises memory without a limit (vm.overcommit_memory is not 2)")
        fields = self._fields()
        return Measured(round(100.0 * fields["Committed_AS"] / fields["CommitLimit"], 2))

    def _swap_used(self, _: Question) -> Reading:
        fields = self._fields()
        if not fields["SwapTotal"]:
            return Unavailable(_NO_SWAP)
        return Measured(round(100.0 - 100.0 * fields["SwapFree"] / fields["SwapTotal"], 2))

    def _swap_free(self, _: Question) -> Reading:
        fields = self._fields()
        return Measured(fields["SwapFree"] * 1024) if fields["SwapTotal"] else Unavailable(_NO_SWAP)

    def _share(self, names: tuple[str, ...], _: Question) -> Reading:
        fields = self._fields()
        return Measured(round(100.0 * sum(fields[name] for name in names) / fields["MemTotal"], 2))

    def _failed(self, _: Question) -> Reading:
        """Memory that the kernel has taken out of use because it is broken."""
        fields = self._fields()
        if "HardwareCorrupted" not in fields:
            return Unavailable("this kernel does not watch for broken memory")
        return Measured(fields["HardwareCorrupted"] * 1024)

    def _oom_kills(self, question: Question) -> Reading:
        counted = self._kills.within(question.number("window"))
        if not counted:
            return Unavailable("this kernel does not count such kills (4.13 or newer)")
        return Measured(counted["oom_kill"])

    def _rate(self, counter: str, _: Question) -> Reading:
        return Measured(round(self._window.rise().per_second(counter), 1))

    def _fields(self) -> dict[str, int]:
        """The file's values in KiB, as it writes them."""
        lines = (line.partition(":") for line in self._meminfo.read_text().splitlines())
        return {name: int(rest.split()[0]) for name, _, rest in lines}
