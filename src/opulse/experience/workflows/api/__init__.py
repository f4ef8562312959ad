"""JSON routes of workflows and extensions."""

from __future__ import annotations

from fastapi import APIRouter

from opulse.experience.workflows.api import around, definitions, runs

router = APIRouter()
for part in (definitions, runs, around):
    router.include_router(part.router)
