"""What a mail that came back says."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ReportKind(StrEnum):
    """What a report is about; the kinds of 5.1 of the product's spec, and what is none of them."""

    HARD_BOUNCE = "hard_bounce"
    """Not delivered, and never will be."""
    SOFT_BOUNCE = "soft_bounce"
    """Not delivered this time: full mailbox, too large, refused by a filter."""
    DELAY = "delay"
    """Not delivered yet; whoever reports it goes on trying."""
    COMPLAINT = "complaint"
    """The person reported the mail as spam."""
    OTHER = "other"
    """Not a report: an absence note, a delivery receipt, or nothing that can be read."""


class BounceCategory(StrEnum):
    """Whose fault it is, as the product's *bounce change* event has it."""

    RECIPIENT = "recipient"
    """The mailbox: unknown, closed, full, or its domain."""
    MESSAGE = "message"
    """This mail: too large, or its content."""
    SENDER = "sender"
    """Us: policy, reputation, authentication."""
    OTHER = "other"
    """The way between, or not said."""


@dataclass(frozen=True, slots=True)
class MailReport:
    """One report. ``status`` is an enhanced code (RFC 3463) such as ``5.1.1``, empty where none was given."""

    kind: ReportKind
    category: BounceCategory = BounceCategory.OTHER
    status: str = ""
    text: str = ""
    """The server's own words, at most 500 characters, without control characters."""
    reporter: str = ""
    """The server that reports, as it calls itself."""
    original_sender: str = ""
    """Of a complaint: the envelope sender of the mail it is about."""
    links: tuple[str, ...] = ()
    """Of a complaint: the addresses in the headers of that mail which may name it."""
