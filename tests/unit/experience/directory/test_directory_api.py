"""The directory's JSON routes: what they answer, and that another tenant's things are unknown."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI

from opulse.bootstrap.stages import import_stores
from opulse.experience.directory import api
from opulse.ports import Ports
from opulse.tenancy.gate import TenancyGate
from opulse.web.errors import install_errors
from tests.servers.installation import browse, make_tenant

import_stores()


@dataclass
class Side:
    """A client with an integration key, and the directory and list it made."""

    client: httpx2.AsyncClient
    directory: str
    list_id: str

    async def call(self, method: str, path: str, body: Any = None) -> httpx2.Response:
        return await self.client.request(method, f"/api/v1{path}", json=body)

    async def bulk(self, *rows: dict[str, Any], **options: Any) -> httpx2.Response:
        body = {"contacts": list(rows), **options}
        return await self.call("POST", f"/directories/{self.directory}/contacts:bulk", body)

    async def contacts(self, query: str = "") -> list[dict[str, Any]]:
        answer = await self.call("GET", f"/directories/{self.directory}/contacts{query}")
        assert answer.status_code == 200
        found: list[dict[str, Any]] = answer.json()
        return found


@pytest.fixture
async def app(ports: Ports) -> FastAPI:
    made = FastAPI()
    install_errors(made)
    made.include_router(api.router)
    made.state.ports = ports
    made.state.gate = TenancyGate(ports)
    return made


async def _side(ports: Ports, client: httpx2.AsyncClient) -> Side:
    made = await client.post("/api/v1/directories", json={"name": "People"})
    directory = made.json()["id"]
    path = f"/api/v1/directories/{directory}/mailing-lists"
    listed = await client.post(path, json={"name": "Everybody"})
    return Side(client, directory, listed.json()["id"])


@pytest.fixture
async def mine(ports: Ports, app: FastAPI) -> AsyncIterator[Side]:
    _, secret = await make_tenant(ports, "Mine")
    async with browse(app, secret) as client:
        yield await _side(ports, client)


@pytest.fixture
async def theirs(ports: Ports, app: FastAPI) -> AsyncIterator[Side]:
    _, secret = await make_tenant(ports, "Theirs")
    async with browse(app, secret) as client:
        yield await _side(ports, client)


async def test_ids_have_the_products_shape(mine: Side) -> None:
    assert mine.directory.startswith("POOL_")
    assert mine.list_id.startswith("CG_")
    await mine.bulk({"email": "ann@example.org"})
    assert (await mine.contacts())[0]["id"].startswith("CID_")


async def test_contacts_are_taken_in_bulk_and_bad_ones_told_by_place(mine: Side) -> None:
    answer = await mine.bulk(
        {"email": "ann@example.org", "embedded_data": {"site": "Oslo"}},
        {"email": "nonsense"},
        {"ext_ref": "B"},
        mailing_list=mine.list_id,
    )
    assert answer.status_code == 200
    body = answer.json()
    assert (body["created"], body["updated"], body["unchanged"]) == (2, 0, 0)
    assert [row["index"] for row in body["refused"]] == [1]
    [mailing_list] = (await mine.call("GET", f"/directories/{mine.directory}/mailing-lists")).json()
    assert mailing_list["members"] == 2
    [directory] = (await mine.call("GET", "/directories")).json()
    assert (directory["contacts"], directory["is_default"]) == (2, True)


async def test_a_contact_is_read_changed_and_taken_out(mine: Side) -> None:
    await mine.bulk({"email": "ann@example.org", "embedded_data": {"site": "Oslo"}})
    [ann] = await mine.contacts("?search=ann@")
    path = f"/directories/{mine.directory}/contacts/{ann['id']}"
    changed = await mine.call("PATCH", path, {"first_name": "Ann", "embedded_data": {"tier": 1}})
    assert changed.json()["embedded_data"] == {"site": "Oslo", "tier": 1}
    assert (await mine.call("GET", path)).json() == changed.json()
    for wrong in ({"email": "nonsense"}, {"embedded_data": {"x": None}}, {"embedded_data": {"x": {"y": 1}}}):
        refused = await mine.call("PATCH", path, wrong)
        assert (refused.status_code, refused.headers["content-type"]) == (422, "application/problem+json")
    assert (await mine.call("DELETE", path)).status_code == 204
    assert (await mine.call("GET", path)).status_code == 404
    assert (await mine.call("DELETE", path)).status_code == 404
    assert await mine.contacts() == []


async def test_contacts_page_by_id(mine: Side) -> None:
    await mine.bulk(*({"email": f"p{number}@example.org"} for number in range(5)))
    first = await mine.contacts("?limit=3")
    rest = await mine.contacts(f"?limit=3&after={first[-1]['id']}")
    assert len({one["id"] for one in [*first, *rest]}) == 5
    assert (await mine.call("GET", f"/directories/{mine.directory}/contacts?limit=501")).status_code == 422


async def test_frequency_rules_are_shown_and_replaced(mine: Side) -> None:
    path = f"/directories/{mine.directory}/frequency-rules"
    assert len((await mine.call("GET", path)).json()) == 4
    wanted = {
        "rules": [{"kind": "min_gap", "limit": 1, "period_seconds": 60, "scope": "directory", "target": ""}]
    }
    assert (await mine.call("PUT", path, wanted)).json() == wanted["rules"]
    assert (await mine.call("GET", path)).json() == wanted["rules"]
    for wrong in (
        {"kind": "min_gap"},
        {"kind": "max_in_period", "limit": 0, "period_seconds": 1},
        {"kind": "x"},
    ):
        assert (await mine.call("PUT", path, {"rules": [wrong]})).status_code == 422


async def test_members_are_put_on_a_list(mine: Side) -> None:
    await mine.bulk({"email": "ann@example.org"})
    [ann] = await mine.contacts()
    path = f"/mailing-lists/{mine.list_id}/members"
    assert (await mine.call("POST", path, {"contacts": [ann["id"], "CID_unknown"]})).status_code == 204
    [mailing_list] = (await mine.call("GET", f"/directories/{mine.directory}/mailing-lists")).json()
    assert mailing_list["members"] == 1


async def test_a_list_of_another_directory_takes_no_contacts_of_this_one(mine: Side) -> None:
    other = (await mine.call("POST", "/directories", {"name": "Other"})).json()["id"]
    refused = await mine.call(
        "POST",
        f"/directories/{other}/contacts:bulk",
        {"contacts": [{"email": "ann@example.org"}], "mailing_list": mine.list_id},
    )
    assert refused.status_code == 404


async def test_another_tenants_things_are_unknown(mine: Side, theirs: Side) -> None:
    await theirs.bulk({"email": "secret@example.org"})
    [contact] = await theirs.contacts()
    base = f"/directories/{theirs.directory}"
    calls: list[tuple[str, str, Any]] = [
        ("GET", f"{base}/contacts", None),
        ("GET", f"{base}/contacts/{contact['id']}", None),
        ("PATCH", f"{base}/contacts/{contact['id']}", {"first_name": "x"}),
        ("DELETE", f"{base}/contacts/{contact['id']}", None),
        ("GET", f"/directories/{mine.directory}/contacts/{contact['id']}", None),
        ("POST", f"{base}/contacts:bulk", {"contacts": [{"email": "x@example.org"}]}),
        ("POST", f"{base}/mailing-lists", {"name": "x"}),
        ("GET", f"{base}/mailing-lists", None),
        ("POST", f"/mailing-lists/{theirs.list_id}/members", {"contacts": []}),
        ("GET", f"{base}/frequency-rules", None),
        ("PUT", f"{base}/frequency-rules", {"rules": []}),
    ]
    for method, path, body in calls:
        assert (await mine.call(method, path, body)).status_code == 404, f"{method} {path}"
    assert (await theirs.contacts())[0]["email"] == "secret@example.org"
