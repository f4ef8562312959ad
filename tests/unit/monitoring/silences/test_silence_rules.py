"""What a silence matches, what a cause mutes, and which drafts are refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from opulse.monitoring.silences.models import (
    Inhibition,
    MuteReason,
    Silence,
    SilenceDraft,
    SilenceFault,
    Subject,
)
from opulse.monitoring.silences.rules import check_inhibition, check_silence, decide_mute, matches_silence

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
SILENCE = Silence("s", "known", "", "", "", NOW - HOUR, NOW + HOUR, "test", NOW - HOUR)
SUBJECT = Subject("n1", ("CPU", "Disk"), "g1")
INHIBITION = Inhibition("i", "n2", ("n1", "n3"), "test", NOW)


@pytest.mark.parametrize(
    ("changes", "matches"),
    [
        ({}, True),
        ({"notification": "n1"}, True),
        ({"notification": "n2"}, False),
        ({"sensor": "Disk"}, True),
        ({"sensor": "disk"}, False),
        ({"sensor": "Memory"}, False),
        ({"group": "g1"}, True),
        ({"group": "g2"}, False),
        ({"notification": "n1", "sensor": "CPU", "group": "g1"}, True),
        ({"notification": "n1", "sensor": "CPU", "group": "g2"}, False),
        ({"starts_at": NOW}, True),
        ({"starts_at": NOW + HOUR / 2}, False),
        ({"ends_at": NOW}, False),
    ],
)
def test_all_that_a_silence_names_must_match(changes: dict[str, object], matches: bool) -> None:
    assert matches_silence(replace(SILENCE, **changes), SUBJECT, NOW) is matches  # type: ignore[arg-type]


def test_the_silence_that_lasts_longest_is_named() -> None:
    longer = replace(SILENCE, id="longer", ends_at=NOW + 2 * HOUR)
    assert decide_mute(SUBJECT, [SILENCE, longer], [], (), NOW) == (MuteReason.SILENCED, longer)


def test_a_cause_mutes_its_symptoms_while_it_is_open() -> None:
    assert decide_mute(SUBJECT, [], [INHIBITION], {"n2"}, NOW) == (MuteReason.INHIBITED, INHIBITION)
    assert decide_mute(SUBJECT, [], [INHIBITION], {"n3"}, NOW) is None
    assert decide_mute(replace(SUBJECT, notification="n2"), [], [INHIBITION], {"n2"}, NOW) is None


DRAFT = SilenceDraft("known", starts_at=NOW, ends_at=NOW + HOUR)


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"comment": "  "}, SilenceFault.COMMENT_MISSING),
        ({"comment": "x" * 501}, SilenceFault.COMMENT_MISSING),
        ({"ends_at": None}, SilenceFault.TIMES_INVALID),
        ({"starts_at": NOW - 2 * HOUR, "ends_at": NOW}, SilenceFault.TIMES_INVALID),
        ({"starts_at": NOW + HOUR}, SilenceFault.TIMES_INVALID),
        ({"ends_at": NOW + timedelta(days=91)}, SilenceFault.TIMES_INVALID),
    ],
)
def test_a_silence_that_cannot_be_saved_says_why(changes: dict[str, object], fault: SilenceFault) -> None:
    known = {"notification_known": True, "sensor_known": True, "group_known": True}
    assert check_silence(DRAFT, NOW, **known) == ()
    [problem] = check_silence(replace(DRAFT, **changes), NOW, **known)  # type: ignore[arg-type]
    assert problem.fault is fault


def test_what_it_names_must_be_known() -> None:
    problems = check_silence(DRAFT, NOW, notification_known=False, sensor_known=False, group_known=False)
    assert [problem.field for problem in problems] == ["notification", "sensor", "group"]


KNOWN = {"a": "A", "b": "B", "c": "C"}


@pytest.mark.parametrize(
    ("cause", "symptoms", "faults"),
    [
        ("a", ["b", "c"], []),
        ("a", [], [SilenceFault.NO_SYMPTOM]),
        ("x", ["b"], [SilenceFault.NOTIFICATION_UNKNOWN]),
        ("a", ["x"], [SilenceFault.NOTIFICATION_UNKNOWN]),
        ("a", ["a"], [SilenceFault.MUTES_ITSELF]),
    ],
)
def test_inhibitions(cause: str, symptoms: list[str], faults: list[SilenceFault]) -> None:
    assert [problem.fault for problem in check_inhibition(cause, symptoms, KNOWN, [])] == faults


def test_causes_that_lead_back_to_themselves_are_refused() -> None:
    others = [Inhibition("1", "b", ("c",), "t", NOW), Inhibition("2", "c", ("a",), "t", NOW)]
    [problem] = check_inhibition("a", ["b"], KNOWN, others)
    assert problem.fault is SilenceFault.MUTES_ITSELF
    assert check_inhibition("a", ["b"], KNOWN, others[:1]) == ()
