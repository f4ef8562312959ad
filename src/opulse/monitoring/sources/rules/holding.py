"""What a source holds after it has spoken, and which bits that changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from datetime import datetime, timedelta

from pyroaring import BitMap

from opulse.monitoring.sensors.models import Sensor
from opulse.monitoring.sensors.rules.packing import Change
from opulse.monitoring.sources.models import REMEMBERED, Hold, Left, LeftReason, Signal, Target
from opulse.monitoring.sources.rules.placing import Placed, leave
from opulse.monitoring.systems.models import FOREVER


def lay_holds(
    placed: Iterable[Placed],
    sensors: Mapping[str, Sensor],
    known: Mapping[str, Hold],
    life: timedelta | None,
    now: datetime,
) -> tuple[dict[str, Hold], list[Left]]:
    """The holds that the signals make or end, by key; of several with one key the last counts.

    Args:
        sensors: by casefolded name; a signal without one says that something ended which nobody here knows.
        known: what the source holds under the signals' keys.
    """
    laid: dict[str, Hold] = {}
    left: list[Left] = []
    for one in placed:
        signal = one.signal
        sensor = sensors.get(signal.sensor.casefold())
        if sensor is None:
            continue
        before = laid.get(signal.key) or known.get(signal.key)
        at = now if signal.at is None else min(signal.at, now)
        if before is not None and _is_older(signal, at, before, now):
            left.append(leave(signal, LeftReason.OLDER))
            continue
        expires = FOREVER if life is None else now + life
        instance = signal.instance if sensor.instanced else ""
        laid[signal.key] = Hold(
            signal.key, one.system, sensor.idx, instance, signal.triggered, at, now, expires
        )
    return laid, left


def leave_foreign(
    placed: Iterable[Placed], known: Mapping[str, Hold], allowed: BitMap | None
) -> tuple[list[Placed], list[Left]]:
    """Signals that would move what is held away from a system that the key does not speak for are left."""
    kept: list[Placed] = []
    left: list[Left] = []
    for one in placed:
        before = known.get(one.signal.key)
        if allowed is None or before is None or not before.triggered or before.system in allowed:
            kept.append(one)
        else:
            left.append(leave(one.signal, LeftReason.NOT_YOURS))
    return kept, left


def settle_targets(
    before: Set[Target], after: Mapping[Target, str], touched: Iterable[Target]
) -> list[Change]:
    """The bits that change: of the touched targets, those that somebody holds now and nobody held before, or the reverse.

    Args:
        after: who is held now → its instance as written.
    """
    gathered: dict[tuple[int, str, bool], BitMap] = {}
    for target in touched:
        held = target in after
        if held != (target in before):
            name = after.get(target, target.instance)
            gathered.setdefault((target.sensor, name, held), BitMap()).add(target.system)
    return [Change(sensor, name, on, systems) for (sensor, name, on), systems in gathered.items()]


def _is_older(signal: Signal, at: datetime, before: Hold, now: datetime) -> bool:
    """A copy that was delayed on its way. The same word again is no reason to leave it: it renews."""
    if not signal.ordered or signal.triggered == before.triggered or at >= before.at:
        return False
    return before.triggered or before.named_at > now - REMEMBERED
