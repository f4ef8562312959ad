"""Whether a notification can be saved, and in which words it cannot."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation

from opulse.monitoring.notifications.models import (
    MAX_SENSORS,
    MINIMUM_OF_PERCENT,
    ActivationOption,
    NotificationDraft,
    NotificationFault,
    NotificationProblem,
    NotificationRefused,
    ResolvedSensor,
    Schedule,
    SchedulePreset,
    SensorChoice,
    Threshold,
)
from opulse.monitoring.notifications.rules.labels import OPTION_LABELS
from opulse.monitoring.notifications.rules.schedule import SCHEDULE_LABELS, is_zone
from opulse.monitoring.sensors.models import Sensor

_CONTROLS = re.compile(r"[\x00-\x1f\x7f]")
_CONTROLS_IN_LINES = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")  # a text may hold tabs and line breaks

MAX_NAME = 200
MAX_INSTANCE = 300
MAX_HOLD_SECONDS = 86_400
MAX_COOL_DOWN_SECONDS = 30 * 86_400


def check_draft(
    draft: NotificationDraft,
    sensors: Mapping[str, Sensor],
    *,
    group_known: bool,
    recipients_known: Iterable[str],
) -> tuple[tuple[ResolvedSensor, ...], Threshold]:
    """The draft's sensors with their numbers, and its threshold.

    Args:
        sensors: those of the tenant that the draft names, by name.

    Raises:
        NotificationRefused: with every problem at once, each in a sentence.
    """
    problems = [*_check_name(draft.name), *_check_characters(draft), *_check_timing(draft)]
    problems += [*_check_needed(draft), *_check_schedule(draft)]
    resolved = tuple(_resolve_sensors(draft.sensors, sensors, problems))
    threshold = _read_threshold(draft, problems)
    if not group_known:
        problems.append(
            _problem("group", NotificationFault.GROUP_UNKNOWN, "Select the group of systems to watch.")
        )
    for unknown in sorted(set(draft.recipients) - set(recipients_known)):
        text = f"There is no recipient {unknown}."
        problems.append(_problem("recipients", NotificationFault.RECIPIENT_UNKNOWN, text))
    if problems or threshold is None:
        raise NotificationRefused(tuple(problems))
    return resolved, threshold


def minimum_of(draft: NotificationDraft, threshold: Threshold) -> int:
    """How many systems must qualify whatever the percentage says; 1 where the threshold counts systems itself."""
    if not threshold.is_percent:
        return 1
    return MINIMUM_OF_PERCENT if draft.minimum_systems is None else draft.minimum_systems


def needed_of(draft: NotificationDraft) -> int:
    """How many of the draft's sensors must be triggered together on a system."""
    return len(draft.sensors) if draft.needed_sensors is None else draft.needed_sensors


def schedule_of(draft: NotificationDraft) -> Schedule:
    """Of a draft that was checked."""
    return Schedule(SchedulePreset(draft.schedule), draft.zone)


def _problem(field: str, fault: NotificationFault, text: str) -> NotificationProblem:
    return NotificationProblem(field, fault, text)


def _check_name(name: str) -> list[NotificationProblem]:
    if not name.strip():
        return [_problem("name", NotificationFault.NAME_MISSING, "Give the notification a name.")]
    if len(name) > MAX_NAME:
        text = f"The name has {len(name)} characters; {MAX_NAME} fit."
        return [_problem("name", NotificationFault.NAME_TOO_LONG, text)]
    return []


def _check_characters(draft: NotificationDraft) -> list[NotificationProblem]:
    given = [("name", draft.name, _CONTROLS), ("description", draft.description, _CONTROLS_IN_LINES)]
    given += [("sensors", choice.instance or "", _CONTROLS) for choice in draft.sensors]
    return [
        _problem(field, NotificationFault.BAD_CHARACTER, f"The {field} holds a control character.")
        for field, text, controls in given
        if controls.search(text)
    ]


def _check_timing(draft: NotificationDraft) -> list[NotificationProblem]:
    problems = []
    if not 0 <= draft.hold_seconds <= MAX_HOLD_SECONDS:
        text = f"The hold time is 0 to {MAX_HOLD_SECONDS} seconds."
        problems.append(_problem("hold_seconds", NotificationFault.TIMING_INVALID, text))
    if not 0 <= draft.cool_down_seconds <= MAX_COOL_DOWN_SECONDS:
        text = f"The cool-down is 0 to {MAX_COOL_DOWN_SECONDS} seconds."
        problems.append(_problem("cool_down_seconds", NotificationFault.TIMING_INVALID, text))
    if draft.minimum_systems is not None and draft.minimum_systems < 1:
        text = "The minimum number of systems is 1 or more."
        problems.append(_problem("activation.minimum", NotificationFault.TIMING_INVALID, text))
    return problems


