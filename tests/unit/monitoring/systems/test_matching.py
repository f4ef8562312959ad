"""Which system a line means, and how the users' spans follow from what is said."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from opulse.monitoring.systems.models import (
    FOREVER,
    System,
    SystemEntry,
    SystemRefusal,
    SystemUser,
    UserSpan,
)
from opulse.monitoring.systems.rules import Known, check_lines, diff_users, lay_over, match_lines, read_guid

GUID = "11111111-2222-3333-4444-555555555555"
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def test_guids_are_read_in_any_usual_form() -> None:
    assert read_guid("{11111111-2222-3333-4444-555555555555}") == GUID
    assert read_guid(GUID.upper()) == GUID
    assert read_guid("LT-0421") is None


def test_a_line_without_id_means_the_one_that_carries_the_name() -> None:
    lines, _ = check_lines([SystemEntry("LT-1"), SystemEntry("LT-2"), SystemEntry("LT-3", GUID)])
    known = System(1, "other", "lt-1")
    matches, refused = match_lines(lines, Known({}, {"lt-1": [known], "lt-2": [known, known]}))
    assert [(match.line.index, match.known) for match in matches] == [(0, known), (2, None)]
    assert [(line.index, line.reason) for line in refused] == [(1, SystemRefusal.AMBIGUOUS_NAME)]


def test_a_name_and_an_id_of_the_same_system_are_one_too_many() -> None:
    known = System(1, GUID, "LT-1")
    lines, _ = check_lines([SystemEntry("renamed", GUID), SystemEntry("LT-1")])
    matches, refused = match_lines(lines, Known({GUID: known}, {"lt-1": [known]}))
    assert [match.known for match in matches] == [known]
    assert [(line.index, line.reason) for line in refused] == [(1, SystemRefusal.NAMED_TWICE)]


def test_what_is_left_out_stays_and_what_is_empty_is_emptied() -> None:
    known = System(1, GUID, "LT-1", "lt-1.corp", "CORP", site="North", deleted=True)
    laid = lay_over(known, SystemEntry("LT-1", site="", attributes={"rack": "7"}))
    assert (laid.fqdn, laid.domain, laid.site, laid.attributes, laid.deleted) == (
        "lt-1.corp",
        "CORP",
        "",
        {"rack": "7"},
        False,
    )


users = st.builds(
    SystemUser,
    st.sampled_from(["ann", "ANN", "bob", "cy"]),
    st.just("x@example.org"),
    is_logged_on=st.booleans(),
)


@given(st.lists(st.tuples(st.integers(0, 2), st.lists(users, max_size=4)), max_size=8))
def test_any_past_moment_shows_what_was_said_then(told: list[tuple[int, list[SystemUser]]]) -> None:
    stored: dict[tuple[str, datetime], UserSpan] = {}
    said: dict[datetime, dict[str, SystemUser]] = {}
    now = NOW
    for minutes, wanted in told:
        now += timedelta(minutes=minutes)
        holding = {key: span for (key, _), span in stored.items() if span.valid_to == FOREVER}
        for span in diff_users(1, wanted, holding, now):
            stored[span.user.user_id.casefold(), span.valid_from] = span
        said[now] = {user.user_id.casefold(): user for user in wanted}
    for at, wanted_then in said.items():
        held = {key: span.user for (key, _), span in stored.items() if span.valid_from <= at < span.valid_to}
        assert held == wanted_then


def test_a_serial_number_is_asked_first_where_the_line_wants_it_and_only_when_one_system_has_it() -> None:
    entries = [
        SystemEntry(name, serial=serial, by_serial=True) for name, serial in (("new", "S1"), ("lt-1", "S2"))
    ]
    lines, _ = check_lines([*entries, SystemEntry("x", serial="s1")])
    renamed, twin, named = System(1, "a", "old"), System(2, "b", "twin"), System(3, "c", "lt-1")
    known = Known({}, {"lt-1": [named]}, {"s1": [renamed], "s2": [twin, twin]})
    matches, refused = match_lines(lines, known)
    assert [match.known for match in matches] == [renamed, named, None]
    assert refused == []
