"""What happened to contacts: transactions, put down under the caller's own keys."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, TypedDict

from fastapi import Body, Depends, Response

from opulse.experience.api_v3.api.edge import (
    DeskDep,
    IdPath,
    PageDep,
    V3Router,
    check_id,
    manages,
    reads,
    refuse,
)
from opulse.experience.api_v3.api.finding import the_contact, the_directory
from opulse.experience.api_v3.api.spelling import contact_id, texts
from opulse.experience.directory import views
from opulse.experience.directory.flow import transactions as flow
from opulse.experience.directory.models import Transaction
from opulse.web.access import Caller
from opulse.wire.identifiers import Prefix

router = V3Router()
Reads = Annotated[Caller, Depends(reads("contact_transactions"))]
Manages = Annotated[Caller, Depends(manages("contact_transactions"))]
BASE = "/directories/{directory}/transactions"
MYSQL = "%Y-%m-%d %H:%M:%S"
AT_ONCE = 10_000


class TransactionShown(TypedDict):
    """``mailingListId`` is null: a transaction is of a contact here, whatever list they were on."""

    transactionId: str
    contactId: str
    mailingListId: str | None
    transactionDate: str
    data: dict[str, str]


@router.post(BASE, operation_id="v3_create_transactions")
async def post_transactions(
    directory: IdPath, body: Annotated[dict[str, Any], Body()], desk: DeskDep, caller: Manages
) -> Response:
    """What cannot be kept stands in ``unprocessedTransactions`` and keeps nothing else back."""
    await the_directory(desk, caller.tenant, directory)
    if len(body) > AT_ONCE:
        raise refuse(400, f"At most {AT_ONCE} transactions at once; send them in parts.", "QVAL_1")
    unprocessed: dict[str, dict[str, str]] = {}
    keys: list[str] = []
    rows: list[flow.TransactionRow] = []
    for key, one in body.items():
        try:
            rows.append(_row(one))
            keys.append(key)
        except ValueError as error:
            unprocessed[key] = _refusal(str(error))
    created: dict[str, dict[str, str]] = {}
    if rows:
        taken = await flow.add_transactions(desk.ports, caller.tenant, directory, rows, caller.name)
        unprocessed |= {keys[one.index]: _refusal(one.reason) for one in taken.refused}
        created = {keys[place]: {"id": number} for place, number in taken.ids.items()}
    return desk.ok({"createdTransactions": created, "unprocessedTransactions": unprocessed})


@router.get(BASE + "/{transaction}", operation_id="v3_get_transaction")
async def get_transaction(directory: IdPath, transaction: IdPath, desk: DeskDep, caller: Reads) -> Response:
    check_id(Prefix.TRANSACTION, transaction, "transactionId")
    await the_directory(desk, caller.tenant, directory)
    found = await desk.ports.db.read(views.find_transaction, caller.tenant, directory, transaction)
    if found is None:
        raise refuse(404, f"{transaction} not found", "ESSG_2")
    return desk.ok(transaction_shown(found))


@router.delete(BASE + "/{transaction}", operation_id="v3_delete_transaction")
async def delete_transaction(
    directory: IdPath, transaction: IdPath, desk: DeskDep, caller: Manages
) -> Response:
    check_id(Prefix.TRANSACTION, transaction, "transactionId")
    await the_directory(desk, caller.tenant, directory)
    try:
        await flow.delete_transaction(desk.ports, caller.tenant, directory, transaction, caller.name)
    except LookupError as error:
        raise refuse(404, f"{transaction} not found", "ESSG_2") from error
    return desk.done()


@router.get(
    "/directories/{directory}/contacts/{contact}/transactions", operation_id="v3_list_contact_transactions"
)
async def list_of_contact(
    directory: IdPath, contact: IdPath, desk: DeskDep, page: PageDep, caller: Reads
) -> Response:
    """Newest first; ``skipToken`` is the last one's id."""
    one = await the_contact(desk, caller.tenant, directory, contact)
    before = None
    if page.after:
        check_id(Prefix.TRANSACTION, page.after, "skipToken")
        last = await desk.ports.db.read(views.find_transaction, caller.tenant, directory, page.after)
        if last is None:
            raise refuse(400, "Invalid skipToken parameter. The transaction is gone; begin again.")
        before = (last.at, last.id)
    found = await desk.ports.db.read(
        views.list_transactions,
        caller.tenant,
        directory,
        contact=one.id,
        before=before,
        limit=page.sought,
    )
    shown, then = page.next_by_token(found, lambda each: each.id)
    return desk.page([transaction_shown(each) for each in shown], then)


def _row(one: Any) -> flow.TransactionRow:
    """Raises: ValueError, with what is wrong."""
    if not isinstance(one, dict):
        raise ValueError("a transaction is an object with contactId, transactionDate and data")
    contact, data = one.get("contactId"), one.get("data") or {}
    if not isinstance(contact, str):
        raise ValueError("contactId must be the id of a contact")
    if not isinstance(data, dict):
        raise ValueError("data must be an object")
    return flow.TransactionRow(contact_id(contact), moment(one.get("transactionDate")), data)


def moment(text: Any) -> datetime:
    """``YYYY-MM-DD hh:mm:ss`` of UTC, or ISO with a zone. Raises: ValueError."""
    try:
        at = datetime.fromisoformat(text)
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError("transactionDate must be like 2026-11-29 23:08:26, in UTC") from error


def transaction_shown(one: Transaction) -> TransactionShown:
    """As the API has it."""
    return {
        "transactionId": one.id,
        "contactId": one.contact,
        "mailingListId": None,
        "transactionDate": one.at.astimezone(UTC).strftime(MYSQL),
        "data": texts(one.data),
    }


def _refusal(reason: str) -> dict[str, str]:
    return {"error": "QVAL_1", "errorMessage": reason}
