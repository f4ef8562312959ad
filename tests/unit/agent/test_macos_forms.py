"""The collectors for macOS, fed with the forms that Apple's manuals document: no Mac was there. Programs are stand-ins."""

from __future__ import annotations

import os
import plistlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from opulse.agent.dialogue import Dialogue
from opulse.agent.macos import macos_collectors
from opulse.agent.macos.desktop import MacDesktop
from opulse.agent.macos.protection import Protection
from opulse.agent.macos.reports import FOLDER, Reports, kind_of
from opulse.agent.prompts import CannotShow
from opulse.agent.sources import Question, Readings, Sources
from opulse.catalogue import Measured, Platform, Unavailable, load_catalogue
from tests.unit.agent.desks import LINK, ME, NOW, prompt

Programs = Callable[..., None]


@pytest.fixture
def says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Programs:
    """``says("sysctl", "8", "-n", "hw.memsize")``: what a program prints when it is asked so."""
    folder = tmp_path / "programs"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")

    def make(name: str, output: str, *words: str, code: int = 0) -> None:
        answer = folder / f"{name}.{abs(hash(words))}"
        answer.write_text(output)
        program = folder / name
        known = program.read_text() if program.exists() else "#!/bin/sh\n"
        program.write_text(f'{known}if [ "$*" = "{" ".join(words)}" ]; then cat {answer}; exit {code}; fi\n')
        program.chmod(0o755)

    return make


def read(source: str, *collectors: Any, **variables: Any) -> Readings:
    """A measure of the collectors (all of macOS's unless some are given), as the agent asks for it."""
    return Sources(collectors or macos_collectors(), absent="none").read(source, Question(variables, NOW))


def test_the_catalogue_and_the_collectors_name_the_same_measures() -> None:
    promised = {sensor.source for sensor in load_catalogue().evaluated_on(Platform.MACOS)}
    assert Sources(macos_collectors(), absent="none").names == promised
    assert len(load_catalogue().evaluated_on(Platform.MACOS)) >= 50


def test_every_module_says_that_it_was_never_run_and_where_its_form_is_documented() -> None:
    folder = Path(macos_collectors.__code__.co_filename).parent
    for module in folder.glob("*.py"):
        assert "not run on hardware" in module.read_text().split('"""')[1].lower(), module.name


def test_programs_that_are_not_there_are_named() -> None:
    assert read("macos.cpu_speed_limit_percent") == Unavailable("pmset is not installed")


def test_memory(says: Programs) -> None:
    says("sysctl", "4\n", "-n", "kern.memorystatus_vm_pressure_level")
    swap = "total = 2048.00M  used = 1174.25M  free = 873.75M  (encrypted)\n"
    says("sysctl", swap, "-n", "vm.swapusage")
    says("sysctl", "17179869184\n", "-n", "hw.memsize")
    says(
        "vm_stat",
        "Mach Virtual Memory Statistics: (page size of 16384 bytes)\n"
        "Pages free:                               12023.\n"
        "Pages occupied by compressor:            262144.\n",
    )
    assert read("macos.memory_pressure_level_count") == Measured(4)
    assert read("macos.swap_used_bytes") == Measured(round(1174.25 * 2**20))
    assert read("macos.compressed_memory_percent") == Measured(25.0)


def test_power(says: Programs) -> None:
    says(
        "pmset",
        "Note: No thermal warning level has been recorded\nCPU Power notify\n"
        "\tCPU_Scheduler_Limit \t= 100\n\tCPU_Available_CPUs \t= 8\n\tCPU_Speed_Limit \t= 62\n",
        "-g", "therm",
    )  # fmt: skip
    says(
        "pmset",
        "Assertion status system-wide:\n   PreventUserIdleSystemSleep    1\nListed by owning process:\n"
        "   pid 1234(caffeinate): [0x0003] 02:10:15 PreventUserIdleSystemSleep named: \"caffeinate\"\n"
        "   pid 99(powerd): [0x0001] 02:10:15 UserIsActive named: \"x\"\n",
        "-g", "assertions",
    )  # fmt: skip
    health = '{"sppower_battery_cycle_count": 941, "sppower_battery_health": "Service Recommended"}'
    profile = f'{{"SPPowerDataType": [{{"_name": "spbattery_information", "sppower_battery_health_info": {health}}}]}}'
    says("system_profiler", profile, "-json", "SPPowerDataType")
    assert read("macos.cpu_speed_limit_percent") == Measured(62)
    assert read("macos.cpu_scheduler_limit_percent") == Measured(100)
    assert read("macos.sleep_prevented") == {"caffeinate": Measured(True)}
    assert read("macos.battery_cycle_count") == Measured(941)
    assert read("macos.battery_service_recommended") == Measured(True)


