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
from opulse.experience.responses.store.trials import delete_tests, list_tests
from opulse.experience.responses.store.walks import (
    delete_walk,
    find_person,
    find_walk,
    forget_walks,
    save_walk,
    update_partial,
)

__all__ = [
    "claim_response",
    "claim_uncounted",
    "delete_correction",
    "delete_tests",
    "delete_walk",
    "find_first_look",
    "find_link",
    "find_person",
    "find_walk",
    "forget_walks",
    "insert_response",
    "list_tests",
    "save_walk",
    "update_partial",
    "update_response",
    "upsert_correction",
]
