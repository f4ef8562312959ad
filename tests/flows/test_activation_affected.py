"""The two affected-systems addresses over the API: who may ask, what a page holds, and how pages follow each other."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from opulse.clock import ManualClock
from opulse.db import Database
from opulse.tenancy.flow.keys import issue_key
from opulse.tenancy.flow.tenants import create_tenant
from opulse.tenancy.models import KeyKind
from opulse.wire.affected_reading import decode_page
from tests.unit.monitoring.activations.world import Wing, affected_path, calm, hang, open_wing
from tests.unit.monitoring.sensors.world import browse

pytestmark = pytest.mark.stores

WHICH = ("atactivation", "currentlyaffected")


@pytest.fixture
async def wing(db: Database, clock: ManualClock) -> AsyncIterator[Wing]:
    async with open_wing(db, clock) as made:
        yield made


async def opened(wing: Wing, *names: str) -> tuple[str, dict[str, str]]:
    """An activation with these systems affected, and their ids by name."""
    person = {"user_id": "CORP\\ada", "email": "ada@example.org", "is_primary": True, "is_logged_on": True}
    ids = await wing.put(*names, fqdn="x.example.org", users=[person])
    await wing.notify(option="number", value=len(names))
    await wing.trigger(*[hang(ids[name]) for name in names])
    (activation,) = await wing.activations()
    return activation["activation_id"], ids


async def test_check_8_both_answer_401_without_a_token(wing: Wing) -> None:
    activation, _ = await opened(wing, "a")
    async with browse(wing.app, "") as nobody:
        for which in WHICH:
            assert (await nobody.get(affected_path(activation, which))).status_code == 401


async def test_check_8_both_answer_404_for_another_tenants_id_as_for_an_unknown_one(wing: Wing) -> None:
    activation, _ = await opened(wing, "a")
    other = await create_tenant(wing.ports, "Other", "test")
    _, secret = await issue_key(wing.ports, other.id, KeyKind.SYSTEMS, "test", "test")
    unknown = "7f0f3c1e-2f7a-4d0b-9a41-5b8f6e2c9d10"
    async with browse(wing.app, secret) as stranger:
        for which in WHICH:
            theirs = await stranger.get(affected_path(activation, which))
            nobodys = await stranger.get(affected_path(unknown, which))
            assert (theirs.status_code, theirs.json()) == (404, nobodys.json())


async def test_a_key_of_another_kind_is_told_403(wing: Wing) -> None:
    activation, ids = await opened(wing, "a")
    agent = await wing.key(KeyKind.AGENT, ids["a"])
    async with browse(wing.app, agent) as client:
        assert (await client.get(affected_path(activation, WHICH[0]))).status_code == 403


async def test_the_first_page_has_a_tag_that_holds_until_somebody_joins(wing: Wing) -> None:
    activation, _ = await opened(wing, "a", "b")
    more = await wing.put("c")
    secret = await wing.key(KeyKind.SYSTEMS)
    async with browse(wing.app, secret) as client:
        first, now = [await client.get(affected_path(activation, which)) for which in WHICH]
        tag = first.headers["etag"]
        assert tag.startswith("W/") and now.headers["etag"] == tag, "the same systems at both addresses"
        known = {"If-None-Match": tag}
        for which in WHICH:
            again = await client.get(affected_path(activation, which), headers=known)
            assert (again.status_code, again.content) == (304, b"")
        second = await client.get(affected_path(activation, WHICH[1]), params={"$skip": 1}, headers=known)
        assert second.status_code == 200, "only the first page is told by the tag"
        await wing.trigger(hang(more["c"]))
        changed = await client.get(affected_path(activation, WHICH[1]), headers=known)
        assert changed.status_code == 200 and changed.headers["etag"] != tag
        assert (await client.get(affected_path(activation, WHICH[0]), headers=known)).status_code == 304


async def test_a_page_has_the_form_of_the_wire(wing: Wing) -> None:
    activation, ids = await opened(wing, "a")
    secret = await wing.key(KeyKind.SYSTEMS)
    async with browse(wing.app, secret) as client:
        answer = await client.get(affected_path(activation, WHICH[0]))
    assert answer.headers["cache-control"] == "no-store"
    page = decode_page(answer.content).page
    assert page.notification_activation_id == activation
    assert (page.state, page.total_count, page.next_link) == ("active", 1, None)
    (system,) = page.systems
    assert (system.system_id, system.system_name, system.fqdn) == (ids["a"], "a", "x.example.org")
    assert [(sensor.name, sensor.instance) for sensor in system.sensors] == [("Application Hang", None)]
    assert system.users is not None
    (user,) = system.users
    assert (user.user_id, user.email, user.is_primary, user.is_logged_on) == (
        "CORP\\ada",
        "ada@example.org",
        True,
        True,
    )


async def test_users_are_those_of_the_activation_not_of_now(wing: Wing) -> None:
    activation, ids = await opened(wing, "a")
    wing.clock.advance(60)
    bob = [{"user_id": "CORP\\bob", "email": "bob@example.org", "is_primary": True, "is_logged_on": True}]
    await wing.put("a", system_id=ids["a"], users=bob)
    wing.clock.advance(60)
    seen = []
    for which in WHICH:
        page = decode_page((await wing.client.get(affected_path(activation, which))).content).page
        seen.append([user.email for system in page.systems for user in system.users or []])
    assert seen == [["ada@example.org"], ["bob@example.org"]]


@pytest.mark.parametrize("which", WHICH)
async def test_pages_follow_their_next_links_to_every_system_once(wing: Wing, which: str) -> None:
    activation, ids = await opened(wing, *[f"s{number}" for number in range(7)])
    address: str | None = f"{affected_path(activation, which)}?$top=3"
    sizes, seen = [], []
    while address:
        page = decode_page((await wing.client.get(address)).content).page
        assert page.total_count == 7
        sizes.append(len(page.systems))
        seen += [system.system_id for system in page.systems]
        address = page.next_link
    assert sizes == [3, 3, 1]
    assert sorted(seen) == sorted(ids.values())


async def test_a_system_that_leaves_between_two_pages_hides_no_other(wing: Wing) -> None:
    activation, ids = await opened(wing, "s0", "s1", "s2", "s3")
    first = decode_page((await wing.client.get(f"{affected_path(activation, WHICH[1])}?$top=2")).content).page
    await wing.trigger(calm(ids["s0"]))
    assert first.next_link is not None
    second = decode_page((await wing.client.get(first.next_link)).content).page
    assert [system.system_name for system in second.systems] == ["s2", "s3"]


async def test_skip_and_top_are_counts_and_too_much_is_clamped(wing: Wing) -> None:
    activation, _ = await opened(wing, "s0", "s1", "s2")
    address = affected_path(activation, WHICH[0])
    for query, names in (
        ("$skip=1&$top=1", ["s1"]),
        ("$skip=3", []),
        ("$top=999999", ["s0", "s1", "s2"]),
    ):
        page = decode_page((await wing.client.get(f"{address}?{query}")).content).page
        assert [system.system_name for system in page.systems] == names, query
    assert (await wing.client.get(f"{address}?$top=0")).status_code == 422
    assert (await wing.client.get(affected_path(activation, "elsewhere"))).status_code == 422
