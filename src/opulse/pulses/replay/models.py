"""What a replay gives, and why one is refused."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

CAVEATS: Final = (
    "Groups are as they are now.",
    "A system reports from its first stored record on: heartbeats are not stored.",
    "What was triggered before the first stored record counts from its next change or full batch on.",
    "Silences, maintenance windows and people who were asked lately are not looked at.",
)
"""What a replay cannot know. Said with every answer, because numbers without it would be believed."""


@dataclass(frozen=True)
class WouldBe:
    """One activation that there would have been. ``people``: distinct users of the systems at activation, as they were then."""

    opened_at: datetime
    closed_at: datetime | None  # None: open at the end of the replay
    at_activation: int
    ever: int
    people: int
    systems: tuple[str, ...]  # names of the first of those at activation


@dataclass(frozen=True)
class Replay:
    """``first_record``: when the oldest stored record was taken; nothing before it can be told. ``records`` were read."""

    start: datetime
    end: datetime
    first_record: datetime | None
    records: int
    most_at_once: int  # systems that qualified at the same time, at most
    activations: tuple[WouldBe, ...]


class ReplayRefused(Exception):
    """The time span makes no sense; the text says what to change."""
