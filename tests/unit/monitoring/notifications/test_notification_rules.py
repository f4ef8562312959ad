"""The words of a threshold, whether counts reach it, and what a notification may be saved with."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from opulse.monitoring.notifications.models import (
    MAX_SENSORS,
    ActivationOption,
    NotificationDraft,
    NotificationFault,
    NotificationRefused,
    SensorChoice,
    Threshold,
)
from opulse.monitoring.notifications.rules import OPTION_LABELS, check_draft, describe_threshold, minimum_of
from opulse.monitoring.sensors.models import Sensor, SensorOrigin

ANY, NUMBER, PERCENT = ActivationOption.ANY, ActivationOption.NUMBER, ActivationOption.PERCENTAGE


def sensor(idx: int, name: str, *, instanced: bool = False) -> Sensor:
    return Sensor(idx, f"guid-{idx}", name, "Tests", "", 5, instanced, SensorOrigin.CUSTOM, True, {}, {})


KNOWN = {
    name: sensor(idx, name, instanced=name == "Application Hang")
    for idx, name in enumerate(
        ["Application Hang", "DPC Rate", *[f"Sensor {number}" for number in range(30)]], 1
    )
}
DRAFT = NotificationDraft(
    name="Teams",
    description="",
    sensors=(SensorChoice("Application Hang"),),
    group_id="g",
    option="number",
    value="3",
    recipients=(),
)


def check(**changes: object) -> tuple[list[tuple[int, str | None]], Threshold]:
    draft = replace(DRAFT, **changes)  # type: ignore[arg-type]  # the tests' own changes
    sensors, threshold = check_draft(draft, KNOWN, group_known=draft.group_id == "g", recipients_known={"r"})
    return [(picked.index, picked.instance) for picked in sensors], threshold


def faults(**changes: object) -> list[NotificationFault]:
    with pytest.raises(NotificationRefused) as refused:
        check(**changes)
    assert all(problem.text.endswith(".") for problem in refused.value.problems)
    return [problem.fault for problem in refused.value.problems]


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        (ANY, "1", "1 system currently reporting"),
        (NUMBER, "1", "1 system currently reporting"),
        (NUMBER, "20", "20 systems currently reporting"),
        (PERCENT, "24", "24% of systems currently reporting"),
        (PERCENT, "24.00", "24% of systems currently reporting"),
        (PERCENT, "0.50", "0.5% of systems currently reporting"),
        (PERCENT, "100", "100% of systems currently reporting"),
    ],
)
def test_check_5_the_words_of_a_threshold(option: ActivationOption, value: str, words: str) -> None:
    assert describe_threshold(Threshold(option, Decimal(value))) == words


def test_each_option_has_its_label() -> None:
    assert set(OPTION_LABELS) == set(ActivationOption)


def test_sensors_keep_their_order_and_instances() -> None:
    chosen = (SensorChoice("DPC Rate"), SensorChoice("Application Hang", "msedge.exe"))
    assert check(sensors=chosen)[0] == [(2, None), (1, "msedge.exe")]


def test_two_instances_of_one_sensor_are_two_choices_and_the_same_one_twice_is_not() -> None:
    two = (SensorChoice("Application Hang", "a.exe"), SensorChoice("Application Hang", "b.exe"))
    assert len(check(sensors=two)[0]) == 2
    same = (SensorChoice("Application Hang", "a.exe"), SensorChoice("Application Hang", "A.EXE"))
    assert faults(sensors=same) == [NotificationFault.SENSOR_REPEATED]


def test_at_most_20_sensors() -> None:
    many = tuple(SensorChoice(f"Sensor {number}") for number in range(MAX_SENSORS + 1))
    assert len(check(sensors=many[:MAX_SENSORS])[0]) == MAX_SENSORS
    assert faults(sensors=many) == [NotificationFault.TOO_MANY_SENSORS]


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"name": " "}, NotificationFault.NAME_MISSING),
        ({"name": "x" * 201}, NotificationFault.NAME_TOO_LONG),
        ({"name": "a\nb"}, NotificationFault.BAD_CHARACTER),
        ({"description": "a\x00b"}, NotificationFault.BAD_CHARACTER),
        ({"sensors": (SensorChoice("Application Hang", "a\x00"),)}, NotificationFault.BAD_CHARACTER),
        ({"sensors": ()}, NotificationFault.NO_SENSOR),
        ({"sensors": (SensorChoice("Application hang"),)}, NotificationFault.SENSOR_UNKNOWN),
        ({"sensors": (SensorChoice("DPC Rate", "x"),)}, NotificationFault.NO_INSTANCES),
        ({"group_id": "other"}, NotificationFault.GROUP_UNKNOWN),
        ({"option": "most"}, NotificationFault.OPTION_UNKNOWN),
        ({"recipients": ("r", "q")}, NotificationFault.RECIPIENT_UNKNOWN),
        ({"hold_seconds": -1}, NotificationFault.TIMING_INVALID),
        ({"minimum_systems": 0}, NotificationFault.TIMING_INVALID),
    ],
)
def test_what_cannot_be_saved(changes: dict[str, object], fault: NotificationFault) -> None:
    assert faults(**changes) == [fault]


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("number", ""),
        ("number", "0"),
        ("number", "-1"),
        ("number", "2.5"),
        ("number", "many"),
        ("number", "Infinity"),
        ("percentage", "0"),
        ("percentage", "100.01"),
        ("percentage", "24.001"),
        ("percentage", "NaN"),
    ],
)
def test_values_out_of_range(option: str, value: str) -> None:
    assert faults(option=option, value=value) == [NotificationFault.VALUE_INVALID]


def test_a_description_may_have_lines() -> None:
    assert check(description="first\r\n\tsecond")[1].value == 3


def test_any_system_is_one_system_whatever_value_came_along() -> None:
    assert check(option="any", value="17")[1] == Threshold(ANY, Decimal(1))


def test_everything_to_mend_is_said_at_once() -> None:
    wrong = faults(name="", sensors=(), group_id="", option="number", value="")
    assert wrong == [
        NotificationFault.NAME_MISSING,
        NotificationFault.NO_SENSOR,
        NotificationFault.VALUE_INVALID,
        NotificationFault.GROUP_UNKNOWN,
    ]


def test_only_a_percentage_has_a_minimum() -> None:
    assert minimum_of(DRAFT, Threshold(NUMBER, Decimal(3))) == 1
    assert minimum_of(DRAFT, Threshold(PERCENT, Decimal(3))) == 5
    assert minimum_of(replace(DRAFT, minimum_systems=2), Threshold(PERCENT, Decimal(3))) == 2
