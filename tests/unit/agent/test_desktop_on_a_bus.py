"""The real ``notify-send`` on a real session bus, with a stand-in for what draws notifications: what it takes, and a press."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import psutil
import pytest

from opulse.agent.linux.desktop import LinuxDesktop
from opulse.agent.prompts import CannotShow
from tests.unit.agent import notification_service
from tests.unit.agent.desks import LINK, ME, NOW, Desk, prompt, until

SYSTEM_PYTHON = Path("/usr/bin/python3")
MISSING = [name for name in ("notify-send", "dbus-daemon") if shutil.which(name) is None]
if not Path("/usr/lib/python3/dist-packages/dbus").is_dir():
    MISSING.append("python3-dbus")
pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}")


@pytest.fixture
def bus() -> Iterator[str]:
    """The address of a session bus of our own."""
    daemon = subprocess.Popen(
        ["dbus-daemon", "--session", "--nofork", "--print-address"], stdout=subprocess.PIPE, text=True
    )
    assert daemon.stdout is not None
    with daemon.stdout:
        yield daemon.stdout.readline().strip()
        daemon.kill()
        daemon.wait()


@pytest.fixture
def desk(tmp_path: Path, bus: str, monkeypatch: pytest.MonkeyPatch) -> Desk:
    made = Desk(tmp_path)
    (made.programs / "notify-send").unlink()
    made.session(ME.pw_uid, bus)
    monkeypatch.setenv("PATH", f"{made.programs}:{os.environ['PATH']}")
    return made


@pytest.fixture
def service(desk: Desk, bus: str) -> Iterator[Path]:
    """The folder of a notification service that runs."""
    folder = desk.folder / "service"
    folder.mkdir()
    environment = {"PATH": os.defpath, "DBUS_SESSION_BUS_ADDRESS": bus}
    program = subprocess.Popen([SYSTEM_PYTHON, notification_service.__file__, folder], env=environment)
    until((folder / "ready").exists, "the service did not start")
    yield folder
    program.kill()
    program.wait()


def desktop(desk: Desk) -> LinuxDesktop:
    return LinuxDesktop(lambda: [ME.pw_name], desk.root, patience=60)


def test_the_service_takes_it_and_a_press_opens_the_page(desk: Desk, service: Path) -> None:
    desktop(desk).show(prompt(), NOW)
    (said,) = map(json.loads, (service / "notifications").read_text().splitlines())
    assert said == {
        "app": "Operational Pulse",
        "summary": "Pulse",
        "body": "How does it &lt;b&gt;affect&lt;/b&gt; your work?",
        "actions": ["open", "Open the questions"],
        "expires": 0,
    }
    assert desk.said("xdg-open") == []
    (service / "press").touch()
    until(lambda: LINK in desk.said("xdg-open"), "the page was not opened")


def test_it_is_taken_before_anybody_presses_and_ends_with_the_page(desk: Desk, service: Path) -> None:
    """``show`` returns while the notification stands there; nobody ever presses."""
    desktop(desk).show(prompt(ends_at=NOW + timedelta(seconds=1)), NOW)
    mine = psutil.Process()

    def is_there() -> bool:
        return any(
            one.name() == "notify-send" for one in mine.children() if one.status() != psutil.STATUS_ZOMBIE
        )

    assert is_there()
    until(lambda: not is_there(), "notify-send went on")
    assert desk.said("xdg-open") == []


def test_a_session_without_a_notification_service_is_said(desk: Desk) -> None:
    with pytest.raises(CannotShow, match="Notifications"):
        desktop(desk).show(prompt(), NOW)
