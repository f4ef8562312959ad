"""What a look at the answers leads to."""

from __future__ import annotations

from enum import StrEnum


class DeskDecision(StrEnum):
    """What a look at the answers leads to."""

    TELL = "tell"  # enough people answered, and enough of them cannot work
    WAIT = "wait"  # not yet, and there is time left
    LEAVE = "leave"  # time is over and the share was never reached
