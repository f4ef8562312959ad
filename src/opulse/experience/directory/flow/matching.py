"""Find the contacts of people that the other wing names: by external reference, then by e-mail; make the missing ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from opulse.experience.directory.models import Person
from opulse.experience.directory.store import contacts, lists, members
from opulse.wire.identifiers import Prefix, new_ids_in_order


def match_people_in(
    conn: Connection,
    tenant: int,
    directory: str,
    people: Sequence[Person],
    *,
    create: bool,
    list_id: str,
    now: datetime,
) -> dict[str, str]:
    """Person key → contact id, for everybody who has a contact when this returns; all of them are on the list.

    A loop over people is right here: a page has at most 1,000 and each needs its own id in the answer. The SQL is one
    join by reference, one by address, one bulk insert.

    Args:
        create: make contacts for people who have an address and no contact.
    """
    if create:
        lists.lock_directory(conn, tenant, directory)  # else two incidents make the same person twice
    wanted = {person.key: person for person in people if person.key}
    by_ref = contacts.find_ids_by_ext_ref(
        conn,
        tenant,
        directory,
        {person.user_id.strip().lower() for person in wanted.values() if person.user_id},
    )
    found = {
        key: by_ref[person.user_id.strip().lower()]
        for key, person in wanted.items()
        if person.user_id.strip().lower() in by_ref
    }
    left = [key for key, person in wanted.items() if key not in found and person.email]
    found |= contacts.find_ids_by_email(conn, tenant, directory, left)
    if create:
        found |= _create(conn, tenant, directory, [wanted[key] for key in left if key not in found], now)
    if list_id:
        members.insert_members(conn, tenant, list_id, set(found.values()), now)
    return found


def contact_row(
    tenant: int, number: str, directory: str, fields: Mapping[str, Any], now: datetime
) -> dict[str, Any]:
    """A full row of the contacts table from the fields that are known."""
    email = str(fields.get("email") or "").strip()
    ext_ref = str(fields.get("ext_ref") or "").strip()
    return {
        "tenant": tenant,
        "id": number,
        "directory": directory,
        "first_name": str(fields.get("first_name") or "").strip(),
        "last_name": str(fields.get("last_name") or "").strip(),
        "email": email,
        "email_key": email.lower(),
        "ext_ref": ext_ref,
        "ext_ref_key": ext_ref.lower(),
        "phone": str(fields.get("phone") or "").strip(),
        "language": str(fields.get("language") or "").strip(),
        "time_zone": str(fields.get("time_zone") or "").strip(),
        "embedded": dict(fields.get("embedded_data") or {}),
        "unsubscribed": bool(fields.get("unsubscribed")),
        "unsubscribed_at": now if fields.get("unsubscribed") else None,
        "muted_until": None,
        "alarm_until": None,
        "deleted": False,
        "created_at": now,
        "updated_at": now,
    }


def _create(
    conn: Connection, tenant: int, directory: str, people: Sequence[Person], now: datetime
) -> dict[str, str]:
    numbers = new_ids_in_order(Prefix.CONTACT, len(people), now)
    rows = [
        contact_row(
            tenant,
            number,
            directory,
            {
                "first_name": person.first_name,
                "last_name": person.last_name,
                "email": person.email,
                "ext_ref": person.user_id,
                "language": person.language,
            },
            now,
        )
        for number, person in zip(numbers, people, strict=True)
    ]
    contacts.insert_contacts(conn, rows)
    return {person.key: number for number, person in zip(numbers, people, strict=True)}
