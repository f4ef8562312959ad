"""Questions on a Mac: a notification, and a dialogue with two buttons, in the person's session. Not run on hardware.

Apple's Mac Automation Scripting Guide ("Displaying Notifications", "Displaying Dialogs and Alerts"): *display notification* has
no button of its own, so *display dialog* with *giving up after* follows; osascript(1) hands words to ``on run argv``, so none is
ever part of the script. launchctl(1): ``asuser`` for an agent of root; open(1) for the page.
"""

from __future__ import annotations

import os
import pwd
import subprocess
from collections.abc import Callable, Sequence
from datetime import datetime

from opulse.agent.accounts import account_of
from opulse.agent.anywhere.logons import list_users
from opulse.agent.dialogue import MOST_SECONDS, Dialogue, check_link, hold
from opulse.agent.prompts import CannotShow
from opulse.wire.desktop_prompts import DesktopPrompt

OPEN = "open"
_PATIENCE_SECONDS = 2.0
_SCRIPT = (
    "on run argv",
    "display notification (item 2 of argv) with title (item 1 of argv)",
    "set wish to display dialog (item 2 of argv) with title (item 1 of argv) buttons {item 4 of argv, item 3 of argv} "
    "default button 2 giving up after (item 5 of argv as integer)",
    f'if button returned of wish is (item 3 of argv) then return "{OPEN}"',
    'return "closed"',
    "end run",
)
_LATER = "✕"
"""A sign needs no translation."""


class MacDesktop:
    """Shows questions as the person: as itself where the agent is the person, else by ``launchctl asuser`` and ``sudo``."""

    def __init__(
        self,
        accounts: Callable[[], Sequence[str]] | None = None,
        holder: Callable[[Dialogue, float, Callable[[], None]], None] = hold,
    ) -> None:
        """``accounts``: who has a session here; None: as the Mac says it. ``holder`` runs the dialogue."""
        self._accounts = accounts or _accounts
        self._hold = holder

    def show(self, prompt: DesktopPrompt, now: datetime) -> None:
        """See :class:`opulse.agent.prompts.Desktop`."""
        check_link(prompt.link)
        account = account_of(prompt.user, self._accounts())
        if account is None:
            raise CannotShow("the person is not logged on here, or several accounts may be meant")
        try:
            person = pwd.getpwnam(account)
        except KeyError:
            raise CannotShow("the account is not known to this system") from None
        seconds = min(MOST_SECONDS, max(1.0, (prompt.ends_at - now).total_seconds()))
        lines = [word for line in _SCRIPT for word in ("-e", line)]
        said = [prompt.title, prompt.text, prompt.button, _LATER, str(round(seconds))]
        command = [*_acting_as(person), "/usr/bin/osascript", *lines, "--", *said]
        environment = {"PATH": os.defpath, "HOME": person.pw_dir, "USER": person.pw_name}
        opening = [*_acting_as(person), "/usr/bin/open", prompt.link]
        self._hold(
            Dialogue(command, environment, OPEN, None, _PATIENCE_SECONDS),
            seconds,
            lambda: _run(opening, environment),
        )


def _accounts() -> list[str]:
    return [logon.user for logon in list_users()]


def _run(command: Sequence[str], environment: dict[str, str]) -> None:
    subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, timeout=30, check=False)  # noqa: S603 - no shell


def _acting_as(person: pwd.struct_passwd) -> list[str]:
    if person.pw_uid == os.geteuid():
        return []
    return ["/bin/launchctl", "asuser", str(person.pw_uid), "/usr/bin/sudo", "-n", "-u", person.pw_name, "--"]
