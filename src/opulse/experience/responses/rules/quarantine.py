"""Presses that machines make: mail scanners follow links, run the page's script and press its buttons.

Sources: next-auth issue 1840 (a scanner pressed the button of the landing page), emdash issue 3298 (a headless browser
22 s after sending), FusionAuth issue 629 (scripts are run). What is quarantined is kept and asked for again by one more
press; it never uses up the person's only answer.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from opulse.experience.responses.models import QuarantineReason

SHORTEST_READING = timedelta(seconds=1)
"""Nobody reads a question and presses *send* in less, even with the choice marked already by the mail."""

SHORTEST_WAY = timedelta(seconds=3)
"""From the relay's 250 to an answer: delivery, opening the mail, the page and two taps take people longer."""


def find_quarantine(
    trap: str, opened_at: datetime | None, sent_at: datetime | None, now: datetime
) -> QuarantineReason | None:
    """Why this press is not believed yet; None when nothing speaks against a person.

    ``trap`` is the content of the field that people cannot see; ``opened_at`` when the page was served (None: the page
    does not prove it, which alone is no sign: proxies and archives re-post forms too); ``sent_at`` when the relay took the mail.
    """
    if trap:
        return QuarantineReason.TRAP_TOUCHED
    if opened_at is not None and now - opened_at < SHORTEST_READING:
        return QuarantineReason.NO_DWELL
    if sent_at is not None and timedelta(0) <= now - sent_at < SHORTEST_WAY:
        return QuarantineReason.TOO_SOON_AFTER_SENDING
    return None
