"""Who is logged on now."""

from __future__ import annotations

import json
import shutil
import subprocess
from datetime import UTC, datetime
from typing import NamedTuple

import psutil

from opulse.agent.programs import ask

_PEOPLE_FROM = 1000
"""The lowest number of a person's account; below are the system's own, the display manager's greeter among them."""
_ROOT = 0


class Logon(NamedTuple):
    """``since``: when the oldest session of the user began; None where the system does not say."""

    user: str
    since: datetime | None


def list_logons() -> list[Logon]:
    """One entry per user, by name: what ``utmp`` says, and where it says nothing, ``loginctl``.

    Raises ``OSError`` or ``ValueError`` where neither can be read.
    """
    found = [Logon(user.name, datetime.fromtimestamp(user.started, UTC)) for user in psutil.users()]
    return _oldest_per_user(found or _from_systemd())


def _from_systemd() -> list[Logon]:
    """Newer systems keep no ``utmp`` (it ends in 2038); systemd knows its sessions itself."""
    if shutil.which("loginctl") is None:
        return []
    try:
        said = ask("loginctl", "list-sessions", "--output=json", "--no-pager")
    except (ValueError, subprocess.SubprocessError):
        return []
    return [
        Logon(str(session["user"]), None)
        for session in json.loads(said or "[]")
        if session.get("user")
        and (session.get("uid", _PEOPLE_FROM) >= _PEOPLE_FROM or session.get("uid") == _ROOT)
        and session.get("class", "user") == "user"
    ]


def _oldest_per_user(logons: list[Logon]) -> list[Logon]:
    oldest: dict[str, Logon] = {}
    for logon in logons:
        known = oldest.get(logon.user)
        if known is None or (logon.since and known.since and logon.since < known.since):
            oldest[logon.user] = logon
    return [oldest[user] for user in sorted(oldest)]
