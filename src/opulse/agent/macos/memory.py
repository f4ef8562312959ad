"""Memory of macOS: how hard it is to be had, what was compressed and what was swapped out. Not run on hardware.

Forms: man pages of sysctl(8), vm_stat(1) and memory_pressure(1); levels 1 normal, 2 warning, 4 critical as in
developer.apple.com/documentation/dispatch/dispatchsource/memorypressureevent.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from opulse.agent.programs import ask
from opulse.agent.sources import Measure, Question
from opulse.catalogue import Measured, Reading

_SWAP = re.compile(r"\bused = (?P<size>[\d.]+)(?P<unit>[KMGT])")
_UNITS = {"K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}
_COMPRESSED = re.compile(r"^Pages occupied by compressor:\s+(\d+)\.", re.MULTILINE)
_PAGE = re.compile(r"page size of (\d+) bytes")


class Memory:
    """Three questions to two programs."""

    def sample(self) -> None:
        """Nothing to note."""

    def measures(self) -> Mapping[str, Measure]:
        return {
            "macos.memory_pressure_level_count": _level,
            "macos.swap_used_bytes": _swap,
            "macos.compressed_memory_percent": _compressed,
        }


def _level(_: Question) -> Reading:
    return Measured(int(ask("sysctl", "-n", "kern.memorystatus_vm_pressure_level")))


def _swap(_: Question) -> Reading:
    """``vm.swapusage: total = 2048.00M  used = 1174.25M  free = 873.75M  (encrypted)``"""
    found = _SWAP.search(ask("sysctl", "-n", "vm.swapusage"))
    if found is None:
        raise ValueError("vm.swapusage is of an unknown form")
    return Measured(round(float(found["size"]) * _UNITS[found["unit"]]))


def _compressed(_: Question) -> Reading:
    said = ask("vm_stat")
    pages, size = _COMPRESSED.search(said), _PAGE.search(said)
    if pages is None or size is None:
        raise ValueError("vm_stat answers in an unknown form")
    whole = int(ask("sysctl", "-n", "hw.memsize"))
    return Measured(round(100.0 * int(pages[1]) * int(size[1]) / whole, 2))
