"""Why one person may not be asked, and until when."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from opulse.experience.directory.models import AskingHours, FrequencyRule, RuleKind
from opulse.experience.footprint.models import Obstacle, Past, PersonFacts
from opulse.experience.footprint.rules import explain, read_cursor, write_cursor

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ANN = PersonFacts("ann@example.org", True, False, False, False, None, "", "")
NEVER = Past((), None)
TWICE_A_DAY = FrequencyRule("FQ_2", RuleKind.MAX_IN_PERIOD, 2, 86_400)
GAP = FrequencyRule("FQ_gap", RuleKind.MIN_GAP, 1, 3_600)
ONCE = FrequencyRule("FQ_one", RuleKind.ONE_PER_ACTIVATION, 1, 0)
ALWAYS = AskingHours()


def held_by(answer: object) -> list[Obstacle]:
    return [check.obstacle for check in answer.checks if check.holds]  # type: ignore[attr-defined]


def test_nothing_holds() -> None:
    answer = explain(ANN, [TWICE_A_DAY, GAP, ONCE], ALWAYS, NEVER, NOW)
    assert (answer.now, answer.from_when, held_by(answer)) == (True, NOW, [])


def test_a_rule_ends_when_one_fewer_than_its_limit_is_inside() -> None:
    past = Past((NOW - HOUR, NOW - 5 * HOUR, NOW - 30 * HOUR), None)
    answer = explain(ANN, [TWICE_A_DAY], ALWAYS, past, NOW)
    [check] = [one for one in answer.checks if one.rule]
    assert (check.holds, check.counted, check.until) == (True, 2, NOW - 5 * HOUR + DAY)
    assert answer.from_when == NOW + 19 * HOUR
    later = explain(ANN, [TWICE_A_DAY], ALWAYS, past, NOW + 19 * HOUR)
    assert later.now


def test_a_gap_ends_after_its_time() -> None:
    past = Past((NOW - timedelta(minutes=20),), None)
    answer = explain(ANN, [GAP], ALWAYS, past, NOW)
    assert answer.from_when == NOW + timedelta(minutes=40)
    assert explain(ANN, [GAP], ALWAYS, past, NOW + timedelta(minutes=40)).now


def test_the_last_obstacle_to_end_counts_and_then_their_hours() -> None:
    hours = AskingHours("UTC", 22 * 60, 7 * 60)
    past = Past((NOW - 13 * HOUR,), NOW + HOUR)
    once_a_day = replace(TWICE_A_DAY, limit=1)
    answer = explain(ANN, [once_a_day], hours, past, NOW)
    assert held_by(answer) == [Obstacle.FATIGUE_RULE, Obstacle.IN_ANOTHER_PULSE]
    assert answer.from_when == datetime(2026, 11, 24, 7, tzinfo=UTC), "23:00 is quiet"


@pytest.mark.parametrize(
    ("facts", "obstacle"),
    [
        ({"opted_out_everywhere": True}, Obstacle.OPTED_OUT_EVERYWHERE),
        ({"opted_out": True}, Obstacle.OPTED_OUT),
        ({"out_of_list": True}, Obstacle.OPTED_OUT_OF_LIST),
        ({"email": "", "reachable": False}, Obstacle.NO_EMAIL),
        ({"reachable": False}, Obstacle.NOT_ON_ALLOW_LIST),
    ],
)
def test_some_things_do_not_end_by_waiting(facts: dict[str, object], obstacle: Obstacle) -> None:
    answer = explain(replace(ANN, **facts), [], ALWAYS, NEVER, NOW)  # type: ignore[arg-type]
    assert (answer.now, answer.from_when, held_by(answer)) == (False, None, [obstacle])


def test_who_wants_to_be_left_alone_is_until_then() -> None:
    answer = explain(replace(ANN, muted_until=NOW + DAY), [], ALWAYS, NEVER, NOW)
    assert (held_by(answer), answer.from_when) == ([Obstacle.MUTED], NOW + DAY)
    assert explain(replace(ANN, muted_until=NOW), [], ALWAYS, NEVER, NOW).now


def test_a_place_in_the_timeline_survives_an_address() -> None:
    at = NOW + timedelta(microseconds=7)
    assert read_cursor(write_cursor(at, "bX.1")) == (at, "bX.1")
    assert read_cursor("") is None
    for bad in ("x", "1", "1.", "-1.a", "9" * 19 + ".a"):
        with pytest.raises(ValueError, match="before"):
            read_cursor(bad)
