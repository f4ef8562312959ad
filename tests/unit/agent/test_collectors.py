"""What single collectors make of files that the machine of the tests may not have."""

from __future__ import annotations

import os
import socket
import struct
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from opulse.agent.counters import CounterWindow
from opulse.agent.linux.crashes import Crashes
from opulse.agent.linux.hardware import Hardware
from opulse.agent.linux.latency import Latency
from opulse.agent.linux.memory import Memory
from opulse.agent.linux.network import Network
from opulse.agent.linux.pressure import Pressure
from opulse.agent.linux.restart import Restart
from opulse.agent.linux.services import Services
from opulse.agent.sources import Collector, Question, Readings, Sources
from opulse.catalogue import Measured, Scalar, Unavailable

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def read(collector: Collector, source: str, **variables: Scalar) -> Readings:
    return Sources([collector], absent="no collector").read(source, Question(variables, NOW))


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def reason(readings: Readings) -> str:
    assert isinstance(readings, Unavailable)
    return readings.reason


def test_a_measure_without_a_collector_is_unavailable() -> None:
    assert read(Pressure(), "net.broadcasts_per_second") == Unavailable("no collector")


def test_a_file_that_is_not_there_becomes_a_reason(tmp_path: Path) -> None:
    assert reason(read(Memory(tmp_path), "memory.available_percent")).endswith(
        "meminfo: No such file or directory"
    )


def test_a_file_of_an_unknown_form_becomes_a_reason(tmp_path: Path) -> None:
    write(tmp_path / "meminfo", "nothing known: here\n")
    assert reason(read(Memory(tmp_path), "memory.available_percent"))


def test_a_collector_that_cannot_sample_does_not_stop_the_others(tmp_path: Path) -> None:
    sources = Sources([Memory(tmp_path), Memory()], absent="none")
    sources.sample()
    time.sleep(0.01)
    sources.sample()
    assert isinstance(sources.read("memory.page_faults_per_second", Question({}, NOW)), Measured)


def test_memory_shares(tmp_path: Path) -> None:
    write(
        tmp_path / "meminfo",
        "MemTotal: 1000 kB\nMemAvailable: 150 kB\nSwapTotal: 1000 kB\nSwapFree: 900 kB\nCommitted_AS: 1900 kB\n",
    )
    assert read(Memory(tmp_path), "memory.available_percent") == Measured(15.0)
    assert read(Memory(tmp_path), "memory.commit_percent") == Measured(95.0)
    assert read(Memory(tmp_path), "memory.pagefile_used_percent") == Measured(10.0)
    assert read(Memory(tmp_path), "memory.pagefile_free_bytes") == Measured(900 * 1024)


def test_without_swap_there_is_no_page_file_to_judge(tmp_path: Path) -> None:
    write(tmp_path / "meminfo", "MemTotal: 1000 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n")
    assert read(Memory(tmp_path), "memory.pagefile_used_percent") == Unavailable("this system has no swap")


def test_pressure_is_the_minutes_average_of_some(tmp_path: Path) -> None:
    write(
        tmp_path / "pressure/io",
        "some avg10=1.00 avg60=42.50 avg300=3.00 total=9\nfull avg10=0.00 avg60=7.00 avg300=0.00 total=0\n",
    )
    assert read(Pressure(tmp_path), "pressure.io_some_percent") == Measured(42.5)
    assert "no pressure stall information" in reason(read(Pressure(tmp_path), "pressure.cpu_some_percent"))


def test_the_wireless_signal_is_link_quality_of_seventy(tmp_path: Path) -> None:
    titles = "Inter-| sta-|   Quality\n face | tus | link level noise\n"
    write(
        tmp_path / "net/wireless",
        titles + " wlan0: 0000   28.  -82.  -256        0      0      0      0      0        0\n",
    )
    assert read(Network(tmp_path), "net.wifi.signal_percent") == Measured(40.0)
    write(tmp_path / "net/wireless", titles)
    assert "no wireless adapter" in reason(read(Network(tmp_path), "net.wifi.signal_percent"))


def test_counters_need_two_samples_and_start_anew_after_a_reset() -> None:
    window = CounterWindow()
    with pytest.raises(ValueError, match="two samples"):
        window.rise()
    for at, value in ((0.0, 100.0), (15.0, 130.0), (30.0, 160.0)):
        window.note(at, {"packets": value})
    assert window.rise().per_second("packets") == 2.0
    window.note(45.0, {"packets": 5.0})
    with pytest.raises(ValueError, match="two samples"):
        window.rise()


