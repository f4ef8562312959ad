"""How long to wait. Pure."""

from __future__ import annotations

from datetime import timedelta

UNITS = {"minutes": timedelta(minutes=1), "hours": timedelta(hours=1), "days": timedelta(days=1)}
LONGEST = timedelta(days=30)


def read_duration(amount: object, unit: object) -> timedelta:
    """The time that was typed.

    Raises:
        ValueError: no whole number above 0, an unknown unit, or more than 30 days.
    """
    text = str(amount).strip()
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise ValueError("How long is a whole number above 0")
    if unit not in UNITS:
        raise ValueError(f"Unit is one of: {', '.join(UNITS)}")
    duration = min(int(text), 100_000) * UNITS[str(unit)]
    if duration > LONGEST:
        raise ValueError(f"How long is at most {LONGEST.days} days")
    return duration
