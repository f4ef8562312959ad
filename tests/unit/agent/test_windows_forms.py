"""The collectors for Windows, fed with the forms that Microsoft documents: no Windows was there."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import threading
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from opulse.agent.prompts import CannotShow
from opulse.agent.sources import Question, Readings, Sources
from opulse.agent.windows import windows_collectors
from opulse.agent.windows.counters import Counters
from opulse.agent.windows.desktop import WindowsDesktop
from opulse.agent.windows.events import Events, read_events
from opulse.agent.windows.management import CLASSES, PROPERTIES, Management, run_powershell, script
from opulse.agent.windows.protection import Protection
from opulse.agent.windows.services import Services
from opulse.agent.windows.sessions import Session
from opulse.catalogue import Measured, Platform, Unavailable, load_catalogue
from tests.unit.agent.desks import LINK, NOW, prompt
from tests.unit.agent.test_desktop import until

ANSWER: dict[str, Any] = {
    "processor": [{"PercentInterruptTime": 12, "InterruptsPersec": 4100, "DPCsQueuedPersec": 900}],
    "system": {"ProcessorQueueLength": 4},
    "memory": [
        {"AvailableMBytes": 900, "PercentCommittedBytesInUse": 81, "PageFaultsPersec": 2000, "PagesInputPersec": 30,
         "CacheFaultsPersec": 310, "TransitionFaultsPersec": 500}
    ],
    "drives": [
        {"Name": "0 C:", "PercentIdleTime": 15, "CurrentDiskQueueLength": 3, "DiskReadBytesPersec": 1048576,
         "DiskReadsPersec": 40, "SplitIOPerSec": 5, "DiskTransfersPersec": 50}
    ],
    "adapters": [{"Name": "Ethernet", "BytesTotalPersec": "93750000", "CurrentBandwidth": "1000000000"},
                 {"Name": "Tunnel", "BytesTotalPersec": 5, "CurrentBandwidth": 0}],
    "tcp": [{"SegmentsSentPersec": 200, "SegmentsRetransmittedPersec": 14}],
    "services": [
        {"Name": "w32time", "State": "Stopped", "StartMode": "Disabled"},
        {"Name": "Netlogon", "State": "Running", "StartMode": "Auto"},
        {"Name": "Spooler", "State": "Stopped", "StartMode": "Manual"},
    ],
    "devices": [
        {"Name": "Unknown USB Device (Device Descriptor Request Failed)", "ConfigManagerErrorCode": 43},
        {"Name": "Some Adapter", "ConfigManagerErrorCode": 28},
        {"Name": "Switched off", "ConfigManagerErrorCode": 22},
    ],
    "firmware": [{"ReleaseDate": "/Date(1732881600000)/"}],
    "shares": [{"Name": "C$", "Type": 2147483648}, {"Name": "exchange", "Type": 0}],
    "volumes": None,
    "firewall": [{"Name": "Domain", "Enabled": 1}, {"Name": "Private", "Enabled": 0}, {"Name": "Public", "Enabled": 1}],
    "defender": [{"AntivirusEnabled": True, "AntivirusSignatureAge": 9}],
}  # fmt: skip
VOLUMES = [
    {"DriveLetter": "C:", "ProtectionStatus": 1, "EncryptionMethod": 6},
    {"DriveLetter": "D:", "ProtectionStatus": 0, "EncryptionMethod": 3},
    {"DriveLetter": "E:", "ProtectionStatus": 2, "EncryptionMethod": 0},
    {"DriveLetter": None, "ProtectionStatus": 0, "EncryptionMethod": 0},
]


def read(source: str, answer: dict[str, Any] = ANSWER, **variables: Any) -> Readings:
    management = Management(lambda words: json.dumps(answer))
    collectors = (Counters(management), Services(management), Protection(management))
    return Sources(collectors, absent="none").read(source, Question(variables, NOW))


def test_the_catalogue_and_the_collectors_name_the_same_measures() -> None:
    promised = {sensor.source for sensor in load_catalogue().evaluated_on(Platform.WINDOWS)}
    assert Sources(windows_collectors(), absent="none").names == promised
    assert len(load_catalogue().evaluated_on(Platform.WINDOWS)) >= 170


def test_every_module_says_that_it_was_never_run_and_where_its_form_is_documented() -> None:
    for module in Path(windows_collectors.__code__.co_filename).parent.glob("*.py"):
        assert "not run on hardware" in module.read_text().split('"""')[1].lower(), module.name


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("cpu.interrupt_percent", Measured(12.0)),
        ("cpu.dpc_per_second", Measured(900.0)),
        ("memory.commit_percent", Measured(81.0)),
        ("memory.cache_faults_per_second", Measured(310.0)),
        ("memory.transition_fault_percent", Measured(25.0)),
        ("disk.busy_percent", {"0 C:": Measured(85.0)}),
        ("disk.read_kb_per_second", {"0 C:": Measured(1024.0)}),
        ("disk.split_io_percent", {"0 C:": Measured(10.0)}),
        ("net.utilisation_percent", Measured(75.0)),
        ("service.w32time.stopped", Measured(True)),
        ("service.w32time.disabled", Measured(True)),
        ("service.netlogon.stopped", Measured(False)),
        ("service.qualys.stopped", Unavailable("the service QualysAgent is not installed")),
        ("device.failed", {"Unknown USB Device (Device Descriptor Request Failed)": Measured(True)}),
        ("hardware.firmware_age_days", Measured(731.0)),
        ("share.not_standard", {"exchange": Measured(True)}),
        ("firewall.off", Measured(True)),
        ("firewall.private_profile_off", Measured(True)),
        ("firewall.public_profile_off", Measured(False)),
        ("security.definitions_age_days", Measured(9.0)),
    ],
)
def test_what_management_says(source: str, expected: Readings) -> None:
    assert read(source) == expected


