"""Many contacts at once, with what happened to them: taken while the request lasts, and reported row by row."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, TypedDict

from fastapi import Body, Depends, Response
from fastapi.responses import JSONResponse

from opulse.experience.api_v3.api.contacts import ContactIn
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
from opulse.experience.api_v3.api.edge.desk import request_id_of
from opulse.experience.api_v3.api.edge.paging import address_of
from opulse.experience.api_v3.api.finding import the_directory, the_list
from opulse.experience.api_v3.api.transactions import moment
from opulse.experience.directory import views
from opulse.experience.directory.flow.bulk import AT_ONCE, take_bulk
from opulse.experience.directory.flow.lists import find_editable_in
from opulse.experience.directory.models import BulkRow, ContactImport, ListRefused, viewer_of
from opulse.web.access import Caller
from opulse.wire.envelope import empty_envelope
from opulse.wire.identifiers import Prefix

router = V3Router()
Reads = Annotated[Caller, Depends(reads("mailing_list_contacts"))]
Manages = Annotated[Caller, Depends(manages("mailing_list_contacts"))]
BASE = "/directories/{directory}/mailinglists/{mailing_list}/transactioncontacts"
JOBS = "/directories/{directory}/imports"
SHOWN = 1_000
"""Refused rows that a status names."""


class Counts(TypedDict):
    added: int
    updated: int
    failed: int


class Progress(TypedDict):
    percentComplete: float
    contacts: dict[str, Counts]
    transactions: dict[str, dict[str, int]]
    invalidEmails: list[str]
    status: str


class Entry(TypedDict):
    """A row of a report. The codes are ours: 0 taken, 1 refused."""

    sourceIndexId: int
    email: str | None
    phone: str | None
    contactId: str | None
    importStatus: str
    importStatusCode: int
    transactionId: str | None
    transactionStatus: str | None
    transactionStatusCode: int | None
    contactListContactId: str | None
    contactListContactStatus: str | None
    contactListContactStatusCode: int | None


@router.post(BASE, operation_id="v3_create_contacts_import")
async def post_import(
    directory: IdPath,
    mailing_list: IdPath,
    body: Annotated[dict[str, Any], Body()],
    desk: DeskDep,
    caller: Manages,
) -> Response:
    """At most 10,000 rows. What cannot be read as a row stands in ``unprocessed``, and keeps nothing else back."""
    viewer = viewer_of(caller)
    await the_list(desk, caller.tenant, directory, mailing_list, viewer)
    try:
        await desk.ports.db.read(find_editable_in, caller.tenant, mailing_list, viewer)
    except ListRefused as error:
        raise refuse(403, f"The operation is forbidden: {error}.", "QMST_2.1") from error
    rows, unprocessed = _rows(body, desk.ports.clock.now())
    batch = await _batch(desk, caller, directory, body.get("transactionMeta"))
    done = await take_bulk(desk.ports, caller.tenant, directory, mailing_list, rows, caller.name, batch)
    return desk.ok(
        {
            "id": done.id,
            "contacts": {"unprocessed": unprocessed},
            "tracking": {"url": f"{address_of(desk.request)}/{done.id}"},
            "status": "in progress",
        }
    )


@router.get(BASE + "/{contact_import}", operation_id="v3_get_contacts_import")
async def get_import(
    directory: IdPath, mailing_list: IdPath, contact_import: IdPath, desk: DeskDep, caller: Reads
) -> Response:
    """Complete at the first look: the rows were taken before the POST was answered."""
    found = await _import(desk, caller, directory, contact_import)
    if found.list_id != mailing_list:
        raise refuse(404, f"{contact_import} not found", "ESSG_2")
    return desk.ok(await _progress(desk, caller, found))


@router.get(BASE + "/{contact_import}/summary", operation_id="v3_get_contacts_import_summary")
async def get_summary(
    directory: IdPath, mailing_list: IdPath, contact_import: IdPath, desk: DeskDep, caller: Reads
) -> Response:
    """The same: the vendor has retired it, and clients still ask."""
    return await get_import(directory, mailing_list, contact_import, desk, caller)


@router.get(JOBS + "/api-import/jobs/{contact_import}/report", operation_id="v3_get_contacts_import_report")
async def get_report(
    directory: IdPath, contact_import: IdPath, desk: DeskDep, page: PageDep, caller: Reads
) -> Response:
    """Row by row, the taken ones first and behind them the refused ones. ``results``, not ``result``, as the vendor has it."""
    found = await _import(desk, caller, directory, contact_import)
    refused_from, after = _cursor(page.after)
    entries: list[tuple[str, Entry]] = []
    if not refused_from:
        taken = await desk.ports.db.read(views.list_entries, caller.tenant, found.id, after, page.sought)
        entries = [(f"t{one.entry.row}", _taken(one.entry, one.email, one.phone)) for one in taken]
        after = -1
    if len(entries) < page.sought:
        left = page.sought - len(entries)
        lines = await desk.ports.db.read(views.list_refused, caller.tenant, found.id, after + 2, left)
        entries += [(f"r{one.line - 2}", _refused(one.line - 2, one.who, one.reason)) for one in lines]
    more = len(entries) > page.size
    shown = entries[: page.size]
    return JSONResponse(
        {
            "results": {"importReportEntries": [one for _, one in shown]},
            "skipToken": shown[-1][0] if more else None,
            **empty_envelope(request_id_of(desk.request)),
        }
    )


@router.get(JOBS + "/api-imports/jobs/{contact_import}/report", operation_id="v3_get_contacts_imports_report")
async def get_report_too(
    directory: IdPath, contact_import: IdPath, desk: DeskDep, page: PageDep, caller: Reads
) -> Response:
    """The spelling of a public client."""
    return await get_report(directory, contact_import, desk, page, caller)


def _rows(body: dict[str, Any], now: datetime) -> tuple[list[BulkRow], list[Any]]:
    """What can be read as a row, and the others as they came. Raises: Problem."""
    given = body.get("contacts")
    if not isinstance(given, list) or not given or len(given) > AT_ONCE:
        raise refuse(
            400, f"contacts must be a list of 1 to {AT_ONCE:,} contacts; send more in parts.", "QVAL_1"
        )
    rows: list[BulkRow] = []
    unprocessed: list[Any] = []
    for one in given:
        try:
            rows.append(_row(one, now))
        except ValueError:
            unprocessed.append(one)
    return rows, unprocessed


def _row(one: Any, now: datetime) -> BulkRow:
    """Raises: ValueError."""
    contact = ContactIn.model_validate(one)
    columns: dict[str, Any] = dict(contact.fields())
    columns["embedded_data"] = contact.embedded_data or {}
    if contact.unsubscribed is not None:
        columns["unsubscribed"] = contact.unsubscribed
    data = one.get("transactionData")
    if data is not None and not isinstance(data, dict):
        raise ValueError("transactionData is an object")
    at = moment(one["transactionDate"]) if one.get("transactionDate") else now
    return BulkRow(columns, at, data or None)


async def _batch(desk: Desk, caller: Caller, directory: str, meta: Any) -> str:
    """The batch that the transactions shall be of; empty: a new one. Raises: Problem."""
    batch = meta.get("batchId") if isinstance(meta, dict) else None
    if not batch:
        return ""
    number = check_id(Prefix.TRANSACTION_BATCH, str(batch), "transactionMeta.batchId")
    if await desk.ports.db.read(views.find_batch, caller.tenant, directory, number) is None:
        raise refuse(404, f"{number} not found", "ESSG_2")
    return number


async def _import(desk: Desk, caller: Caller, directory: str, number: str) -> ContactImport:
    check_id(Prefix.CONTACT_IMPORT, number, "importId")
    await the_directory(desk, caller.tenant, directory)
    found = await desk.ports.db.read(views.find_import, caller.tenant, number)
    if found is None or found.directory != directory:
        raise refuse(404, f"{number} not found", "ESSG_2")
    return found


async def _progress(desk: Desk, caller: Caller, one: ContactImport) -> Progress:
    made = await desk.ports.db.read(views.count_transactions, caller.tenant, one.id)
    refused = await desk.ports.db.read(views.list_refused, caller.tenant, one.id, 0, SHOWN)
    return {
        "percentComplete": 100.0,
        "contacts": {
            "count": {
                "added": one.created,
                "updated": one.updated + one.unchanged,
                "failed": one.refused,
            }
        },
        "transactions": {"count": {"created": made}},
        "invalidEmails": [each.who for each in refused if "@" in each.who],
        "status": "complete",
    }


def _cursor(token: str) -> tuple[bool, int]:
    """Whether the refused rows are reached, and the row behind which to go on."""
    if not token:
        return False, -1
    if token[0] not in "tr" or not token[1:].isdecimal() or len(token) > 10:
        raise refuse(400, "Missing or invalid parameter: skipToken", "QVAL_1")
    return token[0] == "r", int(token[1:])


def _taken(entry: Any, email: str, phone: str) -> Entry:
    transaction, why = entry.transaction or None, entry.transaction_refused
    return {
        "sourceIndexId": entry.row,
        "email": email or None,
        "phone": phone or None,
        "contactId": entry.contact,
        "importStatus": "Added" if entry.is_new else "Updated",
        "importStatusCode": 0,
        "transactionId": transaction,
        "transactionStatus": why or ("Created" if transaction else None),
        "transactionStatusCode": 1 if why else 0 if transaction else None,
        "contactListContactId": entry.contact,
        "contactListContactStatus": "Added",
        "contactListContactStatusCode": 0,
    }


def _refused(row: int, who: str, reason: str) -> Entry:
    return {
        "sourceIndexId": row,
        "email": who if "@" in who else None,
        "phone": None,
        "contactId": None,
        "importStatus": f"Failed: {reason}",
        "importStatusCode": 1,
        "transactionId": None,
        "transactionStatus": None,
        "transactionStatusCode": None,
        "contactListContactId": None,
        "contactListContactStatus": None,
        "contactListContactStatusCode": None,
    }
