"""Fleet's settings, and its documented payload."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec
from pydantic import Field

from opulse.monitoring.sources.models import Settings


class FleetSettings(Settings):
    """What of a policy and a host is used."""

    system_field: Literal["hostname", "display_name"] = Field(
        "hostname", title="Field of the system", description="hostname or display_name."
    )
    severity: int = Field(5, title="Severity of a policy", ge=1, le=10)
    critical_severity: int = Field(8, title="Severity of a critical policy", ge=1, le=10)
    category: str = Field(
        "Fleet policy", title="Category", description="Of the sensors that this source adds.", max_length=100
    )
    make_sensors: bool = Field(
        True,
        title="Add sensors that are not in the catalogue",
        description="Off: policies without a sensor of their name are left.",
    )


class Policy(msgspec.Struct, frozen=True):
    """``policy``; what else Fleet says of it is not used."""

    id: int
    name: str
    description: str = ""
    critical: bool = False


class Host(msgspec.Struct, frozen=True):
    """One of ``hosts``."""

    id: int
    hostname: str = ""
    display_name: str = ""


class FailingPolicy(msgspec.Struct, frozen=True):
    """The body: ``hosts`` are read one by one, so that one that cannot be read stops no other."""

    policy: Policy
    hosts: list[msgspec.Raw]
    timestamp: datetime | None = None
