"""Contacts in bulk with their transactions, batches of transactions, and who is left alone; on both databases."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert

from opulse.experience.directory.flow.bulk import AT_ONCE
from opulse.experience.directory.flow.forgetting import delete_old_entries
from opulse.experience.directory.flow.leaving import Subscription, set_opt_out
from opulse.experience.directory.flow.lists import create_list
from opulse.experience.directory.models import SubscriptionOrigin
from opulse.experience.distributions.models import SpareReason
from opulse.experience.distributions.store.returning import suppressions
from opulse.tenancy.views import list_audit
from tests.flows.api_v3.conftest import Household, make_household

pytestmark = pytest.mark.stores
PEOPLE = [
    {"firstName": "Ada", "email": "ada@acme.example", "extRef": "a1", "transactionData": {"amount": "12"}},
    {"firstName": "Bea", "email": "bea@acme.example", "embeddedData": {"site": "Oslo"}},
    {"firstName": "Cem", "email": "not an address"},
    {"firstName": "Dan", "email": "dan@acme.example", "transactionData": {"nested": {"no": 1}}},
    "not a contact",
]
ENTRY = [
    "sourceIndexId",
    "email",
    "phone",
    "contactId",
    "importStatus",
    "importStatusCode",
    "transactionId",
    "transactionStatus",
    "transactionStatusCode",
    "contactListContactId",
    "contactListContactStatus",
    "contactListContactStatusCode",
]


async def call(v3: Household, method: str, path: str, expect: int = 200, **sent: Any) -> Any:
    answer = await v3.client.request(method, f"/API/v3/directories/{v3.directory}{path}", **sent)
    assert answer.status_code == expect, answer.text
    return answer.json()


async def a_list(v3: Household) -> str:
    return (await create_list(v3.ports, v3.tenant, v3.directory, "Everybody", "test")).id


async def brought(v3: Household, listed: str, people: list[Any], **more: Any) -> dict[str, Any]:
    body = {"contacts": people, **more}
    return (await call(v3, "POST", f"/mailinglists/{listed}/transactioncontacts", json=body))["result"]


async def test_many_are_taken_and_each_row_is_reported(v3: Household) -> None:
    listed = await a_list(v3)
    made = await brought(v3, listed, PEOPLE)
    assert list(made) == ["id", "contacts", "tracking", "status"]
    assert (len(made["id"]), made["id"][:5]) == (20, "PGRS_")
    assert made["contacts"] == {"unprocessed": ["not a contact"]}
    status = (await v3.client.get(made["tracking"]["url"])).json()["result"]
    assert status == {
        "percentComplete": 100.0,
        "contacts": {"count": {"added": 3, "updated": 0, "failed": 1}},
        "transactions": {"count": {"created": 1}},
        "invalidEmails": [],
        "status": "complete",
    }
    path = f"/mailinglists/{listed}/transactioncontacts/{made['id']}/summary"
    assert (await call(v3, "GET", path))["result"] == status
    report = await call(v3, "GET", f"/imports/api-import/jobs/{made['id']}/report")
    assert set(report) == {"results", "skipToken", "meta"}
    rows = report["results"]["importReportEntries"]
    assert [list(row) for row in rows] == [ENTRY] * 4
    assert [row["importStatus"].partition(":")[0] for row in rows] == ["Added", "Added", "Added", "Failed"]
    assert [row["sourceIndexId"] for row in rows] == [0, 1, 3, 2]
    assert rows[0]["transactionId"].startswith("CTR_")
    assert "must be a plain value" in rows[2]["transactionStatus"]
    again = await brought(v3, listed, PEOPLE[:2])
    other = await call(v3, "GET", f"/imports/api-imports/jobs/{again['id']}/report")
    assert [one["importStatus"] for one in other["results"]["importReportEntries"]] == ["Updated", "Updated"]
    members = (await call(v3, "GET", f"/mailinglists/{listed}/contacts"))["result"]["elements"]
    assert {one["email"] for one in members} == {f"{name}@acme.example" for name in ("ada", "bea", "dan")}


async def test_a_report_is_read_page_by_page(v3: Household) -> None:
    made = await brought(v3, await a_list(v3), PEOPLE[:4])
    seen, token = [], ""
    for _ in range(4):
        path = f"/imports/api-import/jobs/{made['id']}/report?pageSize=1&skipToken={token}"
        page = await call(v3, "GET", path)
        seen += [one["sourceIndexId"] for one in page["results"]["importReportEntries"]]
        token = page["skipToken"]
    assert (seen, token) == ([0, 1, 3, 2], None)
    wrong = f"/imports/api-import/jobs/{made['id']}/report?skipToken=x1"
    await call(v3, "GET", wrong, 400)


async def test_what_is_wrong_with_an_import_is_said(v3: Household) -> None:
    listed = await a_list(v3)
    path = f"/mailinglists/{listed}/transactioncontacts"
    for body in ({}, {"contacts": []}, {"contacts": [{}] * (AT_ONCE + 1)}):
        told = await call(v3, "POST", path, 400, json=body)
        assert "1 to 10,000 contacts" in told["meta"]["error"]["errorMessage"]
    meta = {"batchId": "BT_000000000000000"}
    await call(v3, "POST", path, 404, json={"contacts": PEOPLE, "transactionMeta": meta})
    other = await make_household(v3.ports, v3.app, "Other")
    made = await brought(v3, listed, PEOPLE)
    theirs = f"/API/v3/directories/{other.directory}/imports/api-import/jobs/{made['id']}/report"
    assert (await other.client.get(theirs)).status_code == 404
    await other.client.aclose()


async def test_batches_are_made_filled_emptied_and_deleted(v3: Household) -> None:
    listed = await a_list(v3)
    made = (await call(v3, "POST", "/transactionbatches", json={"transactionIds": []}))["result"]["id"]
    assert (len(made), made[:3]) == (18, "BT_")
    await brought(v3, listed, PEOPLE[:1], transactionMeta={"batchId": made, "fields": ["amount"]})
    (one,) = (await call(v3, "GET", f"/transactionbatches/{made}/transactions"))["result"]["elements"]
    assert one["data"] == {"amount": "12"}
    second = {"transactionIds": [one["transactionId"], "CTR_000000000000000"]}
    other = (await call(v3, "POST", "/transactionbatches", json=second))["result"]["id"]
    assert (await call(v3, "GET", f"/transactionbatches/{made}/transactions"))["result"]["elements"] == []
    found = (await call(v3, "GET", "/transactionbatches"))["result"]["elements"]
    assert {tuple(each) for each in found} == {("batchId", "creationDate")}
    assert {each["batchId"] for each in found} == {made, other}
    assert (await call(v3, "GET", f"/transactionbatches/{other}"))["result"]["batchId"] == other
    page = (await call(v3, "GET", "/transactionbatches?pageSize=1"))["result"]
    assert len(page["elements"]) == 1
    rest = (await v3.client.get(page["nextPage"])).json()["result"]
    assert [each["batchId"] for each in (*page["elements"], *rest["elements"])] == sorted([made, other])
    back = {"transactionIds": [one["transactionId"]]}
    await call(v3, "POST", f"/transactionbatches/{made}/transactions", json=back)
    path = f"/transactionbatches/{made}/transactions/{one['transactionId']}"
    await call(v3, "DELETE", path)
    await call(v3, "DELETE", path, 404)
    await call(v3, "GET", f"/transactions/{one['transactionId']}")
    await call(v3, "DELETE", f"/transactionbatches/{made}")
    await call(v3, "GET", f"/transactionbatches/{made}", 404)
    await call(v3, "GET", "/transactionbatches/BT_short", 400)
    rows = await v3.ports.db.read(list_audit, v3.tenant)
    kinds = {row["action"] for row in rows if row["action"].startswith("transaction_batch")}
    assert kinds == {
        f"transaction_batch.{what}" for what in ("created", "members_added", "member_removed", "deleted")
    }


async def test_who_left_a_list_and_whose_address_takes_no_mail(v3: Household) -> None:
    listed = await a_list(v3)
    await brought(v3, listed, PEOPLE)
    members = (await call(v3, "GET", f"/mailinglists/{listed}/contacts"))["result"]["elements"]
    ids = {one["firstName"]: one["contactId"] for one in members}
    ada, bea = ids["Ada"], ids["Bea"]
    out = Subscription(True, SubscriptionOrigin.API, "test", listed)
    await set_opt_out(v3.ports, v3.tenant, v3.directory, ada, out)
    left = (await call(v3, "GET", f"/mailinglists/{listed}/optedOutContacts"))["result"]["elements"]
    assert [one["contactId"] for one in left] == [ada]
    same = {
        "tenant": v3.tenant,
        "contact": bea,
        "invitation": "",
        "text": "5.1.1",
        "at": v3.ports.clock.now(),
    }
    bounced = {"email_key": "bea@acme.example", "reason": SpareReason.BOUNCED_BEFORE.value}
    complained = {"email_key": "dan@acme.example", "reason": SpareReason.COMPLAINED.value}
    rows = [same | bounced, same | complained]
    await v3.ports.db.write(lambda conn: conn.execute(insert(suppressions), rows).rowcount)
    for path in ("/contacts/bouncedContacts", f"/mailinglists/{listed}/bouncedContacts"):
        found = (await call(v3, "GET", f"{path}?includeEmbedded=true"))["result"]["elements"]
        assert [(one["contactId"], one["embeddedData"]) for one in found] == [(bea, {"site": "Oslo"})]


async def test_the_rows_of_an_import_are_forgotten_with_its_refused_ones(v3: Household) -> None:
    made = await brought(v3, await a_list(v3), PEOPLE)
    later = v3.ports.clock.now() + timedelta(days=1)
    assert await v3.ports.db.write(delete_old_entries, v3.tenant, later) == 3
    report = await call(v3, "GET", f"/imports/api-import/jobs/{made['id']}/report")
    assert [one["sourceIndexId"] for one in report["results"]["importReportEntries"]] == [2]
