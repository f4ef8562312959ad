"""The webhook of a sensor notification: its two bodies as templates, and a reader of what arrives.

The bodies are templates of ``opulse.templating``; neither is JSON before it is rendered (``[@{sensorNames}]``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import msgspec

from opulse.wire.errors import UnreadableBody
from opulse.wire.timestamps import parse_time

EVENT_ACTIVATED: Final = "SensorNotification.Activated"
"""The one event type that the vendor documents."""
EVENT_RESOLVED: Final = "SensorNotification.Resolved"
"""Ours: the activation is over; sent only to recipients that ask for it."""

CONTENT_TYPE: Final = "application/json; charset=utf-8"
TEST_HEADER: Final = "X-Test"
"""Set to ``1`` on what *Test Webhook* sends; such a request starts no run that mails anybody."""
DELIVERY_HEADER: Final = "X-Delivery-Id"
"""Ours: the same on every attempt of one delivery."""

OPERATIONAL_PULSE_BODY: Final = """{
    "eventId": "@{notificationActivationId}",
    "eventTime": "@{activationTime}",
    "eventType": "SensorNotification.Activated",
    "data": {
        "sensorNames": [@{sensorNames}],
        "systemsAtActivationURL":"@{systemsAtActivationURL}"
    }
}"""
"""The body that the integration guide tells the administrator to paste, byte for byte."""

DEFAULT_BODY: Final = """{
    "eventId": "@{notificationActivationId}",
    "eventTime": "@{activationTime}",
    "eventType": "SensorNotification.Activated",
    "data": {
        "tenantId": "@{tenantId}",
        "notificationName": "@{notificationName}",
        "notificationDescription": "@{notificationDescription}",
        "sensorNames": [@{sensorNames}],
        "groupName": "@{groupName}",
        "activationThresholdText": "@{activationThresholdText}",
        "activationThresholdValue": @{activationThresholdValue},
        "activationThresholdIsPercent": @{activationThresholdIsPercent},
        "notificationActivationDetailsURL": "@{notificationActivationDetailsURL}",
        "systemsAtActivationURL": "@{systemsAtActivationURL}",
        "systemsCurrentlyAffectedURL": "@{systemsCurrentlyAffectedURL}"
    }
}"""
"""What a new webhook is filled with: every variable once (reconstructed; the vendor's own could be read in its first
line only).
"""


@dataclass(frozen=True, slots=True)
class SensorNotificationEvent:
    """What a sensor notification says, as far as the sender's template carried it."""

    event_id: str
    event_type: str
    event_time: datetime | None
    sensor_names: tuple[str, ...]
    systems_at_activation_url: str | None
    systems_currently_affected_url: str | None
    data: Mapping[str, Any] = field(default_factory=dict)
    """The whole ``data`` object, so that nothing a template added is lost."""


def parse_event(body: bytes | str) -> SensorNotificationEvent:
    """Read a webhook body, tolerantly: only ``eventId`` is demanded; an unreadable time is no time.

    ``sensorNames`` may be an array or one text separated by commas (``sensorNamesUnquoted``).
    Raises ``UnreadableBody`` when the body is no JSON object or has no ``eventId``.
    """
    try:
        document = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UnreadableBody("the body is not JSON") from error
    if not isinstance(document, dict):
        raise UnreadableBody("the body is not a JSON object")
    event_id = document.get("eventId")
    if not isinstance(event_id, str) or not event_id.strip():
        raise UnreadableBody("the body has no eventId")
    data = document.get("data")
    data = data if isinstance(data, dict) else {}
    return SensorNotificationEvent(
        event_id=event_id.strip(),
        event_type=_text(document.get("eventType")) or "",
        event_time=_time(document.get("eventTime")),
        sensor_names=_names(data.get("sensorNames", data.get("sensorNamesUnquoted"))),
        systems_at_activation_url=_text(data.get("systemsAtActivationURL")),
        systems_currently_affected_url=_text(data.get("systemsCurrentlyAffectedURL")),
        data=data,
    )


def _text(value: object) -> str | None:
    return value.strip() or None if isinstance(value, str) else None


def _time(value: object) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        return parse_time(value)
    except ValueError:
        return None


def _names(value: object) -> tuple[str, ...]:
    """In the sender's order, each once."""
    if isinstance(value, str):
        value = value.split(",")
    if not isinstance(value, list):
        return ()
    names = (name.strip() for name in value if isinstance(name, str))
    return tuple(dict.fromkeys(name for name in names if name))