def test_counters_are_compared_over_about_a_minute() -> None:
    window = CounterWindow()
    for second in range(0, 601, 15):
        window.note(float(second), {"packets": float(second)})
    assert window.rise().seconds == 60.0


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (["run/reboot-required"], Measured(True)),
        (["lib/modules/6.1.0-20/x"], Measured(True)),
        (["lib/modules/6.1.0-18/x"], Measured(False)),
        (["etc/kernel/postinst.d/unattended-upgrades"], Measured(False)),
    ],
)
def test_signs_of_a_pending_restart(tmp_path: Path, files: list[str], expected: Measured) -> None:
    for name in files:
        write(tmp_path / name, "")
    assert read(Restart(tmp_path, kernel="6.1.0-18"), "boot.restart_pending") == expected


def test_a_system_without_any_sign_says_so(tmp_path: Path) -> None:
    assert "keeps no sign" in reason(read(Restart(tmp_path), "boot.restart_pending"))


def test_days_since_the_start(tmp_path: Path) -> None:
    write(tmp_path / "proc/uptime", "172800.55 1000.00\n")
    assert read(Restart(tmp_path), "boot.days_since_start") == Measured(2.0)


def test_the_firmwares_age(tmp_path: Path) -> None:
    write(tmp_path / "class/dmi/id/bios_date", "03/02/2025\n")
    assert read(Hardware(tmp_path), "hardware.firmware_age_days") == Measured(365)
    write(tmp_path / "class/dmi/id/bios_date", "soon\n")
    assert "soon" in reason(read(Hardware(tmp_path), "hardware.firmware_age_days"))


def test_a_service_slot_needs_a_name_that_is_one() -> None:
    assert "no service is named" in reason(read(Services(), "service.slot4.not_running", service=" "))
    assert "does not hold the name" in reason(
        read(Services(), "service.slot4.not_running", service="a; reboot")
    )


SYSTEMCTL = """#!/bin/sh
case "$4" in
  cups.service) printf 'LoadState=loaded\\nActiveState=active\\n' ;;
  gone.service) printf 'LoadState=not-found\\nActiveState=inactive\\n' ;;
  *) echo 'no bus' >&2; exit 1 ;;
esac
"""


def test_what_systemd_says_of_a_service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "systemctl", SYSTEMCTL).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert read(Services(), "service.slot4.not_running", service="cups.service") == Measured(False)
    assert read(Services(), "service.slot4.not_running", service="gone.service") == Measured(True)
    assert "no bus" in reason(read(Services(), "service.slot4.not_running", service="other.service"))


# -- crashes ----------------------------------------------------------------------------------------------------------


def crashes_of(tmp_path: Path, **parts: object) -> Crashes:
    sources: dict[str, object] = {
        "coredumpctl": "no-such-coredumpctl",
        "reports": tmp_path / "no-reports",
        "kernel_log": tmp_path / "no-log",
    }
    return Crashes(**{**sources, **parts})  # type: ignore[arg-type]


def test_without_any_record_of_crashes_all_three_are_named(tmp_path: Path) -> None:
    said = reason(read(crashes_of(tmp_path), "application.fault_count", window=600))
    assert "coredumpctl is not installed" in said
    assert "no-reports is not there" in said
    assert "no-log: No such file or directory" in said


def test_fresh_crash_reports_are_counted_by_program(tmp_path: Path) -> None:
    reports = tmp_path / "crash"
    for name, age in (
        ("_usr_bin_gedit.1000.crash", 30),
        ("_usr_bin_gedit.1001.crash", 60),
        ("old.crash", 4000),
    ):
        report = write(
            reports / name, "ProblemType: Crash\nExecutablePath: /usr/bin/gedit\nUserGroups: adm\n"
        )
        moment = (NOW - timedelta(seconds=age)).timestamp()
        os.utime(report, (moment, moment))
    found = read(crashes_of(tmp_path, reports=reports), "application.fault_count", window=600)
    assert found == {"gedit": Measured(2)}


def test_systemds_list_comes_first(tmp_path: Path) -> None:
    listed = (
        '[{"time":1,"pid":7,"sig":11,"exe":"/usr/lib/firefox/firefox"},{"time":2,"pid":8,"sig":6,"exe":null}]'
    )
    program = write(tmp_path / "coredumpctl", f"#!/bin/sh\necho '{listed}'\n")
    program.chmod(0o755)
    crashes = crashes_of(tmp_path, coredumpctl=str(program))
    assert read(crashes, "application.fault_count", window=600) == {"firefox": Measured(1)}


def test_no_core_dumps_is_a_reading_without_instances(tmp_path: Path) -> None:
    program = write(tmp_path / "coredumpctl", "#!/bin/sh\necho 'No coredumps found.' >&2\nexit 1\n")
    program.chmod(0o755)
    assert read(crashes_of(tmp_path, coredumpctl=str(program)), "application.fault_count", window=600) == {}


