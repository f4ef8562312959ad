"""Add, edit and delete contacts from the console, the API and files. Each write says what it changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from opulse.db import chunked
from opulse.experience.directory.flow.checking import ContactProblem, check_fields, check_rows, read_embedded
from opulse.experience.directory.flow.taking import Destination, Taken, take_rows_in
from opulse.experience.directory.models import (
    CONTACTS_CHANGED,
    MAIN_FIELDS,
    Cause,
    ChangeGroup,
    ChangeKind,
    ChangeSet,
    Contact,
    ImportResult,
    IncomingContact,
)
from opulse.experience.directory.store import changes, contacts, lists
from opulse.experience.directory.store.fields import declared_for_contacts
from opulse.experience.directory.store.forgetting import BLANK
from opulse.jobs import enqueue
from opulse.ports import Ports
from opulse.tenancy import audit_in
from opulse.wire.identifiers import random_text

ROWS_PER_UNIT = 1_000

__all__ = [
    "ContactProblem",
    "delete_contact",
    "edit_contact",
    "edit_contact_in",
    "import_contacts",
    "import_rows",
    "note_one_in",
    "values_of",
]


async def import_contacts(
    ports: Ports,
    tenant: int,
    directory: str,
    rows: Sequence[Mapping[str, Any]],
    *,
    list_id: str = "",
    raise_events: bool = False,
    actor: str = "",
) -> ImportResult:
    """Add or update contacts, matched by external reference, then by address. A bad row is refused, the rest are taken.

    Args:
        rows: first_name, last_name, email, ext_ref, phone, language, time_zone, unsubscribed, embedded_data (flat).
        raise_events: let *created* triggers see the new contacts (off for files, as in qualtrics-product.md 5.2).
    """
    declared = await ports.db.read(declared_for_contacts, tenant, directory)
    good, refused = check_rows(rows, declared)
    taken = await import_rows(
        ports,
        tenant,
        directory,
        good,
        list_id=list_id,
        raise_events=raise_events,
        actor=actor,
        refused=len(refused),
    )
    return replace(taken, refused=tuple(refused))


async def import_rows(
    ports: Ports,
    tenant: int,
    directory: str,
    rows: Sequence[IncomingContact],
    *,
    list_id: str,
    raise_events: bool,
    actor: str,
    refused: int,
) -> ImportResult:
    """:func:`import_contacts` for rows that were checked already; ``refused`` of them were not taken."""
    where = Destination(tenant, directory, list_id, raise_events, actor)
    totals = Taken()
    for chunk in chunked(rows, ROWS_PER_UNIT):
        totals += await ports.db.write(take_rows_in, where, chunk, ports.clock.now())
    now = ports.clock.now()
    after = {"created": totals.created, "updated": totals.updated, "refused": refused, "list": list_id}
    await ports.db.write(audit_in, tenant, actor, "contacts.imported", directory, None, after, now)
    return ImportResult(totals.created, totals.updated, totals.unchanged)


async def edit_contact(
    ports: Ports,
    tenant: int,
    directory: str,
    contact: str,
    fields: Mapping[str, Any],
    embedded: Mapping[str, Any],
    *,
    cause: Cause = Cause(),  # noqa: B008  # frozen, without state
    actor: str = "",
) -> Contact:
    """Change one contact; triggers see what differed.

    Raises:
        LookupError: no such contact in this directory.
        ContactProblem: the values cannot be written.
    """
    check_fields(
        {
            "ext_ref": "kept",
            "embedded_data": embedded,
            **{name: value for name, value in fields.items() if value},
        }
    )
    fields = {name: str(value).strip() for name, value in fields.items()}
    now = ports.clock.now()

    def unit(conn: Connection) -> Contact:
        return edit_contact_in(
            conn, tenant, directory, contact, fields, embedded, cause=cause, now=now, actor=actor
        )

    return await ports.db.write(unit)


def edit_contact_in(
    conn: Connection,
    tenant: int,
    directory: str,
    contact: str,
    fields: Mapping[str, Any],
    embedded: Mapping[str, Any],
    *,
    cause: Cause,
    now: datetime,
    actor: str,
) -> Contact:
    """See :func:`edit_contact`; in the caller's unit. Raises: LookupError, ContactProblem."""
    contacts.lock_contacts(
        conn, tenant, [contact]
    )  # the whole document is written: an alarm of this moment must be in it
    before = contacts.find_contact(conn, tenant, directory, contact)
    if before is None:
        raise LookupError(contact)
    changed = {name: value for name, value in fields.items() if getattr(before, name) != value}
    embedded = read_embedded(declared_for_contacts(conn, tenant, directory), embedded)
    merged = {**before.embedded, **embedded}
    if not changed and merged == dict(before.embedded):
        return before
    values: dict[str, Any] = {**changed, "embedded": merged, "updated_at": now}
    for name in ("email", "ext_ref"):
        if name in changed:
            values[f"{name}_key"] = str(changed[name]).strip().lower()
    contacts.update_contact(conn, tenant, contact, values)
    after = contacts.find_contact(conn, tenant, directory, contact)
    if after is None:
        raise LookupError(contact)
    note_one_in(conn, tenant, directory, ChangeKind.UPDATED, before, after, cause, now)
    # what a person is called stands in no trail that outlives them: the names of the fields, not what is in them
    was = {name: "(set)" if _had(before, name) else "(empty)" for name in sorted([*changed, *embedded])}
    audit_in(conn, tenant, actor, "contact.changed", contact, was, dict.fromkeys(was, "(changed)"), now)
    return after


