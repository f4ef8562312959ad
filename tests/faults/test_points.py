"""The points themselves: off unless armed, and exactly those that the crash test and its table know."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from opulse.observe import faults
from tests.faults.points import ANSWERS, ELSEWHERE, POINTS
from tests.house.tree import ROOT, SOURCE, modules

TABLE = ROOT / "docs" / "explain" / "crashes.md"
PASSES = (
    "from pathlib import Path; import sys; from opulse.observe import faults; faults.arm(Path(sys.argv[1])); "
)


@pytest.fixture
def order(tmp_path: Path) -> Path:
    return tmp_path / "die-at"


def test_a_point_does_nothing_unless_it_was_armed(order: Path) -> None:
    order.write_text("here")
    faults.arm(None)
    faults.point("here")
    assert order.read_text() == "here"


def test_another_point_or_no_file_does_nothing(order: Path) -> None:
    faults.arm(order)
    try:
        faults.point("here")
        order.write_text("here")
        faults.point("there")
        assert order.read_text() == "here"
    finally:
        faults.arm(None)


@pytest.mark.parametrize(("wanted", "passed"), [("here", 1), ("here 3", 3)])
def test_the_process_dies_at_the_passing_that_was_named_and_its_successor_lives(
    order: Path, wanted: str, passed: int
) -> None:
    order.write_text(wanted)
    program = PASSES + "[print('alive', faults.point('here') or n, flush=True) for n in range(5)]"
    died = subprocess.run([sys.executable, "-c", program, order], capture_output=True, text=True, check=False)
    assert died.returncode == -signal.SIGKILL
    assert died.stdout.count("alive") == passed - 1
    assert not order.exists()
    lives = subprocess.run(
        [sys.executable, "-c", program, order], capture_output=True, text=True, check=False
    )
    assert (lives.returncode, lives.stdout.count("alive")) == (0, 5)


def test_a_process_may_be_stopped_at_a_point_and_goes_on_when_it_is_told_to(order: Path) -> None:
    order.write_text("stop here")
    program = PASSES + "print('alive', flush=True); faults.point('here'); print('alive', flush=True)"
    process = subprocess.Popen([sys.executable, "-c", program, order], stdout=subprocess.PIPE, text=True)
    _, status = os.waitpid(process.pid, os.WUNTRACED)
    assert os.WIFSTOPPED(status)
    assert not order.exists()
    process.send_signal(signal.SIGCONT)
    assert process.communicate(timeout=30)[0].count("alive") == 2


@pytest.mark.parametrize(("wanted", "along"), [("here", True), ("alone here", False)])
def test_the_process_that_it_belongs_to_dies_with_it_unless_it_is_told_to_die_alone(
    order: Path, wanted: str, along: bool
) -> None:
    order.write_text(wanted)
    owner = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    program = (
        "from pathlib import Path; import sys; from opulse.observe import faults; "
        "faults.arm(Path(sys.argv[1]), along=(int(sys.argv[2]),)); faults.point('here')"
    )
    died = subprocess.run([sys.executable, "-c", program, order, str(owner.pid)], check=False)
    assert died.returncode == -signal.SIGKILL
    assert not order.exists()
    owner.communicate(b"\n", timeout=30)
    assert owner.returncode == (-signal.SIGKILL if along else 0)


def test_every_point_is_crashed_at_and_stands_in_the_table() -> None:
    named = {
        name
        for path in modules()
        if path != SOURCE / "observe" / "faults.py"
        for name in re.findall(r'faults\.point\("([^"]+)"\)', path.read_text())
    }
    crashed = {point.partition(" ")[0] for point in (*POINTS.values(), *ANSWERS.values())}
    assert named == crashed | ELSEWHERE
    assert set(re.findall(r"^\| `([a-z_.]+)` \|", TABLE.read_text(), re.MULTILINE)) == crashed
