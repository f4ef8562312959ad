"""Pages of the stage: distributions and their mails, suppressions, the library, sender domains."""

from fastapi import APIRouter

from opulse.experience.distributions.pages import (
    distributions,
    library,
    listing,
    mails,
    sender_domains,
    suppressions,
)
from opulse.web.joining import join

router = APIRouter()
for part in (suppressions, library, sender_domains, listing, mails, distributions):
    join(router, part.router)

__all__ = ["router"]
