"""What is kept of mails that came back, and of addresses that get no more."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from opulse.experience.distributions.models.states import SpareReason
from opulse.mail.reports import BounceCategory, ReportKind


@dataclass(frozen=True)
class ReturnedMail:
    """A bounce, delay or complaint about one invitation's mail."""

    tenant: int
    invitation: str
    kind: ReportKind
    category: BounceCategory
    status: str  # enhanced code, such as 5.1.1; empty: none was given
    text: str
    reporter: str
    at: datetime


@dataclass(frozen=True)
class Suppression:
    """An address that gets no mail: it takes none, or its owner complained. Lifted by a person."""

    tenant: int
    email: str  # lower case: the key
    reason: SpareReason  # BOUNCED_BEFORE or COMPLAINED
    contact: str  # who had the address then
    invitation: str  # whose mail said so
    text: str  # the server's words
    at: datetime
