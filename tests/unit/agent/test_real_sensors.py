"""The Linux collectors on the machine that runs the tests: real ``/proc``, real processes, real load."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from opulse.agent import read_sensors_now
from opulse.agent.board import SensorBoard
from opulse.agent.linux import linux_collectors
from opulse.agent.linux.network import Network
from opulse.agent.linux.processes import Processes
from opulse.agent.linux.processor import Processor
from opulse.agent.models import SensorReading
from opulse.agent.sources import Question, Sources
from opulse.catalogue import Measured, Platform, Unavailable, load_catalogue
from opulse.wire.agent_config import AgentSensor

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the collectors are Linux's")

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
BURN = "while True: pass"
ALWAYS_READABLE = (
    "Extended High Application CPU Usage",
    "Total CPU Usage",
    "Percentage Interrupt CPU",
    "Interrupt Rate",
    "High Kernel Mode CPU Use",
    "Processor Queue Length",
    "Low Available Memory",
    "Commit Ratio",
    "Page Fault Rate",
    "Page Input Rate",
    "Low Available Disk Space",
    "Percentage Free Space",
    "Thread Count",
    "Process Count",
    "Reboot Status",
    "Packet Rate",
)


@pytest.fixture(scope="module")
def readings() -> list[SensorReading]:
    return read_sensors_now({"Process 1 Not Running": {"process": "no-such-process-anywhere"}})


def of(readings: list[SensorReading], name: str) -> list[SensorReading]:
    return [reading for reading in readings if reading.name == name]


def test_every_sensor_of_this_platform_is_listed_with_a_value_or_a_reason(
    readings: list[SensorReading],
) -> None:
    expected = {sensor.name for sensor in load_catalogue().evaluated_on(Platform.LINUX)}
    assert {reading.name for reading in readings} == expected
    for reading in readings:
        assert reading.value is None or reading.unavailable is None
        if reading.unavailable is not None:
            assert reading.unavailable.strip()
            assert not reading.triggered


@pytest.mark.parametrize("name", ALWAYS_READABLE)
def test_sensors_that_any_linux_can_read_have_a_value(readings: list[SensorReading], name: str) -> None:
    found = of(readings, name)
    assert found
    assert all(isinstance(reading.value, int | float) and reading.value >= 0 for reading in found)


def test_every_measure_the_catalogue_says_linux_has_is_given_by_a_collector_and_no_other() -> None:
    promised = {sensor.source for sensor in load_catalogue().evaluated_on(Platform.LINUX)}
    assert Sources(linux_collectors(), absent="none").names == promised


def test_the_system_volume_is_an_instance_of_the_disk_sensors(readings: list[SensorReading]) -> None:
    assert "/" in {reading.instance for reading in of(readings, "Percentage Free Space")}


def test_a_process_that_nobody_started_is_said_to_be_missing(readings: list[SensorReading]) -> None:
    (slot,) = of(readings, "Process 1 Not Running")
    assert (slot.value, slot.triggered) == (True, True)


def test_a_slot_without_a_name_is_unavailable(readings: list[SensorReading]) -> None:
    (slot,) = of(readings, "Process 2 Not Running")
    assert slot.unavailable == "no process is named: set this sensor's variable 'process'"


@pytest.fixture
def burner(tmp_path: Path) -> Iterator[str]:
    """A process that keeps a processor busy, under a name of its own."""
    program = tmp_path / "opulse-burner"
    program.symlink_to(sys.executable)
    process = subprocess.Popen([str(program), "-S", "-c", BURN])
    yield program.name
    process.kill()
    process.wait()


def asked(**variables: str | float) -> Question:
    return Question(variables, NOW)


def busy_share(processor: Processor, seconds: float) -> float:
    processor.sample()
    time.sleep(seconds)
    processor.sample()
    reading = processor.measures()["cpu.total_percent"](asked())
    assert isinstance(reading, Measured)
    return float(reading.value)


def test_burning_a_processor_makes_its_reading_rise(burner: str) -> None:
    processes = Processes()
    processes.sample()
    with_load = busy_share(Processor(), 1.0)
    processes.sample()
    by_process = processes.measures()["process.cpu_percent"](asked())
    assert isinstance(by_process, dict)
    busiest = by_process[burner]
    assert isinstance(busiest, Measured)
    assert 20 < float(busiest.value) <= 110
    assert with_load > 15


def test_the_burning_process_triggers_its_sensor_under_its_own_name(burner: str) -> None:
    board = SensorBoard(load_catalogue(), Platform.LINUX)
    board.follow((AgentSensor("Extended High Application CPU Usage", {"limit": 15, "hold": 0}),), NOW)
    sources = Sources([Processes()], absent="none")
    sources.sample()
    time.sleep(1.0)
    sources.sample()
    changes = board.take(board.read(sources, NOW), NOW)
    assert burner in {change.instance for change in changes if change.triggered}


def test_killing_a_process_triggers_process_not_running(tmp_path: Path) -> None:
    program = tmp_path / "opulse-needed"
    program.symlink_to(sys.executable)
    board = SensorBoard(load_catalogue(), Platform.LINUX)
    board.follow((AgentSensor("Process 1 Not Running", {"process": "OPULSE-needed", "hold": 0}),), NOW)
    sources = Sources(linux_collectors(), absent="none")
    process = subprocess.Popen([str(program), "-S", "-c", "input()"], stdin=subprocess.PIPE)
    try:
        assert board.take(board.read(sources, NOW), NOW) == []
        process.kill()
        deadline = time.monotonic() + 5
        while not (changes := board.take(board.read(sources, NOW), NOW)) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert [(change.sensor, change.triggered) for change in changes] == [("Process 1 Not Running", True)]
    finally:
        process.kill()
        process.communicate()


def test_retransmissions_are_judged_only_when_enough_was_sent() -> None:
    network = Network()
    measure = network.measures()["net.tcp.retransmit_percent"]
    network.sample()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        link = socket.create_connection(listening.getsockname())
        peer, _ = listening.accept()
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for _ in range(100):
            link.send(b"x")
            peer.recv(1)
        link.close()
        peer.close()
    network.sample()
    enough = measure(asked(min_segments=50))
    assert isinstance(enough, Measured)
    assert 0 <= float(enough.value) <= 100
    too_few = measure(asked(min_segments=10**12))
    assert isinstance(too_few, Unavailable)
    assert "are needed" in too_few.reason
