"""Pages of one activation: its journey, its results, its ledger; and the one search box."""

from fastapi import APIRouter

from opulse.console.journey.pages import journey, ledger

router = APIRouter(include_in_schema=False)
router.include_router(journey.router)
router.include_router(ledger.router)

__all__ = ["router"]
