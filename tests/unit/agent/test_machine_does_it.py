"""The machine of the tests is made to do what a sensor watches: processes that end, stop and hold on, datagrams that are lost."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from opulse.agent.linux.disk import Disks
from opulse.agent.linux.drives import Drives
from opulse.agent.linux.folders import Folders
from opulse.agent.linux.growth import Growth
from opulse.agent.linux.process_table import ProcessTable
from opulse.agent.linux.processor import Processor
from opulse.agent.linux.reachability import Reachability
from opulse.agent.linux.scripts import Scripts
from opulse.agent.linux.sockets import Sockets
from opulse.agent.linux.timekeeping import Timekeeping
from opulse.catalogue import Measured
from tests.unit.agent.looking import Look

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the collectors are Linux's")

WAIT = "import sys; sys.stdin.read()"
LONGEST_SECONDS = 20.0


def until(true: Callable[[], bool]) -> None:
    """Waits for the kernel to get there; fails after 20 s."""
    deadline = time.monotonic() + LONGEST_SECONDS
    while not true():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.02)


@contextmanager
def program(folder: Path, name: str, code: str = WAIT) -> Iterator[subprocess.Popen[bytes]]:
    """A Python program under a name of its own, which waits until its input ends."""
    path = folder / name
    path.symlink_to(sys.executable)
    process = subprocess.Popen(
        [str(path), "-S", "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGCONT)
        process.kill()
        process.communicate()


def test_a_child_that_nobody_collects_is_a_zombie() -> None:
    look = Look([ProcessTable()])
    before = look.value("Zombie Processes")
    children = [os.posix_spawn("/bin/true", ["true"], {}) for _ in range(3)]
    until(lambda: look.value("Zombie Processes") == int(before) + 3)
    for child in children:
        os.waitpid(child, 0)
    until(lambda: look.value("Zombie Processes") == before)


def test_a_stopped_process_is_seen_until_it_goes_on(tmp_path: Path) -> None:
    look = Look([ProcessTable()])
    with program(tmp_path, "opulse-stops") as process:
        assert "opulse-stops" not in look.instances("Process Stopped")
        process.send_signal(signal.SIGSTOP)
        until(lambda: "opulse-stops" in look.instances("Process Stopped"))
        look.sample()
        until(lambda: float(look.value("Process Stopped", "opulse-stops")) > 0.1)
        process.send_signal(signal.SIGCONT)
        until(lambda: "opulse-stops" not in look.instances("Process Stopped"))


def test_a_hanging_process_counts_from_the_first_look_on(tmp_path: Path) -> None:
    """``vfork`` keeps a parent uninterruptible in the kernel until its child goes: a real wait, and one that we can end."""
    if subprocess.run(["cc", "--version"], capture_output=True, check=False).returncode:
        pytest.skip("no C compiler to make a process that waits in the kernel")
    source = tmp_path / "hangs.c"
    source.write_text(
        "#include <unistd.h>\nint main(){if(!vfork()){char c;read(0,&c,1);_exit(0);}return 0;}\n"
    )
    hanging = tmp_path / "opulse-hangs"
    subprocess.run(["cc", "-o", str(hanging), str(source)], check=True)
    look = Look([ProcessTable()])
    with subprocess.Popen([str(hanging)], stdin=subprocess.PIPE) as process:
        until(lambda: "opulse-hangs" in look.instances("Process Waiting Uninterruptibly"))
        look.sample()
        until(lambda: float(look.value("Process Waiting Uninterruptibly", "opulse-hangs")) > 0.1)
        assert look.is_past("Process Waiting Uninterruptibly", "opulse-hangs", limit=0.1)
        assert process.stdin is not None
        process.stdin.close()
    assert "opulse-hangs" not in look.instances("Process Waiting Uninterruptibly")


def test_threads_descriptors_and_memory_of_one_program(tmp_path: Path) -> None:
    code = (
        "import resource, threading, time, sys\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (100, 100))\n"
        "held = [open('/dev/null') for _ in range(90)]; room = b'x' * 60_000_000\n"
        "[threading.Thread(target=time.sleep, args=(60,), daemon=True).start() for _ in range(40)]\n"
        "print('there', flush=True); sys.stdin.read()\n"
    )
    look = Look([ProcessTable()])
    with program(tmp_path, "opulse-holds", code) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"there\n"
        assert look.value("Process With Many Threads", "opulse-holds") == 41
        assert float(look.value("Process Near Its Descriptor Limit", "opulse-holds")) >= 90
        assert look.is_past("Process Near Its Descriptor Limit", "opulse-holds")
        whole = float(Path("/proc/meminfo").read_text().split()[1]) * 1024
        share = float(look.value("Process Using Much Memory", "opulse-holds"))
        assert 100 * 60e6 / whole <= share < 100 * 200e6 / whole + 0.01


def test_a_program_that_takes_memory_step_by_step_leaks_and_one_that_gives_back_does_not(
    tmp_path: Path,
) -> None:
    code = (
        "import sys\nheld = []\n"
        "for line in sys.stdin:\n"
        "    held.append(b'x' * 2_000_000)\n"
        "    if line.strip() == 'back' and len(held) % 2 == 0: held.clear()\n"
        "    print('done', flush=True)\n"
    )
    table = ProcessTable()
    table._memory = Growth(
        every=0.0, fewest=5
    )  # the minute between two samples is the one thing that is not real
    look = Look([table])
    with (
        program(tmp_path, "opulse-leaks", code) as leaking,
        program(tmp_path, "opulse-breathes", code) as breathing,
    ):
        for _ in range(8):
            for process, word in ((leaking, b"more\n"), (breathing, b"back\n")):
                assert process.stdin is not None and process.stdout is not None
                process.stdin.write(word)
                process.stdin.flush()
                process.stdout.readline()
            look.sample()
        assert float(look.value("Memory Leak", "opulse-leaks")) > 1000
        assert look.is_past("Memory Leak", "opulse-leaks")
        assert look.value("Memory Leak", "opulse-breathes") == 0


def test_starting_processes_and_switching_between_them_makes_both_rates_rise() -> None:
    look = Look([Processor()])
    for _ in range(50):
        os.waitpid(os.posix_spawn("/bin/true", ["true"], {}), 0)
    look.sample()
    assert float(look.value("Process Creation Rate")) > 1
    assert float(look.value("Context Switch Rate")) > 1
    assert 0 < float(look.value("One Processor Busy")) <= 100


def test_datagrams_that_nobody_reads_are_counted_as_lost() -> None:
    look = Look([Sockets()])
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as deaf,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender,
    ):
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        deaf.bind(("127.0.0.1", 0))
        for _ in range(500):
            sender.sendto(b"x" * 1000, deaf.getsockname())
        look.sample()
    assert look.is_past("UDP Receive Buffer Errors")


def test_a_program_that_takes_no_connections_lets_its_queue_overflow() -> None:
    look = Look([Sockets()])
    with socket.create_server(("127.0.0.1", 0), backlog=1) as busy, contextlib.ExitStack() as links:
        for _ in range(30):
            link = links.enter_context(socket.socket())
            link.setblocking(False)
            link.connect_ex(busy.getsockname())
        time.sleep(0.1)
        look.sample()
        assert look.is_past("Listen Queue Overflows")


def test_refused_connections_and_those_that_nobody_closes_are_counted() -> None:
    look = Look([Sockets()])
    with socket.create_server(("127.0.0.1", 0)) as listening:
        address = listening.getsockname()
        before = int(look.value("Connections Not Closed By Us"))
        links = [socket.create_connection(address) for _ in range(5)]
        for _ in links:
            listening.accept()[0].close()
        until(lambda: int(look.value("Connections Not Closed By Us")) >= before + 5)
        for link in links:
            link.close()
    for _ in range(50):
        with socket.socket() as refused:
            assert refused.connect_ex(address) != 0
    look.sample()
    assert float(look.value("Failed Connection Attempts")) > 0


def test_ports_that_are_taken_are_a_share_of_those_there_are() -> None:
    look = Look([Sockets()])
    before = float(look.value("Ephemeral Ports Used"))
    low, high = map(int, Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split())
    with contextlib.ExitStack() as held:
        for _ in range(300):
            link = held.enter_context(socket.socket())
            link.bind(("127.0.0.1", 0))
            link.listen()
        taken = float(look.value("Ephemeral Ports Used"))
    assert taken - before > 100 * 100 / (high - low + 1)


def test_writing_through_to_a_drive_shows_in_its_counters(tmp_path: Path) -> None:
    look = Look([Drives()])
    drives = look.instances("Disk Write KB/sec") if isinstance(look.at("Disk Write KB/sec"), dict) else set()
    with (tmp_path / "written").open("wb") as opened:
        for _ in range(20):
            opened.write(os.urandom(1_000_000))
            opened.flush()
            os.fsync(opened.fileno())
    look.sample()
    drives = look.instances("Disk Write KB/sec")
    if not drives:
        pytest.skip("this machine shows no drive of its own")
    written = {drive: float(look.value("Disk Write KB/sec", drive)) for drive in drives}
    busiest = max(written, key=lambda drive: written[drive])
    if not written[busiest]:
        pytest.skip("what the tests write does not reach a drive that this machine shows")
    assert float(look.value("Disk Write / sec", busiest)) > 0
    assert float(look.value("Disk Write Latency", busiest)) > 0
    assert float(look.value("Disk Queue Length", busiest)) >= 0


def test_a_volume_that_fills_has_hours_left_and_one_that_does_not_a_year(tmp_path: Path) -> None:
    look = Look([Disks(shortest_seconds=0.2)])
    time.sleep(0.3)
    with (tmp_path / "filler").open("wb") as opened:
        opened.write(b"x" * 50_000_000)
        opened.flush()
        os.fsync(opened.fileno())
        found = look.at("Volume Full Soon")
    assert isinstance(found, dict)
    hours = [reading.value for reading in found.values() if isinstance(reading, Measured)]
    assert all(0 < float(hour) <= 8760 for hour in hours)
    assert min(float(hour) for hour in hours) < 8760


def test_the_clock_as_the_kernel_keeps_it() -> None:
    look = Look([Timekeeping()])
    assert isinstance(look.value("Clock Not Synchronised"), bool)
    assert float(look.value("Clock Error Bound")) >= 0
    assert 0 <= float(look.value("Clock Correction")) <= 500
    assert look.value("Clock Stepped") == 0
    assert "no time server is named" in look.reason("Time Drift")


@pytest.mark.parametrize(("ahead", "past"), [(0.0, False), (3.0, True)])
def test_the_drift_against_a_time_server(ahead: float, past: bool) -> None:
    """A real server on a loopback port whose clock is ahead."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))

        def serve() -> None:
            request, asker = server.recvfrom(512)
            assert request[0] & 0b111 == 3
            now = time.clock_gettime(time.CLOCK_REALTIME) + ahead + 2_208_988_800
            stamp = int(now).to_bytes(4, "big") + int(now % 1 * 2**32).to_bytes(4, "big")
            server.sendto(bytes([0b00_100_100, 2]) + bytes(30) + stamp + stamp, asker)

        thread = threading.Thread(target=serve)
        thread.start()
        look = Look([Timekeeping()])
        drift = float(look.value("Time Drift", server="127.0.0.1", port=server.getsockname()[1]))
        thread.join()
    assert abs(drift - ahead * 1000) < 400
    assert (drift > 500) is past


