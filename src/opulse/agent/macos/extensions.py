"""What runs in the background of a Mac: services of launchd and kernel extensions. Not run on hardware.

Forms: man pages of launchctl(1) (``list``: PID, Status, Label) and kmutil(8) (``showloaded --list-only``). *Spotlight Indexing*
is not evaluated: mdutil(1) documents that an index is on or off, not that it is being built.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from opulse.agent.programs import ask
from opulse.agent.sources import Measure, Question, Readings
from opulse.catalogue import Measured, Reading

_EXTENSION = re.compile(r"\b(?P<id>[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)+) \((?P<version>[^)]*)\)")


class Extensions:
    """Asked at each evaluation."""

    def sample(self) -> None:
        """Nothing to note."""

    def measures(self) -> Mapping[str, Measure]:
        return {
            "macos.launch_service_failed": _failed,
            "macos.foreign_kernel_extension": _foreign,
        }


def _failed(_: Question) -> Readings:
    """A service that does not run now and ended with an exit value of its own; a signal (below 0) was somebody's wish."""
    found: dict[str, Reading] = {}
    for line in ask("launchctl", "list").splitlines()[1:]:
        process, status, label = [*line.split("\t"), "", ""][:3]
        if process == "-" and status.isdecimal() and int(status) > 0 and not label.startswith("com.apple."):
            found[label] = Measured(True)
    return found


def _foreign(_: Question) -> Readings:
    said = ask("kmutil", "showloaded", "--list-only")
    return {
        match["id"]: Measured(True)
        for match in _EXTENSION.finditer(said)
        if not match["id"].startswith("com.apple.")
    }