def _check_needed(draft: NotificationDraft) -> list[NotificationProblem]:
    if draft.needed_sensors is None or not draft.sensors or 1 <= draft.needed_sensors <= len(draft.sensors):
        return []
    text = f"Of {len(draft.sensors)} sensors 1 to {len(draft.sensors)} can be asked for."
    return [_problem("needed_sensors", NotificationFault.NEEDED_INVALID, text)]


def _check_schedule(draft: NotificationDraft) -> list[NotificationProblem]:
    problems = []
    if draft.schedule not in set(SchedulePreset):
        text = f"Select one of: {', '.join(SCHEDULE_LABELS.values())}."
        problems.append(_problem("schedule", NotificationFault.SCHEDULE_UNKNOWN, text))
    if not is_zone(draft.zone):
        text = f"There is no time zone {draft.zone!r}; name one as Europe/Berlin or UTC."
        problems.append(_problem("zone", NotificationFault.ZONE_UNKNOWN, text))
    return problems


def _resolve_sensors(
    choices: tuple[SensorChoice, ...], known: Mapping[str, Sensor], problems: list[NotificationProblem]
) -> list[ResolvedSensor]:
    if not choices:
        problems.append(
            _problem("sensors", NotificationFault.NO_SENSOR, "Select and add at least one sensor.")
        )
    if len(choices) > MAX_SENSORS:
        text = f"A notification holds at most {MAX_SENSORS} sensors; {len(choices)} are added."
        problems.append(_problem("sensors", NotificationFault.TOO_MANY_SENSORS, text))
    resolved: dict[tuple[int, str], ResolvedSensor] = {}
    for choice in choices:
        problem = _check_choice(choice, known.get(choice.name))
        if problem is not None:
            problems.append(problem)
            continue
        sensor = known[choice.name]
        key = (sensor.idx, (choice.instance or "").casefold())
        if key in resolved:
            text = f"{_write_choice(choice)} is added twice."
            problems.append(_problem("sensors", NotificationFault.SENSOR_REPEATED, text))
        resolved[key] = ResolvedSensor(sensor.idx, sensor.name, choice.instance or None)
    return list(resolved.values())


def _check_choice(choice: SensorChoice, sensor: Sensor | None) -> NotificationProblem | None:
    if sensor is None:
        text = f"There is no sensor named {choice.name!r}."
        return _problem("sensors", NotificationFault.SENSOR_UNKNOWN, text)
    if choice.instance and not sensor.instanced:
        text = f"{choice.name} has no instances; leave the instance at All Instances."
        return _problem("sensors", NotificationFault.NO_INSTANCES, text)
    if choice.instance and len(choice.instance) > MAX_INSTANCE:
        text = f"An instance of {choice.name} has at most {MAX_INSTANCE} characters."
        return _problem("sensors", NotificationFault.NO_INSTANCES, text)
    return None


def _write_choice(choice: SensorChoice) -> str:
    return f"{choice.name} ({choice.instance or 'All Instances'})"


def _read_threshold(draft: NotificationDraft, problems: list[NotificationProblem]) -> Threshold | None:
    try:
        option = ActivationOption(draft.option)
    except ValueError:
        text = f"Select one of: {', '.join(OPTION_LABELS.values())}."
        problems.append(_problem("activation", NotificationFault.OPTION_UNKNOWN, text))
        return None
    if option is ActivationOption.ANY:
        return Threshold(option, Decimal(1))
    value = _read_decimal(draft.value)
    text = _value_fault(option, value)
    if text or value is None:
        problems.append(_problem("activation.value", NotificationFault.VALUE_INVALID, text))
        return None
    return Threshold(option, value)


def _read_decimal(text: str) -> Decimal | None:
    try:
        value = Decimal(text.strip())
    except InvalidOperation:
        return None
    return value if value.is_finite() else None


def _value_fault(option: ActivationOption, value: Decimal | None) -> str:
    """What is wrong with the number, in a sentence; empty when nothing is."""
    if option is ActivationOption.NUMBER:
        whole = value is not None and value == value.to_integral_value() and 1 <= value <= 10_000_000
        return "" if whole else "The number of systems is a whole number, 1 or more."
    fits = value is not None and 0 < value <= 100 and value == value.quantize(Decimal("0.01"))
    return "" if fits else "The percentage is above 0, at most 100, with at most two decimals."
