"""Take rows of an import into a directory, some thousand at once: matched, made or changed by a few statements for all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection

from opulse.experience.directory.flow.alarms import note_created_in
from opulse.experience.directory.flow.leaving import Subscription, note_subscriptions_in
from opulse.experience.directory.models import (
    MAIN_FIELDS,
    Cause,
    Contact,
    IncomingContact,
    SubscriptionOrigin,
)
from opulse.experience.directory.store import contacts, lists, members
from opulse.wire.identifiers import Prefix, new_ids_in_order

_MAIN = (*MAIN_FIELDS.values(), "time_zone")


@dataclass(frozen=True, slots=True)
class Destination:
    """Where rows go: the directory, a mailing list or none, whether *created* triggers see new contacts, and who brings them."""

    tenant: int
    directory: str
    list_id: str
    raise_events: bool
    actor: str = ""


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of rows."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0

    def __add__(self, more: Taken) -> Taken:
        return Taken(
            self.created + more.created, self.updated + more.updated, self.unchanged + more.unchanged
        )


def take_rows_in(
    conn: Connection, where: Destination, rows: Sequence[IncomingContact], now: datetime
) -> Taken:
    """Add or update at most 2,000 contacts, matched by external reference, then by address.

    Of several rows for the same person the last one counts. A row can opt a person out; it never opts anybody in again.
    """
    tenant, directory = where.tenant, where.directory
    lists.lock_directory(conn, tenant, directory)
    fresh, known = _match(conn, where, rows, now)
    contacts.insert_fresh(
        conn, tenant, directory, [_values(row, number) for number, row in fresh.items()], now
    )
    updated, out = _update_known(conn, where, known, now) if known else (0, [])
    out += [number for number, row in fresh.items() if row.unsubscribed]
    wanted = Subscription(True, SubscriptionOrigin.IMPORT, where.actor)
    note_subscriptions_in(conn, tenant, directory, out, wanted, now)
    if where.list_id:
        members.insert_members(conn, tenant, where.list_id, [*fresh, *known], now)
    if where.raise_events:
        note_created_in(conn, tenant, directory, list(fresh), cause=Cause(), now=now)
    return Taken(len(fresh), updated, len(known) - updated)


def _match(
    conn: Connection, where: Destination, rows: Sequence[IncomingContact], now: datetime
) -> tuple[dict[str, IncomingContact], dict[str, IncomingContact]]:
    """Contact id → row: of those who are new, and of those who are known."""
    refs = [row.ext_ref.lower() for row in rows]
    emails = [row.email.lower() for row in rows]
    by_ref = _known_by(contacts.find_ids_by_ext_ref, conn, where, refs)
    by_email = _known_by(contacts.find_ids_by_email, conn, where, emails)
    numbers = iter(new_ids_in_order(Prefix.CONTACT, len(rows), now))
    fresh: dict[str, IncomingContact] = {}
    known: dict[str, IncomingContact] = {}
    for row, ref, email in zip(rows, refs, emails, strict=True):
        number = (by_ref.get(ref) if ref else None) or (by_email.get(email) if email else None)
        if number is None:
            number = next(numbers)
            fresh[number] = row
            if ref:
                by_ref[ref] = number
            if email:
                by_email.setdefault(email, number)
        elif number in fresh:
            fresh[number] = row
        else:
            known[number] = row
    return fresh, known


def _known_by(find: Any, conn: Connection, where: Destination, keys: Sequence[str]) -> dict[str, str]:
    wanted = sorted({key for key in keys if key})  # in order: neighbours in the index are found together
    found: dict[str, str] = find(conn, where.tenant, where.directory, wanted) if wanted else {}
    return found


def _values(row: IncomingContact, number: str) -> tuple[Any, ...]:
    """As :func:`contacts.insert_fresh` takes them."""
    return (
        number,
        row.first_name,
        row.last_name,
        row.email,
        row.email.lower(),
        row.ext_ref,
        row.ext_ref.lower(),
        row.phone,
        row.language,
        row.time_zone,
        msgspec.json.encode(row.embedded).decode() if row.embedded else "{}",
        row.unsubscribed,
    )


def _update_known(
    conn: Connection, where: Destination, known: dict[str, IncomingContact], now: datetime
) -> tuple[int, list[str]]:
    """Write what differs; returns how many contacts that were, and who of them is opted out by it."""
    contacts.lock_contacts(conn, where.tenant, known)
    changed = []
    for before in contacts.find_contacts(conn, where.tenant, where.directory, known):
        if (values := _changed(before, known[before.id], now)) is not None:
            changed.append(values)
    contacts.update_contacts(conn, where.tenant, changed)
    return len(changed), [one["contact"] for one in changed if one["opts_out"]]


def _changed(before: Contact, row: IncomingContact, now: datetime) -> dict[str, Any] | None:
    """All that an import may write of one contact, as it is afterwards; None when that is how it is already."""
    fields = {name: getattr(row, name) or getattr(before, name) for name in _MAIN}
    embedded = {**before.embedded, **row.embedded}
    opts_out = row.unsubscribed and not before.unsubscribed
    same = embedded == dict(before.embedded) and all(
        value == getattr(before, name) for name, value in fields.items()
    )
    if same and not opts_out:
        return None
    keys = {f"{name}_key": fields[name].lower() for name in ("email", "ext_ref")}
    return {**fields, **keys, "embedded": embedded, "contact": before.id, "opts_out": opts_out, "now": now}
