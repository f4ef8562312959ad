"""Declare the types of embedded data and of transactions' values; rename, merge and remove fields on all contacts.

A change of a field is a job: 2,000 contacts per write unit, each of which also writes down how far it came. No workflow sees
it as a change of contacts, and recorded responses keep the values that they froze.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from opulse.experience.directory.models import (
    FIELD_WORK,
    FIELDS_MAX,
    ContactField,
    FieldAction,
    FieldChange,
    FieldChangeState,
    FieldKind,
    FieldRefused,
    FieldScope,
)
from opulse.experience.directory.rules import ValueRefused, check_declaration, read_value
from opulse.experience.directory.store import fields as store
from opulse.experience.directory.store import lists
from opulse.jobs import enqueue
from opulse.ports import Ports
from opulse.tenancy import audit_in
from opulse.wire.identifiers import random_text

DISTINCT_MAX = 10_000
"""Different values of a field that are looked at before a type is declared; a field with more of them is text or a date."""
STEP = 2_000
_EXAMPLES = 3


async def declare_field(
    ports: Ports, tenant: int, directory: str, scope: FieldScope, name: str, kind: FieldKind, actor: str
) -> ContactField:
    """Say of which type a field is. Values that contacts have already are brought to it by a job.

    Raises:
        LookupError: no such directory.
        FieldRefused: the name cannot be a field's, or contacts have values that are none of the kind.
    """
    name = check_declaration(name, kind)
    field = ContactField(scope, name, kind, ports.clock.now())
    if scope is FieldScope.CONTACT:
        await ports.db.read(_check_present, tenant, directory, field)
    await ports.db.write(_declare_in, tenant, directory, field, actor)
    return field


async def undeclare_field(
    ports: Ports, tenant: int, directory: str, scope: FieldScope, name: str, actor: str
) -> None:
    """Say nothing any more about the type of a field; its values stay.

    Raises:
        LookupError: it was not declared here.
    """
    now = ports.clock.now()

    def unit(conn: Connection) -> None:
        if not store.delete_field(conn, tenant, directory, scope, name.casefold()):
            raise LookupError(name)
        audit_in(conn, tenant, actor, "contact_field.undeclared", directory, {"field": name}, None, now)

    await ports.db.write(unit)


async def change_field(
    ports: Ports, tenant: int, directory: str, action: FieldAction, name: str, target: str, actor: str
) -> FieldChange:
    """Rename, merge or remove a field on all contacts of the directory; a job does it, and goes on after a crash.

    Raises:
        LookupError: no such directory.
        FieldRefused: a workflow's conditions read the field, or the other name does not fit.
    """
    name, target = name.strip(), target.strip()
    if not name or any(mark in name for mark in '"\\'):
        raise FieldRefused("say which field")
    if action is FieldAction.REMOVE:
        target = ""
    else:
        target = check_declaration(target, FieldKind.TEXT) if not _is_reserved(target) else target
        if target == name:
            raise FieldRefused("the field has this name already")
    now = ports.clock.now()
    change = FieldChange(
        id=f"FC_{random_text(15)}",
        directory=directory,
        action=action,
        field=name,
        target=target,
        after="",
        contacts=0,
        state=FieldChangeState.RUNNING,
        actor=actor,
        created_at=now,
        updated_at=now,
    )
    await ports.db.write(_change_in, tenant, change)
    return change


async def work_on_field(ports: Ports, tenant: int, change_id: str) -> None:
    """Do what is left of a change, step by step."""
    while await ports.db.write(_step_in, tenant, change_id, ports.clock.now()):
        pass


def _is_reserved(name: str) -> bool:
    return name.casefold() in {"lastalarm", "lastalarmat", "lastalarmactivationid"}


def _check_present(conn: Connection, tenant: int, directory: str, field: ContactField) -> None:
    """Every value that contacts have must be one of the kind: refused are declarations that would lose data."""
    present = store.list_distinct(conn, tenant, directory, field.name, DISTINCT_MAX + 1)
    bad = [(value, count) for value, count in present if not _fits(field.kind, value)]
    if bad:
        examples = ", ".join(f"“{str(value)[:40]}”" for value, _ in bad[:_EXAMPLES])
        count = sum(count for _, count in bad)
        raise FieldRefused(
            f"{count:,} contacts have values of {field.name} that are no {field.kind.value}: {examples}. Mend these first"
        )


def _fits(kind: FieldKind, value: Any) -> bool:
    try:
        read_value(kind, value)
    except ValueRefused:
        return False
    return True


def _declare_in(conn: Connection, tenant: int, directory: str, field: ContactField, actor: str) -> None:
    if lists.find_directory(conn, tenant, directory) is None:
        raise LookupError(directory)
    lists.lock_directory(conn, tenant, directory)
    known = store.find_declared(conn, tenant, directory, field.scope)
    if field.key not in known and len(known) >= FIELDS_MAX:
        raise FieldRefused(f"a directory declares at most {FIELDS_MAX} fields")
    store.put_field(conn, tenant, directory, field)
    after = {"field": field.name, "kind": field.kind.value, "of": field.scope.value}
    audit_in(conn, tenant, actor, "contact_field.declared", directory, None, after, field.created_at)
    if field.scope is FieldScope.CONTACT:
        change = FieldChange(
            id=f"FC_{random_text(15)}",
            directory=directory,
            action=FieldAction.CONVERT,
            field=field.name,
            target=field.kind.value,
            after="",
            contacts=0,
            state=FieldChangeState.RUNNING,
            actor=actor,
            created_at=field.created_at,
            updated_at=field.created_at,
        )
        store.insert_change(conn, tenant, change)
        enqueue(
            conn,
            tenant,
            FIELD_WORK,
            {"change": change.id},
            unique=change.id,
            ordering=f"fields {directory}",
            priority=7,
        )


def _change_in(conn: Connection, tenant: int, change: FieldChange) -> None:
    directory = change.directory
    if lists.find_directory(conn, tenant, directory) is None:
        raise LookupError(directory)
    lists.lock_directory(conn, tenant, directory)
    watchers = store.list_watchers(conn, tenant, directory, change.field)
    if watchers:
        raise FieldRefused(
            f"conditions of workflows read {change.field}: {', '.join(watchers)}. Change these first"
        )
    declared = store.find_declared(conn, tenant, directory, FieldScope.CONTACT)
    mine = declared.get(change.field.casefold())
    other = declared.get(change.target.casefold()) if change.target else None
    same_word = change.field.casefold() == change.target.casefold()
    if change.action is FieldAction.RENAME and other is not None and not same_word:
        raise FieldRefused(f"{other.name} is a field already; merge {change.field} into it instead")
    if (
        change.action is FieldAction.MERGE
        and other is not None
        and (mine is None or mine.kind is not other.kind)
    ):
        raise FieldRefused(f"{other.name} is a {other.kind.value}; declare {change.field} as one first")
    if mine is not None:
        store.delete_field(conn, tenant, directory, FieldScope.CONTACT, mine.key)
        if change.action is FieldAction.RENAME:
            renamed = ContactField(FieldScope.CONTACT, change.target, mine.kind, change.created_at)
            store.put_field(conn, tenant, directory, renamed)
    store.insert_change(conn, tenant, change)
    enqueue(
        conn,
        tenant,
        FIELD_WORK,
        {"change": change.id},
        unique=change.id,
        ordering=f"fields {directory}",
        priority=7,
    )
    before, after = {"field": change.field}, {"action": change.action.value, "target": change.target}
    audit_in(conn, tenant, change.actor, "contact_field.changed", directory, before, after, change.created_at)


def _step_in(conn: Connection, tenant: int, change_id: str, now: datetime) -> bool:
    """The next contacts; False when that was all."""
    change = store.find_change(conn, tenant, change_id)
    if change is None or change.state is not FieldChangeState.RUNNING:
        return False
    ids = store.next_contacts(conn, tenant, change.directory, change.after, STEP)
    if not ids:
        store.note_step(conn, tenant, change_id, change.after, 0, FieldChangeState.DONE, now)
        return False
    span = (change.after, ids[-1])
    if change.action is FieldAction.CONVERT:
        done = _convert_in(conn, tenant, change, span, now)
    else:
        done = store.move_value(conn, tenant, change.directory, span, change.field, change.target, now)
    store.note_step(conn, tenant, change_id, ids[-1], done, FieldChangeState.RUNNING, now)
    return True


def _convert_in(
    conn: Connection, tenant: int, change: FieldChange, span: tuple[str, str], now: datetime
) -> int:
    """A loop over values is right here: each is read by the same rule as a new one, and written in one statement."""
    kind = FieldKind(change.target)
    changed = []
    for contact, value in store.list_values(conn, tenant, change.directory, span, change.field):
        if not _fits(kind, value):
            continue  # written between the look and the declaration; it stays, and the next edit of it is refused
        new = read_value(kind, value)
        if new != value or type(new) is not type(value):
            changed.append((contact, new))
    store.write_values(conn, tenant, change.field, changed, now)
    return len(changed)
