"""Which system and sensor a signal means here, or why none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pyroaring import BitMap

from opulse.monitoring.sensors.models import Sensor, SensorOrigin
from opulse.monitoring.sources.models import (
    INSTANCE_LENGTH,
    MOST_SENSORS,
    NAME_LENGTH,
    Left,
    LeftReason,
    Signal,
)

_SENTENCES = {
    LeftReason.TOO_LONG: f"A sensor's name has at most {NAME_LENGTH} characters, an instance's {INSTANCE_LENGTH}.",
    LeftReason.UNKNOWN_SYSTEM: "No system here has this name, full name or id: register it, or map another label.",
    LeftReason.SEVERAL_SYSTEMS: "Several systems here have this name: send the full name.",
    LeftReason.NOT_YOURS: "The key does not speak for this system: it is in none of the key's groups.",
    LeftReason.UNKNOWN_SENSOR: "The catalogue has no such sensor, and this source adds none.",
    LeftReason.TOO_MANY_SENSORS: f"This source has added {MOST_SENSORS} sensors: map a label that takes fewer values.",
}


@dataclass(frozen=True, slots=True)
class Placed:
    """A signal and the index of its system."""

    signal: Signal
    system: int


def place(
    signals: Iterable[Signal], systems: Mapping[str, Sequence[int]], allowed: BitMap | None
) -> tuple[list[Placed], list[Left]]:
    """Find each signal's system.

    Args:
        systems: casefolded name, full name or GUID → indices of the living systems that have it.
        allowed: systems that the key speaks for; None: all.
    """
    placed: list[Placed] = []
    left: list[Left] = []
    for signal in signals:
        found = systems.get(signal.system.casefold(), ())
        reason = _why_not(signal, found, allowed)
        if reason is None:
            placed.append(Placed(signal, found[0]))
        else:
            left.append(leave(signal, reason))
    return placed, left


def missing_sensors(
    placed: Sequence[Placed],
    sensors: Mapping[str, Sensor],
    *,
    category: str,
    makes: bool,
    room: int,
) -> tuple[list[Sensor], list[Left]]:
    """Sensors to add so that every triggered signal has one, and the signals that get none.

    Args:
        sensors: by casefolded name.
        room: how many more the source may add.
    """
    wanted: dict[str, Sensor] = {}
    left: list[Left] = []
    for one in placed:
        signal, key = one.signal, one.signal.sensor.casefold()
        if key in sensors or key in wanted or not signal.triggered:
            continue
        if not makes or len(wanted) >= room:
            left.append(leave(signal, LeftReason.TOO_MANY_SENSORS if makes else LeftReason.UNKNOWN_SENSOR))
            continue
        wanted[key] = custom_sensor(
            signal.sensor, category, signal.help, signal.severity, instanced=bool(signal.instance)
        )
    return list(wanted.values()), left


def custom_sensor(name: str, category: str, text: str, severity: int, *, instanced: bool) -> Sensor:
    """A sensor of the tenant's own that is yet to be added."""
    return Sensor(
        idx=0,
        guid="",
        name=name,
        category=category,
        help=text[:500],
        severity=severity,
        instanced=instanced,
        origin=SensorOrigin.CUSTOM,
        enabled=True,
        variables={},
        defaults={},
    )


def leave(signal: Signal, reason: LeftReason) -> Left:
    detail = _SENTENCES.get(reason, "A later state of the same thing was taken before.")
    return Left(signal.index, f"{signal.sensor} on {signal.system}", reason, detail)


def _why_not(signal: Signal, found: Sequence[int], allowed: BitMap | None) -> LeftReason | None:
    if len(signal.sensor) > NAME_LENGTH or len(signal.instance) > INSTANCE_LENGTH:
        return LeftReason.TOO_LONG
    if not found:
        return LeftReason.UNKNOWN_SYSTEM
    if len(found) > 1:
        return LeftReason.SEVERAL_SYSTEMS
    if allowed is not None and found[0] not in allowed:
        return LeftReason.NOT_YOURS
    return None
