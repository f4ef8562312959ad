"""The headers of the standards table, and what a frame refuses when it is built."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTPUTF8

import pytest

from opulse.mail.message import MessageParts, build_frame, mail_date
from opulse.mail.models import MessageRefused, Refusal
from opulse.mail.slots import slot

PARTS = MessageParts(
    from_name="IT Büro",
    from_address="pulse@example.org",
    to_name="Maya",
    to_address="maya@example.org",
    reply_to="help@example.org",
    subject="[INC-4F] Is it slow?",
    text="Hello",
    html="<p>Hello</p>",
    message_id="abc.1@example.org",
    date=mail_date(datetime(2026, 11, 23, 9, 30, tzinfo=UTC)),
    unsubscribe_link="https://pulse.example.org/u/abc",
    unsubscribe_mailto="stop@example.org",
    list_id="disk-trouble.pulse.example.org",
    list_name="Disk trouble",
    language="de",
    extra_headers={"X-Opulse-Tenant": "t1"},
)


def rendered(parts: MessageParts, **values: str) -> EmailMessage:
    message = message_from_bytes(build_frame(parts).render(values), policy=SMTPUTF8)
    assert isinstance(message, EmailMessage)
    return message


def test_every_header_of_the_standards_is_there() -> None:
    message = rendered(PARTS)
    assert dict(message.items()) | {"Content-Type": ""} == {
        "From": "IT Büro <pulse@example.org>",
        "To": "Maya <maya@example.org>",
        "Reply-To": "help@example.org",
        "Subject": "[INC-4F] Is it slow?",
        "Date": "Mon, 23 Nov 2026 09:30:00 +0000",
        "Message-ID": "<abc.1@example.org>",
        "List-Unsubscribe": "<https://pulse.example.org/u/abc>, <mailto:stop@example.org>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "List-Id": "Disk trouble <disk-trouble.pulse.example.org>",
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "OOF, AutoReply",
        "Content-Language": "de",
        "X-Opulse-Tenant": "t1",
        "MIME-Version": "1.0",
        "Content-Type": "",
    }
    assert [part.get_content_type() for part in message.walk()] == [
        "multipart/alternative",
        "text/plain",
        "text/html",
    ]


def test_without_html_the_message_is_its_text() -> None:
    message = rendered(replace(PARTS, html="", text=f"Hello {slot('name')}"), name="Maya")
    assert message.get_content_type() == "text/plain"
    assert message.get_content() == "Hello Maya\r\n"


@pytest.mark.parametrize(
    ("link", "one_click"),
    [
        ("https://pulse.example.org/u/1", True),
        ("http://127.0.0.1:8080/u/1", True),
        ("http://localhost/u/1", True),
        ("http://pulse.corp.example/u/1", False),
        ("http://localhost.evil.example/u/1", False),
    ],
)
def test_one_click_is_promised_only_over_https_or_on_this_machine(link: str, one_click: bool) -> None:
    message = rendered(replace(PARTS, unsubscribe_link=slot("link"), unsubscribe_mailto=""), link=link)
    assert message["List-Unsubscribe"] == f"<{link}>"
    assert (message["List-Unsubscribe-Post"] is not None) is one_click


def test_no_link_no_list_headers() -> None:
    message = rendered(replace(PARTS, unsubscribe_link="", list_id=""))
    assert message["List-Unsubscribe"] is None
    assert message["List-Unsubscribe-Post"] is None
    assert message["List-Id"] is None


def test_an_international_domain_is_written_in_ascii_and_a_local_part_in_utf8() -> None:
    parts = replace(PARTS, to_address=slot("address"))
    raw = bytes(build_frame(parts).render({"address": "maya@büro.example"}))
    assert b"To: Maya <maya@xn--bro-hoa.example>\r\n" in raw
    raw = bytes(build_frame(parts).render({"address": "jürgen@büro.example"}))
    assert "To: Maya <jürgen@xn--bro-hoa.example>\r\n".encode() in raw


def test_a_missing_value_is_named() -> None:
    frame = build_frame(replace(PARTS, subject=f"{slot('a')}", html=f"<p>{slot('b')}</p>"))
    assert frame.slots == {"a", "b"}
    for values, missing in (({}, "a"), ({"a": "1"}, "b")):
        with pytest.raises(MessageRefused) as refused:
            frame.render(values)
        assert (refused.value.reason, refused.value.where) == (Refusal.MISSING_SLOT, missing)


def test_a_frame_renders_the_same_bytes_for_the_same_values() -> None:
    frame = build_frame(replace(PARTS, subject=slot("a")))
    first = frame.render({"a": "one"})
    assert frame.render({"a": "two"}) != first
    assert frame.render({"a": "one"}) == first


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"from_address": "nobody"}, Refusal.BAD_ADDRESS),
        ({"from_name": "a\r\nBcc: x@example.org"}, Refusal.CONTROL_CHARACTER),
        ({"reply_to": "a@example.org, b@example.org"}, Refusal.BAD_ADDRESS),
        ({"message_id": "no-at-sign"}, Refusal.BAD_MESSAGE_ID),
        ({"message_id": "<a@b>"}, Refusal.BAD_MESSAGE_ID),
        ({"date": "yesterday"}, Refusal.BAD_DATE),
        ({"unsubscribe_link": "ftp://example.org"}, Refusal.BAD_LINK),
        ({"unsubscribe_link": "https://example.org/" + "a" * 1000}, Refusal.TOO_LONG),
        ({"list_id": "not a domain"}, Refusal.BAD_ADDRESS),
        ({"subject": "half \ud83d"}, Refusal.NOT_TEXT),
        ({"text": "half \ud83d"}, Refusal.NOT_TEXT),
        ({"extra_headers": {"Bcc": "x@example.org"}}, Refusal.BAD_HEADER_NAME),
        ({"extra_headers": {"X-A: b\r\nBcc": "x"}}, Refusal.BAD_HEADER_NAME),
        ({"extra_headers": {"X-A": "b\r\nBcc: x"}}, Refusal.CONTROL_CHARACTER),
        ({"html": "<p class=⟦a⟧>"}, Refusal.UNSAFE_PLACE),
        ({"html": "<⟦a⟧>"}, Refusal.UNSAFE_PLACE),
        ({"html": '<p onclick="⟦a⟧">'}, Refusal.UNSAFE_PLACE),
        ({"html": "<style>p{color:⟦a⟧}</style>"}, Refusal.UNSAFE_PLACE),
        ({"html": "<script>⟦a⟧</script>"}, Refusal.UNSAFE_PLACE),
    ],
)
def test_what_can_never_be_sent_is_refused_when_the_frame_is_built(
    change: dict[str, object], reason: Refusal
) -> None:
    with pytest.raises(MessageRefused) as refused:
        build_frame(replace(PARTS, **change))  # type: ignore[arg-type]  # parametrised by field name
    assert refused.value.reason is reason


def test_a_slot_after_a_closed_style_is_an_ordinary_one() -> None:
    message = rendered(replace(PARTS, html="<style>p{}</style><p>⟦a⟧</p>"), a="<&>")
    html = message.get_body(("html",))
    assert html is not None
    assert html.get_content() == "<style>p{}</style><p>&lt;&amp;&gt;</p>\r\n"


def test_a_value_in_the_middle_of_a_link_is_percent_encoded() -> None:
    message = rendered(replace(PARTS, html='<a href="https://x.example/?a=⟦a⟧&b=1">x</a>'), a="&b=2 \"é'")
    html = message.get_body(("html",))
    assert html is not None
    assert 'href="https://x.example/?a=%26b%3D2%20%22%C3%A9%27&b=1"' in html.get_content()
