"""Read-only selectables that later stages join, so that nobody loops over people for want of a join."""

from opulse.experience.directory.store.changes import find_change_set, list_groups
from opulse.experience.directory.store.contacts import find_contact, lock_contacts
from opulse.experience.directory.store.lists import find_directory, find_list, list_directories, list_rules
from opulse.experience.directory.store.tables import change_members, contacts, list_members

__all__ = [
    "change_members",
    "contacts",
    "find_change_set",
    "find_contact",
    "find_directory",
    "find_list",
    "list_directories",
    "list_groups",
    "list_members",
    "list_rules",
    "lock_contacts",
]
