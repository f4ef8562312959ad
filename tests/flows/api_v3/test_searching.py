"""Contact search by filter, who opted out, renamed lists, transactions under the caller's keys; tenants kept apart."""

from __future__ import annotations

from typing import Any

from opulse.experience.audiences.flow.segments import create_segment, refresh_segment
from opulse.experience.directory.flow.fields import declare_field
from opulse.experience.directory.flow.people import import_contacts
from opulse.experience.directory.models import FieldKind, FieldScope
from opulse.tenancy.views import list_audit
from tests.flows.api_v3.conftest import Household, make_household

FOUND = [
    "id",
    "creationDate",
    "lastModified",
    "firstName",
    "lastName",
    "email",
    "phoneNumber",
    "externalDataReference",
    "language",
    "unsubscribed",
    "unsubscribeDate",
    "stats",
    "embeddedData",
    "segmentMembership",
]
PEOPLE = [
    {"email": "ada@acme.example", "first_name": "Ada", "embedded_data": {"site": "Berlin", "floor": "9"}},
    {"email": "ben@acme.example", "first_name": "Ben", "embedded_data": {"site": "Bonn", "floor": "10"}},
    {"email": "cleo@acme.example", "first_name": "Cleo", "unsubscribed": True},
]


def _leaf(kind: str, comparison: str, value: Any = None, **more: str) -> dict[str, Any]:
    return {"filterType": kind, "comparison": comparison, "value": value, **more}


async def _search(v3: Household, filter: Any, query: str = "") -> dict[str, Any]:
    path = f"/API/v3/directories/{v3.directory}/contacts/search{query}"
    answer = await v3.client.post(path, json={"filter": filter})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()["result"]
    return found


async def test_filters_find_whom_they_mean(v3: Household) -> None:
    await declare_field(v3.ports, v3.tenant, v3.directory, FieldScope.CONTACT, "floor", FieldKind.NUMBER, "t")
    await import_contacts(v3.ports, v3.tenant, v3.directory, PEOPLE)
    berlin = _leaf("embeddedData", "eq", "berlin", field="site")
    for given, names in (
        (_leaf("email", "eq", "ADA@acme.example"), {"Ada"}),
        (_leaf("firstName", "neq", "Ada"), {"Ben", "Cleo"}),
        (_leaf("email", "notContains", "a@"), {"Ben", "Cleo"}),
        (_leaf("email", "beginsWith", "b"), {"Ben"}),
        (_leaf("phone", "empty"), {"Ada", "Ben", "Cleo"}),
        (berlin, {"Ada"}),
        (_leaf("embeddedData", "empty", field="site"), {"Cleo"}),
        (_leaf("embeddedData", "notEmpty", field="site"), {"Ada", "Ben"}),
        (_leaf("embeddedData", "gt", 9, field="floor"), {"Ben"}),
        (_leaf("embeddedData", "eq", "9", field="Floor"), {"Ada"}),
        (_leaf("unsubscribed", "eq", True), {"Cleo"}),
        (_leaf("unsubscribed", "neq", "true"), {"Ada", "Ben"}),
        ({"conjunction": "or", "filters": [berlin, _leaf("firstName", "eq", "cleo")]}, {"Ada", "Cleo"}),
        ({"conjunction": "and", "filters": [berlin, _leaf("firstName", "eq", "cleo")]}, set()),
        ({"conjunction": "and", "filters": [{"conjunction": "or", "filters": [berlin]}]}, {"Ada"}),
    ):
        assert {one["firstName"] for one in (await _search(v3, given))["elements"]} == names, given


async def test_a_filter_that_cannot_be_read_is_refused(v3: Household) -> None:
    deep: dict[str, Any] = _leaf("email", "empty")
    for _ in range(30):
        deep = {"conjunction": "and", "filters": [deep]}
    for given, said in (
        (None, "filter must be an object"),
        ([], "filter must be an object"),
        ({}, "filter.comparison"),
        (_leaf("email", "resembles", "x"), "filter.comparison must be one of eq, neq"),
        (_leaf("shoe", "eq", "x"), "filter.filterType"),
        (_leaf("email", "eq"), "filter.value"),
        (_leaf("email", "eq", "\0"), "filter.value"),
        (_leaf("email", "gt", "x"), "no order"),
        (_leaf("embeddedData", "eq", "x"), "filter.field"),
        (_leaf("embeddedData", "lt", "x", field="site"), "declare it as a number or a date"),
        ({"conjunction": "xor", "filters": [deep]}, "filter.conjunction"),
        ({"conjunction": "or", "filters": []}, "filter.filters"),
        ({"conjunction": "or", "filters": [_leaf("email", "empty"), 7]}, "filter.filters[1] must be"),
        (deep, "groups deep"),
        ({"conjunction": "or", "filters": [_leaf("email", "empty")] * 101}, "at most 100 comparisons"),
    ):
        path = f"/API/v3/directories/{v3.directory}/contacts/search"
        answer = await v3.client.post(path, json={"filter": given})
        assert answer.status_code == 400, given
        assert said in answer.json()["meta"]["error"]["errorMessage"]


