"""JSON routes of the stage: sources, what they receive, previews, rule files."""

from fastapi import APIRouter

from opulse.monitoring.sources.api import importing, receiving, sources
from opulse.web.joining import join

router = APIRouter()
join(router, importing.router)
join(router, receiving.router)
join(router, sources.router)

__all__ = ["router"]
