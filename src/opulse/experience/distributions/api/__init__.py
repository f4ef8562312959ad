"""JSON routes of the stage."""

from fastapi import APIRouter

from opulse.experience.distributions.api import (
    distributions,
    following,
    library,
    sender_domains,
    suppressions,
)
from opulse.web.joining import join

router = APIRouter()
for part in (distributions, following, suppressions, library, sender_domains):
    join(router, part.router)

__all__ = ["router"]
