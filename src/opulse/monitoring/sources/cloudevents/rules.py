"""Reading documents by the mapping."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from opulse.monitoring.sources.cloudevents.events import Unfit, documents_of
from opulse.monitoring.sources.cloudevents.models import MappingSettings
from opulse.monitoring.sources.cloudevents.paths import pick
from opulse.monitoring.sources.models import Delivery, Left, LeftReason, Reading, Signal
from opulse.monitoring.sources.rules import hashed_key, host_of, words_of


def read(settings: MappingSettings, delivery: Delivery) -> Reading:
    """One signal for each item; its key is what it is about: sensor, system and instance.

    Raises:
        UnreadableBody: neither a CloudEvent nor JSON.
    """
    reading = Reading([], [])
    index = 0
    for document in documents_of(delivery):
        for item in _items(settings, document):
            found = _read_item(settings, index, item)
            if isinstance(found, Signal):
                reading.signals.append(found)
            else:
                reading.left.append(found)
            index += 1
    return reading


def _items(settings: MappingSettings, document: Any) -> list[Any]:
    if isinstance(document, Unfit) or not settings.items:
        return [document]
    found = pick(document, settings.items)
    return found if isinstance(found, list) else [Unfit(f"there is no list at {settings.items}")]


def _read_item(settings: MappingSettings, index: int, item: Any) -> Signal | Left:
    if isinstance(item, Unfit):
        return Left(index, f"item {index}", LeftReason.MALFORMED, f"{item.why[0].upper()}{item.why[1:]}.")
    sensor, system = _text(item, settings.sensor), host_of(_text(item, settings.system))
    what = sensor or f"item {index}"
    if not sensor:
        return Left(index, what, LeftReason.NO_SENSOR, f"There is no text at {settings.sensor}.")
    if not system:
        return Left(index, what, LeftReason.NO_SYSTEM, f"There is no text at {settings.system}.")
    triggered = _triggered(settings, item)
    if triggered is None:
        place = settings.triggered or settings.value
        detail = f"What stands at {place} says neither triggered nor cleared."
        return Left(index, f"{sensor} on {system}", LeftReason.UNDECIDED, detail)
    instance = _text(item, settings.instance) if settings.instance else ""
    at = _moment(pick(item, settings.time)) if settings.time else None
    return Signal(
        index=index,
        key=hashed_key(sensor.casefold(), system.casefold(), instance.casefold()),
        sensor=sensor,
        system=system,
        triggered=triggered,
        instance=instance,
        at=at,
        ordered=at is not None,
        severity=settings.severity,
        help=_text(item, settings.help) if settings.help else "",
    )


def _text(item: Any, path: str) -> str:
    """Texts and numbers are names; nothing else is."""
    found = pick(item, path)
    if isinstance(found, bool) or not isinstance(found, str | int | float):
        return ""
    return str(found).strip()


def _triggered(settings: MappingSettings, item: Any) -> bool | None:
    if settings.triggered:
        found = pick(item, settings.triggered)
        if isinstance(found, bool):
            return found
        if found is not None or not settings.value:
            return _by_words(settings, found)
    if settings.value:
        return _by_limits(settings, pick(item, settings.value))
    return True


def _by_words(settings: MappingSettings, found: Any) -> bool | None:
    if not isinstance(found, str | int | float):
        return None
    word = (f"{found:g}" if isinstance(found, float) else str(found)).strip().casefold()
    if word in {one.casefold() for one in words_of(settings.triggered_words)}:
        return True
    return False if word in {one.casefold() for one in words_of(settings.cleared_words)} else None


def _by_limits(settings: MappingSettings, found: Any) -> bool | None:
    try:
        number = float(found)
    except (TypeError, ValueError):
        return None
    if isinstance(found, bool) or number != number:  # not a number
        return None
    is_above = settings.above is not None and number > settings.above
    is_below = settings.below is not None and number < settings.below
    return is_above or is_below


def _moment(found: Any) -> datetime | None:
    """None also for a time without a zone: nobody knows when that was."""
    try:
        at = datetime.fromisoformat(found) if isinstance(found, str) else None
    except ValueError:
        return None
    return at if at is not None and at.tzinfo is not None else None
