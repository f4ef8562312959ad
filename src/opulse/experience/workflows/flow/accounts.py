"""Install extensions, and add the accounts with which their tasks sign in elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import uuid4

from sqlalchemy import Connection

from opulse.experience.workflows.registry import Extension, FieldKind, FormField, find_extension
from opulse.experience.workflows.store import accounts as store
from opulse.ports import Ports
from opulse.tenancy import audit_in


async def install_extension(
    ports: Ports, tenant: int, name: str, domains: list[str] | None, actor: str
) -> None:
    """Accept an extension and the domains it may call (none given: those it asks for).

    Raises:
        LookupError: no such extension.
    """
    extension = find_extension(name)
    if extension is None:
        raise LookupError(name)
    allowed = list(extension.domains) if domains is None else domains
    await ports.db.write(install_extension_in, tenant, name, allowed, actor, ports.clock.now())


def install_extension_in(
    conn: Connection, tenant: int, name: str, domains: list[str], actor: str, now: datetime
) -> None:
    """:func:`install_extension` inside another unit, with the domains as they shall be."""
    known = store.list_installs(conn, tenant).get(name)
    before = None if known is None else {"domains": known}
    store.insert_install(conn, tenant, name, domains, actor, now)
    audit_in(conn, tenant, actor, "extension.installed", name, before, {"domains": domains}, now)


async def add_account(
    ports: Ports, tenant: int, extension_name: str, name: str, fields: Mapping[str, str], actor: str
) -> str:
    """An account of an extension, with which its tasks sign in elsewhere. Returns its id.

    Raises:
        LookupError: no such extension.
        ValueError: a field is missing; the message names it.
    """
    return await ports.db.write(add_account_in, ports, tenant, extension_name, name, fields, actor)


def add_account_in(
    conn: Connection,
    ports: Ports,
    tenant: int,
    extension_name: str,
    name: str,
    fields: Mapping[str, str],
    actor: str,
) -> str:
    """:func:`add_account` inside another unit."""
    extension = find_extension(extension_name)
    if extension is None:
        raise LookupError(extension_name)
    wanted = account_fields(extension)
    missing = [field.label for field in wanted.values() if field.is_missing(fields.get(field.name), fields)]
    if missing or not name.strip():
        raise ValueError(f"an account needs {', '.join(['a name'] * (not name.strip()) + missing)}")
    secret = {key for key, field in wanted.items() if field.kind is FieldKind.SECRET}
    number = str(uuid4())
    plain = {key: value for key, value in fields.items() if key in wanted and key not in secret}
    sealed = {key: ports.secrets.seal(fields[key]) for key in secret if fields.get(key)}
    now = ports.clock.now()
    store.insert_account(conn, tenant, number, extension_name, name.strip(), plain, sealed, now)
    after = {"name": name, "fields": plain}
    audit_in(conn, tenant, actor, "extension.account_added", extension_name, None, after, now)
    return number


def change_account_in(
    conn: Connection, ports: Ports, tenant: int, account: str, fields: Mapping[str, str], actor: str
) -> None:
    """Give an account other fields, inside another unit; secret ones that are left out stay.

    Raises:
        LookupError: no such account, or its extension is gone.
    """
    known = store.find_account(conn, tenant, account)
    extension = find_extension(known["extension"]) if known else None
    if known is None or extension is None:
        raise LookupError(account)
    wanted = account_fields(extension)
    secret = {key for key, field in wanted.items() if field.kind is FieldKind.SECRET}
    plain = {key: value for key, value in fields.items() if key in wanted and key not in secret}
    typed = {key: ports.secrets.seal(fields[key]) for key in secret if fields.get(key)}
    store.update_account(conn, tenant, account, plain, {**known["sealed"], **typed})
    before = {"name": known["name"], "fields": known["fields"]}
    after = {"name": known["name"], "fields": plain, "typed again": sorted(typed)}
    now = ports.clock.now()
    audit_in(conn, tenant, actor, "extension.account_changed", known["extension"], before, after, now)


def account_fields(extension: Extension) -> dict[str, FormField]:
    """What an account of the extension holds, by name of the field."""
    return {field.name: field for task in extension.tasks for field in task.account_fields}
