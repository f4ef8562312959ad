"""Memory and paging, out of ``/proc/meminfo`` and ``/proc/vmstat``."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

from opulse.agent.counters import CounterWindow
from opulse.agent.sources import Measure, Question
from opulse.catalogue import Measured, Reading, Unavailable

_NO_SWAP = "this system has no swap"


class Memory:
    """How much is left, promised and swapped out now; page faults over the last minute."""

    def __init__(self, proc: Path = Path("/proc")) -> None:
        self._meminfo = proc / "meminfo"
        self._vmstat = proc / "vmstat"
        self._window = CounterWindow()

    def sample(self) -> None:
        fields = dict(line.split() for line in self._vmstat.read_text().splitlines())
        self._window.note(time.monotonic(), {name: float(fields[name]) for name in ("pgfault", "pgmajfault")})

    def measures(self) -> Mapping[str, Measure]:
        return {
            "memory.available_percent": self._available,
            "memory.commit_percent": self._commit,
            "memory.pagefile_used_percent": self._swap_used,
            "memory.pagefile_free_bytes": self._swap_free,
            "memory.page_faults_per_second": lambda _: self._rate("pgfault"),
            "memory.pages_in_per_second": lambda _: self._rate("pgmajfault"),
        }

    def _available(self, _: Question) -> Reading:
        fields = self._fields()
        return Measured(round(100.0 * fields["MemAvailable"] / fields["MemTotal"], 2))

    def _commit(self, _: Question) -> Reading:
        """Promised memory against memory and swap together. The kernel's own ``CommitLimit`` leaves out half of the memory
        unless it is told to keep promises strictly, so it would call a healthy desktop overcommitted."""
        fields = self._fields()
        return Measured(round(100.0 * fields["Committed_AS"] / (fields["MemTotal"] + fields["SwapTotal"]), 2))

    def _swap_used(self, _: Question) -> Reading:
        fields = self._fields()
        if not fields["SwapTotal"]:
            return Unavailable(_NO_SWAP)
        return Measured(round(100.0 - 100.0 * fields["SwapFree"] / fields["SwapTotal"], 2))

    def _swap_free(self, _: Question) -> Reading:
        fields = self._fields()
        return Measured(fields["SwapFree"] * 1024) if fields["SwapTotal"] else Unavailable(_NO_SWAP)

    def _rate(self, counter: str) -> Reading:
        return Measured(round(self._window.rise().per_second(counter), 1))

    def _fields(self) -> dict[str, int]:
        """The file's values in KiB, as it writes them."""
        lines = (line.partition(":") for line in self._meminfo.read_text().splitlines())
        return {name: int(rest.split()[0]) for name, _, rest in lines}
