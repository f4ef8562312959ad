"""Reports that macOS writes of crashes, hangs, panics and programs that take too much: counted by file. Not run on hardware.

Names: support.apple.com/guide/console ("reports"), support.apple.com/en-us/101862 (panics), and
developer.apple.com/documentation/xcode/identifying-high-memory-use-with-jetsam-event-reports. A file is named
``<program>[-_]<yyyy-mm-dd>-<hhmmss>[_<host>].<kind>``; one that was sent to Apple moves into ``Retired``, and is still counted.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import timedelta
from functools import partial
from pathlib import Path

from opulse.agent.sources import Measure, Question, Readings
from opulse.catalogue import Measured

FOLDER = "Library/Logs/DiagnosticReports"
_NAME = re.compile(r"^(?P<program>.+?)[-_]\d{4}-\d{2}-\d{2}-\d{6}.*?(?P<kind>(?:\.[a-z_]+)+)$")
_KINDS = {
    ".crash": "crash",
    ".hang": "hang",
    ".spin": "hang",
    ".cpu_resource.diag": "cpu",
    ".diskwrites_resource.diag": "writes",
    ".panic": "panic",
    ".contents.panic": "panic",
}
_BY_PROGRAM = {
    "macos.crash_report_count": "crash",
    "macos.hang_report_count": "hang",
    "macos.cpu_resource_report_count": "cpu",
    "macos.disk_writes_report_count": "writes",
    "application.hang_count": "hang",
    "application.fault_count": "crash",
    "application.repeated_fault_count": "crash",
}
_MOST = 5_000


class Reports:
    """Looks into the folder of the system and into those of all people; contents are not read."""

    def __init__(self, root: Path = Path("/")) -> None:
        self._root = root

    def sample(self) -> None:
        """Nothing to note: the files keep the past."""

    def measures(self) -> Mapping[str, Measure]:
        return {
            **{source: partial(self._by_program, kind) for source, kind in _BY_PROGRAM.items()},
            "macos.panic_report_count": partial(self._all, "panic"),
            "macos.jetsam_report_count": partial(self._all, "jetsam"),
            "application.overall_fault_count": partial(self._all, "crash"),
            "application.correlated_fault_count": lambda q: Measured(len(self._count("crash", q))),
        }

    def _by_program(self, kind: str, question: Question) -> Readings:
        return {program: Measured(count) for program, count in self._count(kind, question).items()}

    def _all(self, kind: str, question: Question) -> Readings:
        return Measured(self._count(kind, question).total())

    def _count(self, kind: str, question: Question) -> Counter[str]:
        since = (question.now - timedelta(seconds=question.number("window"))).timestamp()
        return Counter(program for program, found in self._fresh(since) if found == kind)

    def _fresh(self, since: float) -> Iterator[tuple[str, str]]:
        """(program, kind) of each report since then. Raises ``OSError``: the system's own folder cannot be read."""
        folders = [self._root / FOLDER]
        folders += [
            home / FOLDER for home in sorted((self._root / "Users").glob("*")) if (home / FOLDER).is_dir()
        ]
        for folder in folders:
            next(folder.iterdir(), None)
            for place in (folder, folder / "Retired"):
                for file in sorted(place.glob("*"))[:_MOST] if place.is_dir() else ():
                    named = kind_of(file.name)
                    if named is not None and file.stat().st_mtime >= since:
                        yield named


def kind_of(name: str) -> tuple[str, str] | None:
    """Program and kind by a report's name; None: none of those that are counted."""
    matched = _NAME.match(name)
    if matched is None:
        return None
    program, ending = matched["program"], matched["kind"]
    if ending == ".ips":  # since macOS 12 crashes, panics and memory reports have this one ending
        kinds = {"JetsamEvent": "jetsam", "panic-full": "panic", "panic-base": "panic"}
        return program, kinds.get(program, "crash")
    kind = _KINDS.get(ending)
    return None if kind is None else (program, kind)
