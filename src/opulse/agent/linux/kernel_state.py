"""What the kernel says of itself: faults it carries, modules of others, tables that fill up, safeguards that are off."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from opulse.agent.sources import Measure, Question
from opulse.catalogue import Measured, Reading, Unavailable

_FAULT_BITS = 1 << 4 | 1 << 5 | 1 << 7 | 1 << 9 | 1 << 14
"""Machine check, bad page, oops, warning, soft lockup (Documentation/admin-guide/tainted-kernels.rst)."""
_FOREIGN_BITS = 1 << 0 | 1 << 1 | 1 << 12 | 1 << 13
"""Proprietary, forced, built outside the kernel's tree, unsigned."""
_SLOW_CLOCKS = frozenset({"hpet", "acpi_pm", "jiffies", "pit", "refined-jiffies"})


class KernelState:
    """Single facts out of ``/proc/sys`` and ``/sys``."""

    def __init__(self, proc: Path = Path("/proc"), sys: Path = Path("/sys")) -> None:
        self._proc = proc
        self._kernel = proc / "sys"
        self._sys = sys

    def sample(self) -> None:
        """Nothing to note."""

    def measures(self) -> Mapping[str, Measure]:
        return {
            "kernel.tainted_by_fault": lambda _: self._tainted(_FAULT_BITS),
            "kernel.foreign_module": lambda _: self._tainted(_FOREIGN_BITS),
            "kernel.entropy_bits": lambda _: Measured(self._number("kernel/random/entropy_avail")),
            "kernel.slow_clock_source": self._slow_clock,
            "security.access_control_off": self._access_control_off,
            "limits.files_percent": self._files,
            "limits.process_ids_percent": self._process_ids,
            "limits.terminals_percent": self._terminals,
            "limits.aio_percent": lambda _: self._share("fs/aio-nr", "fs/aio-max-nr"),
            "net.conntrack_percent": self._conntrack,
        }

    def _tainted(self, bits: int) -> Reading:
        return Measured(bool(self._number("kernel/tainted") & bits))

    def _slow_clock(self, _: Question) -> Reading:
        """Asking the time through such a clock takes so long that busy programs feel it."""
        path = self._sys / "devices/system/clocksource/clocksource0/current_clocksource"
        return Measured(path.read_text().strip() in _SLOW_CLOCKS)

    def _access_control_off(self, _: Question) -> Reading:
        """SELinux that only warns, or AppArmor that is built in and not switched on."""
        enforce = self._sys / "fs/selinux/enforce"
        apparmor = self._sys / "module/apparmor/parameters/enabled"
        if enforce.exists():
            return Measured(enforce.read_text().strip() != "1")
        if apparmor.exists():
            return Measured(apparmor.read_text().strip() != "Y")
        return Unavailable("this kernel has neither SELinux nor AppArmor")

    def _files(self, _: Question) -> Reading:
        used, unused, most = map(int, (self._kernel / "fs/file-nr").read_text().split())
        return Measured(round(100.0 * (used - unused) / most, 4))

    def _process_ids(self, _: Question) -> Reading:
        """Every thread takes an id; the smaller of the two limits counts."""
        threads = int((self._proc / "loadavg").read_text().split()[3].split("/")[1])
        most = min(self._number("kernel/pid_max"), self._number("kernel/threads-max"))
        return Measured(round(100.0 * threads / most, 3))

    def _terminals(self, _: Question) -> Reading:
        return self._share("kernel/pty/nr", "kernel/pty/max")

    def _conntrack(self, _: Question) -> Reading:
        if not (self._kernel / "net/netfilter/nf_conntrack_max").exists():
            return Unavailable("this system tracks no connections")
        return self._share("net/netfilter/nf_conntrack_count", "net/netfilter/nf_conntrack_max")

    def _share(self, used: str, most: str) -> Reading:
        limit = self._number(most)
        return (
            Measured(round(100.0 * self._number(used) / limit, 3))
            if limit
            else Unavailable("no limit is set")
        )

    def _number(self, name: str) -> int:
        return int((self._kernel / name).read_text())
