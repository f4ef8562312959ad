"""The mails' HTML: complete, safe, readable from right to left, with the slots where they were put."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest

from opulse.mail.message import MessageParts, build_frame, mail_date
from opulse.mail.shell import (
    Choice,
    Invitation,
    Notice,
    invitation_html,
    invitation_text,
    notice_html,
    notice_text,
)
from opulse.mail.slots import slot
from opulse.mail.words import direction, words

TEXTS = Invitation(
    subject="Is it slow?",
    heading="Disk trouble at ⟦site⟧",
    greeting="Hello ⟦first_name⟧,",
    body="We see **slow disks**.\n\n- one\n- two\n\n[More](⟦info_link⟧) <b>raw</b>",
    question="How does it affect you?",
    choices=(Choice("Not at all", "⟦survey_link⟧?a=0&q=1"), Choice("I cannot work", "⟦survey_link⟧?a=1&q=1")),
    choose="Nothing is sent yet.",
    button="Open",
    survey_link="⟦survey_link⟧",
    questions="3 questions",
    why="Because.",
    unsubscribe="Stop",
    unsubscribe_link="⟦unsubscribe_link⟧",
)


class Seen(HTMLParser):
    """The tags, attributes and links that a reader's program would see."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: list[dict[str, str | None]] = []
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag == "a":
            self.links.append(dict(attrs))


def links(html: str) -> list[dict[str, str | None]]:
    return Seen(html).links


def assert_harmless(html: str) -> None:
    seen = Seen(html)
    assert not seen.tags & {"script", "img", "iframe", "link", "object", "base"}
    assert not [tag for tag in seen.tags if tag.startswith("mj-")]
    assert not [name for name in seen.attributes if name.startswith("on")]
    assert not [link for link in seen.links if str(link["href"]).startswith("javascript")]


def test_the_links_are_those_that_were_given_and_one_is_the_survey() -> None:
    found = links(invitation_html("en", "ltr", TEXTS))
    assert [link["href"] for link in found] == [
        "⟦info_link⟧",
        "⟦survey_link⟧?a=0&q=1",
        "⟦survey_link⟧?a=1&q=1",
        "⟦survey_link⟧",
        "⟦unsubscribe_link⟧",
    ]
    assert [link["href"] for link in found if link.get("rel") == "survey"] == ["⟦survey_link⟧"]


def test_all_words_are_in_both_parts() -> None:
    html, text = invitation_html("en", "ltr", TEXTS), invitation_text(TEXTS)
    for said in (
        "How does it affect you?",
        "I cannot work",
        "Nothing is sent yet.",
        "3 questions",
        "Because.",
        "Stop",
    ):
        assert said in html
        assert said in text
    assert "<strong>slow disks</strong>" in html and "&lt;b&gt;raw&lt;/b&gt;" in html
    assert "**slow disks**" in text
    assert "<bdi>⟦first_name⟧</bdi>" in html and "<bdi>" not in text


def test_right_to_left_is_written_on_the_page_and_on_each_block() -> None:
    html = invitation_html("ar", "rtl", TEXTS)
    assert re.search(r'<html lang="ar" dir="rtl"', html)
    assert html.count('<div dir="rtl">') >= 6
    assert '<div dir="ltr">' not in html
    assert 'dir="rtl"' not in invitation_html("en", "ltr", TEXTS)


def test_dark_mode_and_phones_are_catered_for_and_nothing_is_fetched() -> None:
    html = invitation_html("en", "ltr", TEXTS)
    assert "prefers-color-scheme: dark" in html
    assert '<meta name="color-scheme" content="light dark"' in html
    assert 'name="viewport"' in html
    assert not re.search(r"<img|<script|<link|@import|url\(", html)


def test_empty_texts_leave_nothing_behind() -> None:
    bare = Invitation(subject="s", heading="h", body="", survey_link="https://x.example/s", button="Open")
    html = invitation_html("en", "ltr", bare)
    assert [link["href"] for link in links(html)] == ["https://x.example/s"]
    assert invitation_text(bare) == "h\n\nOpen\nhttps://x.example/s\n"


