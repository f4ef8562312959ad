"""Read-only selectables that later stages join, so that nobody loops over people for want of a join, and look-ups."""

from opulse.experience.directory.store.alike import list_alike
from opulse.experience.directory.store.bulk import (
    count_transactions,
    find_batch,
    list_batches_by_id,
    list_entries,
)
from opulse.experience.directory.store.changes import find_change_set, list_groups, list_members_of
from opulse.experience.directory.store.contacts import (
    contact_of,
    embedded_text,
    find_contact,
    find_contacts,
    find_ids_by_email,
    lock_contacts,
)
from opulse.experience.directory.store.everywhere import out_everywhere
from opulse.experience.directory.store.fields import find_declared, list_changes, list_seen
from opulse.experience.directory.store.gathering import (
    list_directories_of,
    list_ids_by_name,
    list_members_after,
    list_present,
)
from opulse.experience.directory.store.imports import find_import, list_imports, list_refused
from opulse.experience.directory.store.lists import (
    find_directory,
    list_directories,
    list_rules,
)
from opulse.experience.directory.store.mailing_lists import (
    count_segments,
    find_list,
    list_expired,
    list_lists,
    list_shares_of,
    list_stale_segments,
    may_edit,
)
from opulse.experience.directory.store.members import list_private
from opulse.experience.directory.store.merging import find_survivor, list_duplicates
from opulse.experience.directory.store.reading import find_opt_out
from opulse.experience.directory.store.searching import count_contacts, find_few_by_start, list_contacts
from opulse.experience.directory.store.settings import find_hours, find_merge_rules, list_hours
from opulse.experience.directory.store.subscriptions import (
    find_in_list,
    list_subscriptions_of,
    subscription_changes,
)
from opulse.experience.directory.store.tables import (
    change_groups,
    change_members,
    change_sets,
    contacts,
    list_members,
    mailing_lists,
)
from opulse.experience.directory.store.transactions import (
    find_transaction,
    list_batches,
    list_transactions,
    transactions,
)

__all__ = [
    "change_groups",
    "change_members",
    "change_sets",
    "contact_of",
    "contacts",
    "count_contacts",
    "count_segments",
    "count_transactions",
    "embedded_text",
    "find_batch",
    "find_change_set",
    "find_contact",
    "find_contacts",
    "find_declared",
    "find_directory",
    "find_few_by_start",
    "find_hours",
    "find_ids_by_email",
    "find_import",
    "find_in_list",
    "find_list",
    "find_merge_rules",
    "find_opt_out",
    "find_survivor",
    "find_transaction",
    "list_alike",
    "list_batches",
    "list_batches_by_id",
    "list_changes",
    "list_contacts",
    "list_directories",
    "list_directories_of",
    "list_duplicates",
    "list_entries",
    "list_expired",
    "list_groups",
    "list_hours",
    "list_ids_by_name",
    "list_imports",
    "list_lists",
    "list_members",
    "list_members_after",
    "list_members_of",
    "list_present",
    "list_private",
    "list_refused",
    "list_rules",
    "list_seen",
    "list_shares_of",
    "list_stale_segments",
    "list_subscriptions_of",
    "list_transactions",
    "lock_contacts",
    "mailing_lists",
    "may_edit",
    "out_everywhere",
    "subscription_changes",
    "transactions",
]
