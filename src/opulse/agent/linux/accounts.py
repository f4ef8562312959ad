"""Accounts: who may do everything, whose password ends, who is logged on, who tried in vain."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path

from opulse.agent.counters import EventCounts
from opulse.agent.linux.login_records import BOOT_TIME, read_login_records
from opulse.agent.linux.logons import list_logons
from opulse.agent.sources import Measure, Question, Readings
from opulse.catalogue import Measured, Reading, Unavailable

_ADMINISTRATORS = frozenset({"sudo", "wheel", "admin", "root"})
_ROOT = "0"
_FIRST_DAY = date(1970, 1, 1)
_NEVER = 99_999
"""The longest life of a password that ``shadow`` writes where it does not end."""


class Accounts:
    """The files of local accounts, and the records of logons and starts."""

    def __init__(self, root: Path = Path("/")) -> None:
        self._etc = root / "etc"
        self._log = root / "var/log"
        self._administrators: set[str] | None = None
        self._added = 0
        self._additions = EventCounts()

    def sample(self) -> None:
        now = self._read_administrators()
        if self._administrators is not None:
            self._added += len(now - self._administrators)
        self._administrators = now
        self._additions.note(time.monotonic(), {"added": float(self._added)})

    def measures(self) -> Mapping[str, Measure]:
        return {
            "identity.local_admin_added_count": self._administrators_added,
            "identity.local_password_days_left": self._passwords,
            "security.failed_logon_count": self._failed_logons,
            "boot.start_count": self._starts,
            "session.user_count": lambda _: Measured(len({logon.user for logon in list_logons()})),
        }

    def _administrators_added(self, question: Question) -> Reading:
        """Seen since the agent's start: members of an administrators' group, and accounts with the number of root."""
        return Measured(self._additions.within(question.number("window"))["added"])

    def _passwords(self, question: Question) -> Readings:
        """Accounts that can sign in by password, and whose password ends at all."""
        found: dict[str, Reading] = {}
        for line in (self._etc / "shadow").read_text().splitlines():
            fields = line.split(":")
            if len(fields) < 5 or not fields[1].startswith("$") or not fields[2] or not fields[4]:
                continue
            life = int(fields[4])
            if life < _NEVER:
                ends = _FIRST_DAY + timedelta(days=int(fields[2]) + life)
                found[fields[0]] = Measured((ends - question.now.date()).days)
        return found

    def _failed_logons(self, question: Question) -> Reading:
        return self._count("btmp", None, question)

    def _starts(self, question: Question) -> Reading:
        """Several starts within an hour: the machine cannot stay up, or somebody tries to mend it."""
        counted = self._count("wtmp", BOOT_TIME, question)
        if not any(record.kind == BOOT_TIME for record in read_login_records(self._log / "wtmp")):
            return Unavailable("this system does not note its starts in /var/log/wtmp")
        return counted

    def _count(self, file: str, kind: int | None, question: Question) -> Reading:
        since = question.now - timedelta(seconds=question.number("window"))
        records = read_login_records(self._log / file)
        return Measured(sum(record.at >= since and kind in (None, record.kind) for record in records))

    def _read_administrators(self) -> set[str]:
        groups = (line.split(":") for line in (self._etc / "group").read_text().splitlines())
        members = {
            f"{fields[0]} {name}"
            for fields in groups
            if fields[0] in _ADMINISTRATORS and len(fields) > 3
            for name in fields[3].split(",")
            if name
        }
        accounts = (line.split(":") for line in (self._etc / "passwd").read_text().splitlines())
        return members | {
            f"number 0 {fields[0]}" for fields in accounts if len(fields) > 2 and fields[2] == _ROOT
        }
