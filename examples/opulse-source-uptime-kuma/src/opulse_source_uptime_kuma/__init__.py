"""Uptime Kuma: its webhook says of one monitor that it is down, or up again."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

from pydantic import Field

from opulse.monitoring.sources.models import Adapter, Delivery, Left, LeftReason, Reading, Settings, Signal
from opulse.wire.errors import UnreadableBody

DOWN, UP = 0, 1
WEEK = 7 * 24 * 3600


class KumaSettings(Settings):
    """What an administrator sets; the form is made of these fields."""

    sensor: str = Field("Monitor down", title="Sensor", description="That a monitor which is down triggers.")
    severity: int = Field(6, title="Severity", ge=1, le=10)
    category: str = Field("Uptime Kuma", title="Category", max_length=100)
    make_sensors: bool = Field(True, title="Add the sensor if it is not in the catalogue")


def read(settings: KumaSettings, delivery: Delivery) -> Reading:
    """One monitor's state. The system is the monitor's host, else the host of its address; the instance is its name.

    Raises:
        UnreadableBody: not what Uptime Kuma posts.
    """
    try:
        body = json.loads(delivery.body)
        beat, monitor = body["heartbeat"], body["monitor"]
        status, number, name = beat["status"], int(monitor["id"]), str(monitor["name"]).strip()
    except (ValueError, KeyError, TypeError) as error:
        raise UnreadableBody("this is not what Uptime Kuma posts for a heartbeat") from error
    system = _host(monitor)
    if not system:
        words = "The monitor has neither a host name nor an address."
        return Reading([], [Left(0, name, LeftReason.NO_SYSTEM, words)])
    if status not in (DOWN, UP):  # pending and maintenance decide nothing
        return Reading([], [Left(0, name, LeftReason.UNDECIDED, f"The status is {status}.")])
    signal = Signal(
        index=0,
        key=f"monitor/{number}",
        sensor=settings.sensor,
        system=system,
        triggered=status == DOWN,
        instance=name,
        severity=settings.severity,
        help="A monitor of Uptime Kuma is down.",
    )
    return Reading([signal], [])


def _host(monitor: dict[str, Any]) -> str:
    return str(monitor.get("hostname") or urlsplit(str(monitor.get("url") or "")).hostname or "")


def snippet(address: str) -> str:
    """What is set in the other tool."""
    return f'Settings > Notifications > Webhook\nPost URL: {address}\nAdditional Headers: {{"X-API-TOKEN": "KEY"}}'


ADAPTER = Adapter(
    kind="uptime-kuma",
    label="Uptime Kuma",
    summary="A monitor that is down triggers the sensor on its host, with the monitor's name as the instance; up clears it.",
    settings=KumaSettings,
    read=read,
    snippet=snippet,
    sample='{"heartbeat": {"status": 0, "msg": "timeout"}, "monitor": {"id": 7, "name": "Intranet", '
    '"hostname": null, "url": "https://ws-0001.example.org/"}, "msg": "[Intranet] Down"}',
    life=WEEK,
    ends_itself=True,
)
