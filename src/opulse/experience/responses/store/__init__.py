"""All SQL of the stage: responses with their history, corrections of owners, what is not counted yet."""

from opulse.experience.responses.store.asked import find_first_look, find_link
from opulse.experience.responses.store.counting import claim_uncounted
from opulse.experience.responses.store.rows import (
    claim_response,
    delete_correction,
    insert_response,
    update_response,
    upsert_correction,
)

__all__ = [
    "claim_response",
    "claim_uncounted",
    "delete_correction",
    "find_first_look",
    "find_link",
    "insert_response",
    "update_response",
    "upsert_correction",
]
