"""The machine as psutil sees it, whichever system it runs: memory, volumes, processor, network, battery, the last start."""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import partial

import psutil

from opulse.agent.counters import CounterWindow
from opulse.agent.sources import Measure, Question, Readings
from opulse.catalogue import Measured, Reading, Unavailable

_SECONDS_PER_DAY = 86_400
_NO_SWAP = "this system has no page file"
_NOT_FIXED = ("cdrom", "removable", "remote")
"""Options that psutil gives drives of Windows which are no volumes of the machine."""


class Machine:
    """Counters of about the last minute, and what is so now."""

    def __init__(self, system_volume: str) -> None:
        """``system_volume``: ``C:\\\\`` or ``/``."""
        self._system_volume = system_volume
        self._window = CounterWindow()

    def sample(self) -> None:
        times, packets = psutil.cpu_times(), psutil.net_io_counters()
        counters = {
            name: float(value) for name, value in times._asdict().items() if not name.startswith("guest")
        }
        counters["packets"] = float(packets.packets_sent + packets.packets_recv) if packets else 0.0
        self._window.note(time.monotonic(), counters)

    def measures(self) -> Mapping[str, Measure]:
        return {
            "memory.available_mb": lambda _: Measured(round(psutil.virtual_memory().available / 2**20, 1)),
            "memory.pagefile_used_percent": partial(_swap, "percent"),
            "memory.pagefile_free_bytes": partial(_swap, "free"),
            "cpu.kernel_percent": self._kernel_percent,
            "disk.free_percent": _volumes,
            "disk.system_free_bytes": lambda _: Measured(psutil.disk_usage(self._system_volume).free),
            "net.packets_per_second": lambda _: Measured(round(self._window.rise().per_second("packets"), 1)),
            "battery.charge_percent": _charge,
            "boot.days_since_start": _days,
        }

    def _kernel_percent(self, _: Question) -> Reading:
        """On Windows the time of interrupts and deferred calls is part of the system's."""
        rise = self._window.rise()
        whole = sum(value for name, value in rise.by.items() if name in ("user", "nice", "system", "idle"))
        return Measured(round(100.0 * rise.by["system"] / whole, 2) if whole else 0.0)


def _swap(name: str, _: Question) -> Reading:
    swap = psutil.swap_memory()
    return Measured(getattr(swap, name)) if swap.total else Unavailable(_NO_SWAP)


def _volumes(_: Question) -> Readings:
    """Volumes of the machine that can be written, by mount point; a drive without a medium is passed over."""
    found: dict[str, Reading] = {}
    for partition in psutil.disk_partitions(all=False):
        options = partition.opts.split(",")
        if "ro" in options or any(word in options for word in _NOT_FIXED):
            continue
        try:
            usage = psutil.disk_usage(partition.mountpoint)
        except OSError:
            continue
        if usage.total:
            found[partition.mountpoint] = Measured(round(100.0 * usage.free / usage.total, 2))
    return found


def _charge(_: Question) -> Reading:
    battery = psutil.sensors_battery()
    if battery is None:
        return Unavailable("this system has no battery")
    return Measured(round(battery.percent, 1))


def _days(question: Question) -> Reading:
    return Measured(round((question.now.timestamp() - psutil.boot_time()) / _SECONDS_PER_DAY, 3))
