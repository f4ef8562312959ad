"""Read-only selectables that later stages join: the ledger, the result page, the next pulse."""

from opulse.experience.responses.store.noted import find_noted
from opulse.experience.responses.store.tables import owner_corrections, responses

__all__ = ["find_noted", "owner_corrections", "responses"]
