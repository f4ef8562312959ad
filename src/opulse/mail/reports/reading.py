"""Read what came back. Anybody can write such a mail, so it is cut, never parsed deeper than its top level, and never believed
about more than the one mail that its address names.

The standard library's parser follows nested parts, each line against every open boundary: a small mail can keep it busy for
minutes. A report needs its own headers and one part, which is found here by looking at each line once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from email.message import Message
from email.parser import BytesHeaderParser
from email.policy import compat32

from opulse.mail.reports.models import MailReport, ReportKind
from opulse.mail.reports.verdict import find_status, judge_status

MOST_BYTES = 256 * 1024
"""More than this is not looked at: a report says what it says in its first kilobytes, the returned mail follows."""
_MOST_HEADERS = 64 * 1024
_MOST_GROUPS = 50
_TEXT = 500
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_LINK = re.compile(r"https?://[^\s<>\"']{1,300}")
_BLANK = re.compile(rb"\r?\n\r?\n")
_TYPED = re.compile(r"^[^;\s]+;\s*")
_NOT_BOUNCES = ("delivered", "relayed", "expanded")

Fields = Mapping[str, str]


def read_report(raw: bytes, *, null_sender: bool) -> MailReport:
    """What the mail says.

    Args:
        raw: the whole mail; only its first :data:`MOST_BYTES` count.
        null_sender: its envelope sender was empty, as that of every bounce is (RFC 5321 4.5.5). A plain-text bounce of an old
            server is believed with it alone.
    """
    head, body = _cut(raw[:MOST_BYTES])
    headers = _headers(head)
    kind = _type_of(headers)
    if kind == "multipart/report":
        for part_type, content in _parts(body, _boundary(headers)):
            if part_type == "message/delivery-status":
                return _delivery(content)
            if part_type == "message/feedback-report":
                return _complaint(content, body)
    if not null_sender or _is_automatic_reply(headers):
        return MailReport(ReportKind.OTHER)
    return _plain(body)


def _delivery(content: bytes) -> MailReport:
    """RFC 3464 2: one group about the message, then one per recipient. Ours have one recipient; the worst group counts."""
    groups = list(_groups(content))
    reporter = _without_type(groups[0].get("reporting-mta", "")) if groups else ""
    told = [_recipient(group, reporter) for group in groups if "action" in group]
    order = (ReportKind.HARD_BOUNCE, ReportKind.SOFT_BOUNCE, ReportKind.DELAY)
    return min(
        (one for one in told if one.kind in order),
        key=lambda one: order.index(one.kind),
        default=MailReport(ReportKind.OTHER, reporter=reporter),
    )


def _recipient(group: Fields, reporter: str) -> MailReport:
    action = group["action"].strip().lower()
    words = _without_type(group.get("diagnostic-code", ""))
    status = find_status(group.get("status", "")) or find_status(words)
    if status in ("5.0.0", "4.0.0"):  # says nothing; the server's own words may say more
        status = find_status(words) or status
    kind, category = judge_status(status)
    if action == "delayed":
        kind = ReportKind.DELAY
    elif action in _NOT_BOUNCES or action != "failed":
        kind = ReportKind.OTHER
    where = _without_type(group.get("remote-mta", "")) or reporter
    return MailReport(kind, category, status, _clean(words), _clean(where))


def _complaint(content: bytes, body: bytes) -> MailReport:
    """RFC 5965 3: whatever kind of feedback but *not-spam* is a wish to get no more."""
    fields = next(_groups(content), {})
    wish = fields.get("feedback-type", "").strip().lower()
    sender = fields.get("original-mail-from", "").strip().strip("<>")
    return MailReport(
        ReportKind.OTHER if wish in ("", "not-spam") else ReportKind.COMPLAINT,
        text=_clean(wish),
        reporter=_clean(fields.get("user-agent", "")),
        original_sender=_clean(sender),
        links=tuple(dict.fromkeys(_LINK.findall(body.decode("utf-8", "replace"))))[:20],
    )


def _plain(body: bytes) -> MailReport:
    """A bounce in words alone, as qmail and old gateways write: the first code in it decides."""
    words = body[:8192].decode("utf-8", "replace")
    status = find_status(words)
    if not status:
        return MailReport(ReportKind.OTHER)
    kind, category = judge_status(status)
    place = max(words.find(status), 0)
    return MailReport(kind, category, status, _clean(words[max(0, place - 60) :]))


def _is_automatic_reply(headers: Message) -> bool:
    """An absence note (RFC 3834) also comes to the envelope sender; a bounce says ``auto-replied`` too, but as a report."""
    said = str(headers.get("Auto-Submitted", "")).lower()
    return said.startswith("auto-replied") or "X-Autoreply" in headers or "X-Autorespond" in headers


def _cut(raw: bytes) -> tuple[bytes, bytes]:
    found = _BLANK.search(raw)
    return (raw, b"") if found is None else (raw[: found.start()], raw[found.end() :])


def _headers(head: bytes) -> Message:
    return BytesHeaderParser(policy=compat32).parsebytes(head[:_MOST_HEADERS] + b"\r\n\r\n")


def _type_of(headers: Message) -> str:
    """``multipart/report``; hostile ones may be anything, also no text at all."""
    return str(headers.get("Content-Type", "text/plain")).partition(";")[0].strip().lower()


def _boundary(headers: Message) -> bytes:
    found = re.search(
        r"""boundary\s*=\s*(?:"([^"\r\n]{1,200})"|([^\s;"]{1,200}))""",
        str(headers.get("Content-Type", "")),
        re.IGNORECASE,
    )
    text = (found.group(1) or found.group(2)) if found else ""
    return text.encode("ascii", "ignore")


def _parts(body: bytes, boundary: bytes) -> Iterator[tuple[str, bytes]]:
    """(type, content) of the parts of the top level."""
    if not boundary:
        return
    fence = re.compile(rb"^--" + re.escape(boundary) + rb"(?:--)?[ \t]*\r?$", re.MULTILINE)
    for piece in fence.split(body)[1:11]:  # a report has three parts
        head, content = _cut(piece.lstrip(b"\r\n"))
        yield _type_of(_headers(head)), content


def _groups(content: bytes) -> Iterator[Fields]:
    """Groups of header-like fields, parted by empty lines; of a field that is given twice the first counts."""
    for block in _BLANK.split(content[:_MOST_HEADERS].strip(b"\r\n"), _MOST_GROUPS)[:_MOST_GROUPS]:
        fields: dict[str, str] = {}
        for name, value in _headers(block.lstrip(b"\r\n")).items():
            fields.setdefault(str(name).lower(), " ".join(str(value).split()))
        yield fields


def _without_type(text: str) -> str:
    """``dns; mx.example.org`` → ``mx.example.org``."""
    return _TYPED.sub("", text.strip())


def _clean(text: str) -> str:
    return " ".join(_CONTROL.sub(" ", text).split())[:_TEXT]
