"""What drives say of their own health (``smartctl``). Asked once an hour; drives that sleep are left asleep."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from opulse.agent.programs import ask
from opulse.agent.sources import Measure, Question, Readings
from opulse.catalogue import Measured

_EVERY_SECONDS = 3600.0
_NOT_DRIVES = ("loop", "ram", "zram", "sr", "fd", "dm-", "md")
_ANY_STATE = tuple(range(256))
"""smartctl's exit value is made of bits; those that say "the drive is failing" are a reading, not a failure to read."""


class Smart:
    """The overall verdict, the wear of solid-state drives, and sectors that were given up."""

    def __init__(self, sys: Path = Path("/sys")) -> None:
        self._drives = sys / "block"
        self._asked_at: float | None = None
        self._said: dict[str, dict[str, Any]] = {}

    def sample(self) -> None:
        """Nothing to note."""

    def measures(self) -> Mapping[str, Measure]:
        return {
            "disk.smart_failing": self._failing,
            "disk.wear_percent": self._wear,
            "disk.reallocated_count": self._reallocated,
        }

    def _failing(self, _: Question) -> Readings:
        verdicts = ((name, said.get("smart_status", {}).get("passed")) for name, said in self._ask().items())
        return {name: Measured(not passed) for name, passed in verdicts if passed is not None}

    def _wear(self, _: Question) -> Readings:
        logs = (
            (name, said.get("nvme_smart_health_information_log", {})) for name, said in self._ask().items()
        )
        return {name: Measured(log["percentage_used"]) for name, log in logs if "percentage_used" in log}

    def _reallocated(self, _: Question) -> Readings:
        """Attribute 5 of ATA drives: sectors that were replaced by spare ones."""
        tables = (
            (name, said.get("ata_smart_attributes", {}).get("table", ()))
            for name, said in self._ask().items()
        )
        return {
            name: Measured(row["raw"]["value"]) for name, rows in tables for row in rows if row["id"] == 5
        }

    def _ask(self) -> dict[str, dict[str, Any]]:
        if shutil.which("smartctl") is None:
            raise ValueError("smartctl is not installed")
        now = time.monotonic()
        if self._asked_at is None or now - self._asked_at >= _EVERY_SECONDS:
            self._asked_at = now
            drives = [
                entry.name for entry in self._drives.iterdir() if not entry.name.startswith(_NOT_DRIVES)
            ]
            self._said = {name: _ask_drive(name) for name in sorted(drives)}
        return self._said


def _ask_drive(name: str) -> dict[str, Any]:
    said = ask("smartctl", "--json=c", "--nocheck=standby", "-H", "-A", f"/dev/{name}", accept=_ANY_STATE)
    read = json.loads(said or "{}")
    return read if isinstance(read, dict) else {}