def test_a_proxy_that_takes_no_connection_is_silent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        look = Look(
            [Reachability(proxies={"http": f"http://user:secret@127.0.0.1:{port}", "no": "localhost"})]
        )
        assert look.value("Proxy Silent", f"127.0.0.1:{port}") is False
    assert look.value("Proxy Silent", f"127.0.0.1:{port}") is True
    assert look.is_past("Proxy Silent", f"127.0.0.1:{port}")


def test_a_name_server_without_an_answer_is_silent(tmp_path: Path) -> None:
    resolv = tmp_path / "resolv.conf"
    resolv.write_text("nameserver 127.0.0.1\n")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        port = silent.getsockname()[1]
        look = Look([Reachability(resolv_conf=resolv, dns_port=port, patience=0.2)])
        assert look.value("Name Server Silent", "127.0.0.1") is True
        answering = threading.Thread(target=lambda: _answer_once(silent))
        answering.start()
        until(lambda: look.value("Name Server Silent", "127.0.0.1") is False or not answering.is_alive())
        answering.join()


def _answer_once(server: socket.socket) -> None:
    for _ in range(2):  # the first question is the one that waited
        request, asker = server.recvfrom(512)
        with contextlib.suppress(OSError):
            server.sendto(request[:2] + b"\x81\x83" + request[4:], asker)


