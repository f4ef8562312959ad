"""Which ``@{name}`` there are, of which kind, and what they are worth for one activation.

Names, kinds and formats are Lakeside's (the webhook page of its sensor notifications); ``sensorInstances`` is ours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Final

from opulse.wire.timestamps import activation_time

VariableValue = str | int | float | bool | Sequence[str]
VariableValues = Mapping[str, VariableValue]


class VariableKind(Enum):
    """How a value is written into JSON."""

    TEXT = "text"  # escaped, without quotes around it: the template brings them
    QUOTED_LIST = "quoted list"  # each name as a complete JSON string, commas between, no brackets
    JOINED_LIST = "joined list"  # the names joined by commas, escaped, without quotes
    NUMBER = "number"  # bare
    BOOLEAN = "boolean"  # bare, true or false


NOTIFICATION_VARIABLES: Final[Mapping[str, VariableKind]] = {
    "notificationActivationId": VariableKind.TEXT,
    "activationTime": VariableKind.TEXT,
    "tenantId": VariableKind.TEXT,
    "notificationName": VariableKind.TEXT,
    "notificationDescription": VariableKind.TEXT,
    "sensorNames": VariableKind.QUOTED_LIST,
    "sensorNamesUnquoted": VariableKind.JOINED_LIST,
    "sensorInstances": VariableKind.QUOTED_LIST,
    "groupName": VariableKind.TEXT,
    "activationThresholdText": VariableKind.TEXT,
    "activationThresholdValue": VariableKind.NUMBER,
    "activationThresholdIsPercent": VariableKind.BOOLEAN,
    "notificationActivationDetailsURL": VariableKind.TEXT,
    "systemsAtActivationURL": VariableKind.TEXT,
    "systemsCurrentlyAffectedURL": VariableKind.TEXT,
}
"""The variables of a sensor notification."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivationValues:
    """What one activation gives its webhook. ``sensor_names`` are in the notification's order; repeats are dropped."""

    notification_activation_id: str
    activation_time: datetime
    tenant_id: str
    notification_name: str
    notification_description: str
    sensor_names: Sequence[str]
    sensor_instances: Sequence[str]
    group_name: str
    activation_threshold_text: str
    activation_threshold_value: float
    activation_threshold_is_percent: bool
    notification_activation_details_url: str
    systems_at_activation_url: str
    systems_currently_affected_url: str

    def variables(self) -> dict[str, VariableValue]:
        """Name → value, complete for :data:`NOTIFICATION_VARIABLES`."""
        names = tuple(dict.fromkeys(self.sensor_names))
        return {
            "notificationActivationId": self.notification_activation_id,
            "activationTime": activation_time(self.activation_time),
            "tenantId": self.tenant_id,
            "notificationName": self.notification_name,
            "notificationDescription": self.notification_description,
            "sensorNames": names,
            "sensorNamesUnquoted": names,
            "sensorInstances": tuple(dict.fromkeys(self.sensor_instances)),
            "groupName": self.group_name,
            "activationThresholdText": self.activation_threshold_text,
            "activationThresholdValue": self.activation_threshold_value,
            "activationThresholdIsPercent": self.activation_threshold_is_percent,
            "notificationActivationDetailsURL": self.notification_activation_details_url,
            "systemsAtActivationURL": self.systems_at_activation_url,
            "systemsCurrentlyAffectedURL": self.systems_currently_affected_url,
        }


_PLAIN: Final[Mapping[VariableKind, VariableValue]] = {
    VariableKind.TEXT: "a text",
    VariableKind.QUOTED_LIST: ("Application Hang", "High Retransmission Rate"),
    VariableKind.JOINED_LIST: ("Application Hang", "High Retransmission Rate"),
    VariableKind.NUMBER: 24,
    VariableKind.BOOLEAN: True,
}
_HARD: Final[Mapping[VariableKind, VariableValue]] = {
    VariableKind.TEXT: 'a "quoted"\n\\text\\ with @{sensorNames}',
    VariableKind.QUOTED_LIST: ('one "name" \\',),
    VariableKind.JOINED_LIST: ('one "name" \\',),
    VariableKind.NUMBER: -0.5,
    VariableKind.BOOLEAN: False,
}


def sample_values(
    variables: Mapping[str, VariableKind],
) -> tuple[dict[str, VariableValue], dict[str, VariableValue]]:
    """Two sets of values that between them break every template whose quotes are wrong: plain ones and hard ones."""
    plain = {name: _PLAIN[kind] for name, kind in variables.items()}
    hard = {name: _HARD[kind] for name, kind in variables.items()}
    return plain, hard
