"""Directories, contacts and mailing lists in the vendor's spelling; tenants kept apart."""

from __future__ import annotations

from typing import Any

from opulse.experience.directory.flow.people import import_contacts
from tests.flows.api_v3.conftest import Household, make_household

LISTED = ["contactId", "firstName", "lastName", "email", "phone", "extRef", "language", "unsubscribed"]
MEMBER = [*LISTED, "mailingListUnsubscribed", "contactLookupId"]
SHOWN = [
    "contactId",
    "creationDate",
    "lastModified",
    "firstName",
    "lastName",
    "email",
    "emailDomain",
    "phone",
    "extRef",
    "embeddedData",
    "language",
    "skipped",
    "directoryUnsubscribed",
    "directoryUnsubscribeDate",
    "stats",
    "segmentMembership",
    "mailingListMembership",
]
MAYA = {
    "firstName": "Maya",
    "email": "maya@acme.example",
    "extRef": "maya",
    "embeddedData": {"site": "Berlin", "floor": 3},
}


async def _result(v3: Household, method: str, path: str, **sent: Any) -> Any:
    answer = await v3.client.request(method, f"/API/v3/directories{path}", **sent)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["meta"]["httpStatus"] == "200 - OK"
    return body.get("result")


async def test_a_directory_has_its_fields(v3: Household) -> None:
    page = await _result(v3, "GET", "")
    assert set(page) == {"elements", "nextPage"} and page["nextPage"] is None
    (one,) = page["elements"]
    assert list(one) == ["directoryId", "name", "contactCount", "isDefault", "deduplicationCriteria"]
    assert (one["directoryId"], len(one["directoryId"]), one["isDefault"]) == (v3.directory, 20, True)
    criteria = one["deduplicationCriteria"]
    assert set(criteria) == {"email", "firstName", "lastName", "externalDataReference", "phone"}
    assert all(isinstance(value, bool) for value in criteria.values())


async def test_a_contact_is_made_read_changed_and_deleted(v3: Household) -> None:
    base = f"/{v3.directory}/contacts"
    number = (await _result(v3, "POST", base, json=MAYA))["id"]
    assert number.startswith("CID_") and len(number) == 19
    (listed,) = (await _result(v3, "GET", base))["elements"]
    assert list(listed) == LISTED
    assert listed["phone"] is None and listed["unsubscribed"] is False
    (whole,) = (await _result(v3, "GET", f"{base}?includeEmbedded=true"))["elements"]
    assert whole["embeddedData"] == {"site": "Berlin", "floor": "3"}
    shown = await _result(v3, "GET", f"{base}/{number}")
    assert list(shown) == SHOWN
    assert shown["creationDate"] == 1_795_435_200_000  # 2026-11-23T12:00:00Z, the test's clock
    assert shown["emailDomain"] == "acme.example"
    change = {"lastName": "Rao", "embeddedData": {"site": "Köln"}, "unsubscribed": True}
    assert await _result(v3, "PUT", f"{base}/{number}", json=change) is None
    shown = await _result(v3, "GET", f"{base}/{number}")
    assert (shown["firstName"], shown["lastName"]) == ("Maya", "Rao")
    assert shown["embeddedData"] == {"site": "Köln", "floor": "3"}
    assert shown["directoryUnsubscribed"] is True
    assert shown["directoryUnsubscribeDate"] == 1_795_435_200_000
    assert await _result(v3, "DELETE", f"{base}/{number}", json={"ignored": 1}) is None
    gone = await v3.client.get(f"/API/v3/directories{base}/{number}")
    assert gone.status_code == 404
    assert gone.json()["meta"]["error"] == {"errorMessage": f"{number} not found", "errorCode": "ESSG_2"}


async def test_a_contact_that_cannot_be_kept_says_why(v3: Household) -> None:
    for body in ({"firstName": "Nobody"}, {"email": "no address"}, {"email": 7}, {"embeddedData": []}):
        answer = await v3.client.post(f"/API/v3/directories/{v3.directory}/contacts", json=body)
        assert answer.status_code == 400, (body, answer.text)
        assert answer.json()["meta"]["error"]["errorMessage"]


