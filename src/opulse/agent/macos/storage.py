"""Drives, containers, snapshots and backups of a Mac. Not run on hardware.

Forms: man pages of diskutil(8) (``list``, ``info`` and ``apfs list`` with ``-plist``) and tmutil(8) (``listlocalsnapshots``,
``latestbackup``: the path ends in the time of the backup).
"""

from __future__ import annotations

import plistlib
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from opulse.agent.programs import ask
from opulse.agent.sources import Measure, Question, Readings
from opulse.catalogue import Measured, Reading, Unavailable

_SNAPSHOT = re.compile(r"^com\.apple\.TimeMachine\.", re.MULTILINE)
_BACKUP = re.compile(r"(\d{4}-\d{2}-\d{2}-\d{6})(?:\.\w+)?\s*$")
_SECONDS_PER_DAY = 86_400


class Storage:
    """Asked at each evaluation."""

    def sample(self) -> None:
        """Nothing to note."""

    def measures(self) -> Mapping[str, Measure]:
        return {
            "macos.smart_not_verified": _smart,
            "macos.container_free_percent": _containers,
            "macos.local_snapshot_count": _snapshots,
            "macos.backup_age_days": _backup,
        }


def _plist(*words: str) -> dict[str, Any]:
    """What ``diskutil`` answers. Raises ``ValueError``: of an unknown form."""
    try:
        found = plistlib.loads(ask("diskutil", *words).encode())
    except plistlib.InvalidFileException as error:
        raise ValueError("diskutil answers in an unknown form") from error
    if not isinstance(found, dict):
        raise ValueError("diskutil answers in an unknown form")
    return found


def _smart(_: Question) -> Readings:
    """Physical drives inside the machine that say anything of themselves."""
    found: dict[str, Reading] = {}
    for drive in _plist("list", "-plist", "internal", "physical").get("WholeDisks", []):
        status = _plist("info", "-plist", drive).get("SMARTStatus", "Not Supported")
        if status != "Not Supported":
            found[drive] = Measured(status != "Verified")
    return found


def _containers(_: Question) -> Readings:
    containers = _plist("apfs", "list", "-plist").get("Containers", [])
    return {
        str(one["ContainerReference"]): Measured(
            round(100.0 * one["CapacityFree"] / one["CapacityCeiling"], 2)
        )
        for one in containers
        if one.get("CapacityCeiling")
    }


def _snapshots(_: Question) -> Reading:
    return Measured(len(_SNAPSHOT.findall(ask("tmutil", "listlocalsnapshots", "/"))))


def _backup(question: Question) -> Reading:
    """In the Mac's own time zone, as the path is."""
    found = _BACKUP.search(ask("tmutil", "latestbackup"))
    if found is None:
        return Unavailable("Time Machine names no backup")
    made = datetime.strptime(found[1], "%Y-%m-%d-%H%M%S").astimezone()
    return Measured(round((question.now - made).total_seconds() / _SECONDS_PER_DAY, 2))
