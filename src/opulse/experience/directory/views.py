"""Read-only selectables that later stages join, so that nobody loops over people for want of a join, and look-ups."""

from opulse.experience.directory.store.alike import list_alike
from opulse.experience.directory.store.changes import find_change_set, list_groups, list_members_of
from opulse.experience.directory.store.contacts import find_contact, lock_contacts
from opulse.experience.directory.store.gathering import (
    list_directories_of,
    list_ids_by_name,
    list_members_after,
    list_present,
)
from opulse.experience.directory.store.imports import find_import, list_imports, list_refused
from opulse.experience.directory.store.lists import (
    find_directory,
    find_list,
    list_directories,
    list_lists,
    list_rules,
)
from opulse.experience.directory.store.searching import count_contacts, find_few_by_start, list_contacts
from opulse.experience.directory.store.tables import (
    change_groups,
    change_members,
    change_sets,
    contacts,
    list_members,
)

__all__ = [
    "change_groups",
    "change_members",
    "change_sets",
    "contacts",
    "count_contacts",
    "find_change_set",
    "find_contact",
    "find_directory",
    "find_few_by_start",
    "find_import",
    "find_list",
    "list_alike",
    "list_contacts",
    "list_directories",
    "list_directories_of",
    "list_groups",
    "list_ids_by_name",
    "list_imports",
    "list_lists",
    "list_members",
    "list_members_after",
    "list_members_of",
    "list_present",
    "list_refused",
    "list_rules",
    "lock_contacts",
]