def test_what_depends_on_variables_or_on_several_rows() -> None:
    assert read("net.tcp.retransmit_percent", min_segments=50) == Measured(7.0)
    assert isinstance(read("net.tcp.retransmit_percent", min_segments=50_000), Unavailable)
    assert read("service.slot4.not_running", service="spooler") == Measured(True)
    assert read("service.slot4.not_running", service="nothing-of-this-name") == Measured(True)
    assert isinstance(read("service.slot4.not_running"), Unavailable)
    assert set(read("device.not_ok")) == {  # type: ignore[arg-type]  # by device
        "Unknown USB Device (Device Descriptor Request Failed)",
        "Some Adapter",
    }
    encrypted = ANSWER | {"volumes": VOLUMES}
    assert read("encryption.bitlocker_off", encrypted) == {"C:": Measured(False), "D:": Measured(True)}
    assert read("encryption.bitlocker_method_weak", encrypted) == {
        "C:": Measured(False),
        "D:": Measured(True),
    }


def test_a_class_that_is_not_shown_is_said_and_takes_no_other_with_it() -> None:
    assert read("encryption.bitlocker_off") == Unavailable(
        "this system does not show Win32_EncryptableVolume"
    )
    assert read(
        "security.definitions_age_days", ANSWER | {"defender": [{"AntivirusEnabled": False}]}
    ) == Unavailable("another program than Microsoft Defender looks for malware here")


def test_powershell_is_asked_once_for_all_sensors_of_an_evaluation() -> None:
    asked: list[str] = []

    def run(words: str) -> str:
        asked.append(words)
        return json.dumps(ANSWER)

    management = Management(run)
    for seconds in (0, 1, 30, 45):
        management.rows("drives", NOW + timedelta(seconds=seconds))
    assert len(asked) == 2
    assert asked[0] == script()


