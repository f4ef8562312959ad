"""Rules of segments are read, or say where they end to make sense; samples are drawn fairly."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from opulse.experience.audiences.models import (
    AllOf,
    AnyOf,
    Attribute,
    Counted,
    How,
    Moment,
    Never,
    Not,
    OfData,
    OfText,
    OnList,
    RuleUnreadable,
    SampleRefused,
    Since,
    Subscribed,
    Tally,
    Within,
)
from opulse.experience.audiences.rules import Draw, read_rule, read_size
from opulse.experience.directory.models import ContactField, FieldKind, FieldScope

AT = datetime(2026, 1, 1, tzinfo=UTC)
DECLARED = {
    name.lower(): ContactField(FieldScope.CONTACT, name, kind, AT)
    for name, kind in (
        ("Floor", FieldKind.NUMBER),
        ("hired", FieldKind.DATE),
        ("remote", FieldKind.BOOLEAN),
        ("cost centre", FieldKind.TEXT),
    )
}
GERMAN = OfText(Attribute.LANGUAGE, How.EQUALS, ("de",))


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("language = de", GERMAN),
        ("LANGUAGE != de", Not(GERMAN)),
        ("not language = de", Not(GERMAN)),
        ('firstName in (Ann, "Ben Lee")', OfText(Attribute.FIRST_NAME, How.EQUALS, ("Ann", "Ben Lee"))),
        ("emailDomain endsWith .example", OfText(Attribute.EMAIL_DOMAIN, How.ENDS, (".example",))),
        ("data.site contains Os", OfData("site", How.CONTAINS, ("Os",))),
        ("data.floor >= 3", OfData("Floor", How.AT_LEAST, ("3",), True)),
        ("data.floor = 3.0", OfData("Floor", How.EQUALS, ("3",), True)),
        ("data.hired < 2020-01-01", OfData("hired", How.LESS, ("2020-01-01",))),
        ("data.remote = Yes", OfData("remote", How.EQUALS, ("true",))),
        ('data.site = ""', OfData("site", How.EQUALS, ("",))),
        ('data."Cost Centre" = 7', OfData("cost centre", How.EQUALS, ("7",))),
        ("lastAsked within 30 days", Within(Moment.LAST_ASKED, timedelta(days=30))),
        ("added after 2026-11-01", Since(Moment.ADDED, True, datetime(2026, 11, 1, tzinfo=UTC))),
        ("lastAnswered = never", Never(Moment.LAST_ANSWERED)),
        ("answered >= 2", Counted(Tally.ANSWERED, How.AT_LEAST, 2)),
        ("asked != 0", Not(Counted(Tally.ASKED, How.EQUALS, 0))),
        ("subscribed = no", Subscribed(False)),
        ("list != Everybody", Not(OnList(("Everybody",)))),
        (
            "language = de and (language = de or not language = de)",
            AllOf((GERMAN, AnyOf((GERMAN, Not(GERMAN))))),
        ),
        ("language = de or language = de and language = de", AnyOf((GERMAN, AllOf((GERMAN, GERMAN))))),
    ],
)
def test_rules_are_read(text: str, term: object) -> None:
    assert read_rule(text, DECLARED) == term


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "At character 1: expected a field"),
        ("height = 3", "At character 1: expected a field"),
        ("language", "expected = != in"),
        ("language =", "At character 11: expected a value, found the end"),
        ("language = de de", "At character 15: expected and, or, or the end, found “de”"),
        ("(language = de", "closing \\)"),
        ("language in de", "expected \\( and values"),
        ("language in (de", "closing \\)"),
        ('language = "de', "quotation mark"),
        ("language ! de", "quotation mark, or = behind a !"),
        ("data.site < 3", "site has no order"),
        ("data.floor > high", "not a number"),
        ("added within 3 moons", "an age such as 30 days"),
        ("added before soon", "a date such as"),
        ("lastAsked = today", "within, before, after or = never"),
        ("answered >= many", "a whole number"),
        ("subscribed = maybe", "yes or no"),
        ("x" * 4_001, "at most 4,000"),
        (" and ".join(["language = de"] * 101), "at most 100 comparisons"),
        ("not " * 25 + "language = de", "more than 20"),
    ],
)
def test_what_is_no_rule_says_where(text: str, words: str) -> None:
    with pytest.raises(RuleUnreadable, match=words):
        read_rule(text, DECLARED)


def test_a_size_is_a_number_or_a_share() -> None:
    assert (read_size(" 200 "), read_size("12.5 %")) == ((200, 0.0), (0, 0.125))
    for bad in ("", "0", "-1", "200%", "0%", "many", "100001"):
        with pytest.raises(SampleRefused):
            read_size(bad)


def test_everybody_is_drawn_equally_often() -> None:
    chance, drawn = random.Random(1), Counter[str]()
    for _ in range(3_000):
        draw = Draw(2, 0, chance)
        for one in "abcde":
            draw.take([one])
        drawn.update(draw.result())
    assert set(drawn) == set("abcde")
    assert all(1_080 < count < 1_320 for count in drawn.values()), drawn


def test_a_share_is_a_share_of_all_and_a_number_at_most_all() -> None:
    ids = [f"{number:03}" for number in range(200)]
    tenth, few = Draw(0, 0.1, random.Random(1)), Draw(500, 0, random.Random(1))
    tenth.take(ids)
    few.take(ids)
    assert len(set(tenth.result())) == 20
    assert few.result() == ids