def test_a_mac_without_battery_and_without_heat(says: Programs) -> None:
    says(
        "pmset",
        "Note: No thermal warning level has been recorded\nNote: No performance warning level has been recorded\n",
        "-g",
        "therm",
    )
    says(
        "system_profiler",
        '{"SPPowerDataType": [{"_name": "sppower_information"}]}',
        "-json",
        "SPPowerDataType",
    )
    assert read("macos.cpu_speed_limit_percent") == Measured(100)
    assert read("macos.battery_cycle_count") == Unavailable("this Mac has no battery")


def test_storage(says: Programs) -> None:
    def plist(**values: Any) -> str:
        return plistlib.dumps(values).decode()

    says("diskutil", plist(WholeDisks=["disk0", "disk2"]), "list", "-plist", "internal", "physical")
    says("diskutil", plist(SMARTStatus="Failing"), "info", "-plist", "disk0")
    says("diskutil", plist(SMARTStatus="Not Supported"), "info", "-plist", "disk2")
    container = {"ContainerReference": "disk1", "CapacityCeiling": 1000, "CapacityFree": 75}
    says("diskutil", plist(Containers=[container]), "apfs", "list", "-plist")
    snapshots = (f"com.apple.TimeMachine.2026-11-{day}-101010.local\n" for day in (29, 30))
    says("tmutil", "".join(["Snapshots for disk /:\n", *snapshots]), "listlocalsnapshots", "/")
    says(
        "tmutil",
        "/Volumes/.timemachine/x/2026-11-20-120000.backup/2026-11-20-120000.backup\n",
        "latestbackup",
    )
    assert read("macos.smart_not_verified") == {"disk0": Measured(True)}
    assert read("macos.container_free_percent") == {"disk1": Measured(7.5)}
    assert read("macos.local_snapshot_count") == Measured(2)
    age = read("macos.backup_age_days")
    assert isinstance(age, Measured)
    assert 9 < float(age.value) < 11


@pytest.mark.parametrize(
    ("source", "program", "words", "on", "off"),
    [
        ("macos.integrity_protection_off", "csrutil", ["status"],
         "System Integrity Protection status: enabled.", "System Integrity Protection status: disabled."),
        ("macos.gatekeeper_off", "spctl", ["--status"], "assessments enabled", "assessments disabled"),
        ("encryption.filevault_off", "fdesetup", ["status"], "FileVault is On.", "FileVault is Off."),
        ("macos.mdm_not_enrolled", "profiles", ["status", "-type", "enrollment"],
         "Enrolled via DEP: Yes\nMDM enrollment: Yes (User Approved)", "Enrolled via DEP: No\nMDM enrollment: No"),
        ("macos.network_time_off", "systemsetup", ["-getusingnetworktime"], "Network Time: On", "Network Time: Off"),
        ("firewall.off", "socketfilterfw", ["--getglobalstate"],
         "Firewall is enabled. (State = 1)", "Firewall is disabled. (State = 0)"),
    ],
)  # fmt: skip
def test_protection(
    says: Programs, tmp_path: Path, source: str, program: str, words: list[str], on: str, off: str
) -> None:
    protection = Protection(firewall=str(tmp_path / "programs/socketfilterfw"))
    for said, expected in ((on, Measured(False)), (off, Measured(True))):
        (tmp_path / "programs" / program).unlink(missing_ok=True)
        says(program, f"{said}\n", *words, code=1 if expected.value else 0)
        assert read(source, protection) == expected
    (tmp_path / "programs" / program).unlink()
    says(program, "Usage: something else\n", *words)
    assert isinstance(read(source, protection), Unavailable), "what is not understood is not off"


def test_updates(says: Programs) -> None:
    says(
        "softwareupdate",
        "Software Update Tool\n\nFinding available software\nSoftware Update found the following new or updated software:\n"
        "* Label: Safari17.6-17.6\n\tTitle: Safari, Version: 17.6, Size: 152370KiB, Recommended: YES, \n"
        "* Label: macOS 15.7-24G222\n\tTitle: macOS 15.7, Version: 15.7, Size: 1KiB, Recommended: YES, Action: restart,\n",
        "--list", "--no-scan",
    )  # fmt: skip
    history = (
        '{"SPInstallHistoryDataType": [{"_name": "XProtectPlistConfigData", "install_date": "2026-11-20T12:00:00Z"},'
        '{"_name": "macOS 15.6", "install_date": "2026-10-31T12:00:00Z"},'
        '{"_name": "Safari", "install_date": "2026-11-29T12:00:00Z"}]}'
    )
    says("system_profiler", history, "-json", "SPInstallHistoryDataType")
    assert read("macos.update_waiting_count") == Measured(2)
    assert read("macos.xprotect_age_days") == Measured(10.0)
    assert read("macos.system_update_age_days") == Measured(30.0)