def test_the_script_asks_each_class_by_name_and_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = script()
    for name, (space, kind, _) in CLASSES.items():
        assert f"-Namespace {space} -ClassName {kind}" in words
        assert f"$all['{name}'] = $null" in words
        assert f"Select-Object {','.join(PROPERTIES[name])}" in words
    assert not any(verb in words for verb in ("Set-", "Remove-", "Invoke-", "Start-", "Stop-Service"))
    program = tmp_path / "powershell"
    program.write_text('#!/bin/sh\nfor last; do :; done\nprintf %s "$last"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert base64.b64decode(run_powershell("$all = 'ü'")).decode("utf-16-le") == "$all = 'ü'"


EVENT = (
    "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System>"
    "<Provider Name='{provider}'{more}/><EventID Qualifiers='0'>{id}</EventID><Level>2</Level>"
    "<TimeCreated SystemTime='{time}'/><EventRecordID>{record}</EventRecordID><Channel>Application</Channel>"
    "</System><EventData><Data>{data}</Data><Data>1.2.3</Data></EventData></Event>"
)


def event(
    record: int, provider: str, number: int, minutes_ago: float = 1, data: str = "", more: str = ""
) -> str:
    at = (NOW - timedelta(minutes=minutes_ago)).strftime("%Y-%m-%dT%H:%M:%S.1234567Z")
    return EVENT.format(record=record, provider=provider, id=number, time=at, data=data, more=more)


class Log:
    """A log that answers as ``wevtutil`` does: the newest first, and only what the query selects."""

    def __init__(self, *entries: str) -> None:
        self.entries = list(entries)
        self.queries: list[tuple[str, str]] = []

    def __call__(self, log: str, query: str) -> str:
        self.queries.append((log, query))
        return "".join(reversed(self.entries))


def count(events: Events, source: str, later: float = 0, **variables: Any) -> Readings:
    question = Question({"window": 600, **variables}, NOW + timedelta(seconds=later))
    return Sources((events,), absent="none").read(source, question)


def test_faults_and_hangs_are_counted_by_program_within_the_window() -> None:
    events = Events(
        Log(
            event(1, "Application Error", 1000, 30, "old.exe"),
            event(2, "Application Error", 1000, 5, "outlook.exe"),
            event(3, "Application Error", 1000, 4, "outlook.exe"),
            event(4, "Application Error", 1000, 3, "teams.exe"),
            event(5, "Application Hang", 1002, 2, "excel.exe"),
            event(6, "Application Error", 1001, 2, "not this one"),
        )
    )
    assert count(events, "application.fault_count") == {"outlook.exe": Measured(2), "teams.exe": Measured(1)}
    assert count(events, "application.hang_count") == {"excel.exe": Measured(1)}
    assert count(events, "application.correlated_fault_count") == Measured(2)
    assert count(events, "application.overall_fault_count", window=86400) == Measured(4)


def test_an_entry_of_the_kit_is_counted_by_log_provider_and_ids() -> None:
    log = Log(
        event(1, "Microsoft-Windows-Kernel-Power", 41),
        event(2, "Microsoft-Windows-Kernel-Power", 42),
        event(3, "Service Control Manager", 41, more=" EventSourceName='Microsoft-Windows-Kernel-Power'"),
    )
    named = {"log": "System", "provider": "microsoft-windows-kernel-power", "event_ids": "41"}
    assert count(Events(log), "eventlog.kernel_power_41_count", **named) == Measured(2)
    assert log.queries[0][0] == "System"
    both = named | {"event_ids": "41,42"}
    assert count(Events(log), "eventlog.kernel_power_41_count", **both) == Measured(3)
    wrong = count(Events(log), "eventlog.kernel_power_41_count", **(named | {"log": "/bin:x"}))
    assert isinstance(wrong, Unavailable)


def test_each_log_is_read_on_from_where_the_last_look_ended_and_asked_seldom() -> None:
    log = Log(event(7, "Application Error", 1000, data="a.exe"))
    events = Events(log)
    for later in (0, 10, 20):
        assert count(events, "application.fault_count", later) == {"a.exe": Measured(1)}
    assert len(log.queries) == 1
    assert "timediff(@SystemTime) <= 604800000" in log.queries[0][1]
    log.entries.append(event(8, "Application Error", 1000, -1, data="a.exe"))
    assert count(events, "application.fault_count", 61) == {"a.exe": Measured(2)}
    assert "EventRecordID > 7" in log.queries[1][1]


def test_a_log_that_was_cleared_counts_anew() -> None:
    log = Log(event(900, "Application Error", 1000, data="a.exe"))
    events = Events(log)
    count(events, "application.fault_count")
    log.entries = [event(1, "Application Error", 1000, -0.5, data="b.exe")]
    assert count(events, "application.fault_count", 60) == {"b.exe": Measured(1)}


def test_a_log_that_cannot_be_read_is_said() -> None:
    def refuses(log: str, query: str) -> str:
        raise ValueError(f"the log {log} cannot be read: wevtutil ended with 5")

    assert count(Events(refuses), "application.fault_count") == Unavailable(
        "the log Application cannot be read: wevtutil ended with 5"
    )


def test_an_entry_of_another_form_is_passed_over() -> None:
    assert list(read_events("<Event><System/></Event>")) == []
    assert [one.id for one in read_events(f"<Event/>{event(1, 'x', 3)}noise")] == [3]


class Boxes:
    """Sessions of a Windows that writes down what it is asked."""

    def __init__(self, answer: bool | OSError = True) -> None:
        self.answer = answer
        self.asked: list[tuple[int, str, str, int]] = []
        self.opened: list[tuple[int, str]] = []
        self.waits = threading.Event()

    def list_active(self) -> Sequence[Session]:
        return [Session(1, "EXAMPLE\\tom"), Session(3, "EXAMPLE\\maya")]

    def ask(self, session: int, title: str, text: str, seconds: int) -> bool:
        self.asked.append((session, title, text, seconds))
        if isinstance(self.answer, OSError):
            raise self.answer
        self.waits.wait(20)
        return self.answer

    def open(self, session: int, link: str) -> None:
        self.opened.append((session, link))


def test_a_box_stands_in_the_session_of_the_person_and_yes_opens_the_page() -> None:
    boxes = Boxes()
    WindowsDesktop(boxes, patience=0.2).show(prompt(user="maya@example.org"), NOW)
    assert boxes.asked == [(3, "Pulse", "How does it <b>affect</b> your work?\n\nOpen the questions?", 86400)]
    assert boxes.opened == []
    boxes.waits.set()
    until(lambda: boxes.opened == [(3, LINK)], "the page was not opened")


def test_who_is_not_there_and_a_box_that_fails_are_said() -> None:
    with pytest.raises(CannotShow, match="not logged on"):
        WindowsDesktop(Boxes()).show(prompt(user="OTHER\\maya"), NOW)
    with pytest.raises(CannotShow, match="not shown"):
        WindowsDesktop(Boxes(OSError(5, "Windows error 5")), patience=5).show(prompt(user="maya"), NOW)


@pytest.mark.parametrize("platform", ["win32", "darwin"])
def test_the_agent_starts_where_modules_of_linux_are_missing(platform: str) -> None:
    """Only what Python's own library lacks there is missing here; programs are absent, so most sensors say so."""
    code = f"""
import argparse, asyncio, ctypes, httpx2, importlib.resources, json, msgspec, plistlib, psutil
import subprocess, sys, types, yaml, zoneinfo
for name in {["pwd", "grp", "fcntl", "resource", "termios"] if platform == "win32" else []!r}:
    sys.modules[name] = None
ctypes.WinDLL = lambda *a, **k: types.SimpleNamespace()
sys.platform = {platform!r}
from opulse.agent.command import show_sensors
from opulse.agent.reading_now import desktop_of_this_machine, logons_of_this_machine
assert desktop_of_this_machine() is not None and logons_of_this_machine() is not None
show_sensors(as_json_array=True)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    said = {one["name"]: one for one in json.loads(done.stdout)}
    wanted = Platform.WINDOWS if platform == "win32" else Platform.MACOS
    assert set(said) == {one.name for one in load_catalogue().evaluated_on(wanted)}
    assert said["Process Count"]["value"] > 0
    assert all(
        one["value"] is not None or one["unavailable"] or one["instance"] is None for one in said.values()
    )
