"""Alertmanager's settings, and its documented payload."""

from __future__ import annotations

from datetime import datetime

import msgspec
from pydantic import Field, field_validator

from opulse.monitoring.sources.models import Settings
from opulse.monitoring.sources.rules import severities_of

VERSION = "4"


class AlertmanagerSettings(Settings):
    """Which labels mean what."""

    sensor_label: str = Field(
        "alertname", title="Label of the sensor", description="Its value is the sensor's name.", min_length=1
    )
    system_labels: str = Field(
        "instance, host, nodename",
        title="Labels of the system",
        description="The first that an alert has names the system; a port behind it is dropped.",
        min_length=1,
    )
    instance_label: str = Field(
        "",
        title="Label of the instance",
        description="For example device or mountpoint: the sensor is then triggered for each of them. Empty: none.",
    )
    severity_label: str = Field("severity", title="Label of the severity")
    severities: str = Field(
        "critical=8, error=6, warning=5, info=3, none=1",
        title="Severities",
        description="What the values of that label are here, 1 to 10. Another value is a 5.",
    )
    category: str = Field(
        "Alertmanager", title="Category", description="Of the sensors that this source adds.", max_length=100
    )
    make_sensors: bool = Field(
        True,
        title="Add sensors that are not in the catalogue",
        description="Off: alerts without a sensor of their name are left.",
    )

    @field_validator("severities")
    @classmethod
    def _readable(cls, text: str) -> str:
        severities_of(text)
        return text


class Alert(msgspec.Struct, frozen=True):
    """One of ``alerts``."""

    status: str
    labels: dict[str, str]
    annotations: dict[str, str] = {}
    startsAt: datetime | None = None  # noqa: N815  # as Alertmanager writes it
    endsAt: datetime | None = None  # noqa: N815  # as Alertmanager writes it
    fingerprint: str = ""


class Notice(msgspec.Struct, frozen=True):
    """The body: ``alerts`` are read one by one, so that one that cannot be read stops no other."""

    version: str
    alerts: list[msgspec.Raw]
    truncatedAlerts: int = 0  # noqa: N815  # as Alertmanager writes it
