"""One change, many contacts: write the same patch on all of them and record what that changed, in one transaction.

The incident's patch is the same for everybody, so the work is one UPDATE and one row per *distinct* set of values that
conditions can read, however many people there are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from opulse.db import why_unstorable
from opulse.experience.directory.models import (
    CONTACTS_CHANGED,
    MAIN_FIELDS,
    Cause,
    ChangeGroup,
    ChangeKind,
    ChangeSet,
)
from opulse.experience.directory.rules import read_values
from opulse.experience.directory.store import changes, contacts, lists
from opulse.experience.directory.store.fields import declared_for_contacts
from opulse.jobs import enqueue
from opulse.wire.identifiers import random_text

ALARM_FIELDS = ("lastAlarm", "lastAlarmAt", "lastAlarmActivationId")


def merge_embedded_in(
    conn: Connection,
    tenant: int,
    directory: str,
    contact_ids: Sequence[str],
    patch: Mapping[str, Any],
    *,
    cause: Cause,
    now: datetime,
    alarm_life: timedelta | None = None,
) -> str | None:
    """Lay ``patch`` over the embedded data of ``contact_ids`` and record the change set, with its job.

    A contact that had all of the patch's values already is not changed and not in the change set; an empty text is no value.

    Args:
        patch: flat, without nulls, of embedded-data names only.
        alarm_life: when given, the patch is an alarm that ends after this long (see :func:`clear_alarms`).

    Returns:
        The change set's id; None when nothing differed.

    Raises:
        ValueError: the patch names a main field, or is nested, or holds a null (see :func:`check_patch`); or a value is not of
            its declared type.
    """
    check_patch(patch)
    if not contact_ids:
        return None
    patch = read_values(declared_for_contacts(conn, tenant, directory), patch)
    contacts.lock_contacts(conn, tenant, contact_ids)
    fields = sorted({*lists.list_watched(conn, tenant, directory), *patch})
    keyed = _changed_groups(conn, tenant, contact_ids, fields, patch, now)
    if not keyed:
        return None
    count = sum(group.count for _, group in keyed)
    change = ChangeSet(f"CS_{random_text(15)}", directory, cause, patch, count, now)
    changes.insert_change_set(conn, tenant, change)
    changes.insert_groups(conn, tenant, change.id, keyed)
    changes.insert_members_by_key(conn, tenant, change.id, contact_ids, fields, now)
    until = None if alarm_life is None else now + alarm_life
    contacts.merge_members(conn, tenant, changes.select_members(tenant, change.id), patch, until, now)
    enqueue(conn, tenant, CONTACTS_CHANGED, {"change_set": change.id}, unique=change.id, priority=2)
    return change.id


def check_patch(patch: Mapping[str, Any]) -> None:
    """Raise ``ValueError`` for a patch of main fields, or of values that embedded data cannot hold."""
    main = set(patch) & set(MAIN_FIELDS)
    if main:
        raise ValueError(f"a patch changes embedded data, not {', '.join(sorted(main))}")
    nested = [name for name, value in patch.items() if value is None or isinstance(value, dict)]
    if nested:
        raise ValueError(f"embedded data is flat and without nulls: {', '.join(sorted(nested))}")
    if why := why_unstorable(dict(patch)):
        raise ValueError(why)


def note_created_in(
    conn: Connection, tenant: int, directory: str, contact_ids: Sequence[str], *, cause: Cause, now: datetime
) -> str | None:
    """Record that these contacts were made just now, for triggers that want *created*."""
    if not contact_ids or not lists.is_watched(conn, tenant, directory):
        return None
    fields = lists.list_watched(conn, tenant, directory)
    keyed = []
    for number, (key, count) in enumerate(changes.group_by_values(conn, tenant, contact_ids, fields, now)):
        _, values = changes.decode_key(key, fields)
        keyed.append((key, ChangeGroup(number, ChangeKind.CREATED, {}, values, count)))
    change = ChangeSet(f"CS_{random_text(15)}", directory, cause, {}, len(contact_ids), now)
    changes.insert_change_set(conn, tenant, change)
    changes.insert_groups(conn, tenant, change.id, keyed)
    changes.insert_members_by_key(conn, tenant, change.id, contact_ids, fields, now)
    enqueue(conn, tenant, CONTACTS_CHANGED, {"change_set": change.id}, unique=change.id, priority=6)
    return change.id


def clear_alarms(conn: Connection, now: datetime, limit: int = 2_000) -> int:
    """Take the alarm fields off contacts whose alarm has ended. No event: the end of an alarm asks nobody anything."""
    return contacts.clear_ended_alarms(conn, ALARM_FIELDS, now, limit)


def _changed_groups(
    conn: Connection,
    tenant: int,
    contact_ids: Sequence[str],
    fields: Sequence[str],
    patch: Mapping[str, Any],
    now: datetime,
) -> list[tuple[str, ChangeGroup]]:
    """The groups in which the patch makes a difference, with the key that finds their members."""
    keyed: list[tuple[str, ChangeGroup]] = []
    for key, count in changes.group_by_values(conn, tenant, contact_ids, fields, now):
        is_new, before = changes.decode_key(key, fields)
        after = {name: value for name, value in {**before, **patch}.items() if value not in (None, "")}
        if after == before and not is_new:
            continue
        kind = ChangeKind.CREATED if is_new else ChangeKind.UPDATED
        group = ChangeGroup(len(keyed), kind, {} if is_new else before, after, count)
        keyed.append((key, group))
    return keyed