@pytest.mark.skipif(not os.access("/dev/kmsg", os.R_OK), reason="the kernel's log may not be read here")
def test_a_real_crash_is_found_in_the_kernels_log(tmp_path: Path) -> None:
    crashes = crashes_of(tmp_path, kernel_log=Path("/dev/kmsg"))
    before = read(crashes, "application.fault_count", window=600)
    if isinstance(before, Unavailable):
        pytest.skip(before.reason)
    program = tmp_path / f"crash-{uuid.uuid4().hex[:8]}"  # the kernel keeps 15 characters of a name
    program.symlink_to(sys.executable)
    ended = subprocess.run([str(program), "-S", "-c", "import ctypes; ctypes.string_at(1)"], check=False)
    assert ended.returncode < 0
    if Path("/proc/sys/debug/exception-trace").read_text().strip() == "0":
        pytest.skip("this kernel is told not to log crashes of programs")
    found = read(crashes, "application.fault_count", window=600)
    assert isinstance(found, dict)
    assert found[program.name] == Measured(1)
    time.sleep(1.1)
    past = read(crashes, "application.fault_count", window=1)
    assert isinstance(past, dict)
    assert program.name not in past


# -- latency ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def name_server() -> Iterator[int]:
    """Answers every question with "no such name", after an answer that belongs to nobody."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))

        def serve() -> None:
            request, asker = listening.recvfrom(512)
            listening.sendto(
                b"\0\0" + request[2:] if request[:2] != b"\0\0" else b"\1\1" + request[2:], asker
            )
            time.sleep(0.05)
            listening.sendto(request[:2] + struct.pack("!H", 0x8183) + request[4:], asker)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listening.getsockname()[1]
        thread.join(timeout=1)


def test_the_name_server_is_timed_and_a_refusing_answer_is_one(tmp_path: Path, name_server: int) -> None:
    resolv = write(tmp_path / "resolv.conf", "# made by a test\nsearch example.com\nnameserver 127.0.0.1\n")
    found = read(
        Latency(resolv_conf=resolv, dns_port=name_server), "net.dns.resolve_ms", name="bücher.example"
    )
    assert isinstance(found, Measured)
    assert 50 <= float(found.value) < 2000


def test_silence_of_the_name_server_reads_as_the_whole_wait(tmp_path: Path) -> None:
    resolv = write(tmp_path / "resolv.conf", "nameserver 127.0.0.1\n")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        latency = Latency(resolv_conf=resolv, dns_port=silent.getsockname()[1], dns_timeout=0.2)
        assert read(latency, "net.dns.resolve_ms", name="example.com") == Measured(200.0)


def test_no_name_server_and_no_name_are_reasons(tmp_path: Path) -> None:
    resolv = write(tmp_path / "resolv.conf", "search example.com\n")
    assert "no name server" in reason(
        read(Latency(resolv_conf=resolv), "net.dns.resolve_ms", name="example.com")
    )
    resolv.write_text("nameserver 127.0.0.1\n")
    said = reason(read(Latency(resolv_conf=resolv), "net.dns.resolve_ms", name="a" * 70 + ".example"))
    assert said


ROUTES = """Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
wlan0\t00000000\t0202A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0
eth0\t00000000\t0100007F\t0003\t0\t0\t100\t00000000\t0\t0\t0
eth0\t0000A8C0\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0
"""


def test_the_default_gateway_is_the_route_of_the_lowest_metric(tmp_path: Path) -> None:
    write(tmp_path / "net/route", ROUTES)
    assert Latency(tmp_path).default_gateway() == "127.0.0.1"


def test_a_gateway_that_answers_is_timed_whether_it_accepts_or_refuses(tmp_path: Path) -> None:
    write(tmp_path / "net/route", ROUTES)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        accepted = read(Latency(tmp_path), "net.gateway.connect_ms", port=port)
    refused = read(Latency(tmp_path), "net.gateway.connect_ms", port=port)
    for found in (accepted, refused):
        assert isinstance(found, Measured)
        assert 0 <= float(found.value) < 1000


def test_no_default_route_is_a_reason(tmp_path: Path) -> None:
    write(tmp_path / "net/route", ROUTES.splitlines()[0] + "\n")
    assert "no default gateway" in reason(read(Latency(tmp_path), "net.gateway.connect_ms", port=80))


@contextmanager
def dropping(address: tuple[str, int]) -> Iterator[None]:
    """While this lasts the listener's backlog is full, so that further requests are dropped: silence, as of a firewall."""
    with ExitStack() as links:
        for _ in range(8):
            link = links.enter_context(socket.socket())
            link.setblocking(False)
            link.connect_ex(address)
        yield


def test_silence_is_a_fault_only_of_a_gateway_that_has_answered_before() -> None:
    answered = Latency(gateway_timeout=0.2)
    with socket.create_server(("127.0.0.1", 0), backlog=1) as listening:
        address = listening.getsockname()
        assert isinstance(answered.connect(address), Measured)
        with dropping(address):
            assert answered.connect(address) == Measured(200.0)
            assert "never answered" in reason(Latency(gateway_timeout=0.2).connect(address))
