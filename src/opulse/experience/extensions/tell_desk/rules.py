"""When is the desk told? Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from opulse.experience.extensions.tell_desk.models import DeskDecision

LONGEST = 24 * 60


@dataclass(frozen=True)
class DeskRule:
    """Tell when ``percent`` of at least ``fewest`` answers are the ones that count; look for ``within``."""

    percent: float
    fewest: int
    within: timedelta


def read_rule(form: Mapping[str, Any]) -> DeskRule:
    """The numbers that were typed.

    Raises:
        ValueError: one of them is none, or outside its bounds; the message begins with the field's label.
    """
    percent = _number(form.get("percent") or "20", "Share (percent)", 100)
    fewest = _number(form.get("fewest") or "5", "At least so many answers", 100_000)
    minutes = _number(form.get("within_minutes") or "60", "Look for (minutes)", LONGEST)
    return DeskRule(float(percent), fewest, timedelta(minutes=minutes))


def decide_desk(rule: DeskRule, answers: int, percent: float, since: timedelta, cell: int) -> DeskDecision:
    """``since``: how long the task has been looking; ``cell``: the smallest group whose answers may be told of anybody."""
    if answers >= max(rule.fewest, cell) and percent >= rule.percent:
        return DeskDecision.TELL
    return DeskDecision.WAIT if since < rule.within else DeskDecision.LEAVE


def _number(value: object, label: str, most: int) -> int:
    text = str(value).strip()
    if not (text.isascii() and text.isdigit() and 0 < int(text) <= most):
        raise ValueError(f"{label} is a whole number from 1 to {most:,}")
    return int(text)
