"""The ledger of an activation: the sum, every system with its state, the file of it, and why a person was not asked."""

from opulse.pulses.ledger.flow.exporting import ledger_table
from opulse.pulses.ledger.flow.listing import list_systems
from opulse.pulses.ledger.flow.reading import explain, explain_in, ledger_in
from opulse.pulses.ledger.flow.shared import keep_ledger, large_ledger, ledger

__all__ = [
    "explain",
    "explain_in",
    "keep_ledger",
    "large_ledger",
    "ledger",
    "ledger_in",
    "ledger_table",
    "list_systems",
]
