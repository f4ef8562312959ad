"""Questions on a Windows desktop: a box of yes and no in the person's session, and the browser on *yes*. Not run on hardware.

Needs an agent that runs as LocalSystem, as services do. Windows writes *yes* and *no* in its own language, so the
text says what *yes* does.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from opulse.agent.accounts import account_of
from opulse.agent.dialogue import MOST_SECONDS, check_link
from opulse.agent.prompts import CannotShow
from opulse.agent.windows.sessions import Session
from opulse.wire.desktop_prompts import DesktopPrompt

PATIENCE_SECONDS = 2.0
"""A box that could not be shown has failed by then."""


class Boxes(Protocol):
    """What :class:`opulse.agent.windows.sessions.Sessions` does."""

    def list_active(self) -> Sequence[Session]: ...

    def ask(self, session: int, title: str, text: str, seconds: int) -> bool: ...

    def open(self, session: int, link: str) -> None: ...


class WindowsDesktop:
    """One box at a time and session."""

    def __init__(self, boxes: Boxes, patience: float = PATIENCE_SECONDS) -> None:
        self._boxes = boxes
        self._patience = patience

    def show(self, prompt: DesktopPrompt, now: datetime) -> None:
        """See :class:`opulse.agent.prompts.Desktop`."""
        check_link(prompt.link)
        try:
            sessions = {session.account: session.id for session in self._boxes.list_active()}
        except OSError as error:
            raise CannotShow(f"sessions cannot be listed: {error}") from error
        account = account_of(prompt.user, sessions)
        if account is None:
            raise CannotShow("the person is not logged on here, or several accounts may be meant")
        failed: queue.SimpleQueue[OSError] = queue.SimpleQueue()
        asking = threading.Thread(
            target=self._ask, args=(sessions[account], prompt, now, failed), name="a question", daemon=True
        )
        asking.start()
        asking.join(self._patience)
        if not failed.empty():
            raise CannotShow(f"the box was not shown: {failed.get()}")

    def _ask(
        self, session: int, prompt: DesktopPrompt, now: datetime, failed: queue.SimpleQueue[OSError]
    ) -> None:
        seconds = round(min(MOST_SECONDS, max(1.0, (prompt.ends_at - now).total_seconds())))
        try:
            wanted = self._boxes.ask(session, prompt.title, f"{prompt.text}\n\n{prompt.button}?", seconds)
        except OSError as error:
            failed.put(error)
            return
        if wanted:
            self._open(session, prompt.link)

    def _open(self, session: int, link: str) -> None:
        try:
            self._boxes.open(session, link)
        except OSError:
            return  # the person has seen the question; the page is behind the mail too, where there is one
