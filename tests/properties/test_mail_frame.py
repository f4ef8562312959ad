"""Whatever a person's values are, the message that is read back holds exactly these values, or it was refused."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email import message_from_bytes
from email.header import decode_header, make_header
from email.headerregistry import AddressHeader
from email.message import EmailMessage
from email.policy import SMTPUTF8, default
from html import unescape

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from opulse.mail.message import MessageParts, build_frame, mail_date
from opulse.mail.models import MessageRefused, Refusal
from opulse.mail.slots import literal, slot
from opulse.mail.smtp.mails import stuffed

UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # the cores are shared
FRAME = build_frame(
    MessageParts(
        from_name="Pulse, IT «help»",
        from_address="pulse@example.org",
        to_name=slot("name"),
        to_address=slot("address"),
        subject=f"[INC-4F] {slot('word')}: is it slow for you, {slot('name')}?",
        text=f"Hello {slot('name')},\n{slot('word')}\n.\n{slot('link')}\nend",
        html=(
            f'<html><body><p title="{slot("word")}">{slot("name")}</p><b>{slot("word")}</b>'
            f'<a href="{slot("link")}">x</a><a href="https://h.example/?n={slot("word")}">y</a></body></html>'
        ),
        message_id=f"{slot('id')}@example.org",
        date=mail_date(datetime(2026, 11, 23, 9, 30, tzinfo=UTC)),
        reply_to="help@example.org",
        unsubscribe_link=slot("link"),
        unsubscribe_mailto="stop@example.org",
        list_id="pulse.example.org",
        list_name="Pulse بريد",
        language="ar",
        extra_headers={"X-Opulse-Pulse": slot("word")},
    )
)
BASE = {
    "name": "Maya",
    "address": "maya@example.org",
    "word": "Disk",
    "id": "a1",
    "link": "https://pulse.example.org/s/abc?d=1&e=2",
}
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
NEWLINE = re.compile("\r\n?")


def read(raw: bytes) -> EmailMessage:
    message = message_from_bytes(raw, policy=SMTPUTF8 if not raw.isascii() else default)
    assert isinstance(message, EmailMessage)
    assert not message.defects
    return message


def bodies(message: EmailMessage) -> tuple[str, str]:
    text = message.get_body(("plain",))
    html = message.get_body(("html",))
    assert text is not None and html is not None
    return text.get_content().replace("\r\n", "\n"), html.get_content().replace("\r\n", "\n")


def assert_fit_for_the_wire(raw: bytes) -> None:
    assert raw.isascii()
    assert raw.endswith(b"\r\n")
    assert b"\r" not in raw.replace(b"\r\n", b"") and b"\n" not in raw.replace(b"\r\n", b"")
    head, _, body = raw.partition(b"\r\n\r\n")
    assert max(map(len, head.split(b"\r\n"))) <= 998
    assert max(map(len, body.split(b"\r\n"))) <= 76
    assert b"\n." not in raw and not raw.startswith(b".")
    assert stuffed(raw) == stuffed(bytes(raw)) == raw + b".\r\n"


def display_name(raw: bytes, parsed: str) -> str:
    """The To header's display name. ``email.policy.default`` of Python 3.11 keeps the blanks between neighbouring
    encoded words of a phrase (RFC 2047 6.2 drops them), so those are read by ``decode_header``."""
    header = re.search(rb"^To: (.*?)\r\n(?! )", raw, re.DOTALL | re.MULTILINE)
    assert header is not None
    phrase = header.group(1).decode("ascii").rpartition("<")[0].strip()
    return str(make_header(decode_header(phrase))) if phrase.startswith("=?") else parsed


ANY_TEXT = st.text(max_size=300)
HEADER_TEXT = st.text(max_size=200).filter(lambda text: not CONTROL.search(text))


@UNHURRIED
@given(word=HEADER_TEXT, name=HEADER_TEXT)
@example(word="خلل في القرص", name="مايا الخطيب")
@example(word="🔥👩‍💻" * 20, name="👩‍💻")
@example(word="x" * 900, name="y" * 900)
@example(word="x" * 2000, name="y z " * 300)
@example(word="=?utf-8?q?=0D=0AX-Evil=3A?=", name="=?x?=")
@example(word=".", name='"O\\"Neil, <b>" <evil@example.org>')
@example(word="  two  spaces  ", name=" a  b ")
@example(word="a@b.example,", name="(comment) group: x;")
@example(word="⟦name⟧ ⟦nothing⟧", name="⟦word⟧")
@example(word="<script>alert(1)</script> &amp; 'x' \"y\"", name="=\r".strip())
def test_headers_and_bodies_hold_exactly_the_values(word: str, name: str) -> None:
    raw = FRAME.render({**BASE, "word": word, "name": name})
    assert_fit_for_the_wire(raw)
    message = read(raw)
    assert message["Subject"] == f"[INC-4F] {word}: is it slow for you, {name}?"
    assert message["X-Opulse-Pulse"].strip() == word.strip()
    to = message["To"]
    assert isinstance(to, AddressHeader)
    assert [entry.addr_spec for entry in to.addresses] == ["maya@example.org"]
    assert display_name(raw, to.addresses[0].display_name) == " ".join(name.split())
    text, html = bodies(message)
    assert text == f"Hello {name},\n{word}\n.\n{BASE['link']}\nend\n"
    assert unescape(html.split("<b>")[1].split("</b>")[0]) == word
    assert "<script" not in html


@UNHURRIED
@given(word=ANY_TEXT)
@example(word="\r\n.\r\nMAIL FROM:<x@y>")
@example(word=".\n..\n.a\n\n.")
@example(word="." * 300)
@example(word="." + "a" * 75 + "." * 80)
@example(word="a" * 75 + "é")
@example(word="a" * 76)
@example(word="\n")
@example(word=" \t")
@example(word="From x\n--=_0\n--")
@example(word="\x00\x0b\x0c\x85")
def test_a_body_takes_any_text_and_gives_it_back(word: str) -> None:
    frame = build_frame(
        MessageParts(
            from_address="a@example.org",
            to_address="b@example.org",
            subject="s",
            text=f"{slot('word')}|{slot('word')}",
            html=f"<p>{slot('word')}</p>",
            message_id="1@example.org",
            date=mail_date(datetime(2026, 11, 23, tzinfo=UTC)),
        )
    )
    raw = frame.render({"word": word})
    assert_fit_for_the_wire(raw)
    text, html = bodies(read(raw))
    expected = NEWLINE.sub("\n", word)
    assert text == f"{expected}|{expected}\n"
    assert unescape_exactly(html.removeprefix("<p>").removesuffix("</p>\n")) == expected


def unescape_exactly(html: str) -> str:
    """``html.unescape`` without its own ideas about control characters."""
    for entity, character in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&#x27;", "'"), ("&amp;", "&")):
        html = html.replace(entity, character)
    return html


@UNHURRIED
@given(before=ANY_TEXT, after=ANY_TEXT, control=st.sampled_from("\r\n\x00\x0b\x0c\x1c\x85\u2028\u2029\t\x7f"))
def test_a_control_character_never_reaches_a_header(before: str, after: str, control: str) -> None:
    for slot_name in ("name", "word"):
        with pytest.raises(MessageRefused) as refused:
            FRAME.render({**BASE, slot_name: f"{before}{control}{after}"})
        assert refused.value.reason is Refusal.CONTROL_CHARACTER


@UNHURRIED
@given(text=ANY_TEXT)
@example(text="a@example.org>\r\nBcc: x@example.org")
@example(text="a@example.org, b@example.org")
@example(text="a b@example.org")
@example(text="@example.org")
@example(text="a@-example.org")
def test_an_address_slot_holds_one_address_or_nothing(text: str) -> None:
    try:
        raw = FRAME.render({**BASE, "address": text})
    except MessageRefused as refused:
        assert refused.reason in {Refusal.BAD_ADDRESS, Refusal.CONTROL_CHARACTER, Refusal.NOT_TEXT}
        return
    to = read(raw)["To"]
    assert isinstance(to, AddressHeader)
    assert len(to.addresses) == 1


@UNHURRIED
@given(text=st.text(max_size=60))
@example(text="javascript:alert(1)")
@example(text='https://x" onclick="y')
@example(text="https://x>\r\nBcc: y")
@example(text="https://x/\u0430")
def test_a_link_slot_holds_a_link_or_is_refused(text: str) -> None:
    try:
        raw = FRAME.render({**BASE, "link": text})
    except MessageRefused as refused:
        assert refused.reason is Refusal.BAD_LINK
        return
    message = read(raw)
    assert message["List-Unsubscribe"] == f"<{text}>, <mailto:stop@example.org>"
    _, html = bodies(message)
    assert re.findall(r'<a href="([^"]*)">x', html) == [unescape(text).replace("&", "&amp;")]


@UNHURRIED
@given(text=ANY_TEXT)
def test_words_that_people_wrote_hold_no_slot(text: str) -> None:
    parts = MessageParts(
        from_address="a@example.org",
        to_address="b@example.org",
        subject="s",
        text=literal(text + "⟦name⟧"),
        message_id="1@example.org",
        date=mail_date(datetime(2026, 11, 23, tzinfo=UTC)),
    )
    assert build_frame(parts).slots == frozenset()
