"""Presses that machines make: mail scanners follow links, run the page's script and press its buttons.

Sources: next-auth issue 1840 (a scanner pressed the button of the landing page), emdash issue 3298 (a headless browser from
a data centre 22 s after sending), FusionAuth issue 629 (scripts are run), Rock issue 7034 (every link of a mail is opened).
What is quarantined is kept and asked for again by one more press; it never uses up the person's only answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from opulse.experience.responses.models import QuarantineReason

SHORTEST_READING = timedelta(seconds=1)
"""Nobody reads a question and presses *send* in less, even with the choice marked already by the mail."""

SHORTEST_WAY = timedelta(seconds=3)
"""From the relay's 250 to an answer: delivery, opening the mail, the page and two taps take people longer."""

SHORT_WAY = timedelta(seconds=30)
"""Some people are that quick; scanners nearly always are."""

ENOUGH = 100
"""A press whose signs add up to this is not believed yet."""

WEIGHTS = {
    QuarantineReason.TRAP_TOUCHED: 100,
    QuarantineReason.NO_DWELL: 100,
    QuarantineReason.TOO_SOON_AFTER_SENDING: 100,
    QuarantineReason.HIDDEN_LINK: 100,
    QuarantineReason.ALL_LINKS: 100,
    QuarantineReason.SOON_AFTER_SENDING: 50,
    QuarantineReason.SCANNER_NETWORK: 50,
}
"""What each sign weighs. The last two are true of some people, too (quick ones, those behind a cloud proxy): only both tell."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of one press.

    ``trap`` is the content of the field that people cannot see; ``opened_at`` when the page was served (None: the page does
    not prove it, which alone is no sign: proxies and archives re-post forms too); ``sent_at`` when the relay took the mail.
    ``hidden_link`` and ``all_links``: this client has just followed the mail's link that no person sees, or all its links;
    ``scanner_network``: it sits in a network that the administrator listed.
    """

    trap: str = ""
    opened_at: datetime | None = None
    sent_at: datetime | None = None
    hidden_link: bool = False
    all_links: bool = False
    scanner_network: bool = False


@dataclass(frozen=True, slots=True)
class Suspicion:
    """The signs of a machine, the heaviest first, and what they add up to."""

    signs: tuple[QuarantineReason, ...] = ()

    @property
    def score(self) -> int:
        """0: nothing speaks against a person."""
        return sum(WEIGHTS[sign] for sign in self.signs)

    @property
    def reason(self) -> QuarantineReason | None:
        """The heaviest sign of a press that is not believed yet; None when it is."""
        return self.signs[0] if self.score >= ENOUGH else None


def weigh_press(evidence: Evidence, now: datetime) -> Suspicion:
    """All signs of a machine in this press."""
    found = {
        QuarantineReason.TRAP_TOUCHED: bool(evidence.trap),
        QuarantineReason.NO_DWELL: evidence.opened_at is not None
        and now - evidence.opened_at < SHORTEST_READING,
        QuarantineReason.HIDDEN_LINK: evidence.hidden_link,
        QuarantineReason.ALL_LINKS: evidence.all_links,
        QuarantineReason.SCANNER_NETWORK: evidence.scanner_network,
    }
    if evidence.sent_at is not None:
        way = now - evidence.sent_at
        found[QuarantineReason.TOO_SOON_AFTER_SENDING] = timedelta(0) <= way < SHORTEST_WAY
        found[QuarantineReason.SOON_AFTER_SENDING] = SHORTEST_WAY <= way < SHORT_WAY
    return Suspicion(tuple(sign for sign in WEIGHTS if found.get(sign)))
