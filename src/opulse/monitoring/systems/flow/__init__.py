"""Use cases of the stage: keeping systems and groups, and writing the journal."""

from opulse.monitoring.systems.flow.groups import seed_groups_in
from opulse.monitoring.systems.flow.journal import append_batches_in, append_in, prune_journal_in
from opulse.monitoring.systems.flow.numbers import take_numbers_in

__all__ = ["append_batches_in", "append_in", "prune_journal_in", "seed_groups_in", "take_numbers_in"]
