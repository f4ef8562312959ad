"""What agents are told: which sensors to evaluate, with which thresholds."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from opulse.db import Database
from opulse.monitoring.sensors.flow.evaluator import Evaluator
from opulse.monitoring.sensors.models import Sensor, SensorOrigin
from opulse.monitoring.systems.views import map_living
from opulse.wire.agent_config import AgentConfig, AgentSensor, encode_config


async def groups_of(evaluator: Evaluator, db: Database, tenant: int, system: str) -> set[int]:
    """Indices of the groups that hold the system of this GUID; looked up only where a sensor has settings for a group."""
    if not any(sensor.in_groups for sensor in evaluator.sensors(tenant).values()):
        return set()
    found = await db.read(map_living, tenant, [system])
    return evaluator.groups_of(tenant, found[system]) if system in found else set()


def make_config(
    system: str, sensors: Mapping[str, Sensor], groups: Collection[int] = ()
) -> tuple[bytes, str]:
    """The configuration of one agent and its ETag: the enabled sensors of the kits, with the tenant's own values.

    ``groups`` are the indices of those that hold the system: what is set there lies over what holds everywhere.

    An agent evaluates those of them that its platform has a source for.
    """
    wanted = [
        AgentSensor(sensor.name, dict(here.variables))
        for sensor in sensors.values()
        if sensor.origin is SensorOrigin.FACTORY and (here := sensor.within(groups)).enabled
    ]
    return encode_config(AgentConfig(system, sorted(wanted, key=lambda one: one.sensor)))
