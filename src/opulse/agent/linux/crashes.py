"""Crashes of programs, out of the first record of them that this system keeps."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path

from opulse.agent.linux.kernel_log import read_records
from opulse.agent.sources import Measure, Question, Readings
from opulse.catalogue import Measured, Unavailable

_TIMEOUT_SECONDS = 10.0
_REPORT_HEAD_BYTES = 4096
_KERNEL_LINE = re.compile(r"^(?:traps: )?(?P<name>.+?)\[\d+\](?:: segfault at | general protection| trap )")
_EXECUTABLE = re.compile(r"^ExecutablePath: (?P<path>.+)$", re.MULTILINE)


class _NoRecord(Exception):
    """This record of crashes is not kept here, or may not be read; the message says which."""


class Crashes:
    """Crashes per program in the sensor's window: systemd's list, else Ubuntu's reports, else the kernel's log.

    Only one record is read, so that no crash counts twice.
    """

    def __init__(
        self,
        coredumpctl: str = "coredumpctl",
        reports: Path = Path("/var/crash"),
        kernel_log: Path = Path("/dev/kmsg"),
    ) -> None:
        self._coredumpctl = coredumpctl
        self._reports = reports
        self._kernel_log = kernel_log

    def sample(self) -> None:
        """Nothing to note: the record keeps the past."""

    def measures(self) -> Mapping[str, Measure]:
        return {
            "application.fault_count": self._faults,
            "application.repeated_fault_count": self._faults,
            "application.overall_fault_count": self._all_faults,
            "application.correlated_fault_count": self._programs,
        }

    def _all_faults(self, question: Question) -> Readings:
        counted = self._count(question)
        return counted if isinstance(counted, Unavailable) else Measured(counted.total())

    def _programs(self, question: Question) -> Readings:
        """How many programs crashed, however often each."""
        counted = self._count(question)
        return counted if isinstance(counted, Unavailable) else Measured(len(counted))

    def _faults(self, question: Question) -> Readings:
        counted = self._count(question)
        if isinstance(counted, Unavailable):
            return counted
        return {program: Measured(count) for program, count in counted.items()}

    def _count(self, question: Question) -> Counter[str] | Unavailable:
        window = question.number("window")
        absent: list[str] = []
        for record in (self._from_systemd, self._from_reports, self._from_kernel):
            try:
                return Counter(record(window, question.now))
            except _NoRecord as missing:
                absent.append(str(missing))
        return Unavailable("no record of crashes can be read: " + "; ".join(absent))

    def _from_systemd(self, window: float, _: datetime) -> Iterator[str]:
        program = shutil.which(self._coredumpctl)
        if program is None:
            raise _NoRecord("coredumpctl is not installed")
        asked = subprocess.run(  # noqa: S603 - no shell, no words from outside
            [program, "list", "--json=short", "--no-pager", f"--since=-{window:.0f}s"],
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_SECONDS,
            check=False,
        )
        if asked.returncode != 0 and "No coredumps found" not in asked.stderr:
            raise _NoRecord(f"coredumpctl failed ({asked.stderr.strip()[:120]})")
        entries = json.loads(asked.stdout) if asked.stdout.strip() else []
        return (Path(entry["exe"]).name for entry in entries if entry.get("exe"))

    def _from_reports(self, window: float, now: datetime) -> Iterator[str]:
        if not self._reports.is_dir():
            raise _NoRecord(f"{self._reports} is not there")
        since = (now - timedelta(seconds=window)).timestamp()
        fresh = [report for report in self._reports.glob("*.crash") if report.stat().st_mtime >= since]
        return (_program_of(report) for report in fresh)

    def _from_kernel(self, window: float, _: datetime) -> Iterator[str]:
        """The kernel notes faults of memory and instruction, not a program that ends itself (``abort``)."""
        since = time.clock_gettime(time.CLOCK_MONOTONIC) - window
        try:
            records = read_records(self._kernel_log)
        except OSError as failure:
            raise _NoRecord(f"{self._kernel_log}: {failure.strerror}") from failure
        matches = (_KERNEL_LINE.match(record.message) for record in records if record.at >= since)
        return (match["name"] for match in matches if match)


def _program_of(report: Path) -> str:
    with report.open("rb") as opened:
        head = opened.read(_REPORT_HEAD_BYTES).decode("utf-8", "replace")
    named = _EXECUTABLE.search(head)
    return Path(named["path"]).name if named else report.stem
