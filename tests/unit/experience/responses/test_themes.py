"""Themes of comments, the search, and what may be shown."""

import pytest

from opulse.experience.responses.models import AnswerFilter, Identity
from opulse.experience.responses.rules.showing import (
    FilterRefused,
    Hidden,
    decide_shown,
    may_become,
    refuse_filter,
)
from opulse.experience.responses.rules.themes import find_themes, matches

COMMENTS = [
    "The VPN drops every ten minutes",
    "VPN drops again, cannot reach the file server",
    "vpn drops!",
    "File server is slow",
    "file server",
    "Der Drucker geht nicht",
    "Drucker kaputt",
    "der DRUCKER",
]


def test_a_theme_stands_in_three_comments_and_a_pair_replaces_its_words() -> None:
    assert [(one.words, one.comments) for one in find_themes(COMMENTS)] == [
        ("drucker", 3),
        ("file server", 3),
        ("vpn drops", 3),
    ]


def test_one_comment_counts_once_and_two_are_no_theme() -> None:
    assert find_themes(["vpn vpn vpn vpn", "vpn"]) == []


@pytest.mark.parametrize(
    ("search", "found"),
    [("vpn", True), ("DROP vp", True), ("rops", False), ("vpn server", False), ("", True)],
)
def test_a_search_wants_every_word_or_its_beginning(search: str, found: bool) -> None:
    assert matches("VPN drops again", search) is found


@pytest.mark.parametrize(
    ("identity", "found", "rows", "texts", "why"),
    [
        (Identity.CONFIDENTIAL, 4, False, False, Hidden.FEW_ANSWERS),
        (Identity.CONFIDENTIAL, 5, True, False, Hidden.FEW_COMMENTS),
        (Identity.ANONYMOUS, 9, True, False, Hidden.FEW_COMMENTS),
        (Identity.CONFIDENTIAL, 10, True, True, None),
        (Identity.NAMED, 1, True, True, None),
    ],
)
def test_few_answers_are_not_shown(
    identity: Identity, found: int, rows: bool, texts: bool, why: Hidden | None
) -> None:
    shown = decide_shown(identity, found, 5, 10)
    assert (shown.rows, shown.texts, shown.why) == (rows, texts, why)


def test_a_confidential_survey_is_not_cut_small() -> None:
    by_choice = AnswerFilter(choice=("QID1", "1"))
    assert refuse_filter(Identity.CONFIDENTIAL, by_choice) is FilterRefused.BY_CHOICE
    assert refuse_filter(Identity.NAMED, by_choice) is None
    assert refuse_filter(Identity.CONFIDENTIAL, AnswerFilter(activation="a-1")) is None


def test_a_promise_only_becomes_stricter() -> None:
    assert may_become(Identity.NAMED, Identity.ANONYMOUS, published=True)
    assert not may_become(Identity.CONFIDENTIAL, Identity.NAMED, published=True)
    assert may_become(Identity.CONFIDENTIAL, Identity.NAMED, published=False)
