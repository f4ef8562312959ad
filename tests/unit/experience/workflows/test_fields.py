"""JSON fields of an event, with and without ``$.``, and the pipes that carry them into tasks."""

from __future__ import annotations

from typing import Any

import pytest

from opulse.experience.workflows.rules.fields import check_path, pick_value, resolve

ENVELOPE = {
    "eventId": "7f0f3c1e",
    "data": {
        "sensorNames": ["Application Hang", "Disk Full"],
        "systemsAtActivationURL": "https://cloud.example.org/api/x",
        "count": 12,
        "odd name": "spaced",
        "nothing": None,
        "list": [{"id": 1}, {"id": 2}],
    },
}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("data.sensorNames", ["Application Hang", "Disk Full"]),
        ("$.data.sensorNames", ["Application Hang", "Disk Full"]),
        (" data.systemsAtActivationURL ", "https://cloud.example.org/api/x"),
        ("$['data']['count']", 12),
        ("['data']['odd name']", "spaced"),
        ("data['odd name']", "spaced"),
        ("data.sensorNames[1]", "Disk Full"),
        ("data.list[*].id", [1, 2]),
        ("data.nothing", None),
        ("data.missing", None),
        ("eventId", "7f0f3c1e"),
        ("$", ENVELOPE),
    ],
)
def test_a_path_finds_its_value(path: str, found: Any) -> None:
    assert pick_value(ENVELOPE, path) == found
    assert pick_value(ENVELOPE, check_path(path)) == found


@pytest.mark.parametrize("path", ["", "  ", "data.", "data[", "$..", "data..[", "a" * 400])
def test_what_is_no_path_is_told_when_it_is_saved(path: str) -> None:
    with pytest.raises(ValueError, match=r"JSON path"):
        check_path(path)


EVENT = {
    "envelope": ENVELOPE,
    "fields": {
        "Sensor Names": ["Application Hang", "Disk Full"],
        "Systems URL": "https://cloud.example.org/api/x",
        "count": 12,
        "nothing": None,
    },
}
OUTPUTS = {"task1": {"systems": 300, "people": ["a", "b"]}}


@pytest.mark.parametrize(
    ("typed", "resolved"),
    [
        ("${a://Field/Sensor Names}", ["Application Hang", "Disk Full"]),
        ("  ${a://Field/Sensor Names} ", ["Application Hang", "Disk Full"]),
        ("~{aedj://Sensor Names}", ["Application Hang", "Disk Full"]),
        ("Trouble: ${a://Field/Sensor Names}!", "Trouble: Application Hang, Disk Full!"),
        ("${a://Field/count}", 12),
        ("n=${a://Field/count}", "n=12"),
        ("${a://Field/nothing}", ""),
        ("${a://Field/missing}", ""),
        ("<${a://Field/missing}>", "<>"),
        ("${t://task1/systems}", 300),
        ("${t://task1/people} were reached", "a, b were reached"),
        ("${t://other/systems}", ""),
        ("Hello ${m://FirstName}, ${a://Field/count}", "Hello ${m://FirstName}, 12"),
        ("${m://Email}", "${m://Email}"),
        ("${l://SurveyLink?d=Take part}", "${l://SurveyLink?d=Take part}"),
        ("no pipe at all", "no pipe at all"),
        ("${a://Field/", "${a://Field/"),
        (7, 7),
        (None, None),
        (True, True),
        (["${a://Field/count}", "x"], [12, "x"]),
        ({"name": "n=${a://Field/count}", "deep": ["${t://task1/systems}"]}, {"name": "n=12", "deep": [300]}),
    ],
)
def test_pipes_raw_where_they_stand_alone_and_text_where_not(typed: Any, resolved: Any) -> None:
    assert resolve(typed, EVENT, OUTPUTS) == resolved


def test_a_value_that_looks_like_a_pipe_is_not_resolved_again() -> None:
    event = {"fields": {"evil": "${a://Field/secret}", "secret": "hidden"}}
    assert resolve("${a://Field/evil}", event, {}) == "${a://Field/secret}"
    assert resolve("x ${a://Field/evil}", event, {}) == "x ${a://Field/secret}"
