"""Updates of macOS: what waits, and how old system and malware definitions are. Not run on hardware.

Forms: man pages of softwareupdate(8) (``--list --no-scan``: what was found before, without asking Apple) and system_profiler(8)
(``SPInstallHistoryDataType``: ``_name``, ``install_date``). Asked once an hour: the profile takes seconds to make.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from opulse.agent.programs import ask
from opulse.agent.sources import Measure, Question
from opulse.catalogue import Measured, Reading, Unavailable

_EVERY = timedelta(hours=1)
_WAITING = re.compile(r"^\s*\* (?:Label: )?\S", re.MULTILINE)
_SYSTEM = re.compile(r"^macOS \d|^macOS \w+ \d|^Security Update")
_DEFINITIONS = re.compile(r"^XProtectPlistConfigData")
_SECONDS_PER_DAY = 86_400


class Updates:
    """Remembers the history of installations for an hour."""

    def __init__(self) -> None:
        self._history: list[dict[str, Any]] = []
        self._read_at: datetime | None = None

    def sample(self) -> None:
        """Nothing to note."""

    def measures(self) -> Mapping[str, Measure]:
        return {
            "macos.update_waiting_count": _waiting,
            "macos.system_update_age_days": partial(self._age, _SYSTEM),
            "macos.xprotect_age_days": partial(self._age, _DEFINITIONS),
            "security.definitions_age_days": partial(self._age, _DEFINITIONS),
        }

    def _age(self, name: re.Pattern[str], question: Question) -> Reading:
        if self._read_at is None or question.now - self._read_at >= _EVERY:
            said = json.loads(ask("system_profiler", "-json", "SPInstallHistoryDataType"))
            self._history, self._read_at = list(said["SPInstallHistoryDataType"]), question.now
        newest = max(self._times(name), default=None)
        if newest is None:
            return Unavailable("this Mac's history of installations names none")
        return Measured(round((question.now - newest).total_seconds() / _SECONDS_PER_DAY, 2))

    def _times(self, name: re.Pattern[str]) -> Iterator[datetime]:
        for entry in self._history:
            if name.match(str(entry.get("_name", ""))) and entry.get("install_date"):
                yield datetime.fromisoformat(str(entry["install_date"]).replace("Z", "+00:00"))


def _waiting(_: Question) -> Reading:
    return Measured(len(_WAITING.findall(ask("softwareupdate", "--list", "--no-scan"))))
