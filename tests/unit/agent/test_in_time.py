"""One source that hangs keeps no other reading from being shown."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

import pytest

from opulse.agent.in_time import read_in_time
from opulse.agent.sources import Measure, Question, Sources
from opulse.catalogue import Measured, Unavailable

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


class Hanging:
    """Its first measure waits until it is let go; the second is asked after that."""

    def __init__(self, let_go: threading.Event) -> None:
        self._let_go = let_go

    def sample(self) -> None:
        """Nothing to note."""

    def measures(self) -> Mapping[str, Measure]:
        return {"disk.first": lambda _: Measured(self._let_go.wait()), "disk.second": lambda _: Measured(2)}


class Answering:
    def sample(self) -> None:
        """Nothing to note."""

    def measures(self) -> Mapping[str, Measure]:
        return {"net.answer": lambda question: Measured(question.number("limit"))}


@pytest.fixture
def let_go() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


def test_what_hangs_is_said_to_and_the_rest_is_read(let_go: threading.Event) -> None:
    sources = Sources([Hanging(let_go), Answering()], absent="none")
    wanted = [
        (name, source, Question({"limit": 7}, NOW))
        for name, source in (("First", "disk.first"), ("Second", "disk.second"), ("Net", "net.answer"))
    ]
    found = read_in_time(sources, wanted, 0.5)
    assert found["Net"] == Measured(7)
    assert found["First"] == Unavailable("no answer within 0.5 s") == found["Second"]


def test_two_measures_of_one_collector_are_asked_one_after_the_other(let_go: threading.Event) -> None:
    let_go.set()
    sources = Sources([Hanging(let_go)], absent="none")
    wanted = [(name, name, Question({}, NOW)) for name in ("disk.first", "disk.second")]
    assert read_in_time(sources, wanted, 20) == {"disk.first": Measured(True), "disk.second": Measured(2)}


def test_nothing_wanted_is_nothing_read() -> None:
    assert read_in_time(Sources([], absent="none"), [], 5) == {}
