"""JSON routes of the stage: the catalogue, sensor states, the agents' configuration, how sensors went."""

from fastapi import APIRouter

from opulse.monitoring.sensors.api import in_groups, sensors, states, trends
from opulse.web.joining import join

router = APIRouter()
make_express = states.make_express
join(router, in_groups.router)
join(router, sensors.router)
join(router, states.router)
join(router, trends.router)

__all__ = ["make_express", "router"]
