"""Services, devices, firmware and shares of Windows. Not run on hardware.

learn.microsoft.com/windows/win32/cimwin32prov: win32-service (State, StartMode), win32-pnpentity (ConfigManagerErrorCode; 0 is
working properly), win32-bios (ReleaseDate), win32-share (Type; the highest bit marks administrative shares).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial

from opulse.agent.sources import Measure, Question, Readings
from opulse.agent.windows.management import NOTHING, Management, Row, number
from opulse.catalogue import Measured, Reading, Unavailable

_STOPPED = {
    "service.netlogon.stopped": "Netlogon",
    "service.intune_extension.stopped": "IntuneManagementExtension",
    "service.qualys.stopped": "QualysAgent",
    "service.anyconnect.stopped": "vpnagent",
    "service.lanmanserver.stopped": "LanmanServer",
    "service.w32time.stopped": "W32Time",
    "service.wsearch.stopped": "WSearch",
}
_DISABLED = {"service.w32time.disabled": "W32Time", "service.sccm_remote_control.disabled": "CmRcService"}
_FAILED = frozenset({10, 31, 37, 39, 43})
"""Codes of the Device Manager that say that a device or its driver does not start or reported a problem (``CM_PROB_*``)."""
_DISABLED_BY_A_PERSON = 22
_DISK_SHARE = 0
_JSON_DATE = re.compile(r"/Date\((-?\d+)\)/")
_SECONDS_PER_DAY = 86_400


class Services:
    """Out of the answer that one evaluation shares."""

    def __init__(self, management: Management) -> None:
        self._management = management

    def sample(self) -> None:
        """Nothing to note."""

    def measures(self) -> Mapping[str, Measure]:
        return {
            **{source: partial(self._stopped, name) for source, name in _STOPPED.items()},
            **{source: partial(self._disabled, name) for source, name in _DISABLED.items()},
            "service.slot4.not_running": self._slot,
            "device.not_ok": self._not_ok,
            "device.failed": self._failed,
            "hardware.firmware_age_days": self._firmware,
            "share.not_standard": self._shares,
        }

    def _find(self, name: str, question: Question) -> Row | None:
        rows = self._management.rows("services", question.now)
        return next((row for row in rows if str(row["Name"]).casefold() == name.casefold()), None)

    def _stopped(self, name: str, question: Question) -> Reading:
        service = self._find(name, question)
        if service is None:
            return Unavailable(f"the service {name} is not installed")
        return Measured(service["State"] != "Running")

    def _disabled(self, name: str, question: Question) -> Reading:
        service = self._find(name, question)
        if service is None:
            return Unavailable(f"the service {name} is not installed")
        return Measured(service["StartMode"] == "Disabled")

    def _slot(self, question: Question) -> Reading:
        name = question.text("service")
        if not name:
            return Unavailable("no service is named: set this sensor's variable 'service'")
        service = self._find(name, question)
        return Measured(service is None or service["State"] != "Running")

    def _not_ok(self, question: Question) -> Readings:
        """All that are not in order but those that somebody switched off."""
        return self._devices(question, lambda code: code != _DISABLED_BY_A_PERSON)

    def _failed(self, question: Question) -> Readings:
        return self._devices(question, lambda code: code in _FAILED)

    def _devices(self, question: Question, counts: Callable[[int], bool]) -> Readings:
        rows = self._management.rows("devices", question.now)
        return {
            str(row.get("Name") or "Unknown device"): Measured(True)
            for row in rows
            if counts(int(number(row, "ConfigManagerErrorCode")))
        }

    def _firmware(self, question: Question) -> Reading:
        released = _moment(self._management.row("firmware", question.now).get("ReleaseDate"))
        if released is None:
            return NOTHING
        return Measured(round((question.now - released).total_seconds() / _SECONDS_PER_DAY, 1))

    def _shares(self, question: Question) -> Readings:
        """Shared folders that Windows did not make itself."""
        rows = self._management.rows("shares", question.now)
        return {str(row["Name"]): Measured(True) for row in rows if int(number(row, "Type")) == _DISK_SHARE}


def _moment(value: object) -> datetime | None:
    """Windows PowerShell writes ``/Date(1700000000000)/`` (milliseconds), newer ones ISO 8601."""
    text = str(value or "")
    if found := _JSON_DATE.fullmatch(text):
        return datetime.fromtimestamp(int(found[1]) / 1000, UTC)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
