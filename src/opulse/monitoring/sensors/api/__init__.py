"""JSON routes of the stage: the catalogue, sensor states, the agents' configuration."""

from fastapi import APIRouter

from opulse.monitoring.sensors.api import sensors, states

router = APIRouter()
make_express = states.make_express
router.include_router(sensors.router)
router.include_router(states.router)

__all__ = ["make_express", "router"]
