"""Mails that came back, as real servers write them, and as nobody should."""

from __future__ import annotations

import time

import pytest

from opulse.mail.reports import BounceCategory, ReportKind, judge_status, read_report

POSTFIX = b"""\
Return-Path: <>
From: MAILER-DAEMON@mx.example.org (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
\tboundary="AC8A37C01F3.1764331200/mx.example.org"

--AC8A37C01F3.1764331200/mx.example.org
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you that your message could not be delivered.

--AC8A37C01F3.1764331200/mx.example.org
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.org
X-Postfix-Queue-ID: AC8A37C01F3
Arrival-Date: Sat, 28 Nov 2026 12:00:00 +0000 (UTC)

Final-Recipient: rfc822; nobody@example.org
Original-Recipient: rfc822;nobody@example.org
Action: failed
Status: 5.1.1
Remote-MTA: dns; in.example.org
Diagnostic-Code: smtp; 550 5.1.1 <nobody@example.org>: Recipient address
    rejected: User unknown in virtual mailbox table

--AC8A37C01F3.1764331200/mx.example.org
Content-Type: text/rfc822-headers

Subject: Slow?

--AC8A37C01F3.1764331200/mx.example.org--
"""
ARF = b"""\
From: <feedback@provider.example>
Subject: FW: Slow?
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary=part

--part
Content-Type: text/plain

This is an email abuse report.
--part
Content-Type: message/feedback-report

Feedback-Type: abuse
User-Agent: SomeGenerator/1.0
Version: 1
Original-Mail-From: <bounces+00ff.aa@example.org>

--part
Content-Type: message/rfc822

List-Unsubscribe: <https://pulse.example.org/u/token>
Subject: Slow?

Hello
--part--
"""
QMAIL = b"""\
From: MAILER-DAEMON@old.example.org
Subject: failure notice

Hi. This is the qmail-send program at old.example.org.

<nobody@example.org>:
Sorry, no mailbox here by that name. (#5.1.1)
"""


def test_a_report_of_postfix_says_who_what_and_why() -> None:
    report = read_report(POSTFIX, null_sender=True)
    assert (report.kind, report.category) == (ReportKind.HARD_BOUNCE, BounceCategory.RECIPIENT)
    assert (report.status, report.reporter) == ("5.1.1", "in.example.org")
    assert report.text.startswith("550 5.1.1 <nobody@example.org>: Recipient address rejected")
    crlf = read_report(POSTFIX.replace(b"\n", b"\r\n"), null_sender=True)
    assert crlf == report, "line ends change nothing"


@pytest.mark.parametrize(
    ("action", "status", "kind"),
    [
        ("failed", "5.2.2", ReportKind.SOFT_BOUNCE),
        ("failed", "4.4.7", ReportKind.SOFT_BOUNCE),
        ("Failed", "5.7.26", ReportKind.SOFT_BOUNCE),
        ("delayed", "4.4.1", ReportKind.DELAY),
        ("delivered", "2.0.0", ReportKind.OTHER),
        ("relayed", "2.0.0", ReportKind.OTHER),
    ],
)
def test_the_action_and_the_code_decide(action: str, status: str, kind: ReportKind) -> None:
    changed = POSTFIX.replace(b"Action: failed", f"Action: {action}".encode())
    changed = changed.replace(b"Status: 5.1.1", f"Status: {status}".encode())
    assert read_report(changed, null_sender=True).kind is kind


