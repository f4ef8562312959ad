"""The tenant's own settings as a part of its configuration. Opening mail to everybody needs a word of its own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator
from sqlalchemy import Connection

from opulse.tenancy.flow.tenants import change_tenant_in, clean_allow_list
from opulse.tenancy.sections import Change, Entry, Section, Work
from opulse.tenancy.store.tenants import find_tenant

KEY = "settings"
OPEN_MAIL = "tenant/settings/mail_open"


def _clean(entries: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(clean_allow_list(entries))


class TenantEntry(Entry):
    """What an administrator sets under Tenant Information. A pause is a decision of the moment and stands in no document."""

    name: str
    mail_open: bool = False
    allow_list: Annotated[tuple[str, ...], AfterValidator(_clean)] = ()
    cap_per_activation: int
    confirm_above: int


def _read_in(conn: Connection, tenant: int, now: datetime) -> dict[str, TenantEntry]:
    found = find_tenant(conn, tenant)
    entry = TenantEntry(
        name=found.name,
        mail_open=found.mail_open,
        allow_list=found.allow_list,
        cap_per_activation=found.cap_per_activation,
        confirm_above=found.confirm_above,
    )
    return {KEY: entry}


def _save_in(work: Work, changes: Sequence[Change]) -> None:
    for change in changes:
        if change.key != KEY:
            work.refuse("tenant", change.key, f"There is one entry here, called {KEY}.")
            continue
        was, becomes = change.before.model_dump(mode="json"), change.after.model_dump(mode="json")
        try:
            changed = {name: value for name, value in becomes.items() if was[name] != value}
            change_tenant_in(work.conn, work.tenant, work.actor, work.now, changed)
        except ValueError as error:
            work.refuse("tenant", KEY, f"{error}.")


SECTIONS = (Section("tenant", TenantEntry, _read_in, _save_in),)