async def delete_contact(ports: Ports, tenant: int, directory: str, contact: str, *, actor: str = "") -> None:
    """Take a contact out of the directory. Recorded answers stay; they no longer lead to a person.

    Raises:
        LookupError: no such contact in this directory.
    """
    now = ports.clock.now()

    def unit(conn: Connection) -> None:
        contacts.lock_contacts(conn, tenant, [contact])
        before = contacts.find_contact(conn, tenant, directory, contact)
        if before is None:
            raise LookupError(contact)
        blank = {**BLANK, "deleted": True, "updated_at": now}
        contacts.count_more(conn, tenant, directory, -1)
        contacts.update_contact(conn, tenant, contact, {**blank, "embedded": {}})
        note_one_in(conn, tenant, directory, ChangeKind.DELETED, before, None, Cause(), now)
        gone = {"directory": directory, "unsubscribed": before.unsubscribed}
        audit_in(conn, tenant, actor, "contact.deleted", contact, gone, None, now)

    await ports.db.write(unit)


def _had(contact: Contact, name: str) -> bool:
    return bool(getattr(contact, name, None) or contact.embedded.get(name))


def note_one_in(
    conn: Connection,
    tenant: int,
    directory: str,
    kind: ChangeKind,
    before: Contact | None,
    after: Contact | None,
    cause: Cause,
    now: datetime,
) -> None:
    """Record one contact's change for triggers that listen; an update that changed nothing they read is none."""
    contact = after or before
    if contact is None or not lists.is_watched(conn, tenant, directory):
        return
    fields = lists.list_watched(conn, tenant, directory)
    old, new = values_of(before, fields), values_of(after, fields)
    change = ChangeSet(f"CS_{random_text(15)}", directory, cause, {}, 1, now)
    changes.insert_change_set(conn, tenant, change)
    changes.insert_groups(conn, tenant, change.id, [("", ChangeGroup(0, kind, old, new, 1))])
    changes.insert_member(conn, tenant, change.id, contact.id, 0)
    enqueue(conn, tenant, CONTACTS_CHANGED, {"change_set": change.id}, unique=change.id, priority=4)


def values_of(contact: Contact | None, fields: Sequence[str]) -> dict[str, Any]:
    """The values of ``fields`` on a contact; absent and empty ones are left out."""
    if contact is None:
        return {}
    values: dict[str, Any] = {}
    for name in fields:
        value = getattr(contact, MAIN_FIELDS[name]) if name in MAIN_FIELDS else contact.embedded.get(name)
        if value not in (None, ""):
            values[name] = value
    return values
