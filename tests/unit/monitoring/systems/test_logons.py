"""Whom an account means, and what a logon changes about a system's users."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opulse.monitoring.systems.models import Logon, SystemUser
from opulse.monitoring.systems.rules import lay_logons_over

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def on(*known: SystemUser, accounts: tuple[str, ...]) -> list[str]:
    laid = lay_logons_over(known, [Logon(account) for account in accounts], NOON)
    return [user.user_id for user in laid if user.is_logged_on]


@pytest.mark.parametrize(
    ("known", "account", "meant"),
    [
        ((r"EXAMPLE\maya",), "maya", r"EXAMPLE\maya"),
        (("maya@example.org",), "MAYA", "maya@example.org"),
        ((r"EXAMPLE\maya", "maya"), "maya", "maya"),
        ((r"ONE\maya", r"TWO\maya"), "maya", "maya"),
        ((r"ONE\maya", r"TWO\maya"), r"two\MAYA", r"TWO\maya"),
        ((r"EXAMPLE\maya",), "mayas", "mayas"),
    ],
)
def test_whom_an_account_means(known: tuple[str, ...], account: str, meant: str) -> None:
    assert on(*(SystemUser(name) for name in known), accounts=(account,)) == [meant]


def test_who_was_logged_on_already_keeps_the_time_of_that() -> None:
    earlier = NOON - timedelta(hours=3)
    (user,) = lay_logons_over(
        [SystemUser("maya", is_logged_on=True, last_logon=earlier, is_primary=True)],
        [Logon("maya", NOON)],
        NOON,
    )
    assert user.last_logon == earlier


def test_the_time_of_a_new_logon_is_the_sessions_else_now() -> None:
    begun = NOON - timedelta(minutes=5)
    with_time, without = lay_logons_over([], [Logon("maya", begun), Logon("tom")], NOON)
    assert (with_time.last_logon, without.last_logon) == (begun, NOON)


KNOWN = st.lists(st.sampled_from(["maya", "tom", "ann"]), unique=True)
ACCOUNTS = st.lists(st.sampled_from(["maya", "tom", "ben"]), unique=True)


@given(KNOWN, ACCOUNTS)
def test_exactly_those_are_logged_on_and_saying_it_twice_changes_nothing(
    known: list[str], accounts: list[str]
) -> None:
    users = [SystemUser(name, is_logged_on=True) for name in known]
    logons = [Logon(account) for account in accounts]
    once = lay_logons_over(users, logons, NOON)
    assert {user.user_id for user in once if user.is_logged_on} == set(accounts)
    assert {user.user_id for user in once} == {*known, *accounts}
    assert sum(user.is_primary for user in once) <= 1
    assert lay_logons_over(once, logons, NOON + timedelta(hours=1)) == once
