"""The event log of Windows by ``wevtutil``: each log is read on from where the last look ended. Not run on hardware.

learn.microsoft.com/windows-server/administration/windows-commands/wevtutil (``qe``, ``/q``, ``/f:xml``, ``/c``, ``/rd``)
and learn.microsoft.com/windows/win32/wes/consuming-events (``timediff(@SystemTime)`` in milliseconds, ``EventRecordID``).
"""

from __future__ import annotations

import re
import subprocess
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

from opulse.agent.sources import Measure, Question, Readings
from opulse.catalogue import Measured, load_catalogue

REMEMBERED = timedelta(days=7)
MOST = 20_000
"""Events of one log that are remembered, the newest."""
_LOOK_AGAIN = timedelta(seconds=30)
_TIMEOUT_SECONDS = 30.0
_EVENT = re.compile(r"<Event[ >].*?</Event>", re.DOTALL)
_PROVIDER = re.compile(r"<Provider\b[^>]*?\bName=['\"]([^'\"]+)['\"]")
_SOURCE = re.compile(r"<Provider\b[^>]*?\bEventSourceName=['\"]([^'\"]+)['\"]")
_ID = re.compile(r"<EventID[^>]*>(\d+)</EventID>")
_RECORD = re.compile(r"<EventRecordID>(\d+)</EventRecordID>")
_TIME = re.compile(r"<TimeCreated\b[^>]*?\bSystemTime=['\"]([^'\"]+)['\"]")
_FIRST_DATA = re.compile(r"<Data[^>]*>([^<]*)</Data>")
_LOG = re.compile(r"[A-Za-z0-9][A-Za-z0-9 /_.-]{0,200}")

_FAULT, _HANG = ("Application Error", 1000), ("Application Hang", 1002)
_STOP_ERROR = ("Microsoft-Windows-WER-SystemErrorReporting", 1001)
"""The first text of the first two is the program's file name, as their message says: *Faulting application name: %1*."""


class Event(NamedTuple):
    """One entry of a log."""

    record: int
    at: datetime
    provider: str
    source: str  # the older name of the provider, if it has one
    id: int
    first: str  # its first text


def ask_log(log: str, query: str) -> str:
    """The newest entries of ``log`` that ``query`` selects, as XML without a root.

    Raises ``ValueError``: no such log, or it may not be read. ``OSError``, ``subprocess.TimeoutExpired``.
    """
    asked = subprocess.run(  # noqa: S603 - no shell, and the name of the log was checked
        ["wevtutil", "qe", log, f"/q:{query}", "/f:xml", "/rd:true", f"/c:{MOST}"],  # noqa: S607 - of the system
        capture_output=True,
        timeout=_TIMEOUT_SECONDS,
        check=False,
    )
    if asked.returncode != 0:
        raise ValueError(f"the log {log} cannot be read: wevtutil ended with {asked.returncode}")
    return asked.stdout.decode("utf-8", "replace")


def read_events(xml: str) -> Iterator[Event]:
    """The entries, in the order in which they stand. Read by their marks: an entry may hold text that is no XML."""
    for entry in _EVENT.findall(xml):
        record, number, time, provider = (one.search(entry) for one in (_RECORD, _ID, _TIME, _PROVIDER))
        if record and number and time and provider:
            at = datetime.fromisoformat(_six_digits(time[1]))
            source, first = _SOURCE.search(entry), _FIRST_DATA.search(entry)
            yield Event(
                int(record[1]),
                at,
                provider[1],
                source[1] if source else "",
                int(number[1]),
                first[1].strip() if first else "",
            )


class Events:
    """Counts within a sensor's window, by provider and id; a log is asked at most every 30 s."""

    def __init__(self, ask: Callable[[str, str], str] = ask_log) -> None:
        self._ask = ask
        self._kept: dict[str, deque[Event]] = {}
        self._read_at: dict[str, datetime] = {}

    def sample(self) -> None:
        """Nothing to note: the log keeps the past."""

    def measures(self) -> Mapping[str, Measure]:
        named = {one.source for one in load_catalogue() if one.source.startswith("eventlog.")}
        return {
            **dict.fromkeys(named, self._named),
            "application.fault_count": partial(self._by_program, _FAULT),
            "application.repeated_fault_count": partial(self._by_program, _FAULT),
            "application.hang_count": partial(self._by_program, _HANG),
            "application.overall_fault_count": lambda q: Measured(
                sum(1 for _ in self._found("Application", *_FAULT, q))
            ),
            "application.correlated_fault_count": lambda q: Measured(len(self._programs(_FAULT, q))),
            "boot.stop_error_count": self._stop_errors,
            "boot.repeated_stop_error_count": self._stop_errors,
        }

    def _named(self, question: Question) -> Readings:
        """By the three variables that an entry of the kit names."""
        log, provider = question.text("log"), question.text("provider")
        ids = [int(number) for number in question.text("event_ids").split(",")]
        return Measured(sum(1 for number in ids for _ in self._found(log, provider, number, question)))

    def _by_program(self, event: tuple[str, int], question: Question) -> Readings:
        return {program: Measured(count) for program, count in self._programs(event, question).items()}

    def _programs(self, event: tuple[str, int], question: Question) -> Counter[str]:
        return Counter(one.first for one in self._found("Application", *event, question) if one.first)

    def _stop_errors(self, question: Question) -> Readings:
        return Measured(sum(1 for _ in self._found("System", *_STOP_ERROR, question)))

    def _found(self, log: str, provider: str, number: int, question: Question) -> Iterator[Event]:
        since, wanted = question.now - timedelta(seconds=question.number("window")), provider.casefold()
        for event in self._events(log, question.now):
            names = (event.provider.casefold(), event.source.casefold())
            if event.at >= since and event.id == number and wanted in names:
                yield event

    def _events(self, log: str, now: datetime) -> deque[Event]:
        """Those of the log that are remembered, the newest first, after reading what was added."""
        if not _LOG.fullmatch(log):
            raise ValueError("the variable 'log' does not hold the name of a log")
        kept = self._kept.setdefault(log, deque())
        read_at = self._read_at.get(log)
        if read_at is not None and abs(now - read_at) < _LOOK_AGAIN:
            return kept
        last = kept[0].record if kept else 0
        new = list(read_events(self._ask(log, _query(last))))
        if new and new[0].record < last:  # the log was cleared, and counts from 1 again
            kept.clear()
        kept.extendleft(reversed([event for event in new if not kept or event.record > last]))
        while kept and (len(kept) > MOST or now - kept[-1].at > REMEMBERED):
            kept.pop()
        self._read_at[log] = now
        return kept


def _query(last: int) -> str:
    """Everything after the last one; the first time, of the days that are remembered. A log that was cleared numbers anew, so
    what was written in the last minutes is asked for too."""
    window = round(REMEMBERED.total_seconds() * 1000)
    if not last:
        return f"*[System[TimeCreated[timediff(@SystemTime) <= {window}]]]"
    return f"*[System[EventRecordID > {last} or TimeCreated[timediff(@SystemTime) <= 120000]]]"


def _six_digits(text: str) -> str:
    """``2026-02-28T21:51:44.7541234Z``: Windows gives seven digits of a second, Python reads six."""
    return re.sub(r"(\.\d{6})\d+", r"\1", text).replace("Z", "+00:00")