@pytest.mark.parametrize(
    "hostile",
    [
        "</mj-text><mj-raw><script>alert(1)</script></mj-raw>",
        '"><img src=x onerror=alert(1)>',
        "[x](javascript:alert(1))",
        "![x](https://evil.example/pixel.png)",
        "<!-- --> <mj-include path='/etc/passwd'/>",
        "a\x00b\x0bc\ufffe",
        "&nbsp; &lt;script&gt; &#60;script&#62;",
        "]]>",
        "a  \nb\n\n***\n",
    ],
)
def test_no_text_breaks_out(hostile: str) -> None:
    texts = replace(
        TEXTS,
        subject=hostile,
        preview=hostile,
        heading=hostile,
        body=hostile,
        question=hostile,
        choices=(Choice(hostile, "https://x.example/"),),
        why=hostile,
    )
    html = invitation_html("en", "ltr", texts)
    assert_harmless(html)
    assert [link["href"] for link in links(html) if link.get("rel") == "survey"] == ["⟦survey_link⟧"]
    notice = notice_html(
        "en", "ltr", Notice(hostile, hostile, hostile, ((hostile, hostile),), hostile, "https://x.example")
    )
    assert_harmless(notice)


@pytest.mark.parametrize("language", ["en", "de-AT", "ar"])
def test_the_frame_takes_the_shell_with_our_words(language: str) -> None:
    ours = words(language, 3)
    texts = replace(
        TEXTS, greeting=ours.greeting, questions=ours.questions, why=ours.why, unsubscribe=ours.unsubscribe
    )
    frame = build_frame(
        MessageParts(
            from_address="pulse@example.org",
            to_address=slot("address"),
            subject=texts.subject,
            text=invitation_text(texts),
            html=invitation_html(language, direction(language), texts),
            message_id=f"{slot('invitation')}@example.org",
            date=mail_date(datetime(2026, 11, 23, tzinfo=UTC)),
            unsubscribe_link=texts.unsubscribe_link,
        )
    )
    assert frame.slots == {
        "address",
        "invitation",
        "site",
        "first_name",
        "info_link",
        "survey_link",
        "unsubscribe_link",
    }


def test_questions_are_counted_as_each_language_does() -> None:
    assert [words("en", n).questions for n in (1, 3)] == ["1 question", "3 questions"]
    assert [words("de-CH", n).questions for n in (1, 3)] == ["1 Frage", "3 Fragen"]
    assert [words("ar", n).questions for n in (1, 2, 3, 11)] == ["سؤال واحد", "سؤالان", "3 أسئلة", "11 سؤالًا"]
    assert words("fi", 2) == words("en", 2)
    assert [direction(tag) for tag in ("ar", "AR-eg", "he", "en", "de")] == [
        "rtl",
        "rtl",
        "rtl",
        "ltr",
        "ltr",
    ]


def test_a_notice_says_its_facts_in_both_parts() -> None:
    notice = Notice(
        subject="Activated",
        heading="Disk trouble was activated",
        body="312 systems.",
        facts=(("Sensors", "Disk <Latency>"), ("Threshold", "5 %")),
        button="Open the activation",
        link="https://pulse.example.org/a/1",
        why="You are a recipient.",
    )
    html = notice_html("en", "ltr", notice)
    assert "Disk &lt;Latency&gt;" in html and 'scope="row"' in html
    assert [link["href"] for link in links(html)] == ["https://pulse.example.org/a/1"]
    assert notice_text(notice) == (
        "Disk trouble was activated\n\n312 systems.\n\nSensors: Disk <Latency>\nThreshold: 5 %\n\n"
        "Open the activation\nhttps://pulse.example.org/a/1\n\n-- \nYou are a recipient.\n"
    )
