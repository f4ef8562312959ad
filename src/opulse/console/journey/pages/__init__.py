"""Pages of one activation: its journey, its results, its ledger; and the one search box."""

from fastapi import APIRouter

from opulse.console.journey.pages import journey, ledger
from opulse.web.joining import join

router = APIRouter(include_in_schema=False)
join(router, journey.router)
join(router, ledger.router)

__all__ = ["router"]