async def test_a_search_has_its_own_spelling_and_pages(v3: Household) -> None:
    await import_contacts(v3.ports, v3.tenant, v3.directory, PEOPLE)
    everybody = _leaf("email", "notEmpty")
    first = await _search(v3, everybody, "?pageSize=2")
    assert [list(one) for one in first["elements"]] == [FOUND, FOUND]
    assert first["nextPage"].endswith("pageSize=2&skipToken=Mg%3D%3D")
    rest = await v3.client.post(first["nextPage"], json={"filter": everybody})
    assert len(rest.json()["result"]["elements"]) == 1
    assert rest.json()["result"]["nextPage"] is None
    (cleo,) = (await _search(v3, _leaf("firstName", "eq", "Cleo")))["elements"]
    assert cleo["unsubscribed"] is True and isinstance(cleo["unsubscribeDate"], int)
    for token in ("OTk5OQ==", "9999", "x!"):
        path = f"/API/v3/directories/{v3.directory}/contacts/search?skipToken={token}"
        assert (await v3.client.post(path, json={"filter": everybody})).status_code == 400, token
    made = await create_segment(v3.ports, v3.tenant, v3.directory, "Berlin", 'data.site = "Berlin"', "t")
    await refresh_segment(v3.ports, v3.tenant, made.id)
    query = "?includeEmbedded=true&includeSegments=true"
    (ada,) = (await _search(v3, _leaf("firstName", "eq", "Ada"), query))["elements"]
    assert ada["embeddedData"]["site"] == "Berlin"
    assert ada["segmentMembership"][made.id]["name"] == "Berlin"
    gone = (await v3.client.get(f"/API/v3/directories/{v3.directory}/contacts/optedOutContacts")).json()
    assert [one["firstName"] for one in gone["result"]["elements"]] == ["Cleo"]


async def test_a_list_is_called_otherwise(v3: Household) -> None:
    base = f"/API/v3/directories/{v3.directory}/mailinglists"
    number = (await v3.client.post(base, json={"name": "Pilots"})).json()["result"]["id"]
    assert set((await v3.client.put(f"{base}/{number}", json={"name": " Crew "})).json()) == {"meta"}
    assert (await v3.client.get(f"{base}/{number}")).json()["result"]["name"] == "Crew"
    assert (await v3.client.put(f"{base}/{number}", json={"name": " "})).status_code == 400
    newest = (await v3.ports.db.read(list_audit, v3.tenant, 1))[0]
    assert newest["action"] == "mailing_list.renamed"
    assert (newest["before"], newest["after"]) == ({"name": "Pilots"}, {"name": "Crew"})


async def test_transactions_under_the_keys_of_the_caller(v3: Household) -> None:
    await import_contacts(v3.ports, v3.tenant, v3.directory, PEOPLE[:1])
    (ada,) = (await _search(v3, _leaf("firstName", "eq", "Ada")))["elements"]
    base = f"/API/v3/directories/{v3.directory}/transactions"
    good = {"contactId": ada["id"], "mailingListId": None, "transactionDate": "2026-11-29 08:00:00"}
    body = {
        "old": good | {"transactionDate": "2026-11-01 08:00:00", "data": {"ticket": 4}},
        "undated": good | {"transactionDate": "soon"},
        "nested": good | {"data": {"a": {"b": 1}}},
        "stranger": good | {"contactId": "CID_000000000000000"},
        "no object": 7,
        "new": good,
    }
    made = (await v3.client.post(base, json=body)).json()["result"]
    assert list(made) == ["createdTransactions", "unprocessedTransactions"]
    assert set(made["createdTransactions"]) == {"old", "new"}
    refused = made["unprocessedTransactions"]
    assert set(refused) == {"undated", "nested", "stranger", "no object"}
    assert all(set(one) == {"error", "errorMessage"} and one["errorMessage"] for one in refused.values())
    old, new = (made["createdTransactions"][key]["id"] for key in ("old", "new"))
    shown = (await v3.client.get(f"{base}/{old}")).json()["result"]
    assert shown == {
        "transactionId": old,
        "contactId": ada["id"],
        "mailingListId": None,
        "transactionDate": "2026-11-01 08:00:00",
        "data": {"ticket": "4"},
    }
    url, seen = f"/API/v3/directories/{v3.directory}/contacts/{ada['id']}/transactions?pageSize=1", []
    while url:
        page = (await v3.client.get(url)).json()["result"]
        seen += [one["transactionId"] for one in page["elements"]]
        url = page["nextPage"]
    assert seen == [new, old]
    assert set((await v3.client.delete(f"{base}/{old}")).json()) == {"meta"}
    assert (await v3.client.get(f"{base}/{old}")).status_code == 404
    assert (await v3.client.delete(f"{base}/{old}")).status_code == 404
    brim = await make_household(v3.ports, v3.app, "Brim")
    async with brim.client:
        mine = f"/API/v3/directories/{brim.directory}"
        for method, path, sent in (
            ("POST", base, body),
            ("GET", f"{mine}/transactions/{new}", None),
            ("DELETE", f"{mine}/transactions/{new}", None),
            ("GET", f"{mine}/contacts/{ada['id']}/transactions", None),
            ("POST", f"/API/v3/directories/{v3.directory}/contacts/search", {"filter": None}),
            ("GET", f"/API/v3/directories/{v3.directory}/contacts/optedOutContacts", None),
        ):
            assert (await brim.client.request(method, path, json=sent)).status_code == 404, (method, path)
        taken = (await brim.client.post(f"{mine}/transactions", json={"k": good})).json()["result"]
        assert set(taken["unprocessedTransactions"]) == {"k"}