def test_services_and_kernel_extensions(says: Programs) -> None:
    says(
        "launchctl",
        "PID\tStatus\tLabel\n-\t78\tcom.example.agent\n412\t1\tcom.example.runs\n-\t-9\tcom.example.killed\n"
        "-\t1\tcom.apple.thing\n-\t0\tcom.example.done\n",
        "list",
    )
    says(
        "kmutil",
        "    1  163 0 0 0 com.apple.kpi.bsd (24.5.0) ABC <>\n  190 0 0 0 0 com.example.driver.Net (1.2.3) DEF <6 5 3>\n",
        "showloaded", "--list-only",
    )  # fmt: skip
    assert read("macos.launch_service_failed") == {"com.example.agent": Measured(True)}
    assert read("macos.foreign_kernel_extension") == {"com.example.driver.Net": Measured(True)}


def test_network(says: Programs) -> None:
    block = (
        "WIFI\n----\n    MAC Address          : 0a:1b\n    RSSI                 : -65 dBm\n"
        "    Noise                : -71 dBm\n    Tx Rate              : 24.0 Mbps\nBLUETOOTH\n----\n    RSSI : -1 dBm\n"
    )
    says("wdutil", block, "info")
    says(
        "scutil",
        "Network information\n\nIPv4 network interface information\n   No IPv4 states found\n",
        "--nwi",
    )
    assert read("macos.wifi_noise_dbm") == Measured(-71.0)
    assert read("macos.wifi_transmit_mbit") == Measured(24.0)
    assert read("net.wifi.signal_percent") == Measured(70.0)
    assert read("macos.no_primary_interface") == Measured(True)


def test_a_way_out_is_seen(says: Programs) -> None:
    says("scutil", "Network information\n\n   REACH : flags 0x00000002\n\nNetwork interfaces: en0\n", "--nwi")
    assert read("macos.no_primary_interface") == Measured(False)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("Mail_2026-11-30-113000_mac.crash", ("Mail", "crash")),
        ("Mail-2026-11-30-113000.ips", ("Mail", "crash")),
        ("JetsamEvent-2026-11-30-113000.ips", ("JetsamEvent", "jetsam")),
        ("panic-full-2026-11-30-113000.0002.ips", ("panic-full", "panic")),
        ("Kernel_2026-11-30-113000_mac.panic", ("Kernel", "panic")),
        ("Safari_2026-11-30-113000_mac.hang", ("Safari", "hang")),
        ("mds_stores_2026-11-30-113000_mac.cpu_resource.diag", ("mds_stores", "cpu")),
        ("backupd_2026-11-30-113000_mac.diskwrites_resource.diag", ("backupd", "writes")),
        ("Mail_2026-11-30-113000_mac.wakeups_resource.diag", None),
        ("notes.txt", None),
    ],
)
def test_a_report_is_known_by_its_name(name: str, meant: tuple[str, str] | None) -> None:
    assert kind_of(name) == meant


def test_reports_are_counted_where_the_system_and_people_keep_them(tmp_path: Path) -> None:
    for place, age in ((FOLDER, 60), (f"{FOLDER}/Retired", 60), (f"Users/maya/{FOLDER}", 60), (FOLDER, 7200)):
        file = tmp_path / place / f"Mail-2026-11-30-11{len(list(tmp_path.rglob('*.ips'))):04d}.ips"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
        os.utime(file, (NOW.timestamp() - age,) * 2)
    reports = Reports(tmp_path)
    assert read("application.fault_count", reports, window=3600) == {"Mail": Measured(3)}
    assert read("application.overall_fault_count", reports, window=86400) == Measured(4)
    assert read("macos.panic_report_count", reports, window=86400) == Measured(0)
    assert isinstance(read("macos.panic_report_count", Reports(tmp_path / "none"), window=1), Unavailable)


def test_a_question_is_a_dialogue_whose_words_are_no_part_of_the_script() -> None:
    held: list[tuple[Dialogue, float]] = []
    desktop = MacDesktop(
        lambda: [ME.pw_name], lambda dialogue, seconds, go_on: held.append((dialogue, seconds))
    )
    desktop.show(prompt(title='" & (do shell script "x") & "'), NOW)
    ((dialogue, seconds),) = held
    words = list(dialogue.command)
    script, said = words[: words.index("--")], words[words.index("--") + 1 :]
    assert script[0] == "/usr/bin/osascript"
    assert not any("do shell script" in word or LINK in word for word in script)
    assert said[0] == '" & (do shell script "x") & "'
    assert (said[2], said[4], seconds) == ("Open the questions", "86400", 86400.0)
    with pytest.raises(CannotShow, match="not logged on"):
        MacDesktop(lambda: ["tom"], lambda *_: None).show(prompt(), NOW)
