"""When a mail may leave: at once, after a delay, or at a time of the clock where the person is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from opulse.experience.distributions.models.states import SendWhen
from opulse.experience.distributions.models.timing import OWN_ZONE, Timing

_MINUTE = timedelta(minutes=1)


def decide_due(timing: Timing, own_zone: str, asked_at: datetime) -> datetime:
    """When a mail that was decided at ``asked_at`` may leave.

    Args:
        own_zone: the person's IANA zone; empty or unknown: UTC.
    """
    match timing.when:
        case SendWhen.IMMEDIATELY:
            return asked_at
        case SendWhen.AFTER_DELAY:
            return asked_at + timing.delay
        case SendWhen.TIME_OF_DAY:
            zone = zone_of(own_zone if timing.zone == OWN_ZONE else timing.zone)
            return _next_time(timing, zone, asked_at)


def zone_of(name: str) -> ZoneInfo:
    """The zone of this name; UTC where there is none of it."""
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def _next_time(timing: Timing, zone: ZoneInfo, asked_at: datetime) -> datetime:
    """The next such time of the clock; one that the spring skips is the next valid minute, one that comes twice is its first."""
    today = asked_at.astimezone(zone).date()
    for days in (0, 1, 2):
        local = datetime.combine(today + timedelta(days=days), timing.at)
        while (moment := local.replace(tzinfo=zone).astimezone(UTC)).astimezone(zone).replace(
            tzinfo=None
        ) != local:
            local += _MINUTE
        if moment >= asked_at:
            return moment
    raise AssertionError("one of three days lies ahead")