async def test_pages_are_walked_to_their_end(v3: Household) -> None:
    rows = [{"email": f"p{number}@acme.example", "ext_ref": f"p{number}"} for number in range(7)]
    await import_contacts(v3.ports, v3.tenant, v3.directory, rows)
    url = f"/eu/API/v3/directories/{v3.directory}/contacts/?pageSize=3&useNewPaginationScheme=true"
    seen: list[str] = []
    sizes = []
    while url:
        page = (await v3.client.get(url)).json()["result"]
        seen += [one["contactId"] for one in page["elements"]]
        sizes.append(len(page["elements"]))
        url = page["nextPage"]
        if url:
            assert url.startswith(
                f"http://v3.example:8443/eu/API/v3/directories/{v3.directory}/contacts?pageSize=3&"
            )
            assert f"skipToken={seen[-1]}" in url and url.count("skipToken") == 1
    assert sizes == [3, 3, 1]
    assert len(set(seen)) == 7


async def test_a_list_and_its_members(v3: Household) -> None:
    base = f"/{v3.directory}/mailinglists"
    number = (await _result(v3, "POST", f"{base}/", json={"name": "Pilots"}))["id"]
    assert number.startswith("CG_") and len(number) == 18
    made = await _result(
        v3, "POST", f"{base}/{number}/contacts", json=MAYA | {"privateEmbeddedData": {"seat": "4"}}
    )
    assert list(made) == ["id", "contactLookupId"]
    assert made["contactLookupId"].startswith("CGC_") and len(made["contactLookupId"]) == 19
    shown = await _result(v3, "GET", f"{base}/{number}")
    assert list(shown) == [
        "mailingListId",
        "name",
        "ownerId",
        "creationDate",
        "lastModifiedDate",
        "contactCount",
    ]
    assert shown["contactCount"] == 1
    assert (await _result(v3, "GET", base))["elements"] == [shown]
    (member,) = (await _result(v3, "GET", f"{base}/{number}/contacts"))["elements"]
    assert list(member) == MEMBER
    (whole,) = (await _result(v3, "GET", f"{base}/{number}/contacts?includeEmbedded=true"))["elements"]
    assert whole["embeddedData"] == {"site": "Berlin", "floor": "3", "seat": "4"}
    one = f"{base}/{number}/contacts/{made['contactLookupId']}"
    assert (await _result(v3, "GET", one))["contactId"] == made["id"]
    for refused in ("contactId", "contactLookupId", "mailingListUnsubscribed"):
        answer = await v3.client.put(f"/API/v3/directories{one}", json={refused: member[refused]})
        assert answer.status_code == 400 and refused in answer.text
    await _result(v3, "PUT", one, json={"embeddedData": {"site": "Bonn"}})
    contact = await _result(v3, "GET", f"/{v3.directory}/contacts/{made['id']}")
    assert contact["embeddedData"]["site"] == "Bonn"
    assert list(contact["mailingListMembership"]) == [number]
    await _result(v3, "DELETE", one)
    assert (await v3.client.get(f"/API/v3/directories{one}")).status_code == 404
    assert await _result(v3, "GET", f"/{v3.directory}/contacts/{made['id']}")
    await _result(v3, "DELETE", f"{base}/{number}", json={"deleteMailingList": True})
    answer = await v3.client.get(f"/API/v3/directories{base}/{number}")
    assert answer.status_code == 404
    assert answer.json()["meta"]["error"] == {"errorMessage": "Mailing List not found", "errorCode": "PACC_6"}


async def test_another_tenant_finds_nothing(v3: Household) -> None:
    base = f"/{v3.directory}/mailinglists"
    mailing_list = (await _result(v3, "POST", base, json={"name": "Pilots"}))["id"]
    made = await _result(v3, "POST", f"{base}/{mailing_list}/contacts", json=MAYA)
    brim = await make_household(v3.ports, v3.app, "Brim")
    async with brim.client:
        for method, path in (
            ("GET", f"/{v3.directory}/contacts"),
            ("POST", f"/{v3.directory}/contacts"),
            ("GET", f"/{v3.directory}/contacts/{made['id']}"),
            ("DELETE", f"/{brim.directory}/contacts/{made['id']}"),
            ("PUT", f"/{v3.directory}/contacts/{made['id']}"),
            ("GET", f"{base}/{mailing_list}"),
            ("DELETE", f"/{brim.directory}/mailinglists/{mailing_list}"),
            ("POST", f"/{brim.directory}/mailinglists/{mailing_list}/contacts"),
            ("GET", f"/{brim.directory}/mailinglists/{mailing_list}/contacts/{made['contactLookupId']}"),
        ):
            answer = await brim.client.request(method, f"/API/v3/directories{path}", json=MAYA)
            assert answer.status_code == 404, (method, path)
    assert (await _result(v3, "GET", f"{base}/{mailing_list}"))["contactCount"] == 1
