"""The two kinds of incident that the demo knows, as an administrator would type them into the guide's forms."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import Any

from opulse.emulators.estate import Symptom
from opulse.monitoring.notifications.models import MINIMUM_OF_PERCENT

EVERYWHERE = "Workplaces"
OFFICE = "Hamburg"

ORGANISATION = "Acme"
FROM_ADDRESS = "it-pulse@acme.example"
FROM_NAME = "Acme IT"
REPLY_TO = "service-desk@acme.example"


@dataclass(frozen=True, slots=True)
class Scenario:
    """``group``: which systems the notification watches. ``usual``: how many systems an incident hits unless told otherwise."""

    name: str
    description: str
    symptoms: tuple[Symptom, ...]
    group: str
    activation: dict[str, Any]
    survey: str
    usual: int

    @property
    def sensors(self) -> list[str]:
        return [symptom.sensor for symptom in self.symptoms]

    def threshold(self, members: int) -> int:
        """How many of the group's ``members`` must be hit before the notification activates."""
        value = int(self.activation["value"])
        if self.activation["option"] == "number":
            return value
        return max(MINIMUM_OF_PERCENT, ceil(members * value / 100))


def scenarios(threshold: int) -> tuple[Scenario, Scenario]:
    """``threshold``: systems that must be hit before the first one activates."""
    return (
        Scenario(
            name="VPN and application trouble",
            description="Applications hang while the network loses segments: people on the VPN are held up.",
            symptoms=(Symptom("Application Hang", "outlook.exe"), Symptom("High Retransmission Rate")),
            group=EVERYWHERE,
            activation={"option": "number", "value": threshold},
            survey="Pulse: VPN and applications",
            usual=160,
        ),
        Scenario(
            name="Slow network in the Hamburg office",
            description="The way to the first router is slow for a good part of the office.",
            symptoms=(Symptom("Default Gateway Latency - Corp"),),
            group=OFFICE,
            activation={"option": "percentage", "value": 5},
            survey="Pulse: office network",
            usual=60,
        ),
    )


def watched_sensors() -> set[str]:
    """Every sensor that a scenario needs; they are silent until an incident."""
    return {name for scenario in scenarios(1) for name in scenario.sensors}
