"""Restarts: how long ago the last one was, and whether an update waits for the next."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from pathlib import Path

from opulse.agent.sources import Measure, Question
from opulse.catalogue import Measured, Reading, Unavailable

_SECONDS_PER_DAY = 86_400
_FLAG_WRITERS = ("unattended-upgrades", "update-notifier")
"""Kernel hooks of Debian and Ubuntu that write ``/run/reboot-required``."""


class Restart:
    """Days since the start, and signs of a restart that an update asks for."""

    def __init__(self, root: Path = Path("/"), kernel: str | None = None) -> None:
        self._root = root
        self._kernel = kernel or platform.release()

    def sample(self) -> None:
        """Nothing to note."""

    def measures(self) -> Mapping[str, Measure]:
        return {"boot.days_since_start": self._days, "boot.restart_pending": self._pending}

    def _days(self, _: Question) -> Reading:
        uptime = float((self._root / "proc/uptime").read_text().split()[0])
        return Measured(round(uptime / _SECONDS_PER_DAY, 3))

    def _pending(self, _: Question) -> Reading:
        """The distribution's flag, or a running kernel whose modules an update has removed."""
        if (self._root / "run/reboot-required").exists():
            return Measured(True)
        modules = self._root / "lib/modules"
        kernels = {entry.name for entry in modules.iterdir()} if modules.is_dir() else set()
        if kernels:
            return Measured(self._kernel not in kernels)
        hooks = self._root / "etc/kernel/postinst.d"
        if any((hooks / name).exists() for name in _FLAG_WRITERS):
            return Measured(False)
        return Unavailable(
            "this system keeps no sign of a pending restart (no restart flag, no kernel modules)"
        )
