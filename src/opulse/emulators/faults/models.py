"""The faults, how often each is wanted, and what was decided for one request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Fault(StrEnum):
    """What an emulator can do wrong; the value is the word of ``--faults``, of the log and of the header ``x-opulse-fault``."""

    SLOW = "slow"  # the request is taken up only after a pause
    BUSY = "429"  # 429 with Retry-After; the request is not taken up
    BROKEN = (
        "500"  # 500; every second time only after the request was carried out, so that its answer is lost
    )
    DUPLICATE = "duplicate"  # the request is carried out twice, as when a proxy repeats it; the second answer goes out
    REORDER = "reorder"  # the answer is held back, so that a later request may be answered first
    TRUNCATE = "truncate"  # the answer ends in the middle
    EXPIRE_TOKEN = "expire-token"  # the bearer token has ended: 401, until another one is fetched  # noqa: S105


@dataclass(frozen=True)
class Rate:
    """How often a fault is wanted."""

    share: float
    """Of the requests that it can befall, 0 to 1."""
    seconds: float = 0.0
    """How long, where the fault lasts: ``slow`` and ``reorder``; for ``429`` what Retry-After says."""


@dataclass(frozen=True)
class Faults:
    """The faults that are wanted; one that is missing never comes."""

    rates: Mapping[Fault, Rate] = field(default_factory=dict)


NO_FAULTS = Faults()


@dataclass(frozen=True)
class Decision:
    """What shall go wrong with one request."""

    faults: frozenset[Fault] = frozenset()
    pause: float = 0.0
    """Seconds before the request is taken up."""
    hold: float = 0.0
    """Seconds between the answer and its sending."""
    retry_after: int = 0
    """Whole seconds, for 429."""
    carried_out: bool = False
    """A 500 comes after the work was done."""
    keep: float = 1.0
    """How much of a truncated answer is sent, 0 to 1."""
