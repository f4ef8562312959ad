"""Questions on a Linux desktop: ``notify-send`` with an action in the person's session, and ``xdg-open`` when it is pressed.

notify-send(1) of libnotify 0.8: ``--action NAME=TEXT`` waits and prints the name of the pressed action, ``--print-id`` prints the
number that the notification service gave (0: none, and then why). It prints it only at its end unless stdbuf(1) says otherwise.
Desktop Notifications Specification 1.2: a number is never 0, and a body may hold markup, so it is escaped.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from html import escape
from pathlib import Path

from opulse.agent.accounts import account_of
from opulse.agent.dialogue import Dialogue, check_link, hold
from opulse.agent.linux.logons import list_logons
from opulse.agent.prompts import CannotShow
from opulse.wire.desktop_prompts import DesktopPrompt

OPEN = "open"
_OPENING_SECONDS = 30.0
PATIENCE_SECONDS = 10.0
"""A desktop that has not taken a question by then is not shown it: nobody should see it long after it was asked."""
_OF_THE_SESSION = (
    "DBUS_SESSION_BUS_ADDRESS", "DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "XDG_RUNTIME_DIR", "XDG_CURRENT_DESKTOP",
    "XDG_SESSION_TYPE", "XDG_DATA_DIRS", "LANG",
)  # fmt: skip


def logged_on_accounts() -> list[str]:
    """The accounts that have a session here."""
    return [logon.user for logon in list_logons()]


class LinuxDesktop:
    """Shows questions as the person: as itself where the agent is the person, else by ``setpriv`` of util-linux.

    An agent that is neither the person nor may become it (root, or ``CAP_SETUID`` and ``CAP_SETGID``) says so.
    """

    def __init__(
        self,
        accounts: Callable[[], Sequence[str]] = logged_on_accounts,
        root: Path = Path("/"),
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        self._accounts = accounts
        self._root = root
        self._patience = patience

    def show(self, prompt: DesktopPrompt, now: datetime) -> None:
        """See :class:`opulse.agent.prompts.Desktop`."""
        check_link(prompt.link)
        try:
            account = account_of(prompt.user, self._accounts())
        except (OSError, ValueError) as error:
            raise CannotShow(f"who is logged on cannot be read: {error}") from error
        if account is None:
            raise CannotShow("the person is not logged on here, or several accounts may be meant")
        try:
            person = pwd.getpwnam(account)
        except KeyError:
            raise CannotShow("the account is not known to this system") from None
        environment = self._environment(person)
        question = [
            _program("notify-send"), "--print-id", "--app-name=Operational Pulse", "--expire-time=0",
            f"--action={OPEN}={prompt.button}", "--", prompt.title, escape(prompt.text, quote=False),
        ]  # fmt: skip
        unbuffered = shutil.which("stdbuf")
        command = [*_acting_as(person), *((unbuffered, "-oL") if unbuffered else ()), *question]
        hold(
            Dialogue(command, environment, OPEN, _is_number if unbuffered else None, self._patience),
            (prompt.ends_at - now).total_seconds(),
            lambda: self._open(person, environment, prompt.link),
        )

    def _open(self, person: pwd.struct_passwd, environment: dict[str, str], link: str) -> None:
        """The person's browser. Through the person's own systemd where there is one: a browser that is started here would live
        within the agent's limits, and end with it (systemd-run(1), ``--user``)."""
        opening = [_program("xdg-open"), link]
        manager = self._root / f"run/user/{person.pw_uid}/systemd/private"
        if manager.exists() and (run := shutil.which("systemd-run")):
            kept = [
                f"--setenv={name}={value}" for name, value in environment.items() if name in _OF_THE_SESSION
            ]
            opening = [run, "--user", "--collect", "--quiet", *kept, "--", *opening]
        subprocess.run(  # noqa: S603 - no shell, and the link was checked
            [*_acting_as(person), *opening],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_OPENING_SECONDS,
            check=False,
            start_new_session=True,
        )

    def _environment(self, person: pwd.struct_passwd) -> dict[str, str]:
        """What a program of the person's desktop session sees. Raises :class:`CannotShow`: there is no such session."""
        found = max(self._sessions(person.pw_uid), key=len, default={})
        bus = self._root / f"run/user/{person.pw_uid}/bus"
        if "DBUS_SESSION_BUS_ADDRESS" not in found and bus.exists():
            found["DBUS_SESSION_BUS_ADDRESS"] = f"unix:path={bus}"
        if "DBUS_SESSION_BUS_ADDRESS" not in found:
            raise CannotShow("the person has no desktop session here (no session bus)")
        return {"PATH": os.defpath, "HOME": person.pw_dir, "USER": person.pw_name, **found}

    def _sessions(self, uid: int) -> Iterator[dict[str, str]]:
        """What the processes of this user were given of a desktop; those of others are never looked into."""
        for folder in (self._root / "proc").glob("[0-9]*"):
            try:
                if folder.stat().st_uid != uid:
                    continue
                entries = (folder / "environ").read_bytes().split(b"\0")
            except OSError:
                continue  # it has ended, or is none of ours to read
            pairs = (os.fsdecode(entry).partition("=") for entry in entries)
            found = {name: value for name, _, value in pairs if name in _OF_THE_SESSION and value}
            if "DBUS_SESSION_BUS_ADDRESS" in found:
                yield found


def _acting_as(person: pwd.struct_passwd) -> list[str]:
    """Words before a command that is to run as the person, with none of the agent's own capabilities (setpriv(1))."""
    if person.pw_uid == os.geteuid():
        return []
    return [
        _program("setpriv"), f"--reuid={person.pw_uid}", f"--regid={person.pw_gid}", "--init-groups",
        "--inh-caps=-all", "--ambient-caps=-all", "--",
    ]  # fmt: skip


def _is_number(line: str) -> bool:
    """The number of a notification that a service took."""
    return line.isdecimal() and int(line) > 0


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise CannotShow(f"{name} is not installed")
    return found
