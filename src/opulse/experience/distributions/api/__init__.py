"""JSON routes of the stage."""

from fastapi import APIRouter

from opulse.experience.distributions.api import (
    distributions,
    following,
    library,
    sender_domains,
    suppressions,
)

router = APIRouter()
for part in (distributions, following, suppressions, library, sender_domains):
    router.include_router(part.router)

__all__ = ["router"]
