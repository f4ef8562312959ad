"""Fields, hours, opt-outs, lists, transactions, merging, segments, timeline, erasures and files as JSON."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI

from opulse.bootstrap.stages import import_stores
from opulse.clock import ManualClock
from opulse.experience.audiences import api as audiences
from opulse.experience.directory import api
from opulse.experience.footprint import api as footprint
from opulse.experience.privacy import api as privacy
from opulse.ports import Ports
from opulse.tenancy.gate import TenancyGate
from opulse.web.errors import install_errors
from tests.servers.installation import browse, make_tenant

import_stores()
V1 = "/api/v1"


@pytest.fixture
async def client(ports: Ports) -> AsyncIterator[httpx2.AsyncClient]:
    made = FastAPI()
    install_errors(made)
    for module in (api, audiences, footprint, privacy):
        made.include_router(module.router)
    made.state.ports = ports
    made.state.gate = TenancyGate(ports)
    _, secret = await make_tenant(ports, "Mine")
    async with browse(made, secret) as opened:
        yield opened


@pytest.fixture
async def folder(client: httpx2.AsyncClient) -> str:
    """The address of a directory with two people."""
    made = (await client.post(f"{V1}/directories", json={"name": "People"})).json()["id"]
    rows = [
        {"email": f"{one}@x.example", "language": "de", "embedded_data": {"floor": "3"}}
        for one in ("ann", "ben")
    ]
    await client.post(f"{V1}/directories/{made}/contacts:bulk", json={"contacts": rows})
    return f"{V1}/directories/{made}"


async def contact(client: httpx2.AsyncClient, folder: str, name: str) -> str:
    found = (await client.get(f"{folder}/contacts", params={"search": f"{name}@"})).json()
    return str(found[0]["id"])


async def refused(answer: httpx2.Response, words: str) -> None:
    assert answer.status_code == 422, answer.text
    assert words in answer.json()["detail"]


async def test_fields_are_declared_seen_and_changed(client: httpx2.AsyncClient, folder: str) -> None:
    assert (await client.put(f"{folder}/fields", json={"name": "floor", "kind": "number"})).status_code == 200
    found = (await client.get(f"{folder}/fields")).json()
    assert found == {
        "declared": [{"name": "floor", "kind": "number", "scope": "contact"}],
        "seen": {"floor": 2},
    }
    await refused(
        await client.put(f"{folder}/fields", json={"name": "Email", "kind": "text"}), "every contact has"
    )
    renamed = {"action": "rename", "field": "floor", "target": "level"}
    changed = (await client.post(f"{folder}/field-changes", json=renamed)).json()
    assert (changed["state"], changed["target"]) == ("running", "level")
    assert len((await client.get(f"{folder}/field-changes")).json()) == 2
    await refused(
        await client.post(f"{folder}/field-changes", json={"action": "convert", "field": "x"}), "declaring"
    )
    assert (await client.post(f"{folder}/fields/undeclare", json={"name": "level"})).status_code == 204
    await refused(
        await client.post(f"{folder}/fields/undeclare", json={"name": "level"}), "not declared here"
    )


async def test_hours_and_rules_say_what_is_wrong(client: httpx2.AsyncClient, folder: str) -> None:
    hours = {
        "time_zone": "Europe/Oslo",
        "quiet_from": "22:00",
        "quiet_until": "07:00",
        "quiet_days": ["Sun"],
        "shift_field": "shift",
    }
    assert (await client.put(f"{folder}/asking-hours", json=hours)).status_code == 200
    assert (await client.get(f"{folder}/asking-hours")).json() == hours
    await refused(
        await client.put(f"{folder}/asking-hours", json=hours | {"quiet_from": "25:00"}), "no time of day"
    )
    wrong = {"rules": [{"kind": "min_gap", "period_seconds": 60, "scope": "list", "target": "CG_none"}]}
    await refused(
        await client.put(f"{folder}/frequency-rules", json=wrong), "no mailing list of this directory"
    )


async def test_opt_outs_are_of_a_list_or_of_all(
    client: httpx2.AsyncClient, folder: str, clock: ManualClock
) -> None:
    made = (await client.post(f"{folder}/mailing-lists", json={"name": "Few"})).json()["id"]
    ann = await contact(client, folder, "ann")
    await client.post(f"{V1}/mailing-lists/{made}/members", json={"contacts": [ann]})
    path = f"{folder}/contacts/{ann}/subscription"
    left = (await client.put(path, json={"subscribed": False, "mailing_list": made})).json()
    assert (left["subscribed"], left["lists"][0]["subscribed"], left["history"][0]["origin"]) == (
        True,
        False,
        "api",
    )
    gone = (await client.put(path, json={"subscribed": False})).json()
    assert (gone["subscribed"], len(gone["history"])) == (False, 2)
    assert (
        await client.put(f"{folder}/contacts/{ann}/mute", json={"until": "2027-01-01T00:00:00Z"})
    ).status_code == 204
    assert (await client.get(path)).json()["muted_until"] == "2027-01-01T00:00:00Z"
    asked = (await client.get(f"{folder}/contacts/{ann}/may-be-asked", params={"mailing_list": made})).json()
    held = {check["obstacle"] for check in asked["checks"] if check["holds"]}
    assert {"opted_out", "opted_out_of_list", "muted"} <= held
    assert (asked["now"], asked["from_when"]) == (False, None)
    both = {"subscribed": False, "everywhere": True, "mailing_list": made}
    await refused(await client.put(path, json=both), "not both")
    clock.advance(1)
    nowhere = (await client.put(path, json={"subscribed": False, "everywhere": True})).json()
    assert (nowhere["history"][0]["everywhere"], nowhere["history"][0]["mailing_list"]) == (True, "")
    assert nowhere["everywhere_since"]
    asked = (await client.get(f"{folder}/contacts/{ann}/may-be-asked")).json()
    assert "opted_out_everywhere" in {check["obstacle"] for check in asked["checks"] if check["holds"]}
    again = (await client.put(path, json={"subscribed": True, "everywhere": True})).json()
    assert (again["everywhere_since"], again["subscribed"]) == (None, False)
    page = (await client.get(f"{folder}/contacts/{ann}/touchpoints", params={"limit": 4})).json()
    assert sorted(one["kind"] for one in page["touchpoints"]) == ["opted_in", *["opted_out"] * 3]
    rest = (await client.get(f"{folder}/contacts/{ann}/touchpoints", params={"before": page["next"]})).json()
    assert ([one["kind"] for one in rest["touchpoints"]], rest["next"]) == (["added"], "")


async def test_lists_have_private_data_and_transactions_types(
    client: httpx2.AsyncClient, folder: str
) -> None:
    made = (await client.post(f"{folder}/mailing-lists", json={"name": "Few"})).json()["id"]
    ann, ben = await contact(client, folder, "ann"), await contact(client, folder, "ben")
    await client.post(f"{V1}/mailing-lists/{made}/members", json={"contacts": [ann]})
    rows = {"members": [{"contact": one, "data": {"badge": 7, "old": ""}} for one in (ann, ben)]}
    assert (await client.patch(f"{V1}/mailing-lists/{made}/members", json=rows)).json() == {"members": 1}
    members = (await client.get(f"{V1}/mailing-lists/{made}/members")).json()
    assert members == [
        {"contact": ann, "email": "ann@x.example", "unsubscribed": False, "data": {"badge": 7}}
    ]
    await refused(
        await client.post(f"{folder}/mailing-lists", json={"name": "Mine", "private": True}), "only a person"
    )
    await client.put(f"{folder}/fields", json={"name": "price", "kind": "number", "scope": "transaction"})
    at = "2026-11-29T08:00:00Z"
    given: list[dict[str, Any]] = [
        {"contact": ann, "transaction_date": at, "data": {"price": "12.5"}},
        {"contact": "CID_none", "transaction_date": at},
        {"contact": ben, "transaction_date": at, "data": {"price": "much"}},
    ]
    taken = (await client.post(f"{folder}/transactions", json={"transactions": given})).json()
    assert (taken["taken"], [one["index"] for one in taken["refused"]]) == (1, [1, 2])
    [one] = (await client.get(f"{folder}/transactions", params={"contact": ann})).json()
    assert one["data"] == {"price": 12.5}
    for mailing_list, found in ((made, 1), ("CG_none", 0)):
        answer = await client.get(f"{folder}/transactions", params={"mailing_list": mailing_list})
        assert (len(answer.json()) if found else answer.status_code) == (found or 404)
    [batch] = (await client.get(f"{folder}/transactions/batches")).json()
    assert (batch["batch"], batch["transactions"]) == (taken["batch"], 1)
    params = {"before": batch["taken_at"], "before_batch": batch["batch"]}
    assert (await client.get(f"{folder}/transactions/batches", params=params)).json() == []
    assert (await client.get(f"{folder}/transactions", params={"batch": "BT_none"})).json() == []
    assert (await client.delete(f"{folder}/transactions/{one['id']}")).status_code == 204
    assert (await client.delete(f"{folder}/transactions/{one['id']}")).status_code == 404


async def test_people_are_merged_chosen_exported_and_erased(
    client: httpx2.AsyncClient, folder: str, clock: ManualClock
) -> None:
    clock.advance(1)  # the survivor is the oldest, with the newest values: at one moment nobody is older
    assert (await client.get(f"{folder}/merge-rules")).json() == {"rules": [["ext_ref"], ["email"]]}
    await client.put(f"{folder}/merge-rules", json={"rules": [["email", "last_name"]]})
    await client.post(
        f"{folder}/contacts:bulk",
        json={"contacts": [{"email": "ann@x.example", "last_name": "Lee", "language": "en"}]},
    )
    await client.put(f"{folder}/merge-rules", json={"rules": [["email"]]})
    [twice] = (await client.get(f"{folder}/duplicates")).json()
    assert (twice["values"], len(twice["contacts"])) == (["ann@x.example"], 2)
    merged = (await client.post(f"{folder}/contacts:merge", json={"contacts": twice["contacts"]})).json()
    unknown = await client.put(f"{folder}/merge-rules", json={"rules": [["language"]]})
    await refused(unknown, "cannot identify")
    assert (merged["id"], merged["embedded_data"]) == (twice["contacts"][0], {"floor": "3"})
    await refused(
        await client.post(f"{folder}/contacts:merge", json={"contacts": twice["contacts"]}), "not contacts"
    )
    seen = (await client.post(f"{folder}/segments/preview", json={"rule": "language = en"})).json()
    assert (seen["count"], seen["first"][0]["email"]) == (1, "ann@x.example")
    await refused(
        await client.post(f"{folder}/segments", json={"name": "x", "rule": "height = 3"}), "a field"
    )
    lines = (await client.get(f"{folder}/export", params={"format": "ndjson"})).text.splitlines()
    assert len(lines) == 2
    assert (await client.get(f"{folder}/export")).headers["content-type"].startswith("text/csv")
    found = (
        await client.post(f"{V1}/privacy/erasures/preview", json={"keys": ["ann@x.example", "eve"]})
    ).json()
    assert (found["contacts"], found["unknown"]) == (1, ["eve"])
    made = await client.post(f"{V1}/privacy/erasures", json={"keys": ["ann@x.example"]})
    assert (made.status_code, made.json()["state"]) == (202, "running")
    assert (await client.get(f"{V1}/privacy/erasures/{made.json()['id']}")).json()["people"] == 1
    await refused(await client.post(f"{V1}/privacy/erasures", json={"keys": []}), "name 1 to 500")
    terms = (await client.get(f"{V1}/privacy/retention")).json()
    assert terms == {"answer_link": 30, "comments": 180, "mail_log": 90, "changes": 90, "refused_rows": 30}
    assert (await client.put(f"{V1}/privacy/retention", json=terms | {"comments": 0})).status_code == 200
    await refused(await client.put(f"{V1}/privacy/retention", json=terms | {"comments": -1}), "whole numbers")


async def test_a_file_is_mapped_by_the_address(client: httpx2.AsyncClient, folder: str) -> None:
    table = b"Mail;Who;Desk\ndov@x.example;Dov;D1\n"
    good = await client.post(
        f"{folder}/imports", content=table, params={"mapping": "email,first_name,data:desk"}
    )
    assert (good.status_code, good.json()["state"]) == (202, "running")
    bad = await client.post(f"{folder}/imports", content=table, params={"mapping": "email,height,"})
    await refused(bad, "no such place")
    short = await client.post(f"{folder}/imports", content=table, params={"mapping": "email"})
    await refused(short, "3 columns")
