"""A kept mail as people want to see it: bytes in, fields out. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import SMTPUTF8
from email.utils import parsedate_to_datetime
from html import unescape

_ANCHOR = re.compile(r"<a\b[^>]*>", re.IGNORECASE)
_HREF = re.compile(r"""\bhref=["']([^"']*)["']""", re.IGNORECASE)
_SURVEY = re.compile(r"""\brel=["']survey["']""", re.IGNORECASE)
_LINK = re.compile(r"https?://[^\s<>\"]+")

FROM, TO, RECEIVED = "X-Inbox-From", "X-Inbox-To", "X-Inbox-Received"
"""Headers that the sink puts in front of what it was given: the envelope and the moment."""


@dataclass(frozen=True, slots=True)
class InboxSummary:
    """One line of the inbox page."""

    id: int
    received: datetime
    mail_from: str
    rcpt_to: str
    from_: str
    to: str
    subject: str
    message_id: str


@dataclass(frozen=True, slots=True)
class InboxMessage:
    """One mail in full. ``html`` is as the sender wrote it: show it in a sandbox."""

    summary: InboxSummary
    date: datetime | None
    text: str
    html: str
    headers: tuple[tuple[str, str], ...]
    survey_link: str
    unsubscribe_link: str
    size: int
    """Octets as received."""


def envelope_head(mail_from: str, rcpt_to: str, received: datetime) -> bytes:
    """The lines that the sink writes in front of a message."""
    lines = (f"{FROM}: {mail_from}", f"{TO}: {rcpt_to}", f"{RECEIVED}: {received.isoformat()}", "")
    return "\r\n".join(lines).encode()


def read_summary(number: int, head: bytes) -> InboxSummary:
    """The summary of mail ``number`` from the beginning of its file, which holds all headers."""
    message = BytesParser(policy=SMTPUTF8).parsebytes(head, headersonly=True)
    return _summary(number, message)


def read_message(number: int, raw: bytes) -> InboxMessage:
    """Mail ``number`` from its whole file."""
    message = message_from_bytes(raw, policy=SMTPUTF8)
    assert isinstance(message, EmailMessage)
    text, html = _body(message, "plain"), _body(message, "html")
    unsubscribe = _LINK.search(_header(message, "List-Unsubscribe"))
    stop = unsubscribe.group() if unsubscribe else ""
    return InboxMessage(
        summary=_summary(number, message),
        date=_date(_header(message, "Date")),
        text=text,
        html=html,
        headers=tuple(
            (name, str(value)) for name, value in message.items() if name not in {FROM, TO, RECEIVED}
        ),
        survey_link=survey_link(text, html, stop),
        unsubscribe_link=stop,
        size=len(raw),
    )


def survey_link(text: str, html: str, unsubscribe: str) -> str:
    """The link that our shells mark with ``rel="survey"``, else the first of the text that does not unsubscribe."""
    for anchor in _ANCHOR.findall(html):
        href = _HREF.search(anchor)
        if href and _SURVEY.search(anchor):
            return unescape(href.group(1))
    return next((link for link in _links(text) if link != unsubscribe), "")


def _links(text: str) -> Iterator[str]:
    for match in _LINK.finditer(text):
        yield match.group().rstrip(".,;)")


def _summary(number: int, message: EmailMessage) -> InboxSummary:
    return InboxSummary(
        id=number,
        received=datetime.fromisoformat(_header(message, RECEIVED)),
        mail_from=_header(message, FROM),
        rcpt_to=_header(message, TO),
        from_=_header(message, "From"),
        to=_header(message, "To"),
        subject=_header(message, "Subject"),
        message_id=_header(message, "Message-ID").strip("<> "),
    )


def _header(message: EmailMessage, name: str) -> str:
    return str(message.get(name, ""))


def _body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    if part is None:
        return ""
    return str(part.get_content()).replace("\r\n", "\n")


def _date(text: str) -> datetime | None:
    try:
        return parsedate_to_datetime(text)
    except ValueError:
        return None
