"""The journal of systemd: how many messages of a certain weight were written within a sensor's window."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from functools import partial

from opulse.agent.programs import ask
from opulse.agent.sources import Measure, Question, Readings
from opulse.catalogue import Measured

_CRITICAL, _ERROR = 2, 3
"""Priorities of syslog: 0 emergency, 1 alert, 2 critical, 3 error."""
_MOST = 2000
"""Messages that are looked at; more of them is far beyond any limit."""


class Journal:
    """Asked once per evaluation and priority."""

    def sample(self) -> None:
        """Nothing to note: the journal keeps the past."""

    def measures(self) -> Mapping[str, Measure]:
        return {
            "journal.error_count": partial(_count, _ERROR),
            "journal.critical_count": partial(_count, _CRITICAL),
            "journal.program_error_count": _by_program,
        }


def _count(priority: int, question: Question) -> Readings:
    return Measured(len(_messages(priority, question)))


def _by_program(question: Question) -> Readings:
    """By the name that the writer gave itself."""
    lines = map(json.loads, _messages(_ERROR, question))
    names = (line.get("SYSLOG_IDENTIFIER") for line in lines)
    counted = Counter(name for name in names if isinstance(name, str))
    return {name: Measured(count) for name, count in counted.items()}


def _messages(priority: int, question: Question) -> list[str]:
    since = f"--since=-{question.number('window'):.0f}s"
    fields = "--output-fields=SYSLOG_IDENTIFIER"
    said = ask(
        "journalctl",
        since,
        f"--priority={priority}",
        "--output=json",
        fields,
        f"--lines={_MOST}",
        "--no-pager",
    )
    if not said.strip() and _has_no_journal():
        raise ValueError("this system keeps no journal")
    return [line for line in said.splitlines() if line.startswith("{")]


def _has_no_journal() -> bool:
    """An empty answer is good news only where there is a journal to look into."""
    return not ask("journalctl", "--lines=1", "--output=json", "--no-pager").strip()
