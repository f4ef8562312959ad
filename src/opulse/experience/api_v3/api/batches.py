"""Batches of transactions."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Annotated, TypedDict, TypeVar

from fastapi import Depends, Response
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from opulse.experience.api_v3.api.edge import (
    Desk,
    DeskDep,
    IdPath,
    PageDep,
    V3Router,
    check_id,
    manages,
    reads,
    refuse,
)
from opulse.experience.api_v3.api.finding import the_directory
from opulse.experience.api_v3.api.transactions import AT_ONCE, transaction_shown
from opulse.experience.api_v3.rules.moments import iso
from opulse.experience.directory import views
from opulse.experience.directory.flow import batches as flow
from opulse.experience.directory.models import BatchMade, BatchUnknown
from opulse.web.access import Caller
from opulse.wire.identifiers import Prefix

router = V3Router()
Reads = Annotated[Caller, Depends(reads("contact_transactions"))]
Manages = Annotated[Caller, Depends(manages("contact_transactions"))]
BASE = "/directories/{directory}/transactionbatches"
ONE = BASE + "/{batch}"
T = TypeVar("T")


class BatchShown(TypedDict):
    batchId: str
    creationDate: str


class BatchIn(BaseModel):
    """``creationDate`` and ``createdDate`` are taken and not kept: a batch has the moment of its making."""

    model_config = ConfigDict(alias_generator=to_camel)

    transaction_ids: list[str] = Field(default=[], max_length=AT_ONCE)


class BatchAddition(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel)

    transaction_ids: list[str] = Field(max_length=AT_ONCE)


@router.get(BASE, operation_id="v3_list_transaction_batches")
async def list_batches(directory: IdPath, desk: DeskDep, page: PageDep, caller: Reads) -> Response:
    """Those that were made, and those in which transactions were taken, by id."""
    await the_directory(desk, caller.tenant, directory)
    found = await desk.ports.db.read(
        views.list_batches_by_id, caller.tenant, directory, page.after, page.sought
    )
    shown, then = page.next_by_token(found, lambda one: one.id)
    return desk.page([_shown(one) for one in shown], then)


@router.post(BASE, operation_id="v3_create_transaction_batch")
async def post_batch(directory: IdPath, body: BatchIn, desk: DeskDep, caller: Manages) -> Response:
    """A transaction is of one batch at most: it leaves the one that it is of. Ids that are nobody's here are left out."""
    await the_directory(desk, caller.tenant, directory)
    made = await flow.make_batch(desk.ports, caller.tenant, directory, body.transaction_ids, caller.name)
    return desk.ok({"id": made.id})


@router.get(ONE, operation_id="v3_get_transaction_batch")
async def get_batch(directory: IdPath, batch: IdPath, desk: DeskDep, caller: Reads) -> Response:
    return desk.ok(_shown(await _the_batch(desk, caller, directory, batch)))


@router.delete(ONE, operation_id="v3_delete_transaction_batch")
async def delete_batch(directory: IdPath, batch: IdPath, desk: DeskDep, caller: Manages) -> Response:
    """Its transactions stay."""
    await _the_batch(desk, caller, directory, batch)
    await _known(flow.delete_batch(desk.ports, caller.tenant, directory, batch, caller.name))
    return desk.done()


@router.get(ONE + "/transactions", operation_id="v3_list_batch_transactions")
async def list_transactions(
    directory: IdPath, batch: IdPath, desk: DeskDep, page: PageDep, caller: Reads
) -> Response:
    """Newest first."""
    await _the_batch(desk, caller, directory, batch)
    before = None
    if page.after:
        check_id(Prefix.TRANSACTION, page.after, "skipToken")
        last = await desk.ports.db.read(views.find_transaction, caller.tenant, directory, page.after)
        if last is None:
            raise refuse(400, "Invalid skipToken parameter. The transaction is gone; begin again.")
        before = (last.at, last.id)
    found = await desk.ports.db.read(
        views.list_transactions, caller.tenant, directory, batch=batch, before=before, limit=page.sought
    )
    shown, then = page.next_by_token(found, lambda one: one.id)
    return desk.page([transaction_shown(one) for one in shown], then)


@router.post(ONE + "/transactions", operation_id="v3_add_batch_transactions")
async def post_transactions(
    directory: IdPath, batch: IdPath, body: BatchAddition, desk: DeskDep, caller: Manages
) -> Response:
    """Put transactions into it; ids that are nobody's here are left out."""
    await _the_batch(desk, caller, directory, batch)
    await _known(
        flow.add_to_batch(desk.ports, caller.tenant, directory, batch, body.transaction_ids, caller.name)
    )
    return desk.done()


@router.delete(ONE + "/transactions/{transaction}", operation_id="v3_remove_batch_transaction")
async def delete_transaction(
    directory: IdPath, batch: IdPath, transaction: IdPath, desk: DeskDep, caller: Manages
) -> Response:
    """Out of the batch; the transaction stays."""
    check_id(Prefix.TRANSACTION, transaction, "transactionId")
    await _the_batch(desk, caller, directory, batch)
    await _known(
        flow.take_out_of_batch(desk.ports, caller.tenant, directory, batch, transaction, caller.name)
    )
    return desk.done()


async def _the_batch(desk: Desk, caller: Caller, directory: str, batch: str) -> BatchMade:
    check_id(Prefix.TRANSACTION_BATCH, batch, "batchId")
    await the_directory(desk, caller.tenant, directory)
    found = await desk.ports.db.read(views.find_batch, caller.tenant, directory, batch)
    if found is None:
        raise refuse(404, f"{batch} not found", "ESSG_2")
    return found


async def _known(doing: Awaitable[T]) -> T:
    try:
        return await doing
    except BatchUnknown as error:
        raise refuse(404, f"{error} not found", "ESSG_2") from error


def _shown(one: BatchMade) -> BatchShown:
    return {"batchId": one.id, "creationDate": iso(one.at) or ""}
