"""Services, timers and cron: what systemd runs, and what should run by the clock."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

import psutil

from opulse.agent.counters import EventCounts
from opulse.agent.programs import ask
from opulse.agent.sources import Measure, Question, Readings
from opulse.catalogue import Measured, Reading, Unavailable

_UNIT_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9:_.@\\-]{0,254}")
_RUNNING = ("active", "reloading", "activating")
_CRON_PROGRAMS = frozenset({"cron", "crond", "fcron", "dcron", "anacron", "cronie"})
_CRONTABS = ("etc/crontab", "etc/cron.d", "var/spool/cron")


class Services:
    """Units that failed or restart again and again, timers that are late, and the service of a customer's slot."""

    def __init__(self, root: Path = Path("/")) -> None:
        self._root = root
        self._restarts = EventCounts()

    def sample(self) -> None:
        """Nothing to note each 15 s: systemd is asked once per evaluation."""

    def measures(self) -> Mapping[str, Measure]:
        return {
            "service.slot4.not_running": _not_running,
            "service.failed": _failed,
            "service.restart_count": self._restarted,
            "job.timer_late_seconds": _late_timers,
            "job.cron_missing": self._cron_missing,
        }

    def _restarted(self, question: Question) -> Readings:
        """By service, how often systemd restarted it in the window; counted since the agent's start."""
        blocks = _ask_systemd("show", "--property=Id,NRestarts", "--type=service", "*").strip().split("\n\n")
        units = (dict(line.split("=", 1) for line in block.splitlines() if "=" in line) for block in blocks)
        counts = {unit["Id"]: float(unit["NRestarts"]) for unit in units if unit.get("NRestarts")}
        self._restarts.note(question.now.timestamp(), counts)
        counted = self._restarts.within(question.number("window"))
        return {unit: Measured(count) for unit, count in counted.items() if count}

    def _cron_missing(self, _: Question) -> Reading:
        """Whether there are tables of jobs and nothing that would run them."""
        if not any(_holds_something(self._root / name) for name in _CRONTABS):
            return Unavailable("this system has no tables for cron")
        running = {process.info["name"] for process in psutil.process_iter(["name"])}
        return Measured(not running & _CRON_PROGRAMS)


def _not_running(question: Question) -> Reading:
    unit = question.text("service")
    if not unit:
        return Unavailable("no service is named: set this sensor's variable 'service'")
    if not _UNIT_NAME.fullmatch(unit):
        return Unavailable("the variable 'service' does not hold the name of a service")
    said = _ask_systemd("show", "--property=LoadState,ActiveState", "--", unit)
    state = dict(line.split("=", 1) for line in said.splitlines() if "=" in line)
    return Measured(state.get("ActiveState") not in _RUNNING)


def _failed(_: Question) -> Readings:
    """The units that systemd calls failed; one that is started again or reset is no instance any more."""
    said = _ask_systemd("list-units", "--state=failed", "--plain", "--no-legend", "--no-pager", "--full")
    return {line.split()[0]: Measured(True) for line in said.splitlines() if line.strip()}


def _late_timers(question: Question) -> Readings:
    """For how long each timer's next time has been past; 0 for one that lies ahead."""
    said = _ask_systemd("list-timers", "--all", "--output=json", "--no-pager")
    now = question.now.timestamp()
    return {
        timer["unit"]: Measured(round(max(0.0, now - timer["next"] / 1e6), 1))
        for timer in json.loads(said or "[]")
        if timer.get("next")
    }


def _ask_systemd(*words: str) -> str:
    if shutil.which("systemctl") is None:
        raise ValueError("this system is not run by systemd")
    return ask("systemctl", *words)


def _holds_something(path: Path) -> bool:
    try:
        return path.is_file() or any(
            entry.is_file() and entry.name != ".placeholder" for entry in path.rglob("*")
        )
    except OSError:
        return False