def test_scripts_of_the_administrator_are_run_and_judged_by_their_end(tmp_path: Path) -> None:
    folder = tmp_path / "scripts.d"
    folder.mkdir(mode=0o755)
    for name, text, mode in (
        ("good", "#!/bin/sh\nexit 0\n", 0o755),
        ("bad", "#!/bin/sh\nexit 7\n", 0o755),
        ("slow", "#!/bin/sh\nexec sleep 60\n", 0o755),
        ("broken", "no program at all", 0o755),
        ("readme.txt", "not executable", 0o644),
        ("anybody", "#!/bin/sh\nexit 9\n", 0o777),
    ):
        (folder / name).write_text(text)
        (folder / name).chmod(mode)
    look = Look([Scripts(folder, timeout=0.5)])
    assert look.instances("Script Result") == {"good", "bad", "slow", "broken"}
    assert look.value("Script Result", "good") == 0
    assert look.value("Script Result", "bad") == 7
    assert look.is_past("Script Result", "bad")
    assert look.value("Script Failure", "slow") is True
    assert look.value("Script Failure", "broken") is True
    assert float(look.value("Script Duration", "slow")) >= 0.5
    folder.chmod(0o777)
    assert Look([Scripts(folder)]).instances("Script Result") == set()


def test_the_size_of_folders_is_what_they_take_on_the_disk(tmp_path: Path) -> None:
    logs = tmp_path / "var/log/deep"
    logs.mkdir(parents=True)
    (logs / "a.log").write_bytes(b"x" * 100_000)
    with (logs / "sparse").open("wb") as opened:
        opened.truncate(10_000_000)
    look = Look([Folders(tmp_path)])
    assert 100_000 <= float(look.value("Log Folder Size")) < 200_000
    assert "are not there" in look.reason("Core Dumps Size")
    (tmp_path / "home/maya").mkdir(parents=True)
    assert 0 <= float(look.value("Home Directory Latency")) < 5000
