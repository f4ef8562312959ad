"""One contact or one list, as pages show them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from opulse.experience.directory.store import contacts
from opulse.experience.directory.store.reading import (
    find_opt_out,
    list_changes_of,
    list_left,
    list_members_page,
    list_opt_outs,
    list_opted_out,
    list_segments_of,
    lists_of_contact,
)

__all__ = [
    "find_keys_in",
    "find_opt_out",
    "list_changes_of",
    "list_left",
    "list_members_page",
    "list_opt_outs",
    "list_opted_out",
    "list_segments_of",
    "lists_of_contact",
]


def find_keys_in(
    conn: Connection, tenant: int, directory: str, keys: Sequence[str]
) -> tuple[list[str], list[str]]:
    """The contact ids behind addresses, external references or contact ids; and the keys that are nobody's here."""
    lowered = [key.lower() for key in keys]
    by_email = contacts.find_ids_by_email(conn, tenant, directory, lowered)
    by_ref = contacts.find_ids_by_ext_ref(conn, tenant, directory, lowered)
    found: dict[str, None] = {}
    unknown: list[str] = []
    for key in keys:
        number = by_email.get(key.lower()) or by_ref.get(key.lower())
        if number is None and contacts.find_contact(conn, tenant, directory, key) is not None:
            number = key
        if number is None:
            unknown.append(key)
        else:
            found[number] = None
    return list(found), unknown
