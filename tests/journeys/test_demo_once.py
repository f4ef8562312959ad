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


def test_the_same_seed_gives_the_same_counts_and_another_gives_others() -> None:
    first, second = run_once(*SMALL), run_once(*SMALL)
    check(first, 60, 20)
    assert counts(first) == counts(second)
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


@pytest.mark.long
def test_the_size_that_the_demo_is_told_with() -> None:
    arguments = ("--systems", "2000", "--affected", "300", "--answers", "120", "--seed", "7")
    figures = run_once(*arguments)
    check(figures, 300, 120)
    assert counts(run_once(*arguments)) == counts(figures)
