"""How a sensor went, as its page shows it: what was asked for, the names of groups, and what can be asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode

from pydantic import BaseModel, Field

from opulse.monitoring.sensors.flow.evaluator import Evaluator
from opulse.monitoring.sensors.flow.trends import PartTrend, Trend, read_trend
from opulse.monitoring.sensors.models import Sensor, TrendSpan
from opulse.monitoring.systems.flow.groups import list_groups
from opulse.monitoring.systems.models import Group
from opulse.ports import Ports

MOST_NAMES = 200
"""Instances to choose from."""


class TrendAsked(BaseModel):
    """The query of the page. ``group`` is a GUID; with an instance the group is not asked for."""

    span: TrendSpan = TrendSpan.DAY
    group: Annotated[str, Field(max_length=64)] = ""
    instance: Annotated[str, Field(max_length=300)] = ""


@dataclass(frozen=True, slots=True)
class PartLine:
    """A group or an instance, and how the sensor went there; ``href`` shows it alone."""

    name: str
    part: PartTrend
    href: str


@dataclass(frozen=True, slots=True)
class TrendView:
    """``of`` names the group or instance that is drawn, empty: everywhere. ``tabs`` are the spans with their addresses."""

    trend: Trend
    asked: TrendAsked
    of: str
    tabs: tuple[tuple[str, str], ...]
    groups: tuple[PartLine, ...]
    instances: tuple[PartLine, ...]
    choices: tuple[tuple[str, str], ...]  # groups to draw
    names: tuple[str, ...]  # instances to draw


async def view_trend(
    ports: Ports, evaluator: Evaluator, tenant: int, sensor: Sensor, asked: TrendAsked
) -> TrendView:
    """What the page shows of the sensor. An unknown group is as if none was asked for."""
    groups = await list_groups(ports, tenant)
    chosen = next((group for group in groups if group.guid == asked.group.lower()), None)
    instance = asked.instance.strip()
    idx = chosen.idx if chosen and not instance else None
    trend = await read_trend(ports, evaluator, tenant, sensor.idx, asked.span, idx, instance)
    here = f"/sensors/{sensor.guid}"
    return TrendView(
        trend=trend,
        asked=asked,
        of=instance or (chosen.name if chosen else ""),
        tabs=tuple((span.value, _address(here, span, asked.group, instance)) for span in TrendSpan),
        groups=_group_lines(trend, groups, here),
        instances=tuple(
            PartLine(str(part.key), part, _address(here, trend.span, "", str(part.key)))
            for part in trend.instances
        ),
        choices=tuple((group.guid, group.name) for group in groups),
        names=tuple(evaluator.instances(tenant, sensor.idx)[:MOST_NAMES]),
    )


def _group_lines(trend: Trend, groups: list[Group], here: str) -> tuple[PartLine, ...]:
    known = {group.idx: group for group in groups}
    return tuple(
        PartLine(known[idx].name, part, _address(here, trend.span, known[idx].guid, ""))
        for part in trend.groups
        if (idx := int(part.key)) in known  # a deleted group keeps its samples and has no name
    )


def _address(here: str, span: TrendSpan, group: str, instance: str) -> str:
    asked = {"span": span.value, "group": group, "instance": instance}
    return f"{here}?{urlencode({name: value for name, value in asked.items() if value})}"
