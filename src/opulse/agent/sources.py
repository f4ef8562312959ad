"""Where readings come from: collectors, each of which knows one area of a machine and gives some measures by name."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import psutil

from opulse.catalogue import Reading, Unavailable, Variables

READ_FAILURES = (OSError, ValueError, LookupError, psutil.Error, subprocess.SubprocessError)
"""What a look at a machine can raise: a file that is absent, forbidden or of an unknown form, a process that has gone."""


@dataclass(frozen=True, slots=True)
class Question:
    """What a sensor wants to know: its variables (the kit's with the tenant's over them) and the present."""

    variables: Variables
    now: datetime

    def number(self, name: str) -> float:
        """A variable as a number. Raises ``ValueError`` where it is none."""
        value = self.variables.get(name)
        if isinstance(value, bool | str) or value is None:
            raise ValueError(f"the variable {name!r} is not a number")
        return float(value)

    def text(self, name: str) -> str:
        """A variable as text without blanks around it; empty where it is not set."""
        return str(self.variables.get(name, "")).strip()


Readings = Reading | dict[str, Reading]
"""One reading, or for an instanced sensor one per instance (none: nothing to report, which is not a failure)."""

Measure = Callable[[Question], Readings]


class Collector(Protocol):
    """One area. ``sample`` is called every 15 s and only notes counters; a measure is asked at each evaluation."""

    def sample(self) -> None: ...

    def measures(self) -> Mapping[str, Measure]: ...


class Sources:
    """The measures of several collectors under their names. Blocking: call from a thread."""

    def __init__(self, collectors: Iterable[Collector], absent: str) -> None:
        """``absent`` is the reason given for a measure that no collector has."""
        self._collectors = tuple(collectors)
        self._absent = absent
        self._measures = {
            name: measure for collector in self._collectors for name, measure in collector.measures().items()
        }

    def by_collector(self) -> list[frozenset[str]]:
        """The measures of each collector: two collectors may be asked at the same time, two measures of one may not."""
        return [frozenset(collector.measures()) for collector in self._collectors]

    @property
    def names(self) -> frozenset[str]:
        return frozenset(self._measures)

    def sample(self) -> None:
        """Let every collector note its counters; one that cannot does not keep the others from it."""
        for collector in self._collectors:
            try:
                collector.sample()
            except READ_FAILURES:
                continue  # its measures say so themselves: they find no counters

    def read(self, source: str, question: Question) -> Readings:
        """What the source says now; a failure becomes ``Unavailable`` with the failure's words."""
        measure = self._measures.get(source)
        if measure is None:
            return Unavailable(self._absent)
        try:
            return measure(question)
        except READ_FAILURES as failure:
            return Unavailable(_words(failure))


def by_instance(readings: Readings) -> Iterator[tuple[str | None, Reading]]:
    """Each reading with its instance, None for a sensor without instances."""
    if isinstance(readings, dict):
        yield from readings.items()
    else:
        yield None, readings


def _words(failure: Exception) -> str:
    if isinstance(failure, OSError) and failure.strerror:
        return f"{failure.filename}: {failure.strerror}" if failure.filename else failure.strerror
    return str(failure) or type(failure).__name__
