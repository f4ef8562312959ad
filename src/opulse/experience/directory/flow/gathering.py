"""Gather contacts into a change set that nobody changed: so that whoever works on sets of contacts can be given these.

The set is not announced: no trigger hears of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from opulse.experience.directory.models import Cause, ChangeGroup, ChangeKind, ChangeSet
from opulse.experience.directory.store import changes, members
from opulse.experience.directory.store import gathering as store
from opulse.experience.directory.store.mailing_lists import find_list
from opulse.wire.identifiers import random_text


def open_gathering_in(
    conn: Connection, tenant: int, directory: str, *, cause: Cause, now: datetime
) -> ChangeSet:
    """An empty set of contacts of this directory."""
    change = ChangeSet(f"CS_{random_text(15)}", directory, cause, {}, 0, now)
    changes.insert_change_set(conn, tenant, change)
    return change


def gather_in(
    conn: Connection,
    tenant: int,
    change: ChangeSet,
    ids: Sequence[str],
    fields: Sequence[str],
    now: datetime,
    *,
    first: int,
    before: Mapping[str, Any] | None = None,
) -> list[ChangeGroup]:
    """Add contacts (at most 2,000 in one unit), in groups by the values that they have now. Who is no contact is left out.

    Args:
        fields: what conditions will read.
        first: the number of the first group that this makes: how many the set has.
        before: the values on the previous side; None: the same as now.
    """
    present = store.list_present(conn, tenant, change.directory, ids)
    keyed: list[tuple[str, ChangeGroup]] = []
    prefix = f"{first} "
    for key, count in changes.group_by_values(conn, tenant, present, fields, now):
        _, values = changes.decode_key(key, fields)
        old = values if before is None else before
        group = ChangeGroup(first + len(keyed), ChangeKind.UPDATED, old, values, count)
        keyed.append((prefix + key, group))
    if keyed:
        changes.insert_groups(conn, tenant, change.id, keyed)
        store.insert_members_behind(conn, tenant, change.id, present, fields, now, prefix)
        store.add_count(conn, tenant, change.id, len(present))
    return [group for _, group in keyed]


def put_on_list_in(conn: Connection, tenant: int, list_id: str, ids: Sequence[str], now: datetime) -> None:
    """Put contacts of the list's directory on it; who is on it already stays as they are, opt-out and all.

    Raises:
        LookupError: no such list.
    """
    found = find_list(conn, tenant, list_id)
    if found is None:
        raise LookupError(list_id)
    members.insert_members(conn, tenant, list_id, store.list_present(conn, tenant, found.directory, ids), now)
