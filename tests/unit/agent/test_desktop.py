"""Questions on a desktop: in the right person's session, once, in time, and told until it was heard."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest

from opulse.agent.accounts import account_of
from opulse.agent.linux.desktop import LinuxDesktop
from opulse.agent.prompts import CannotShow, Prompter
from opulse.agent.state_file import AgentMemory
from opulse.wire.desktop_prompts import DesktopPrompt, PromptOutcome
from tests.house.tree import ROOT
from tests.unit.agent.desks import LINK, ME, NOW, Desk, prompt, until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the adapter is Linux's")


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    made = Desk(tmp_path)
    monkeypatch.setenv("PATH", f"{made.programs}:{os.environ['PATH']}")
    return made


def desktop(desk: Desk, *accounts: str) -> LinuxDesktop:
    return LinuxDesktop(lambda: accounts or (ME.pw_name,), desk.root, patience=60)


@pytest.mark.parametrize(
    ("user", "accounts", "meant"),
    [
        ("maya", ["maya", "tom"], "maya"),
        ("EXAMPLE\\maya", ["maya"], "maya"),
        ("maya@example.org", ["Maya"], "Maya"),
        ("maya@example.org", ["EXAMPLE\\maya"], "EXAMPLE\\maya"),
        ("EXAMPLE\\maya", ["OTHER\\maya"], None),
        ("maya", ["ONE\\maya", "TWO\\maya"], None),
        ("ONE\\maya", ["ONE\\maya", "TWO\\maya"], "ONE\\maya"),
        ("maya", ["mayas"], None),
        ("maya", [], None),
        ("", ["maya"], None),
    ],
)
def test_a_name_means_one_account_or_none(user: str, accounts: list[str], meant: str | None) -> None:
    assert account_of(user, accounts) == meant


def test_the_question_stands_in_the_person_s_session_and_the_button_opens_the_page(desk: Desk) -> None:
    desktop(desk).show(prompt(), NOW)
    said = desk.said("notify-send")
    assert "--action=open=Open the questions" in said
    assert said[said.index("--") + 1 : said.index("--") + 3] == [
        "Pulse",
        "How does it &lt;b&gt;affect&lt;/b&gt; your work?",
    ]
    assert "DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/x/bus" in said
    assert "DISPLAY=:7" in said
    assert "SECRET=x" not in said
    assert LINK not in "\n".join(said), "the link is shown to nobody who only looks at processes"
    until(lambda: LINK in desk.said("xdg-open"), "the page was not opened")


def test_a_title_that_looks_like_an_option_is_a_title(desk: Desk) -> None:
    desk.waits()  # a page that opened later would be the next test's
    desktop(desk).show(prompt(title="--help", text="-x", ends_at=NOW + timedelta(seconds=5)), NOW)
    said = desk.said("notify-send")
    assert said[said.index("--") + 1 : said.index("--") + 3] == ["--help", "-x"]


def test_nobody_presses_and_nothing_opens(desk: Desk) -> None:
    desk.waits()
    desktop(desk).show(prompt(ends_at=NOW + timedelta(seconds=1)), NOW)
    time.sleep(1.5)
    assert desk.said("xdg-open") == []


@pytest.mark.parametrize(
    ("changes", "accounts", "words"),
    [
        ({"user": "somebody-else"}, (), "not logged on"),
        ({}, ("tom",), "not logged on"),
        ({"link": "file:///etc/passwd"}, (), "no address of a page"),
        ({"link": "https://pulse.example.org/s/a\nb"}, (), "no address of a page"),
    ],
)
def test_what_must_not_be_shown_is_not(
    desk: Desk, changes: dict[str, str], accounts: tuple[str, ...], words: str
) -> None:
    with pytest.raises(CannotShow, match=words) as told:
        desktop(desk, *accounts).show(prompt(**changes), NOW)
    assert "/s/" not in str(told.value)
    assert desk.shown() == 0


def test_a_person_without_a_desktop_session_and_a_service_that_refuses_are_said(desk: Desk) -> None:
    desk.refuses()
    with pytest.raises(CannotShow, match="no notification service"):
        desktop(desk).show(prompt(), NOW)
    shutil.rmtree(desk.root / "proc")
    with pytest.raises(CannotShow, match="no desktop session"):
        desktop(desk).show(prompt(), NOW)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become somebody else")
def test_an_agent_of_root_asks_as_the_person_and_with_no_power_of_its_own(desk: Desk) -> None:
    person = pwd.getpwnam("nobody")
    for folder in (desk.folder, *desk.folder.parents):
        if folder.stat().st_uid == 0 and folder != Path("/"):
            folder.chmod(folder.stat().st_mode | 0o005)
    desk.folder.chmod(0o777)
    desk.session(person.pw_uid, "unix:path=/run/user/nobody/bus")
    desktop(desk, "nobody").show(prompt(user="nobody"), NOW)
    said = desk.said("notify-send")
    assert f"uid={person.pw_uid}" in said
    assert "CapPrm:\t0000000000000000" in said
    assert "DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/nobody/bus" in said
    until(lambda: f"uid={person.pw_uid}" in desk.said("xdg-open"), "the page was not opened as the person")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may start it so")
def test_an_agent_of_its_own_account_with_two_capabilities_asks_as_the_person_and_passes_none_on(
    desk: Desk,
) -> None:
    """As the unit with its drop-in runs it: not root, but allowed to become others."""
    person = pwd.getpwnam("daemon")
    for folder in (desk.folder, *desk.folder.parents):
        if folder.stat().st_uid == 0 and folder != Path("/"):
            folder.chmod(folder.stat().st_mode | 0o005)
    desk.folder.chmod(0o777)
    desk.session(person.pw_uid, "unix:path=/run/user/daemon/bus")
    code = (
        "import sys; from pathlib import Path; from tests.unit.agent.desks import NOW, prompt; "
        "from opulse.agent.linux.desktop import LinuxDesktop; "
        "LinuxDesktop(lambda: ['daemon'], Path(sys.argv[1]), 60).show(prompt(user='daemon'), NOW)"
    )
    allowed = ["--inh-caps=+setuid,+setgid", "--ambient-caps=+setuid,+setgid"]
    agent = [
        "setpriv",
        "--reuid=nobody",
        "--regid=nogroup",
        "--clear-groups",
        *allowed,
        sys.executable,
        "-c",
        code,
    ]
    done = subprocess.run([*agent, desk.root], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode and "ermission denied" in done.stderr and "CannotShow" not in done.stderr:
        pytest.skip("this checkout is closed to other accounts")
    assert done.returncode == 0, done.stderr
    said = desk.said("notify-send")
    assert f"uid={person.pw_uid}" in said
    assert "CapPrm:\t0000000000000000" in said


class Screen:
    """A desktop that counts, and can be told to fail or to die while it shows."""

    def __init__(self) -> None:
        self.shown: list[str] = []
        self.failure: BaseException | None = None

    def show(self, prompt: DesktopPrompt, now: object) -> None:
        if self.failure is not None:
            raise self.failure
        self.shown.append(prompt.id)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "state.json"


def start(screen: Screen | None, file: Path) -> Prompter:
    """As after a restart."""
    return Prompter(screen, AgentMemory(file, NOW), NOW)


def outcomes(prompter: Prompter) -> list[PromptOutcome]:
    return [report.outcome for report in prompter.reports()]


def test_each_is_shown_once_and_told_until_it_was_heard(file: Path) -> None:
    screen = Screen()
    prompter = start(screen, file)
    for _ in range(2):
        prompter.take([prompt(1), prompt(2)])
        prompter.show(NOW)
    assert len(screen.shown) == 2
    assert outcomes(prompter) == [PromptOutcome.SHOWN] * 2
    again = start(screen, file)
    assert outcomes(again) == [PromptOutcome.SHOWN] * 2
    again.told(again.reports())
    assert again.reports() == []
    again = start(screen, file)
    again.take([prompt(1)])
    again.show(NOW)
    assert (len(screen.shown), again.reports()) == (2, [])


def test_who_dies_while_showing_does_not_show_it_again_and_says_so(file: Path) -> None:
    screen = Screen()
    screen.failure = KeyboardInterrupt()
    prompter = start(screen, file)
    prompter.take([prompt()])
    with pytest.raises(KeyboardInterrupt):
        prompter.show(NOW)
    screen.failure = None
    again = start(screen, file)
    assert outcomes(again) == [PromptOutcome.INTERRUPTED]
    again.take([prompt()])
    again.show(NOW)
    assert screen.shown == []


def test_a_failure_is_told_once_and_tried_again_while_it_is_offered(file: Path) -> None:
    screen = Screen()
    screen.failure = CannotShow("locked")
    prompter = start(screen, file)
    prompter.take([prompt()])
    prompter.show(NOW)
    (report,) = prompter.reports()
    assert (report.outcome, report.detail) == (PromptOutcome.FAILED, "locked")
    assert not prompter.has_reports, "a failure waits for the next heartbeat"
    prompter.told([report])
    prompter.take([prompt()])
    prompter.show(NOW)
    assert prompter.reports() == []
    screen.failure = None
    prompter.take([prompt()])
    prompter.show(NOW)
    assert outcomes(prompter) == [PromptOutcome.SHOWN]
    assert prompter.has_reports


def test_nothing_is_shown_after_its_time_or_when_it_is_offered_no_more(file: Path) -> None:
    screen = Screen()
    prompter = start(screen, file)
    prompter.take([prompt()])
    prompter.show(NOW + timedelta(hours=1))
    prompter.take([prompt()])
    prompter.take([])
    prompter.show(NOW)
    assert (screen.shown, prompter.reports()) == ([], [])


def test_nothing_is_shown_that_cannot_be_written_down_first(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    screen, memory = Screen(), AgentMemory(file, NOW)

    def full() -> None:
        raise OSError("no space left")

    prompter = Prompter(screen, memory, NOW)
    with monkeypatch.context() as patched:
        patched.setattr(memory, "keep_prompts", full)
        prompter.take([prompt()])
        prompter.show(NOW)
    assert (screen.shown, prompter.reports()) == ([], [])
    prompter.take([prompt()])
    prompter.show(NOW)
    assert len(screen.shown) == 1


def test_notes_are_forgotten_when_the_page_has_long_closed(file: Path) -> None:
    prompter = start(Screen(), file)
    prompter.take([prompt()])
    prompter.show(NOW)
    prompter.told(prompter.reports())
    memory = AgentMemory(file, NOW)
    assert len(memory.prompts) == 1
    Prompter(None, memory, NOW + timedelta(days=9))
    assert memory.prompts == {}
