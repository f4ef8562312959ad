"""What the directory forgets: a person, wholly; changes and refused rows by age. In the caller's unit."""

from opulse.experience.directory.store.bulk import delete_old_entries
from opulse.experience.directory.store.changes import delete_old_changes_of
from opulse.experience.directory.store.forgetting import delete_old_refused, find_ids_of, forget

__all__ = ["delete_old_changes_of", "delete_old_entries", "delete_old_refused", "find_ids_of", "forget"]
