"""Battery, temperature and the age of the firmware."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import psutil

from opulse.agent.sources import Measure, Question
from opulse.catalogue import Measured, Reading, Unavailable


class Hardware:
    """What the machine says of itself; virtual machines mostly say nothing."""

    def __init__(self, sys: Path = Path("/sys")) -> None:
        self._bios_date = sys / "class/dmi/id/bios_date"

    def sample(self) -> None:
        """Nothing to note."""

    def measures(self) -> Mapping[str, Measure]:
        return {
            "battery.charge_percent": _charge,
            "hardware.temperature_celsius": _hottest,
            "hardware.firmware_age_days": self._firmware_age,
        }

    def _firmware_age(self, question: Question) -> Reading:
        """The firmware writes its date as month/day/year."""
        if not self._bios_date.exists():
            return Unavailable("the firmware does not give its date")
        released = datetime.strptime(self._bios_date.read_text().strip(), "%m/%d/%Y").replace(tzinfo=UTC)
        return Measured((question.now - released).days)


def _charge(_: Question) -> Reading:
    battery = psutil.sensors_battery()
    return (
        Unavailable("this system has no battery") if battery is None else Measured(round(battery.percent, 1))
    )


def _hottest(_: Question) -> Reading:
    values = [entry.current for zone in psutil.sensors_temperatures().values() for entry in zone]
    return Measured(round(max(values), 1)) if values else Unavailable("this system gives no temperature")
