"""Installed extensions with the hosts that they may call, and the accounts with which their tasks sign in elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator
from sqlalchemy import Connection

from opulse.experience.workflows import views
from opulse.experience.workflows.flow import accounts as flow
from opulse.experience.workflows.registry import FieldKind, find_extension
from opulse.tenancy.sections import Change, Entry, Section, Work, in_order, keyed
from opulse.wire.configuration import SECRET

EXTENSIONS = "extensions"
ACCOUNTS = "accounts"


class ExtensionEntry(Entry):
    """An installed extension and the hosts that it may call."""

    domains: Annotated[tuple[str, ...], AfterValidator(in_order)] = ()


class AccountEntry(Entry):
    """``fields`` as the extension asks for them; its secret ones are secrets."""

    extension: str
    fields: dict[str, str]


def list_accounts_in(conn: Connection, tenant: int) -> dict[str, Mapping[str, Any]]:
    """The accounts, without secrets, by the names that a document calls them: what workflows refer to."""
    found = sorted(views.list_accounts(conn, tenant), key=lambda one: (one["name"], one["id"]))
    return keyed((one["name"], one) for one in found)


def _read_extensions_in(conn: Connection, tenant: int, now: datetime) -> dict[str, ExtensionEntry]:
    found = views.list_installs(conn, tenant)
    return keyed((name, ExtensionEntry(domains=tuple(domains))) for name, domains in found.items())


def _save_extensions_in(work: Work, changes: Sequence[Change]) -> None:
    for change in changes:
        if find_extension(change.key) is None:
            work.refuse(EXTENSIONS, change.key, "There is no such extension here; install its package first.")
            continue
        domains = list(change.after.domains)
        flow.install_extension_in(work.conn, work.tenant, change.key, domains, work.actor, work.now)


def _read_accounts_in(conn: Connection, tenant: int, now: datetime) -> dict[str, AccountEntry]:
    read = {}
    for key, found in list_accounts_in(conn, tenant).items():
        stored = views.find_account(conn, tenant, found["id"]) or {"sealed": {}}
        fields = {**found["fields"], **dict.fromkeys(stored["sealed"], SECRET)}
        read[key] = AccountEntry(extension=found["extension"], fields=fields)
    return read


def _save_accounts_in(work: Work, changes: Sequence[Change]) -> None:
    known = list_accounts_in(work.conn, work.tenant)
    for change in changes:
        entry: AccountEntry = change.after
        extension = find_extension(entry.extension)
        if extension is None:
            work.refuse(ACCOUNTS, change.key, f"There is no extension {entry.extension!r}.", "extension")
            continue
        wanted = flow.account_fields(extension)
        secret = {name for name, field in wanted.items() if field.kind is FieldKind.SECRET}
        if not _is_written_well(work, change.key, entry, set(wanted), secret):
            continue
        fields = {
            name: (work.secret(ACCOUNTS, change.key, "fields", name) or "") if name in secret else value
            for name, value in entry.fields.items()
        }
        found = known.get(change.key)
        try:
            if found is None:
                name = entry.extension
                flow.add_account_in(work.conn, work.ports, work.tenant, name, change.key, fields, work.actor)
            else:
                flow.change_account_in(work.conn, work.ports, work.tenant, found["id"], fields, work.actor)
        except ValueError as error:
            work.refuse(ACCOUNTS, change.key, f"{error}.")


def _is_written_well(work: Work, key: str, entry: AccountEntry, wanted: set[str], secret: set[str]) -> bool:
    before = len(work.faults)
    for name, value in entry.fields.items():
        if name not in wanted:
            text = f"An account of {entry.extension} has no such field; it has {', '.join(sorted(wanted))}."
            work.refuse(ACCOUNTS, key, text, "fields", name)
        elif (name in secret) != (value == SECRET):
            text = (
                f"A secret stands in no document: write {SECRET} here, and give it when asked."
                if name in secret
                else "There is no secret in this place."
            )
            work.refuse(ACCOUNTS, key, text, "fields", name)
    return len(work.faults) == before


SECTIONS = (
    Section(EXTENSIONS, ExtensionEntry, _read_extensions_in, _save_extensions_in),
    Section(ACCOUNTS, AccountEntry, _read_accounts_in, _save_accounts_in),
)
