"""Mails that come back: delivery reports (RFC 3464) and spam complaints (ARF, RFC 5965), read without trusting a byte of them."""

from opulse.mail.reports.models import BounceCategory, MailReport, ReportKind
from opulse.mail.reports.reading import MOST_BYTES, read_report
from opulse.mail.reports.verdict import find_status, judge_status

__all__ = [
    "MOST_BYTES",
    "BounceCategory",
    "MailReport",
    "ReportKind",
    "find_status",
    "judge_status",
    "read_report",
]
