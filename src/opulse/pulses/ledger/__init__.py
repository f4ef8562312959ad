"""The conservation ledger: every affected system ends in exactly one stated state, and the states sum to the affected systems.

It is derived, not kept: affected set → reach ⟕ invitation ⟕ response, in one query (spine.md 8).
"""

from opulse.pulses.ledger.flow import explain, ledger, ledger_table, list_systems
from opulse.pulses.ledger.flow.metering import LedgerMeter
from opulse.pulses.ledger.models import (
    GROUPS,
    MEDIA_TYPES,
    SENTENCES,
    Explanation,
    FileKind,
    Ledger,
    LedgerState,
    SystemEnd,
    SystemsPage,
    Wanted,
)
from opulse.pulses.ledger.rules import read_wanted, states_of

__all__ = [
    "GROUPS",
    "MEDIA_TYPES",
    "SENTENCES",
    "Explanation",
    "FileKind",
    "Ledger",
    "LedgerMeter",
    "LedgerState",
    "SystemEnd",
    "SystemsPage",
    "Wanted",
    "explain",
    "ledger",
    "ledger_table",
    "list_systems",
    "read_wanted",
    "states_of",
]
