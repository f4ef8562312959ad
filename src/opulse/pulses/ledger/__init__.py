"""The conservation ledger: every affected system ends in exactly one stated state, and the states sum to the affected systems.

It is derived, not kept: affected set → reach ⟕ invitation ⟕ response, in one query (spine.md 8).
"""

from opulse.pulses.ledger.flow import explain, ledger
from opulse.pulses.ledger.models import SENTENCES, Explanation, Ledger, LedgerState

__all__ = ["SENTENCES", "Explanation", "Ledger", "LedgerState", "explain", "ledger"]
