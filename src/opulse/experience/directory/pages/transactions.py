"""Transactions of a directory: all, of one contact, of who is on a list, of a batch; and the batches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy import Connection

from opulse.experience.directory import Contact, Directory, MailingList, views
from opulse.experience.directory.flow.transactions import delete_transaction
from opulse.experience.directory.models import Transaction, TransactionBatch, viewer_of
from opulse.experience.directory.pages.shared import (
    PAGE,
    Editor,
    PortsDep,
    Viewer,
    find_directory,
    may_edit,
    shown_value,
)
from opulse.ports import Ports
from opulse.web.components.flashes import see_other
from opulse.web.errors import NotFound
from opulse.web.layout import page
from opulse.web.roles import Caller

router = APIRouter(prefix="/directory/{directory}/transactions")


@dataclass(frozen=True, slots=True)
class ShownTransaction:
    """A transaction with its embedded data as words, by name; ``name`` of the contact is empty where the page has it."""

    id: str
    contact: str
    at: datetime
    batch: str
    shown: tuple[tuple[str, str], ...]
    name: str = ""


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the page is narrowed to; empty: to nothing."""

    contact: str = ""
    mailing_list: str = ""
    batch: str = ""

    @property
    def words(self) -> dict[str, str]:
        pairs = {"contact": self.contact, "mailing_list": self.mailing_list, "batch": self.batch}
        return {name: value for name, value in pairs.items() if value}


@dataclass(frozen=True, slots=True)
class TransactionsPage:
    """One page of transactions, newest first; ``lists``: those that the caller may see."""

    directory: Directory
    transactions: tuple[ShownTransaction, ...]
    lists: tuple[MailingList, ...]
    chosen: Chosen
    whose: str  # the name of the chosen contact
    first: str
    next: str
    may_edit: bool

    @property
    def list_options(self) -> list[tuple[str, str]]:
        return [(one.id, one.name) for one in self.lists]


@dataclass(frozen=True, slots=True)
class BatchesPage:
    """One page of batches, the latest first."""

    directory: Directory
    batches: tuple[TransactionBatch, ...]
    first: str
    next: str


@router.get("")
async def show_transactions(
    directory: str,
    request: Request,
    ports: PortsDep,
    caller: Viewer,
    contact: str = "",
    mailing_list: str = "",
    batch: str = "",
    before: str = "",
    before_id: str = "",
) -> Response:
    """What happened to contacts. A list that the caller may not see narrows nothing: there is none of the id."""
    folder = await find_directory(ports, caller, directory)
    chosen = Chosen(contact, mailing_list, batch)
    whose = ""
    if contact:
        whose = name_of(await _find_contact(ports, caller, directory, contact))
    lists = await ports.db.read(views.list_lists, caller.tenant, directory, viewer_of(caller))
    if mailing_list and mailing_list not in {one.id for one in lists}:
        raise NotFound("mailing list")
    behind = _behind(before, before_id)

    def read(conn: Connection) -> list[ShownTransaction]:
        found = views.list_transactions(
            conn,
            caller.tenant,
            directory,
            contact=contact,
            list_id=mailing_list,
            batch=batch,
            before=behind,
            limit=PAGE + 1,
        )
        return _named(conn, caller.tenant, directory, found)

    rows = await ports.db.read(read)
    shown = rows[:PAGE]
    address = f"/directory/{directory}/transactions"
    narrowed = f"{address}?{urlencode(chosen.words)}" if chosen.words else address
    following = ""
    if len(rows) > PAGE:
        last = {"before": shown[-1].at.isoformat(), "before_id": shown[-1].id}
        following = f"{address}?{urlencode(chosen.words | last)}"
    context = TransactionsPage(
        folder,
        tuple(shown),
        tuple(lists),
        chosen,
        whose,
        narrowed if behind else "",
        following,
        may_edit(caller),
    )
    return await page(request, "directory/transactions.html", context)


@router.get("/batches")
async def show_batches(
    directory: str,
    request: Request,
    ports: PortsDep,
    caller: Viewer,
    before: str = "",
    before_id: str = "",
) -> Response:
    """What was taken together: by one call of the API, one file, one task."""
    folder = await find_directory(ports, caller, directory)
    behind = _behind(before, before_id)
    rows = await ports.db.read(views.list_batches, caller.tenant, directory, before=behind, limit=PAGE + 1)
    shown = rows[:PAGE]
    address = f"/directory/{directory}/transactions/batches"
    following = ""
    if len(rows) > PAGE:
        last = urlencode({"before": shown[-1].taken_at.isoformat(), "before_id": shown[-1].id})
        following = f"{address}?{last}"
    context = BatchesPage(folder, tuple(shown), address if behind else "", following)
    return await page(request, "directory/batches.html", context)


@router.post("/{transaction}/delete")
async def save_transaction_deletion(
    directory: str, transaction: str, ports: PortsDep, caller: Editor
) -> Response:
    """Forget one transaction; what mails were sent for it stays."""
    try:
        await delete_transaction(ports, caller.tenant, directory, transaction, caller.name)
    except LookupError as error:
        raise NotFound("transaction") from error
    return see_other(f"/directory/{directory}/transactions", "The transaction is deleted.")


def shown_transaction(one: Transaction, name: str = "") -> ShownTransaction:
    data: list[tuple[str, Any]] = sorted(one.data.items())
    shown = tuple((field, shown_value(value)) for field, value in data)
    return ShownTransaction(one.id, one.contact, one.at, one.batch, shown, name)


def name_of(one: Contact) -> str:
    return f"{one.first_name} {one.last_name}".strip() or one.email or one.ext_ref or "No name"


def _named(
    conn: Connection, tenant: int, directory: str, found: Sequence[Transaction]
) -> list[ShownTransaction]:
    """With the names of contacts, of one page of them; of who is deleted by now none."""
    people = views.find_contacts(conn, tenant, directory, {one.contact for one in found})
    names = {one.id: name_of(one) for one in people}
    return [shown_transaction(one, names.get(one.contact, "")) for one in found]


def _behind(before: str, before_id: str) -> tuple[datetime, str] | None:
    """The place that the page goes on from; None at the start, or where the address says no moment with a zone."""
    try:
        moment = datetime.fromisoformat(before)
    except ValueError:
        return None
    return None if moment.tzinfo is None else (moment, before_id)


async def _find_contact(ports: Ports, caller: Caller, directory: str, contact: str) -> Contact:
    found = await ports.db.read(views.find_contact, caller.tenant, directory, contact)
    if found is None:
        raise NotFound("contact")
    return found
