"""Transactions of contacts."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel, Field

from opulse.experience.directory import views
from opulse.experience.directory.api.contacts import RefusedView
from opulse.experience.directory.api.shared import Editor, PortsDep, Viewer, find_directory
from opulse.experience.directory.flow.transactions import (
    TransactionRow,
    add_transactions,
    delete_transaction,
)
from opulse.experience.directory.models import viewer_of
from opulse.web.errors import NotFound

router = APIRouter(prefix="/api/v1/directories/{directory}/transactions", tags=["directory"])


class TransactionIn(BaseModel):
    """``transaction_date`` tells its zone; ``data`` is flat."""

    contact: str
    transaction_date: AwareDatetime
    data: dict[str, Any] = {}


class TransactionsIn(BaseModel):
    transactions: list[TransactionIn] = Field(max_length=10_000)


class TransactionsTakenView(BaseModel):
    batch: str
    taken: int
    refused: list[RefusedView]


class TransactionView(BaseModel):
    id: str
    contact: str
    transaction_date: datetime
    data: dict[str, Any]
    batch: str


class BatchView(BaseModel):
    """``first_at`` to ``last_at``: when its transactions happened."""

    batch: str
    taken_at: datetime
    transactions: int
    first_at: datetime
    last_at: datetime


@router.post("", operation_id="add_transactions")
async def post_transactions(
    directory: str, body: TransactionsIn, ports: PortsDep, caller: Editor
) -> TransactionsTakenView:
    """Values of declared transaction fields are of their types; a bad row is refused, the rest are taken."""
    await find_directory(ports, caller, directory)
    rows = [TransactionRow(one.contact, one.transaction_date, one.data) for one in body.transactions]
    taken = await add_transactions(ports, caller.tenant, directory, rows, caller.name)
    return TransactionsTakenView(
        batch=taken.batch,
        taken=taken.taken,
        refused=[RefusedView(index=one.index, reason=one.reason) for one in taken.refused],
    )


@router.get("", operation_id="list_transactions")
async def list_transactions(
    directory: str,
    ports: PortsDep,
    caller: Viewer,
    contact: str = "",
    mailing_list: str = "",
    batch: str = "",
    before: AwareDatetime | None = None,
    before_id: str = "",
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> list[TransactionView]:
    """Newest first, of one contact, a batch, or who is on a list. Go on with ``before`` and ``before_id`` of the last one."""
    await find_directory(ports, caller, directory)
    if mailing_list:
        listed = await ports.db.read(views.find_list, caller.tenant, mailing_list, viewer_of(caller))
        if listed is None or listed.directory != directory:
            raise NotFound("mailing list")
    found = await ports.db.read(
        views.list_transactions,
        caller.tenant,
        directory,
        contact=contact,
        list_id=mailing_list,
        batch=batch,
        before=None if before is None else (before, before_id),
        limit=limit,
    )
    return [
        TransactionView(
            id=one.id, contact=one.contact, transaction_date=one.at, data=one.data, batch=one.batch
        )
        for one in found
    ]


@router.get("/batches", operation_id="list_transaction_batches")
async def list_batches(
    directory: str,
    ports: PortsDep,
    caller: Viewer,
    before: AwareDatetime | None = None,
    before_batch: str = "",
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> list[BatchView]:
    """What was taken together, the latest first. Go on with ``before`` (its ``taken_at``) and ``before_batch`` of the last."""
    await find_directory(ports, caller, directory)
    behind = None if before is None else (before, before_batch)
    found = await ports.db.read(views.list_batches, caller.tenant, directory, before=behind, limit=limit)
    return [
        BatchView(
            batch=one.id,
            taken_at=one.taken_at,
            transactions=one.transactions,
            first_at=one.first_at,
            last_at=one.last_at,
        )
        for one in found
    ]


@router.delete("/{transaction}", operation_id="delete_transaction", status_code=204)
async def remove_transaction(directory: str, transaction: str, ports: PortsDep, caller: Editor) -> None:
    try:
        await delete_transaction(ports, caller.tenant, directory, transaction, caller.name)
    except LookupError as error:
        raise NotFound("transaction") from error
