"""What an enhanced status code (RFC 3463) says about an address. Pure."""

from __future__ import annotations

import re

from opulse.mail.reports.models import BounceCategory, ReportKind

_STATUS = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.])")
_CODE = re.compile(r"(?<![\d.])([45])\d\d(?=[ -])")

_DEAD = frozenset({(1, 0), (1, 1), (1, 2), (1, 3), (1, 6), (1, 10), (2, 0), (2, 1), (4, 4), (0, 0)})
"""(subject, detail) of a 5.x.x that the address will not get over: unknown, moved, no mail accepted, closed, no such domain.
5.0.0 says no more than *never*, and is taken at its word."""


def find_status(text: str) -> str:
    """The first enhanced code in ``text``; else the class of the first plain reply code, as ``5.0.0``; else nothing."""
    if found := _STATUS.search(text):
        return found.group()
    found = _CODE.search(text)
    return f"{found.group(1)}.0.0" if found else ""


def judge_status(status: str) -> tuple[ReportKind, BounceCategory]:
    """Hard or soft, and whose fault. Hard is only what the *address* will not get over: a policy that refuses one mail, a full
    mailbox and a mail that is too large must not keep the person from every later one."""
    found = _STATUS.fullmatch(status)
    if found is None:
        return ReportKind.SOFT_BOUNCE, BounceCategory.OTHER
    group, subject, detail = (int(part) for part in found.groups())
    category = _category(subject, detail)
    hard = group == 5 and (subject, detail) in _DEAD
    return (ReportKind.HARD_BOUNCE if hard else ReportKind.SOFT_BOUNCE), category


def _category(subject: int, detail: int) -> BounceCategory:
    """RFC 3463 3: the second number is what the code is about."""
    if subject == 1:
        return BounceCategory.SENDER if detail in (7, 8) else BounceCategory.RECIPIENT
    if (subject, detail) in ((2, 3), (3, 4)) or subject == 6:
        return BounceCategory.MESSAGE
    if subject == 2 or (subject, detail) == (4, 4):
        return BounceCategory.RECIPIENT
    return BounceCategory.SENDER if subject == 7 else BounceCategory.OTHER
