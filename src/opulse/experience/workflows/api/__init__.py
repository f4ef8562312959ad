"""JSON routes of workflows and extensions."""

from __future__ import annotations

from fastapi import APIRouter

from opulse.experience.workflows.api import around, definitions, runs
from opulse.web.joining import join

router = APIRouter()
for part in (definitions, runs, around):
    join(router, part.router)
