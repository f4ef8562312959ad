"""What only root may do to a machine: volumes that fill, freeze and break, and memory that runs out."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from opulse.agent.board import SensorBoard
from opulse.agent.linux.disk import Disks
from opulse.agent.linux.kernel_log import KernelLog
from opulse.agent.linux.memory import Memory
from opulse.agent.linux.mounts import Mounts
from opulse.agent.linux.process_table import ProcessTable
from opulse.agent.sources import Sources
from opulse.catalogue import Platform, Scalar, load_catalogue
from opulse.clock import SystemClock
from opulse.wire.agent_config import AgentSensor
from tests.unit.agent.looking import Look

NOT_ROOT = sys.platform != "linux" or os.geteuid() != 0
pytestmark = pytest.mark.skipif(NOT_ROOT, reason="only root may mount volumes and limit memory")

LONGEST_SECONDS = 20.0
CGROUPS = Path("/sys/fs/cgroup")


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + LONGEST_SECONDS
    while not true():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.05)


def run(*words: str) -> None:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"{' '.join(words[:2])} is not possible here: {done.stderr.strip()[:100]}")


# -- a volume of its own ------------------------------------------------------------------------------------------------


@pytest.fixture
def volume(tmp_path: Path) -> Iterator[Path]:
    """A loop-mounted ext4 volume of 32 MB."""
    image, folder = tmp_path / "volume.img", tmp_path / "a volume"
    folder.mkdir()
    with image.open("wb") as opened:
        opened.truncate(32_000_000)
    run("mkfs.ext4", "-q", "-F", "-m", "0", str(image))
    run("mount", "-o", "loop", str(image), str(folder))
    yield folder
    subprocess.run(["fsfreeze", "--unfreeze", str(folder)], capture_output=True, check=False)
    subprocess.run(["umount", "--lazy", str(folder)], capture_output=True, check=False)


def device_of(volume: Path) -> str:
    lines = (line.split() for line in Path("/proc/self/mounts").read_text().splitlines())
    mounted = str(volume).replace(" ", "\\040")
    return next(Path(fields[0]).name for fields in lines if fields[1] == mounted)


def test_a_volume_that_is_filled_triggers_its_sensor_and_clears_when_it_is_emptied(volume: Path) -> None:
    board = SensorBoard(load_catalogue(), Platform.LINUX)
    clock = SystemClock()
    variables: dict[str, Scalar] = {"limit": 10, "hold": 0}
    board.follow((AgentSensor("Percentage Free Space", dict(variables)),), clock.now())
    sources = Sources([Disks()], absent="none")

    def changed() -> dict[str | None, bool]:
        now = clock.now()
        return {change.instance: change.triggered for change in board.take(board.read(sources, now), now)}

    assert str(volume) not in changed()
    (volume / "filler").write_bytes(b"x" * 27_000_000)
    assert changed()[str(volume)] is True
    look = Look([Disks()])
    assert float(look.value("% Disk Free Space", str(volume))) < 10
    assert look.is_past("% Disk Free Space (Red)", str(volume))
    (volume / "filler").unlink()
    os.sync()
    assert float(look.value("Percentage Free Space", str(volume))) > 50


def test_files_use_up_the_inodes_of_a_volume(volume: Path) -> None:
    look = Look([Disks()])
    before = float(look.value("Low Free Inodes", str(volume)))
    files = os.statvfs(volume).f_files
    for number in range(files // 10):
        (volume / f"empty-{number}").touch()
    after = float(look.value("Low Free Inodes", str(volume)))
    assert before - after == pytest.approx(10, abs=1)


def test_a_volume_in_memory_that_fills(tmp_path: Path) -> None:
    run("mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(tmp_path))
    try:
        (tmp_path / "filler").write_bytes(b"x" * 4_000_000)
        assert Look([Disks()]).is_past("Memory Volume Free Space", str(tmp_path))
    finally:
        subprocess.run(["umount", "--lazy", str(tmp_path)], check=False)


def test_a_volume_that_was_writable_and_is_not_any_more(volume: Path) -> None:
    look = Look([Mounts()])
    assert look.value("Volume Became Read-Only", str(volume)) is False
    run("mount", "-o", "remount,ro", str(volume))
    assert look.is_past("Volume Became Read-Only", str(volume))
    assert str(volume) not in Look([Mounts()]).instances("Volume Became Read-Only"), "read-only on purpose"


def test_a_volume_of_the_table_that_is_not_mounted(volume: Path, tmp_path: Path) -> None:
    table = tmp_path / "fstab"
    there = str(volume).replace(" ", "\\040")
    table.write_text(
        f"# comment\n/dev/x {there} ext4 defaults 0 2\n/dev/y /nowhere ext4 rw 0 2\n/dev/z /later ext4 noauto 0 0\n"
        "/dev/s none swap sw 0 0\n"
    )
    look = Look([Mounts(fstab=table)])
    found = look.at("Planned Volume Not Mounted")
    assert isinstance(found, dict)
    assert set(found) == {str(volume), "/nowhere"}
    assert look.value("Planned Volume Not Mounted", str(volume)) is False
    assert look.is_past("Planned Volume Not Mounted", "/nowhere")


def test_an_error_of_the_file_system_is_remembered_by_it_and_logged_by_the_kernel(volume: Path) -> None:
    device = device_of(volume)
    trigger = Path("/sys/fs/ext4") / device / "trigger_fs_error"
    if not trigger.exists():
        pytest.skip("this kernel cannot make ext4 report an error on demand")
    look = Look([Mounts(), KernelLog()])
    assert look.value("File System Has Errors", device) == 0
    trigger.write_text("opulse-test")
    until(lambda: look.is_past("File System Has Errors", device))
    until(lambda: device in look.instances("File System Errors Logged"))
    assert look.is_past("File System Errors Logged", device, window=60)


def test_a_writer_to_a_frozen_volume_hangs_in_the_kernel(volume: Path, tmp_path: Path) -> None:
    program = tmp_path / "opulse-writes"
    program.symlink_to("/bin/dd")
    look = Look([ProcessTable()])
    run("fsfreeze", "--freeze", str(volume))
    words = [str(program), "if=/dev/zero", f"of={volume / 'file'}", "bs=4k", "count=1"]
    writing = subprocess.Popen(words, stderr=subprocess.DEVNULL)
    try:
        until(lambda: "opulse-writes" in look.instances("Process Waiting Uninterruptibly"))
    finally:
        subprocess.run(["fsfreeze", "--unfreeze", str(volume)], check=True)
        writing.wait()
    assert "opulse-writes" not in look.instances("Process Waiting Uninterruptibly")


# -- memory that runs out -----------------------------------------------------------------------------------------------


@pytest.fixture
def little_memory() -> Iterator[Path]:
    """A control group that may hold 20 MB, of whichever version the machine has; gives the file that takes process ids."""
    name = f"opulse-test-{os.getpid()}"
    first, second = CGROUPS / "memory" / name, CGROUPS / name
    group, limit = (first, "memory.limit_in_bytes") if first.parent.is_dir() else (second, "memory.max")
    try:
        group.mkdir()
        (group / limit).write_text("20000000")
    except OSError as failure:
        pytest.skip(f"no control group of memory can be made here: {failure}")
    yield group / "cgroup.procs"
    until(lambda: not (group / "cgroup.procs").read_text())
    group.rmdir()


def test_a_process_that_is_killed_for_want_of_memory_is_counted_and_named(
    little_memory: Path, tmp_path: Path
) -> None:
    program = tmp_path / f"greedy-{uuid.uuid4().hex[:8]}"  # the kernel keeps 15 characters of a name
    program.symlink_to(sys.executable)
    look = Look([Memory(), KernelLog()])
    before = int(look.value("Out Of Memory Kills"))
    join = f"import os; open({str(little_memory)!r}, 'w').write(str(os.getpid())); b = bytearray(200_000_000)"
    ended = subprocess.run([str(program), "-S", "-c", join], check=False)
    if ended.returncode != -9:
        pytest.skip("this machine has swap enough, or does not hold a group to its limit")
    look.sample()
    assert int(look.value("Out Of Memory Kills")) > before
    assert look.is_past("Out Of Memory Kills")
    assert look.value("Program Killed For Memory", program.name, window=60) == 1
