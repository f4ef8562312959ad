"""Merge rules: which fields identify a person; contacts that are duplicates by them, merged by hand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from opulse.experience.directory.flow.everywhere import carry_over_in
from opulse.experience.directory.flow.people import note_one_in
from opulse.experience.directory.models import (
    CONTACTS_MERGED,
    Cause,
    ChangeKind,
    Contact,
    ListRefused,
)
from opulse.experience.directory.rules import check_merge_rules, merge_values
from opulse.experience.directory.store import contacts, lists, settings
from opulse.experience.directory.store import merging as store
from opulse.jobs import enqueue
from opulse.ports import Ports
from opulse.tenancy import audit_in

TOGETHER_MAX = 100
"""Contacts that are merged into one at once."""


async def set_merge_rules(
    ports: Ports, tenant: int, directory: str, rules: Sequence[Sequence[str]], actor: str
) -> list[tuple[str, ...]]:
    """Say which fields identify a person; it acts on what is added from now on.

    Raises:
        LookupError: no such directory.
        ListRefused: too many rules, or fields that do not identify.
    """
    kept = check_merge_rules(rules)
    now = ports.clock.now()

    def unit(conn: Connection) -> None:
        if lists.find_directory(conn, tenant, directory) is None:
            raise LookupError(directory)
        before = {"rules": [list(rule) for rule in settings.find_merge_rules(conn, tenant, directory)]}
        settings.put_merge_rules(conn, tenant, directory, kept)
        after = {"rules": [list(rule) for rule in kept]}
        audit_in(conn, tenant, actor, "merge_rules.changed", directory, before, after, now)

    await ports.db.write(unit)
    return kept


async def merge_contacts(
    ports: Ports, tenant: int, directory: str, ids: Sequence[str], actor: str
) -> Contact:
    """Make one contact of several: the oldest survives with the newest value of each field. It cannot be undone.

    Triggers see one *updated* on the survivor and one *deleted* on each other (qualtrics-product.md 5.2).

    Raises:
        LookupError: one of them is not in the directory.
        ListRefused: fewer than two, or too many at once.
    """
    wanted = list(dict.fromkeys(ids))
    if not 2 <= len(wanted) <= TOGETHER_MAX:
        raise ListRefused(f"2 to {TOGETHER_MAX} contacts are merged at once")
    return await ports.db.write(_merge_in, tenant, directory, wanted, actor, ports.clock.now())


def _merge_in(
    conn: Connection, tenant: int, directory: str, ids: Sequence[str], actor: str, now: datetime
) -> Contact:
    lists.lock_directory(conn, tenant, directory)
    contacts.lock_contacts(conn, tenant, ids)
    ones = contacts.find_contacts(conn, tenant, directory, ids)
    if len(ones) != len(ids):
        raise LookupError(", ".join(sorted(set(ids) - {one.id for one in ones})))
    survivor, *others = sorted(ones, key=lambda one: (one.created_at, one.id))
    gone = [one.id for one in others]
    values = merge_values(ones)
    values |= {f"{name}_key": values[name].strip().lower() for name in ("email", "ext_ref")}
    if values["unsubscribed"] and not survivor.unsubscribed:
        values["unsubscribed_at"] = now
    contacts.update_contact(conn, tenant, survivor.id, {**values, "updated_at": now})
    store.move_members(conn, tenant, survivor.id, gone)
    store.move_past(conn, tenant, survivor.id, gone)
    kept = contacts.find_contact(conn, tenant, directory, survivor.id)
    assert kept is not None, "it was locked"
    carry_over_in(conn, tenant, ones, kept, now)
    store.empty_merged(conn, tenant, survivor.id, gone, now)
    contacts.count_more(conn, tenant, directory, -len(gone))
    after = contacts.find_contact(conn, tenant, directory, survivor.id)
    assert after is not None, "it was locked"
    note_one_in(conn, tenant, directory, ChangeKind.UPDATED, survivor, after, Cause(), now)
    for one in others:  # at most 99: each is a change of its own, with its own values before
        note_one_in(conn, tenant, directory, ChangeKind.DELETED, one, None, Cause(), now)
    enqueue(
        conn, tenant, CONTACTS_MERGED, {"survivor": survivor.id, "others": gone}, unique=gone[0], priority=4
    )
    audit_in(
        conn,
        tenant,
        actor,
        "contacts.merged",
        survivor.id,
        {"apart": [survivor.id, *gone]},
        {"merged": gone},
        now,
    )
    return after
