"""JSON routes of the stage: the catalogue, sensor states, the agents' configuration, how sensors went."""

from fastapi import APIRouter

from opulse.monitoring.sensors.api import in_groups, sensors, states, trends

router = APIRouter()
make_express = states.make_express
router.include_router(in_groups.router)
router.include_router(sensors.router)
router.include_router(states.router)
router.include_router(trends.router)

__all__ = ["make_express", "router"]
