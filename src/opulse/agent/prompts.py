"""Questions that the server wants shown: taken from its answers, shown once in the right person's session, and told back.

What happened to each is on the disk before and after it is shown, so a death in between is known at the next start: it may have
been seen, so it is told as *interrupted* and not shown again. A report waits until a batch that carried it was answered.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Protocol

import msgspec

from opulse.wire.desktop_prompts import MOST_PROMPTS, MOST_WORDS, DesktopPrompt, PromptOutcome, PromptReport

KEPT_FOR = timedelta(days=7)
"""How long an id is remembered after the page behind it has closed: no server offers it again by then."""
MOST_KEPT = 2_000

log = logging.getLogger("opulse.agent")


class PromptNote(msgspec.Struct):
    """What this agent knows of one prompt. ``outcome`` None: it was about to be shown."""

    forget_at: datetime
    outcome: PromptOutcome | None
    at: datetime
    told: bool = False
    detail: str = ""


class CannotShow(Exception):
    """A desktop cannot be asked now; the text says why, in words for an administrator. It holds no link."""


class Desktop(Protocol):
    """The port: shows a prompt in the session of its person, on this kind of machine. Blocking, for some seconds at most."""

    def show(self, prompt: DesktopPrompt, now: datetime) -> None:
        """Returns when the desktop has taken it. Raises :class:`CannotShow`."""
        ...


class Notebook(Protocol):
    """Where notes survive a restart."""

    @property
    def prompts(self) -> dict[str, PromptNote]: ...

    def keep_prompts(self) -> None:
        """Write them down. Raises ``OSError``."""
        ...


class Prompter:
    """Keeps one note per prompt. ``take`` and ``told`` are called by the agent's loop, ``show`` from a thread."""

    def __init__(self, desktop: Desktop | None, notebook: Notebook, now: datetime) -> None:
        """``desktop`` None: this agent shows nothing. What was being shown when the last one died is *interrupted*."""
        self._desktop = desktop
        self._notebook = notebook
        self._offered: list[DesktopPrompt] = []
        self._forget(now)
        for note in notebook.prompts.values():
            if note.outcome is None:
                note.outcome = PromptOutcome.INTERRUPTED

    @property
    def has_reports(self) -> bool:
        """Something that is to be told at once: a failure can wait for the next heartbeat."""
        return any(one.outcome is not PromptOutcome.FAILED for one in self.reports())

    def take(self, offered: Iterable[DesktopPrompt]) -> None:
        """The newest offer replaces the last: what is offered no more is not shown any more."""
        self._offered = list(offered)

    def reports(self) -> list[PromptReport]:
        """What the next batch tells, the oldest first."""
        untold = (
            PromptReport(one, note.outcome, note.at, note.detail)
            for one, note in self._notebook.prompts.items()
            if note.outcome is not None and not note.told
        )
        return sorted(untold, key=lambda report: report.at)[:MOST_PROMPTS]

    def told(self, reports: Sequence[PromptReport]) -> None:
        """A batch that carried these was answered. Raises ``OSError``: then they are told once more after a restart."""
        for report in reports:
            note = self._notebook.prompts.get(report.id)
            if note is not None and note.outcome is report.outcome:
                note.told = True
        if reports:
            self._notebook.keep_prompts()

    def show(self, now: datetime) -> None:
        """Show what was offered and was not shown before. Blocking. Each once, and never after its time."""
        offered, self._offered = self._offered, []
        self._forget(now)
        for prompt in offered:
            if self._desktop is not None and self._is_to_be_shown(prompt, now):
                self._show(self._desktop, prompt, now)

    def _is_to_be_shown(self, prompt: DesktopPrompt, now: datetime) -> bool:
        note = self._notebook.prompts.get(prompt.id)
        return now < prompt.show_by and (note is None or note.outcome is PromptOutcome.FAILED)

    def _show(self, desktop: Desktop, prompt: DesktopPrompt, now: datetime) -> None:
        notes = self._notebook.prompts
        before = notes.get(prompt.id)
        if before is None and len(notes) >= MOST_KEPT:
            log.warning("a question is not shown: %d are remembered already", len(notes))
            return
        note = PromptNote(prompt.ends_at + KEPT_FOR, None, now)
        notes[prompt.id] = note
        try:
            self._notebook.keep_prompts()  # before anybody can see it: a second showing is worse than none
        except OSError as error:
            notes.pop(prompt.id)
            log.error("a question is not shown while that cannot be written down: %s", error)
            return
        try:
            desktop.show(prompt, now)
            note.outcome = PromptOutcome.SHOWN
            log.info("a question was shown to %s", prompt.user)
        except CannotShow as reason:
            note.outcome, note.detail = PromptOutcome.FAILED, str(reason)[:MOST_WORDS]
            note.told = before is not None and before.told  # a failure is told once
            log.warning("a question cannot be shown to %s: %s", prompt.user, reason)
        self._keep()

    def _forget(self, now: datetime) -> None:
        notes = self._notebook.prompts
        for gone in [one for one, note in notes.items() if note.forget_at <= now]:
            del notes[gone]

    def _keep(self) -> None:
        try:
            self._notebook.keep_prompts()
        except OSError as error:
            log.error("what was shown cannot be written down: %s", error)
