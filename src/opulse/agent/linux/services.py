"""Services that systemd runs."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Mapping

from opulse.agent.sources import Measure, Question
from opulse.catalogue import Measured, Reading, Unavailable

_TIMEOUT_SECONDS = 5.0
_UNIT_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9:_.@\\-]{0,254}")


class Services:
    """Whether the service of a customer's slot runs."""

    def sample(self) -> None:
        """Nothing to note."""

    def measures(self) -> Mapping[str, Measure]:
        return {"service.slot4.not_running": _not_running}


def _not_running(question: Question) -> Reading:
    unit = question.text("service")
    if not unit:
        return Unavailable("no service is named: set this sensor's variable 'service'")
    if not _UNIT_NAME.fullmatch(unit):
        return Unavailable("the variable 'service' does not hold the name of a service")
    systemctl = shutil.which("systemctl")
    if systemctl is None:
        return Unavailable("this system is not run by systemd")
    asked = subprocess.run(  # noqa: S603 - no shell, and the name was checked above
        [systemctl, "show", "--property=LoadState,ActiveState", "--", unit],
        capture_output=True,
        text=True,
        timeout=_TIMEOUT_SECONDS,
        check=False,
    )
    if asked.returncode != 0:
        return Unavailable(f"systemd does not answer: {asked.stderr.strip()[:200]}")
    state = dict(line.split("=", 1) for line in asked.stdout.splitlines() if "=" in line)
    return Measured(state.get("ActiveState") not in ("active", "reloading", "activating"))
