"""Take rows of an import into a directory, some thousand at once: matched, made or changed by a few statements for all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
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
from opulse.experience.directory.store import contacts, lists, members, merging
from opulse.experience.directory.store.settings import find_merge_rules
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
    """Add or update at most 2,000 contacts, matched by the directory's merge rules.

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
        private = [(number, row.private) for number, row in (*fresh.items(), *known.items()) if row.private]
        members.merge_private(conn, tenant, where.list_id, private)
    if where.raise_events:
        note_created_in(conn, tenant, directory, list(fresh), cause=Cause(), now=now)
    return Taken(len(fresh), updated, len(known) - updated)


def _match(
    conn: Connection, where: Destination, rows: Sequence[IncomingContact], now: datetime
) -> tuple[dict[str, IncomingContact], dict[str, IncomingContact]]:
    """Contact id → row: of those who are new, and of those who are known. The first merge rule that finds somebody counts."""
    rules = find_merge_rules(conn, where.tenant, where.directory)
    keys = [_keys(rows, rule) for rule in rules]
    known_by = [_known_by(conn, where, rule, of_rule) for rule, of_rule in zip(rules, keys, strict=True)]
    numbers = iter(new_ids_in_order(Prefix.CONTACT, len(rows), now))
    fresh: dict[str, IncomingContact] = {}
    known: dict[str, IncomingContact] = {}
    tried = list(zip(known_by, keys, strict=True))
    for place, row in enumerate(rows):
        number = None
        for found, of_rule in tried:
            key = of_rule[place]
            if key is not None and (number := found.get(key)) is not None:
                break
        if number is None:
            number = next(numbers)
            fresh[number] = row
        elif number in fresh:
            fresh[number] = row
        else:
            known[number] = row
        for found, of_rule in tried:
            if (key := of_rule[place]) is not None:
                found.setdefault(key, number)
    return fresh, known


def _keys(rows: Sequence[IncomingContact], rule: Sequence[str]) -> list[tuple[str, ...] | None]:
    """Each row's values of the rule's fields, lower case; None where one is missing, so that the rule does not apply."""
    if len(rule) == 1:
        read = attrgetter(rule[0])
        return [(value.lower(),) if (value := read(row)) else None for row in rows]
    columns = [[value.lower() for value in map(attrgetter(name), rows)] for name in rule]
    return [values if all(values) else None for values in zip(*columns, strict=True)]


def _known_by(
    conn: Connection, where: Destination, rule: Sequence[str], keys: Sequence[tuple[str, ...] | None]
) -> dict[tuple[str, ...], str]:
    wanted = sorted({key for key in keys if key})  # in order: neighbours in the index are found together
    if not wanted:
        return {}
    probe = _PROBES.get(rule[0]) if len(rule) == 1 else None
    if probe is None:
        return merging.find_ids_by(conn, where.tenant, where.directory, rule, wanted)
    found = probe(conn, where.tenant, where.directory, [key for (key,) in wanted])
    return {(key,): number for key, number in found.items()}


_PROBES = {"ext_ref": contacts.find_ids_by_ext_ref, "email": contacts.find_ids_by_email}
"""The quick way, for the rules that nearly every directory has."""


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
