"""Ask people without a sensor: chosen by list, group or pasted lines; looked at before; by the ordinary path."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from opulse.clock import ManualClock
from opulse.db import Database
from opulse.experience.directory.models import Person
from opulse.experience.workflows import doors
from tests.unit.experience.extensions.pulse import Pulse, open_pulse

pytestmark = pytest.mark.stores


@pytest.fixture
async def pulse(db: Database, clock: ManualClock) -> AsyncIterator[Pulse]:
    async with open_pulse(db, clock) as opened:
        await opened.set_rules({"kind": "max_in_period", "limit": 1, "period_seconds": 86_400})
        yield opened


@pytest.fixture
def group() -> Iterator[str]:
    """A group of the other wing, through the door that bootstrap opens where both wings are one process."""
    kept = doors.groups_door(), doors.people_door()
    people = [Person("CORP\\p0", ""), Person("", "P1@example.org"), Person("CORP\\ghost", "")]
    doors.open_groups_doors(
        lambda conn, tenant: [doors.OfferedGroup("G1", "VPN users", 3)], lambda conn, tenant, one, now: people
    )
    yield "G1"
    doors.open_groups_doors(*kept)  # type: ignore[arg-type]


def body(pulse: Pulse, **chosen: Any) -> dict[str, Any]:
    return {"directory": pulse.directory, "survey": pulse.survey} | chosen


async def test_pasted_people_are_found_by_address_name_and_reference_and_the_rest_is_named(
    pulse: Pulse,
) -> None:
    await pulse.people("p0", "p1", "p2")
    await pulse.edit("p2", first_name="Zoe", last_name="Zed")
    people = "P0@example.org\nPat One <p1@example.org>; zoe  ZED\nnobody@example.org, Somebody Else, corp\\p0"
    seen = await pulse.api("POST", "/ask-now/preview", body(pulse, people=people))
    assert (seen["people"], seen["asked"], seen["spared"]) == (3, 3, 0)
    assert seen["unknown"] == [
        {"written": "nobody@example.org", "reason": "no contact has this address"},
        {"written": "Somebody Else", "reason": "no contact has this name or external reference"},
    ]
    assert "Zoe Zed" in seen["names"]
    assert await pulse.asked() == {}, "looking asks nobody"
    started = await pulse.api(
        "POST", "/ask-now", body(pulse, people=people, subject="Is it slow?", key="once"), 202
    )
    await pulse.work()
    assert set(await pulse.asked()) == {f"p{number}@example.org" for number in range(3)}
    run = await pulse.run(started["run"])
    assert run["state"] == "succeeded"
    assert run["tasks"][0]["input"]["subject"] == "Is it slow?"
    again = await pulse.api("POST", "/ask-now", body(pulse, people=people, key="once"), 202)
    assert again["run"] == started["run"], "the same ask, sent twice, asks once"


async def test_rules_about_whom_not_to_ask_hold_and_are_told_before(pulse: Pulse) -> None:
    await pulse.people("p0", "p1")
    await pulse.api("POST", "/ask-now", body(pulse, people="p0@example.org"), 202)
    await pulse.work()
    both = body(pulse, people=["p0@example.org", "p1@example.org"])
    seen = await pulse.api("POST", "/ask-now/preview", both)
    assert (seen["asked"], seen["spared"], seen["reasons"]) == (1, 1, {"fatigue_rule": 1})
    await pulse.api("POST", "/ask-now", both, 202)
    await pulse.work()
    assert await pulse.asked() == {"p0@example.org": 1, "p1@example.org": 1}
    assert await pulse.spared() == {"fatigue_rule": 1}
    made = [
        one for one in await pulse.api("GET", "/workflows") if one["document"]["trigger"]["type"] == "ask_now"
    ]
    assert len(made) == 1, "one workflow per survey and list, used again"


async def test_a_list_is_asked_and_its_opt_outs_hold(pulse: Pulse) -> None:
    await pulse.people("p0", "p1")
    ids = [(await pulse.contact(name))["id"] for name in ("p0", "p1")]
    await pulse.api("POST", f"/mailing-lists/{pulse.list_id}/members", {"contacts": ids}, 204)
    seen = await pulse.api("POST", "/ask-now/preview", body(pulse, list=pulse.list_id))
    assert seen["people"] == 2
    await pulse.api("POST", "/ask-now", body(pulse, list=pulse.list_id), 202)
    await pulse.work()
    assert len(await pulse.asked()) == 2


async def test_a_group_is_asked_through_its_door(pulse: Pulse, group: str) -> None:
    await pulse.people("p0", "p1", "p2")
    seen = await pulse.api("POST", "/ask-now/preview", body(pulse, group=group))
    assert seen["people"] == 2
    assert seen["unknown"] == [{"written": "CORP\\ghost", "reason": "no contact for this user"}]
    await pulse.api("POST", "/ask-now", body(pulse, group=group), 202)
    await pulse.work()
    assert set(await pulse.asked()) == {"p0@example.org", "p1@example.org"}


@pytest.mark.parametrize(
    ("chosen", "words"),
    [
        ({}, "one of the three"),
        ({"people": "a", "list": "CG_x"}, "one of the three"),
        ({"list": "CG_x"}, "Choose a list of this directory"),
        ({"people": "p0@example.org", "survey": "SV_x"}, "Choose a survey that is published"),
        ({"people": "p0@example.org", "directory": "POOL_x"}, "Choose a directory"),
        ({"people": "\n".join(f"a{number}@b.example" for number in range(2_001))}, "At most 2,000"),
    ],
)
async def test_what_cannot_be_asked_says_why(pulse: Pulse, chosen: dict[str, Any], words: str) -> None:
    for path in ("/ask-now/preview", "/ask-now"):
        refused = await pulse.client.post(f"/api/v1{path}", json=body(pulse, **chosen))
        assert refused.status_code == 422
        if path.endswith("preview") or "survey" not in chosen:
            assert words in refused.text
    assert await pulse.asked() == {}
