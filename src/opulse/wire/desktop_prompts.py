"""Questions on desktops: what the answer to an agent's batch offers, and what the next batch says became of it.

No connection of its own: offers travel in the 202 of ``POST /api/v1/sensor-states`` (``prompts``), reports in its body (the same
name). An offer is repeated until it is reported or its time is over, a report until it was answered 202; both may be repeated
without harm, for a prompt is shown once per system and counted once per prompt and system.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final, NamedTuple

import msgspec
from msgspec import Meta

MOST_PROMPTS: Final = 20
"""Offers in one answer, and reports in one batch."""
MOST_WORDS: Final = 300
"""Characters of a title or text: a notification shows no more."""

_Id = Annotated[str, Meta(min_length=32, max_length=32, pattern="^[0-9a-f]{32}$")]
_Moment = Annotated[datetime, Meta(tz=True)]


class PromptOutcome(StrEnum):
    """What became of a prompt on one system."""

    SHOWN = "shown"  # the desktop's notification service took it
    INTERRUPTED = "interrupted"  # the agent ended while it was being shown: maybe seen; it is not shown again
    FAILED = "failed"  # could not be shown; it is tried again while it is offered


class DesktopPrompt(msgspec.Struct, frozen=True):
    """One person's question, for the session of that person and of nobody else."""

    id: _Id
    user: str
    """The account of the person, as the server knows it: ``maya``, ``EXAMPLE\\maya`` or ``maya@example.org``."""
    title: str
    text: str
    button: str
    link: str
    """The person's own page. Whoever has it may answer for the person: it is shown to nobody else and written to no log."""
    show_by: _Moment
    """Not shown after this."""
    ends_at: _Moment
    """When the page takes no more answers: a notification that is still there then goes."""


class PromptReport(msgspec.Struct, frozen=True):
    """What became of one prompt on the sender's own system."""

    id: _Id
    outcome: PromptOutcome
    at: _Moment
    detail: Annotated[str, Meta(max_length=MOST_WORDS)] = ""
    """Why it failed."""


Reports = Annotated[list[PromptReport], Meta(max_length=MOST_PROMPTS)]


class DesktopUser(NamedTuple):
    """Somebody who is logged on to a system, as the side that knows systems tells the side that knows people."""

    account: str
    email: str
    """Empty where none is known."""
