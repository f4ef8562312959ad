"""Windows Management Instrumentation, asked once per evaluation for everything: one PowerShell, one JSON. Not run on hardware.

``Get-CimInstance`` and ``ConvertTo-Json``: learn.microsoft.com/powershell/module/cimcmdlets/get-ciminstance. Names of classes and
properties are the same in every language of Windows, names of performance counters are not, so classes are asked. A class that a
system does not have, or that needs more rights, is absent, and its sensors say so.
"""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from opulse.catalogue import Unavailable

Row = Mapping[str, Any]

_TIMEOUT_SECONDS = 50.0
_KEPT = timedelta(seconds=40)
"""Readings of one evaluation share one answer."""

CLASSES: Mapping[str, tuple[str, str, str]] = {
    "processor": ("root/cimv2", "Win32_PerfFormattedData_PerfOS_Processor", "Name='_Total'"),
    "system": ("root/cimv2", "Win32_PerfFormattedData_PerfOS_System", ""),
    "memory": ("root/cimv2", "Win32_PerfFormattedData_PerfOS_Memory", ""),
    "drives": ("root/cimv2", "Win32_PerfFormattedData_PerfDisk_PhysicalDisk", "Name!='_Total'"),
    "adapters": ("root/cimv2", "Win32_PerfFormattedData_Tcpip_NetworkInterface", ""),
    "tcp": ("root/cimv2", "Win32_PerfFormattedData_Tcpip_TCPv4", ""),
    "services": ("root/cimv2", "Win32_Service", ""),
    "devices": ("root/cimv2", "Win32_PnPEntity", "ConfigManagerErrorCode!=0"),
    "firmware": ("root/cimv2", "Win32_BIOS", ""),
    "shares": ("root/cimv2", "Win32_Share", ""),
    "volumes": ("root/cimv2/Security/MicrosoftVolumeEncryption", "Win32_EncryptableVolume", ""),
    "firewall": ("root/StandardCimv2", "MSFT_NetFirewallProfile", ""),
    "defender": ("root/Microsoft/Windows/Defender", "MSFT_MpComputerStatus", ""),
}
"""Our name → name space, class, filter. Each has a page beside learn.microsoft.com/windows/win32/cimwin32prov."""

PROPERTIES: Mapping[str, tuple[str, ...]] = {
    "processor": ("PercentInterruptTime", "InterruptsPersec", "DPCsQueuedPersec"),
    "system": ("ProcessorQueueLength",),
    "memory": (
        "AvailableMBytes", "PercentCommittedBytesInUse", "PageFaultsPersec", "PagesInputPersec", "CacheFaultsPersec",
        "TransitionFaultsPersec",
    ),
    "drives": (
        "Name", "PercentIdleTime", "CurrentDiskQueueLength", "DiskReadBytesPersec", "DiskReadsPersec", "SplitIOPerSec",
        "DiskTransfersPersec",
    ),
    "adapters": ("Name", "BytesTotalPersec", "CurrentBandwidth"),
    "tcp": ("SegmentsSentPersec", "SegmentsRetransmittedPersec"),
    "services": ("Name", "State", "StartMode"),
    "devices": ("Name", "ConfigManagerErrorCode"),
    "firmware": ("ReleaseDate",),
    "shares": ("Name", "Type"),
    "volumes": ("DriveLetter", "ProtectionStatus", "EncryptionMethod"),
    "firewall": ("Name", "Enabled"),
    "defender": ("AntivirusEnabled", "AntivirusSignatureAge"),
}  # fmt: skip


def script() -> str:
    """What PowerShell runs. It changes nothing."""
    parts = []
    for name, (space, kind, chosen) in CLASSES.items():
        filtered = f' -Filter "{chosen}"' if chosen else ""
        properties = ",".join(PROPERTIES[name])
        parts.append(
            f"try {{ $all['{name}'] = @(Get-CimInstance -Namespace {space} -ClassName {kind}{filtered} -ErrorAction Stop "
            f"| Select-Object {properties}) }} catch {{ $all['{name}'] = $null }}"
        )
    lines = "; ".join(parts)
    return f"$ProgressPreference = 'SilentlyContinue'; $all = @{{}}; {lines}; ConvertTo-Json $all -Depth 4 -Compress"


def run_powershell(words: str) -> str:
    """The answer. ``-EncodedCommand`` is Base64 of UTF-16LE (learn.microsoft.com/powershell/.../about_powershell_exe).

    Raises ``ValueError``: no PowerShell, or it ended badly. ``subprocess.TimeoutExpired``.
    """
    program = shutil.which("powershell")
    if program is None:
        raise ValueError("powershell is not installed")
    encoded = base64.b64encode(words.encode("utf-16-le")).decode()
    asked = subprocess.run(  # noqa: S603 - no shell, and the words are ours
        [program, "-NoProfile", "-NonInteractive", "-OutputFormat", "Text", "-EncodedCommand", encoded],
        capture_output=True,
        timeout=_TIMEOUT_SECONDS,
        check=False,
    )
    if asked.returncode != 0:
        raise ValueError(f"powershell ended with {asked.returncode}")
    return asked.stdout.decode("utf-8", "replace")


class Management:
    """The rows of each class, as old as 40 s at most. Several collectors share one."""

    def __init__(self, run: Callable[[str], str] = run_powershell) -> None:
        self._run = run
        self._answer: Mapping[str, Any] = {}
        self._asked_at: datetime | None = None
        self._one_at_a_time = threading.Lock()

    def rows(self, name: str, now: datetime) -> Sequence[Row]:
        """Every row of a class. Raises ``ValueError``: this system does not have it, or does not let us see it."""
        with self._one_at_a_time:
            if self._asked_at is None or abs(now - self._asked_at) >= _KEPT:
                answer = json.loads(self._run(script()))
                if not isinstance(answer, dict):
                    raise ValueError("powershell answered in an unknown form")
                self._answer, self._asked_at = answer, now
            found = self._answer.get(name)
        if found is None:
            raise ValueError(f"this system does not show {CLASSES[name][1]}")
        return found if isinstance(found, list) else [found]

    def row(self, name: str, now: datetime) -> Row:
        """The only row of a class. Raises ``ValueError``: there is none."""
        rows = self.rows(name, now)
        if not rows:
            raise ValueError(f"{CLASSES[name][1]} has no instance")
        return rows[0]


def number(row: Row, name: str) -> float:
    """A property as a number. Raises ``ValueError``: there is none."""
    value = row.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError(f"{name} is not a number")
    return float(value)


NOTHING = Unavailable("this system says nothing of it")
