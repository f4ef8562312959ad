"""What programs change of responses that are there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Amendment:
    """Embedded data for one response, laid over what it has; ``reset`` notes it as recorded now."""

    response: str
    embedded: Mapping[str, str]
    reset: bool


@dataclass(frozen=True, slots=True)
class Claimed:
    """A response that is to be changed, locked until the unit ends. ``tied``: its row leads to the person who gave it."""

    id: str
    activation: str
    tied: bool
    embedded: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Amended:
    """What became of a change of several: how many were changed, and which ids the survey does not have."""

    changed: int
    missing: tuple[str, ...]