@pytest.mark.parametrize(
    ("status", "kind", "category"),
    [
        ("5.1.1", ReportKind.HARD_BOUNCE, BounceCategory.RECIPIENT),
        ("5.1.2", ReportKind.HARD_BOUNCE, BounceCategory.RECIPIENT),
        ("5.1.10", ReportKind.HARD_BOUNCE, BounceCategory.RECIPIENT),
        ("5.2.1", ReportKind.HARD_BOUNCE, BounceCategory.RECIPIENT),
        ("5.4.4", ReportKind.HARD_BOUNCE, BounceCategory.RECIPIENT),
        ("5.0.0", ReportKind.HARD_BOUNCE, BounceCategory.OTHER),
        ("5.1.8", ReportKind.SOFT_BOUNCE, BounceCategory.SENDER),
        ("5.2.2", ReportKind.SOFT_BOUNCE, BounceCategory.RECIPIENT),
        ("5.3.4", ReportKind.SOFT_BOUNCE, BounceCategory.MESSAGE),
        ("5.6.0", ReportKind.SOFT_BOUNCE, BounceCategory.MESSAGE),
        ("5.7.1", ReportKind.SOFT_BOUNCE, BounceCategory.SENDER),
        ("4.2.2", ReportKind.SOFT_BOUNCE, BounceCategory.RECIPIENT),
        ("", ReportKind.SOFT_BOUNCE, BounceCategory.OTHER),
    ],
)
def test_only_what_an_address_cannot_get_over_is_hard(
    status: str, kind: ReportKind, category: BounceCategory
) -> None:
    assert judge_status(status) == (kind, category)


def test_a_code_that_says_nothing_gives_way_to_the_servers_words() -> None:
    vague = POSTFIX.replace(b"Status: 5.1.1", b"Status: 5.0.0")
    assert read_report(vague, null_sender=True).status == "5.1.1"


def test_a_complaint_names_the_mail_by_its_sender_and_its_links() -> None:
    report = read_report(ARF, null_sender=False)
    assert report.kind is ReportKind.COMPLAINT
    assert report.original_sender == "bounces+00ff.aa@example.org"
    assert report.links == ("https://pulse.example.org/u/token",)
    assert read_report(ARF.replace(b": abuse", b": not-spam"), null_sender=False).kind is ReportKind.OTHER


def test_words_alone_are_believed_of_a_null_sender_only() -> None:
    assert read_report(QMAIL, null_sender=True).kind is ReportKind.HARD_BOUNCE
    assert read_report(QMAIL, null_sender=False).kind is ReportKind.OTHER


def test_an_absence_note_is_no_bounce() -> None:
    note = b"Subject: Out of office\nAuto-Submitted: auto-replied\n\nI am in room 5.1.1 until Monday.\n"
    assert read_report(note, null_sender=True).kind is ReportKind.OTHER


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\n\n",
        b"\x00" * 1000,
        b"Content-Type: multipart/report\n\nno boundary",
        b'Content-Type: multipart/report; boundary=""\n\n----\n',
        b"Content-Type: multipart/report; boundary=x\n\n--x\nContent-Type: message/delivery-status\n\n--x--",
        b"Content-Type: =?utf-8?q?multipart/report?=; boundary=x\n\n--x\n",
        b"Content-Type: multipart/report; boundary=x\n\n--x\nContent-Type: message/delivery-status\n\n"
        b"Reporting-MTA: \xff\xfe\n\nAction: failed\nStatus: 5.99999.1\nDiagnostic-Code: smtp; \x1b[2J\xc3\n",
        b"Content-Type: multipart/report; boundary=x\n\n" + b"--x\n" * 50_000,
        b"Content-Type: multipart/mixed; boundary=a\n\n"
        + b"--a\nContent-Type: multipart/mixed; boundary=a\n\n" * 8_000,
        b"A: b\n" * 100_000,
        b"Content-Type: multipart/report; boundary=x\n\n--x\nContent-Type: message/feedback-report\n\n"
        b"Feedback-Type: abuse\n\n--x\n\n" + b"https://a.example/u/b " * 10_000,
    ],
)
def test_hostile_mails_are_read_in_no_time_and_break_nothing(raw: bytes) -> None:
    begun = time.perf_counter()
    for null_sender in (True, False):
        report = read_report(raw, null_sender=null_sender)
        assert report.kind in ReportKind
        assert report.text.isprintable()
        assert len(report.text) <= 500
    assert time.perf_counter() - begun < 5, "a small mail must not keep the process busy"
