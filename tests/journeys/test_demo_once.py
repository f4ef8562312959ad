"""``opulse demo --once --json``: one incident unattended, over real sockets, and the same counts for the same seed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from tests.journeys.demo_process import run_opulse

KEYS = {
    "affected_systems",
    "affected_people",
    "invited",
    "mails_accepted",
    "answered",
    "waves",
    "ledger",
    "seconds",
    "report_url",
}
SMALL = ("--systems", "240", "--affected", "60", "--answers", "20", "--seed", "7")


def run_once(*arguments: str) -> dict[str, Any]:
    done = run_opulse("demo", "--once", "--json", *arguments)
    assert done.returncode == 0, done.stderr
    figures: dict[str, Any] = json.loads(done.stdout)
    return figures


def counts(figures: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in figures.items() if name not in ("seconds", "report_url")}


def check(figures: Mapping[str, Any], affected: int, answers: int) -> None:
    assert set(figures) == KEYS
    assert figures["affected_systems"] == affected == sum(figures["ledger"].values())
    assert figures["invited"] == figures["mails_accepted"]
    assert figures["answered"] == answers
    assert figures["answered"] <= figures["invited"] <= figures["affected_people"]
    assert figures["waves"] == 3
    assert "quarantined" not in figures["ledger"]
    assert "being_resolved" not in figures["ledger"]
    seconds = figures["seconds"]
    assert list(seconds) == [
        "trigger_to_activation",
        "activation_to_webhook",
        "activation_to_first_mail",
        "activation_to_last_mail",
    ]
    assert all(value >= 0 for value in seconds.values())
    assert seconds["activation_to_first_mail"] <= seconds["activation_to_last_mail"]
    assert figures["report_url"].startswith("http://127.0.0.1:")


@pytest.fixture(scope="module")
def first() -> dict[str, Any]:
    """One run with the small estate; the others are compared with it."""
    return run_once(*SMALL)


def test_the_figures_of_a_run_fit_each_other(first: dict[str, Any]) -> None:
    check(first, 60, 20)


@pytest.mark.long
def test_the_same_seed_gives_the_same_counts(first: dict[str, Any]) -> None:
    assert counts(run_once(*SMALL)) == counts(first)


@pytest.mark.long
def test_another_seed_is_another_estate(first: dict[str, Any]) -> None:
    other = run_once(*SMALL[:-1], "8")
    check(other, 60, 20)
    assert counts(other) != counts(first)


def test_one_system_and_nobody_who_answers() -> None:
    figures = run_once("--systems", "20", "--affected", "1", "--answers", "0")
    assert (figures["affected_systems"], figures["answered"], figures["waves"]) == (1, 0, 1)


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("--systems", "20", "--affected", "21"), "opulse demo: --affected 21 is more than the 20 systems"),
        (("--systems", "20", "--affected", "2", "--answers", "9"), "so 9 cannot answer; lower --answers"),
    ],
)
def test_what_cannot_be_done_is_one_line_on_stderr(arguments: tuple[str, ...], line: str) -> None:
    done = run_opulse("demo", "--once", "--json", *arguments)
    assert done.returncode == 1
    assert done.stdout == ""
    assert line in done.stderr.splitlines()[-1]


FULL = ("--systems", "2000", "--affected", "300", "--answers", "120", "--seed", "7")


@pytest.fixture(scope="module")
def full() -> dict[str, Any]:
    """The size that the demo is told with."""
    return run_once(*FULL)


@pytest.mark.long
def test_three_hundred_of_two_thousand_systems(full: dict[str, Any]) -> None:
    check(full, 300, 120)


@pytest.mark.long
def test_three_hundred_of_two_thousand_systems_once_more(full: dict[str, Any]) -> None:
    assert counts(run_once(*FULL)) == counts(full)
