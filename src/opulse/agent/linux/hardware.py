"""Battery, screen, temperature, the machine's own monitors, memory that corrects itself, and the age of the firmware."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import psutil

from opulse.agent.counters import EventCounts
from opulse.agent.sources import Measure, Question, Readings
from opulse.catalogue import Measured, Reading, Unavailable

_FULL = (("energy_full", "energy_full_design"), ("charge_full", "charge_full_design"))
"""A battery gives its capacity as energy or as charge."""


class Hardware:
    """What the machine says of itself; virtual machines mostly say nothing."""

    def __init__(self, sys: Path = Path("/sys")) -> None:
        self._sys = sys
        self._bios_date = sys / "class/dmi/id/bios_date"
        self._memory_errors = EventCounts()
        self._bus_errors = EventCounts()

    def sample(self) -> None:
        at = time.monotonic()
        controllers = self._sys / "devices/system/edac/mc"
        self._memory_errors.note(
            at,
            {
                name: float(sum(int(path.read_text()) for path in controllers.glob(f"mc[0-9]*/{name}")))
                for name in ("ce_count", "ue_count")
                if any(controllers.glob(f"mc[0-9]*/{name}"))
            },
        )
        self._bus_errors.note(at, dict(self._bus_counters()))

    def measures(self) -> Mapping[str, Measure]:
        return {
            "battery.charge_percent": _charge,
            "battery.full_charge_percent_of_design": self._capacity,
            "power.on_battery": _on_battery,
            "power.brightness_on_battery_percent": self._brightness,
            "hardware.temperature_celsius": _hottest,
            "hardware.monitor_alarm": self._alarms,
            "hardware.memory_corrected_count": lambda q: self._memory("ce_count", q),
            "hardware.memory_uncorrected_count": lambda q: self._memory("ue_count", q),
            "hardware.bus_error_count": self._bus,
            "hardware.firmware_age_days": self._firmware_age,
        }

    def _firmware_age(self, question: Question) -> Reading:
        """The firmware writes its date as month/day/year."""
        if not self._bios_date.exists():
            return Unavailable("the firmware does not give its date")
        released = datetime.strptime(self._bios_date.read_text().strip(), "%m/%d/%Y").replace(tzinfo=UTC)
        return Measured((question.now - released).days)

    def _capacity(self, _: Question) -> Reading:
        """The weakest battery: what it holds when full, of what it held when it was made."""
        shares = [
            round(100.0 * int((battery / full).read_text()) / int((battery / design).read_text()), 1)
            for battery in (self._sys / "class/power_supply").glob("BAT*")
            for full, design in _FULL
            if (battery / design).exists() and (battery / full).exists()
        ]
        return (
            Measured(min(shares))
            if shares
            else Unavailable("this system has no battery that says what it holds")
        )

    def _brightness(self, question: Question) -> Reading:
        on_battery = _on_battery(question)
        if isinstance(on_battery, Unavailable):
            return on_battery
        for screen in (self._sys / "class/backlight").glob("*"):
            most = int((screen / "max_brightness").read_text())
            now = int((screen / "brightness").read_text())
            return Measured(round(100.0 * now / most, 1) if on_battery.value else 0.0)
        return Unavailable("this system has no screen with a backlight of its own")

    def _alarms(self, _: Question) -> Readings:
        """The board's own verdict on a fan, a voltage or a temperature (Documentation/hwmon/sysfs-interface.rst)."""
        alarms = (self._sys / "class/hwmon").glob("hwmon*/*_alarm")
        return {
            f"{(path.parent / 'name').read_text().strip()} {path.name.removesuffix('_alarm')}": Measured(
                path.read_text().strip() == "1"
            )
            for path in sorted(alarms)
        }

    def _memory(self, counter: str, question: Question) -> Reading:
        counted = self._memory_errors.within(question.number("window"))
        if counter not in counted:
            return Unavailable("this system's memory does not report its errors (no EDAC)")
        return Measured(counted[counter])

    def _bus(self, question: Question) -> Readings:
        counted = self._bus_errors.within(question.number("window"))
        return {device: Measured(count) for device, count in counted.items()}

    def _bus_counters(self) -> Iterator[tuple[str, float]]:
        """Errors of PCI Express devices that were not corrected (ABI sysfs-bus-pci-devices-aer_stats)."""
        for device in sorted((self._sys / "bus/pci/devices").glob("*")):
            totals = [
                float(line.split()[1])
                for name in ("aer_dev_fatal", "aer_dev_nonfatal")
                if (device / name).exists()
                for line in (device / name).read_text().splitlines()
                if line.startswith("TOTAL_ERR_")
            ]
            if totals:
                yield device.name, sum(totals)


def _charge(_: Question) -> Reading:
    battery = psutil.sensors_battery()
    return (
        Unavailable("this system has no battery") if battery is None else Measured(round(battery.percent, 1))
    )


def _on_battery(_: Question) -> Reading:
    battery = psutil.sensors_battery()
    if battery is None or battery.power_plugged is None:
        return Unavailable("this system has no battery")
    return Measured(not battery.power_plugged)


def _hottest(_: Question) -> Reading:
    values = [entry.current for zone in psutil.sensors_temperatures().values() for entry in zone]
    return Measured(round(max(values), 1)) if values else Unavailable("this system gives no temperature")
