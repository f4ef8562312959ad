"""The Create and Edit page as a form: what it holds, what its buttons change, and what it still lacks.

The page works without script: *Add*, *Remove*, a category and *Search* send the whole form and get it back changed. Nothing is
saved before *Save Notification*.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from starlette.datastructures import FormData

from opulse.monitoring.notifications.models import (
    ActivationOption,
    Notification,
    NotificationDraft,
    NotificationRefused,
    SchedulePreset,
    SensorChoice,
)
from opulse.monitoring.notifications.rules import write_value

_FIELD_IDS = {
    "sensors": "picker",
    "group": "group_id",
    "activation": "option",
    "activation.value": "value",
    "activation.minimum": "minimum",
    "needed_sensors": "needed",
}
"""Where a problem's field stands on the page, when it is not called the same."""


@dataclass(frozen=True)
class NotificationForm:
    """Every field as text. ``category`` and ``search`` say which sensors are offered and are never saved."""

    name: str = ""
    description: str = ""
    sensors: tuple[SensorChoice, ...] = ()
    group_id: str = ""
    option: str = ActivationOption.PERCENTAGE.value
    value: str = ""
    minimum: str = ""
    hold_seconds: str = "0"
    needed: str = ""
    cool_down_seconds: str = "0"
    schedule: str = SchedulePreset.ALWAYS.value
    zone: str = "UTC"
    recipients: tuple[str, ...] = ()
    enabled: bool = True
    category: str = ""
    search: str = ""

    def draft(self) -> NotificationDraft:
        """As the flow takes it; what is no number becomes one that the rule refuses."""
        return NotificationDraft(
            name=self.name,
            description=self.description,
            sensors=self.sensors,
            group_id=self.group_id,
            option=self.option,
            value=self.value,
            recipients=self.recipients,
            enabled=self.enabled,
            minimum_systems=_number(self.minimum) if self.minimum.strip() else None,
            hold_seconds=_number(self.hold_seconds or "0"),
            needed_sensors=_number(self.needed) if self.needed.strip() else None,
            cool_down_seconds=_number(self.cool_down_seconds or "0"),
            schedule=self.schedule or SchedulePreset.ALWAYS.value,
            zone=self.zone or "UTC",
        )

    def pressed(self, button: str) -> NotificationForm:
        """The form after one of its buttons; an unknown one changes nothing."""
        verb, _, what = button.partition(":")
        match verb:
            case "add" if what:
                return replace(self, sensors=(*self.sensors, SensorChoice(what)))
            case "remove" if what.isdigit():
                place = int(what)
                kept = (choice for at, choice in enumerate(self.sensors) if at != place)
                return replace(self, sensors=tuple(kept))
            case "category":
                return replace(self, category=what, search="")
            case _:
                return self


def read_form(sent: FormData) -> NotificationForm:
    """What the browser sent. The lists ``sensor`` and ``instance`` run in parallel."""
    instances = [text.strip() or None for text in _texts(sent, "instance")]
    names = _texts(sent, "sensor")
    instances += [None] * (len(names) - len(instances))
    return NotificationForm(
        name=_text(sent, "name"),
        description=_text(sent, "description"),
        sensors=tuple(map(SensorChoice, names, instances)),
        group_id=_text(sent, "group_id"),
        option=_text(sent, "option"),
        value=_text(sent, "value"),
        minimum=_text(sent, "minimum"),
        hold_seconds=_text(sent, "hold_seconds"),
        needed=_text(sent, "needed"),
        cool_down_seconds=_text(sent, "cool_down_seconds"),
        schedule=_text(sent, "schedule"),
        zone=_text(sent, "zone"),
        recipients=tuple(_texts(sent, "recipient")),
        enabled="enabled" in sent,
        category=_text(sent, "category"),
        search=_text(sent, "search"),
    )


def form_of(notification: Notification) -> NotificationForm:
    """A saved notification, to be edited."""
    threshold = notification.threshold
    return NotificationForm(
        name=notification.name,
        description=notification.description,
        sensors=tuple(SensorChoice(sensor.name, sensor.instance) for sensor in notification.sensors),
        group_id=notification.group_id,
        option=threshold.option.value,
        value="" if threshold.option is ActivationOption.ANY else write_value(threshold.value),
        minimum=str(notification.minimum_systems) if threshold.is_percent else "",
        hold_seconds=str(notification.hold_seconds),
        needed=_needed(notification),
        cool_down_seconds=str(notification.cool_down_seconds),
        schedule=notification.schedule.preset.value,
        zone=notification.schedule.zone,
        recipients=notification.recipients,
        enabled=notification.enabled,
    )


def errors_of(refused: NotificationRefused) -> dict[str, str]:
    """Id of the field → sentence; the first problem of a field stands for it."""
    errors: dict[str, str] = {}
    for problem in refused.problems:
        errors.setdefault(_FIELD_IDS.get(problem.field, problem.field), problem.text)
    return errors


def _needed(notification: Notification) -> str:
    """Empty where all sensors are needed: a sensor that is added is then needed as well."""
    every = notification.needed_sensors == len(notification.sensors)
    return "" if every else str(notification.needed_sensors)


def _number(text: str) -> int:
    try:
        return int(text.strip())
    except ValueError:
        return -1


def _text(sent: FormData, name: str) -> str:
    return next(iter(_texts(sent, name)), "")


def _texts(sent: FormData, name: str) -> list[str]:
    values: Iterable[object] = sent.getlist(name)
    return [value.strip() for value in values if isinstance(value, str)]
