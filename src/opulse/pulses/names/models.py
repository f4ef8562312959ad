"""What shall be taken over, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass


class NamesRefused(Exception):
    """SysTrack's names cannot be had by this workflow; the message says what to mend."""


@dataclass(frozen=True, slots=True)
class Wish:
    """``workflow``: the one whose Operational Pulse task says where to ask; ``check``: say what would be, and change nothing."""

    workflow: str
    sensors: bool = True
    groups: bool = True
    check: bool = False


@dataclass(frozen=True, slots=True)
class TakenNames:
    """Names in SysTrack's order. ``left``: (name, why it cannot be taken)."""

    added: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    left: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Unheard:
    """A sensor that conditions of a workflow want and SysTrack does not have: renamed there, or mistyped here."""

    workflow: str
    workflow_name: str
    sensor: str


@dataclass(frozen=True, slots=True)
class Taken:
    """What was taken over from ``host``, or would be. ``unheard`` is empty unless sensors were asked for."""

    host: str
    sensors: TakenNames
    groups: TakenNames
    unheard: tuple[Unheard, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """A workflow that can be asked by."""

    workflow: str
    name: str
    cloud_url: str
